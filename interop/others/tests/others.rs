//! What the libraries write themselves is taken over.

use std::time::Duration;

use actix_session::{Session as ActixData, SessionMiddleware, storage::CookieSessionStore};
use actix_web::{App, HttpResponse, test as actix, web};
use others_interop::{ActixSession, PrivateJar};
use sealed_session::{KeyRing, Session, Sessions, takeover::Reader};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Account {
    user: Option<String>,
    visits: u32,
}

fn ada() -> Account {
    Account { user: Some("ada".to_owned()), visits: 3 }
}

fn sessions(reader: impl Reader<Account> + 'static) -> Sessions<Account> {
    let until = OffsetDateTime::now_utc() + Duration::from_secs(24 * 3600);
    let ring = KeyRing::ephemeral().expect("randomness");
    Sessions::builder(ring).accept(reader, until).build().expect("it follows every rule")
}

/// Reads, and gives the names of what the response sets.
fn names(sessions: &Sessions<Account>, session: &Session<Account>) -> Vec<String> {
    let _ = session.read();
    let commit = sessions.commit(session).expect("it is small");
    commit.cookies().iter().map(|cookie| cookie.name().to_owned()).collect()
}

fn class(session: &Session<Account>) -> Option<&'static str> {
    session.refusal().map(sealed_session::UnsealError::class)
}

/// A cookie as a response of cookie's jar has it.
fn of_a_jar(key: &cookie::Key, value: String) -> String {
    let mut jar = cookie::CookieJar::new();
    jar.private_mut(key).add(cookie::Cookie::new("account", value));
    let cookie = jar.delta().next().expect("it was added");
    cookie.encoded().stripped().to_string()
}

#[test]
fn a_cookie_of_private_jar_is_taken_over() {
    let key = cookie::Key::generate();
    let header = of_a_jar(&key, serde_json::to_string(&ada()).expect("JSON"));
    let sessions = sessions(PrivateJar { name: "account".to_owned(), key: key.clone() });
    let session = sessions.load([&header]);
    assert_eq!(*session.read(), ada());
    assert_eq!((session.created_at(), session.refusal()), (None, None));
    assert_eq!(names(&sessions, &session), ["__Host-session", "account"]);
    // Two requests at a time get one session.
    assert_eq!(sessions.load([&header]).id(), session.id());
    // Nor does another spelling make another.
    let cookie = cookie::Cookie::parse_encoded(header).expect("a cookie");
    let spelled =
        cookie.value().bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    assert_eq!(sessions.load([format!("account={spelled}")]).id(), session.id());
}

#[test]
fn a_cookie_of_private_jar_is_refused_under_another_key_or_with_other_data() {
    let key = cookie::Key::generate();
    let json = serde_json::to_string(&ada()).expect("JSON");
    let sessions = sessions(PrivateJar { name: "account".to_owned(), key: key.clone() });
    let other = of_a_jar(&cookie::Key::generate(), json);
    assert_eq!(class(&sessions.load([other])), Some("not_authentic"));
    let not_json = of_a_jar(&key, "ada".to_owned());
    assert_eq!(class(&sessions.load([not_json])), Some("payload"));
    for junk in ["account=", "account=junk", "account=%ff", "account=AAAA"] {
        assert!(sessions.load([junk]).is_new());
        assert!(class(&sessions.load([junk])).is_some(), "{junk}");
    }
}

#[actix_web::test]
async fn a_cookie_of_actix_session_is_taken_over() {
    let key = actix_web::cookie::Key::generate();
    let middleware = SessionMiddleware::new(CookieSessionStore::default(), key.clone());
    let sign_in = |session: ActixData| async move {
        session.insert("user", "ada").expect("JSON");
        session.insert("visits", 3).expect("JSON");
        HttpResponse::Ok().finish()
    };
    let app = actix::init_service(App::new().wrap(middleware).route("/", web::get().to(sign_in)));
    let response =
        actix::call_service(&app.await, actix::TestRequest::default().to_request()).await;
    let set = response.headers().get("set-cookie").expect("it set one").to_str().expect("ASCII");
    let (header, _attributes) = set.split_once(';').expect("it has attributes");

    let sessions = sessions(ActixSession { name: "id".to_owned(), key });
    let session = sessions.load([header]);
    assert_eq!((&*session.read(), session.refusal()), (&ada(), None));
    assert_eq!(names(&sessions, &session), ["__Host-session", "id"]);

    let key = actix_web::cookie::Key::generate();
    let stranger = self::sessions(ActixSession { name: "id".to_owned(), key });
    assert_eq!(class(&stranger.load([header])), Some("not_authentic"));
}

#[test]
fn the_guide_prints_the_reader_as_it_is() {
    let (guide, reader) =
        (include_str!("../../../docs/MIGRATION.md"), include_str!("../src/private_jar.rs"));
    let (_, of_the_trait) = reader.split_once("\n\nimpl").expect("it implements the trait");
    assert!(guide.contains(of_the_trait.trim_end()));
}
