//! What will happen to the visitors who come with iron-session's cookies, before anything is deployed.
//!
//! Reads standard input: in the first line the `password` of iron-session's options, as it
//! stands or as a map (`{"1": "…", "2": "…"}`), and in each line that follows a Cookie header, as
//! browsers send it, or a single value. Says for each what a take-over would do. Shows no data.
//!
//! ```sh
//! # With the real ttl in seconds, if nothing but the sign-in saves; it may be left out.
//! (printenv SESSION_PASSWORD; cat cookies.txt) |
//!     cargo run --example iron_rehearsal --features iron -- app-session 1209600
//! ```
//!
//! Copy it and put your session's type in the place of `Account`: then it tells, too, which
//! sessions the type cannot read, and how many fields it drops.

use std::{collections::BTreeMap, error::Error, io::BufRead as _, time::Duration};

use sealed_session::{
    KeyRing, Sessions,
    iron::{self, Migration, Passwords},
};
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// Your session's type. This one takes any object, and drops nothing.
type Account = Map<String, Value>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let name = args.next().ok_or("name the cookie: iron_rehearsal COOKIE_NAME [TTL_IN_SECONDS]")?;
    let ttl = args.next().map(|ttl| ttl.parse()).transpose()?.map(Duration::from_secs);
    let mut lines = std::io::stdin().lock().lines();
    let first = lines.next().ok_or("the first line is the password")??;
    let rehearsal = Rehearsal::new(&name, passwords(&first)?, ttl, OffsetDateTime::now_utc())?;

    let mut counts = BTreeMap::<String, usize>::new();
    for (number, line) in (2..).zip(lines) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let (verdict, details) = rehearsal.of(line.trim());
        println!("line {number}: {verdict}{}{details}", if details.is_empty() { "" } else { ": " });
        *counts.entry(verdict).or_default() += 1;
    }
    for (verdict, count) in counts {
        println!("{count:6} {verdict}");
    }
    Ok(())
}

/// From a password as it stands, or from a map of several.
fn passwords(text: &str) -> Result<Passwords, Box<dyn Error>> {
    // What does not read as a map is a password, of which no error may show anything.
    let Ok(map) = serde_json::from_str::<BTreeMap<String, String>>(text) else {
        return Ok(Passwords::new(text)?);
    };
    let ids = map.keys().map(|id| id.parse().map_err(|_| "an id of a password is no whole number"));
    let ids: Vec<u128> = ids.collect::<Result<_, _>>()?;
    Ok(Passwords::with_ids(ids.into_iter().zip(map.values().map(String::as_str)))?)
}

pub(crate) struct Rehearsal {
    name: String,
    passwords: Passwords,
    sessions: Sessions<Account>,
    now: OffsetDateTime,
}

impl Rehearsal {
    pub(crate) fn new(
        name: &str,
        passwords: Passwords,
        ttl: Option<Duration>,
        now: OffsetDateTime,
    ) -> Result<Self, Box<dyn Error>> {
        // As in production, but for the ring, which no cookie of this rehearsal outlives.
        let mut migration =
            Migration::new(name, passwords.clone(), now + Duration::from_secs(14 * 24 * 3600));
        if let Some(ttl) = ttl {
            migration = migration.ttl(ttl);
        }
        let sessions = Sessions::builder(KeyRing::ephemeral()?).accept_iron(migration).build()?;
        Ok(Self { name: name.to_owned(), passwords, sessions, now })
    }

    /// What a take-over would do with the cookies of a line, and the details.
    pub(crate) fn of(&self, line: &str) -> (String, String) {
        let header = match line.contains('=') {
            true => line.to_owned(),
            false => format!("{}={line}", self.name),
        };
        let session = self.sessions.load_at([&header], self.now);
        if let Some(refusal) = session.refusal() {
            return (format!("refused ({})", refusal.class()), refusal.to_string());
        }
        if session.is_new() {
            return ("anonymous".to_owned(), format!("there is no cookie {}", self.name));
        }
        let data = session.read();
        let mut details = vec![match session.created_at() {
            Some(at) => format!("saved {}", minute(at)),
            None => "nobody knows when it was saved".to_owned(),
        }];
        details.extend(session.expires_at().map(|at| format!("ends {}", minute(at))));
        details.extend(self.dropped_fields(&header, &*data));
        let ours = match self.sessions.seal_at(&session, self.now) {
            Ok(ours) => ours,
            // Too large, for one: then it is read at each request, and an event tells why.
            Err(error) => return ("stays there".to_owned(), error.to_string()),
        };
        details.push(format!("{} of 4096 bytes", self.sessions.cookie_name().len() + ours.len()));
        ("taken over".to_owned(), details.join(", "))
    }

    /// How many fields of the first value the type does not have; their names may be data.
    fn dropped_fields(&self, header: &str, data: &impl Serialize) -> Option<String> {
        let (_, rest) = header.split_once(&format!("{}=", self.name))?;
        let value = rest.split(';').next()?.trim();
        let theirs =
            iron::unseal_at::<Map<String, Value>>(value, &self.passwords, self.now).ok()?.data;
        let ours = serde_json::to_value(data).ok()?;
        let dropped = theirs.keys().filter(|&key| ours.get(key).is_none()).count();
        (dropped > 0).then(|| format!("{dropped} fields are dropped"))
    }
}

fn minute(at: OffsetDateTime) -> String {
    format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
}
