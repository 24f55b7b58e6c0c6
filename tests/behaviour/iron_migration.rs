//! Visitors who come with a cookie of iron-session become ours, and nobody else does.

use sealed_session::{
    Commit, ConfigError, SameSite, Scope, Session, Sessions, UnsealError,
    iron::{self, Migration, Passwords},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use crate::support::{self, T0, at, load, ring, secs, visit};

const PASSWORD: &str = "Gbm49ATjnqnkCCCdhV4uDBhbfnPqsCW0";
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
const DAYS_14: u64 = 14 * DAY;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Account {
    user_id: Option<String>,
    visits: u32,
}

fn passwords() -> Passwords {
    Passwords::new(PASSWORD).unwrap()
}

/// Accepted for 100 days, saved at sign-in alone.
fn migration() -> Migration {
    Migration::new("app", passwords(), after(100 * DAY)).ttl(secs(DAYS_14))
}

fn sessions_with(migration: Migration) -> Sessions<Account> {
    Sessions::builder(ring([1])).accept_iron(migration).build().unwrap()
}

fn sessions() -> Sessions<Account> {
    sessions_with(migration())
}

fn after(seconds: u64) -> OffsetDateTime {
    at(i64::try_from(seconds).unwrap())
}

/// The Cookie header with an iron-session value of Ada's, saved at `saved_at`.
fn ada(ttl: Option<u64>, saved_at: OffsetDateTime) -> String {
    let data = json!({"userId": "ada", "visits": 3, "flash": "gone"});
    format!("app={}", iron::seal_at("app", &data, &passwords(), ttl.map(secs), saved_at).unwrap())
}

fn user(session: &Session<Account>) -> Option<String> {
    session.read().user_id.clone()
}

/// Reads, and gives what the response, at once, sets.
fn read(
    sessions: &Sessions<Account>,
    header: &str,
    now: OffsetDateTime,
) -> (Option<String>, Commit) {
    let session = sessions.load_at([header], now);
    let user = user(&session);
    (user, sessions.commit_at(&session, now).unwrap())
}

/// The names of the cookies, but for tombstones, and whether each is removed.
fn names(commit: &Commit) -> Vec<(&str, bool)> {
    crate::common::session_cookies(commit)
        .map(|cookie| (cookie.name(), cookie.value().is_empty()))
        .collect()
}

const OURS_AND_REMOVAL: [(&str, bool); 2] = [("__Host-session", false), ("app", true)];
const BOTH_REMOVED: [(&str, bool); 2] = [("__Host-session", true), ("app", true)];

#[test]
fn a_visitor_with_an_iron_cookie_is_signed_in_and_moved_over() {
    let sessions = sessions();
    let now = after(DAY);
    let session = sessions.load_at([ada(Some(DAYS_14), T0)], now);
    assert!(!session.is_new() && session.refusal().is_none());
    assert_eq!(*session.read(), Account { user_id: Some("ada".to_owned()), visits: 3 });
    assert_eq!((session.key_id(), session.is_reseal_due()), (None, true));
    let commit = sessions.commit_at(&session, now).unwrap();
    assert!(commit.depends_on_cookie());
    let [ours, removal] = commit.cookies() else { panic!("{commit:?}") };
    let ours_text = ours.to_string();
    let attributes = "; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1123200";
    assert!(ours_text.ends_with(attributes), "{ours_text}");
    assert_eq!(
        removal.to_string(),
        "app=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    );

    let next = load(&sessions, ours.value(), now);
    assert_eq!(*next.read(), *session.read());
    assert_eq!(next.id(), session.id());
    assert_eq!((next.created_at(), next.expires_at()), (Some(T0), Some(after(DAYS_14))));
    assert!(next.key_id().is_some() && !next.is_reseal_due());
    assert_eq!(visit(&sessions, ours.value(), after(DAY + 2 * HOUR)), None);
}

#[test]
fn nothing_happens_for_whoever_is_not_looked_at_or_only_peeked_at() {
    let sessions = sessions();
    let session = sessions.load_at([ada(Some(DAYS_14), T0)], T0);
    let commit = sessions.commit_at(&session, T0).unwrap();
    assert!(!commit.sets_cookies() && !commit.depends_on_cookie());

    let session = sessions.load_at([ada(Some(DAYS_14), T0)], T0);
    assert_eq!(session.peek().user_id.as_deref(), Some("ada"));
    let commit = sessions.commit_at(&session, T0).unwrap();
    assert!(!commit.sets_cookies() && commit.depends_on_cookie());
}

#[test]
fn any_cookie_of_ours_has_the_last_word() {
    let sessions = sessions();
    let theirs = ada(Some(DAYS_14), T0);
    let eve = Account { user_id: Some("eve".to_owned()), visits: 0 };
    let live = support::sealed(&sessions, eve, T0);
    for order in
        [format!("{theirs}; __Host-session={live}"), format!("__Host-session={live}; {theirs}")]
    {
        assert_eq!(read(&sessions, &order, T0).0.as_deref(), Some("eve"));
    }
    for junk in ["", "junk", &live[1..]] {
        let headers = [theirs.clone(), format!("__Host-session={junk}")];
        let session = sessions.load_at(headers, T0);
        assert!(session.is_new() && session.read().user_id.is_none(), "{junk}");
        assert!(!sessions.commit_at(&session, T0).unwrap().sets_cookies());
    }
    let expired = load(&sessions, &live, after(DAYS_14));
    assert!(expired.is_new());
    let header = format!("{}; __Host-session={live}", ada(Some(DAYS_14), after(DAY)));
    assert_eq!(read(&sessions, &header, after(DAYS_14)).0, None);
}

#[test]
fn without_the_configuration_an_iron_cookie_is_nothing() {
    let plain = Sessions::<Account>::new(ring([1]));
    let session = plain.load_at([ada(Some(DAYS_14), T0)], T0);
    assert!(session.is_new() && session.refusal().is_none());
    let mut session = session;
    session.destroy();
    assert_eq!(names(&plain.commit_at(&session, T0).unwrap()), [("__Host-session", true)]);
}

#[test]
fn after_accept_until_no_iron_cookie_is_read() {
    let until = after(2 * DAY);
    let sessions = sessions_with(Migration::new("app", passwords(), until).ttl(secs(DAYS_14)));
    let header = ada(Some(DAYS_14), T0);
    let (user, commit) = read(&sessions, &header, until - time::Duration::SECOND);
    assert_eq!((user.as_deref(), names(&commit)), (Some("ada"), OURS_AND_REMOVAL.to_vec()));
    // What was taken over ends then, too.
    let ours = commit.cookies()[0].value();
    assert_eq!(support::class(&sessions, ours, until), "expired");

    for now in [until, until + time::Duration::days(1)] {
        let session = sessions.load_at([&header], now);
        assert!(session.is_new());
        let refusal = session.refusal().unwrap();
        assert_eq!(refusal.class(), "migration_over");
        assert!(!sessions.commit_at(&session, now).unwrap().sets_cookies());
    }
}

#[test]
fn a_value_that_never_expires_is_refused_unless_allowed() {
    let header = ada(None, T0);
    let strict = sessions();
    let session = strict.load_at([&header], T0);
    assert!(matches!(session.refusal(), Some(UnsealError::Fallback { class: "no_expiry", .. })));
    assert!(!strict.commit_at(&session, T0).unwrap().sets_cookies());

    let lax = sessions_with(migration().allow_without_expiry());
    let session = lax.load_at([&header], after(50 * DAY));
    assert_eq!(user(&session).as_deref(), Some("ada"));
    assert_eq!((session.created_at(), session.expires_at()), (None, Some(after(64 * DAY))));
    let last = lax.load_at([&header], after(99 * DAY));
    assert_eq!(last.expires_at(), Some(after(100 * DAY)));
    assert!(lax.load_at([&header], after(100 * DAY)).is_new());
}

#[test]
fn the_session_ends_at_the_earliest_of_its_three_ends() {
    // (iron ttl in days, accept_until, absolute timeout) → end in days
    for (ttl, until, absolute, end) in
        [(5, 50, 14, 5), (14, 3, 14, 3), (14, 50, 4, 4), (9, 9, 9, 9)]
    {
        let migration = Migration::new("app", passwords(), after(until * DAY)).ttl(secs(ttl * DAY));
        let sessions = Sessions::<Account>::builder(ring([1]))
            .absolute_timeout(secs(absolute * DAY))
            .accept_iron(migration)
            .build()
            .unwrap();
        let header = ada(Some(ttl * DAY), T0);
        let end = after(end * DAY);
        for now in [T0, after(DAY), end - time::Duration::SECOND] {
            let session = sessions.load_at([&header], now);
            assert_eq!(session.expires_at(), Some(end));
            assert_eq!(session.created_at(), Some(T0));
            let _ = session.read();
            let commit = sessions.commit_at(&session, now).unwrap();
            let left = commit.cookies()[0].max_age().unwrap();
            assert_eq!(now + left, end);
            assert_eq!(load(&sessions, commit.cookies()[0].value(), now).expires_at(), Some(end));
        }
        let session = sessions.load_at([&header], end);
        assert!(session.is_new(), "{ttl} {until} {absolute}");
    }
}

#[test]
fn the_minute_of_grace_of_iron_session_is_not_given() {
    let header = ada(Some(HOUR), T0);
    let sessions = sessions_with(migration().ttl(secs(HOUR)));
    assert!(!sessions.load_at([&header], after(HOUR - 1)).is_new());
    let session = sessions.load_at([&header], after(HOUR));
    assert_eq!(session.refusal(), Some(&UnsealError::Expired));
}

#[test]
fn creation_is_the_expiry_less_the_ttl() {
    let header = ada(Some(DAYS_14), T0);
    for now in [T0, after(DAY), after(13 * DAY)] {
        assert_eq!(sessions().load_at([&header], now).created_at(), Some(T0));
    }
    // A Node machine's clock may be a minute ahead.
    let session = sessions().load_at([ada(Some(DAYS_14), after(60))], T0);
    assert_eq!((session.created_at(), session.issued_at()), (Some(T0), Some(T0)));
    // A ttl that is longer than the real one makes the session older, never younger.
    let longer = sessions_with(migration().ttl(secs(20 * DAY)));
    assert_eq!(longer.load_at([&header], T0).created_at(), Some(at(-6 * 24 * 3600)));
}

/// Configurations under which nobody knows when the session of this cookie began.
fn creation_unknown() -> [(Sessions<Account>, String); 3] {
    let no_ttl = sessions_with(Migration::new("app", passwords(), after(100 * DAY)));
    let no_expiry = sessions_with(migration().allow_without_expiry());
    let short_ttl = sessions_with(migration().ttl(secs(HOUR)));
    [
        (no_ttl, ada(Some(DAYS_14), T0)),
        (no_expiry, ada(None, T0)),
        (short_ttl, ada(Some(DAYS_14), T0)),
    ]
}

#[test]
fn where_creation_is_unknown_no_sign_in_counts_as_recent_before_the_next_one() {
    for (sessions, header) in creation_unknown() {
        let is_old = |session: &Session<Account>| {
            let ages = [0, 1, 60, DAY, 7 * DAY, DAYS_14, u64::MAX];
            assert!(!session.is_new());
            assert_eq!(session.created_at(), None);
            assert!(!ages.into_iter().any(|age| session.created_within(secs(age))));
        };
        let act = |header: &str, now, act: fn(&mut Session<Account>)| {
            let mut session = sessions.load_at([header], now);
            is_old(&session);
            act(&mut session);
            let commit = sessions.commit_at(&session, now).unwrap();
            (session, commit.cookies()[0].value().to_owned())
        };
        let ours = |value: &str| format!("{}={value}", sessions.cookie_name());

        let (came, taken_over) = act(&header, T0, |session| drop(session.read()));
        assert_eq!(came.expires_at(), Some(after(DAYS_14)));
        let write = |session: &mut Session<Account>| session.write(|account| account.visits += 1);
        let (session, written) = act(&ours(&taken_over), after(60), write);
        is_old(&session);
        let (session, regenerated) = act(&ours(&written), after(120), Session::regenerate_id);
        is_old(&session);
        assert_ne!(session.id(), came.id());
        let (session, slid) = act(&ours(&regenerated), after(180 + HOUR), write);
        assert_eq!(session.expires_at(), came.expires_at());
        let (session, renewed) = act(&ours(&slid), after(DAY), Session::renew);
        assert_eq!(session.created_at(), Some(after(DAY)));
        let session = load(&sessions, &renewed, after(DAY + 59));
        assert!(session.created_within(secs(60)) && session.created_at() == Some(after(DAY)));
    }
    // A minute of difference between clocks is no unknown; more is.
    let header = ada(Some(DAYS_14), after(61));
    assert_eq!(sessions().load_at([&header], T0).created_at(), None);
}

#[test]
fn where_creation_is_unknown_the_lifetime_counts_from_the_take_over() {
    let two_days = Sessions::<Account>::builder(ring([1]))
        .absolute_timeout(secs(2 * DAY))
        .accept_iron(Migration::new("app", passwords(), after(100 * DAY)).allow_without_expiry())
        .build()
        .unwrap();
    for ttl in [Some(DAYS_14), None] {
        let session = two_days.load_at([&ada(ttl, T0)], after(DAY));
        let _ = session.read();
        let commit = two_days.commit_at(&session, after(DAY)).unwrap();
        let value = commit.cookies()[0].value();
        assert!(!load(&two_days, value, after(3 * DAY - 1)).is_new());
        let late = load(&two_days, value, after(3 * DAY));
        assert_eq!(late.refusal(), Some(&UnsealError::Expired));
    }
}

#[test]
fn where_creation_is_unknown_a_reseal_keeps_that_and_tokens_are_good() {
    let sessions = Sessions::<Account>::builder(ring([1]))
        .idle_timeout(secs(HOUR))
        .accept_iron(Migration::new("app", passwords(), after(100 * DAY)))
        .build()
        .unwrap();
    let mut session = sessions.load_at([ada(Some(DAYS_14), T0)], T0);
    let token = session.csrf_token().unwrap();
    let commit = sessions.commit_at(&session, T0).unwrap();
    let value = commit.cookies()[0].value().to_owned();
    let later = after(HOUR - 1);
    load(&sessions, &value, later).verify_csrf(&token).unwrap();

    let fresh = visit(&sessions, &value, later).unwrap();
    let session = load(&sessions, &fresh, later);
    assert_eq!((session.created_at(), session.issued_at()), (None, Some(later)));
    session.verify_csrf(&token).unwrap();
    sessions.keys().replace(ring([2]));
    assert!(session.verify_csrf(&token).is_err());
}

#[test]
fn tombstone_outlives_a_session_that_could_be_taken_over_again() {
    let sessions = Sessions::<Account>::builder(ring([1]))
        .absolute_timeout(secs(HOUR))
        .accept_iron(Migration::new("app", passwords(), after(100 * DAY)))
        .build()
        .unwrap();
    let theirs = ada(Some(DAYS_14), T0);
    let mut session = sessions.load_at([&theirs], T0);
    session.destroy();
    let commit = sessions.commit_at(&session, T0).unwrap();
    let tombstone =
        commit.cookies().iter().find(|cookie| cookie.name().contains("-ended-")).unwrap();
    let header = format!("{theirs}; {}={}", tombstone.name(), tombstone.value());
    for now in [T0, after(HOUR), after(DAYS_14 - 1)] {
        let session = sessions.load_at([&header], now);
        assert_eq!(session.refusal(), Some(&UnsealError::Ended), "{now}");
    }
}

#[test]
fn the_hook_learns_that_creation_is_unknown() {
    let sessions = Sessions::<Account>::builder(ring([1]))
        .accept_iron(Migration::new("app", passwords(), after(100 * DAY)))
        // Whoever changed the password signed out whatever began before.
        .revoke_if(|_, info| info.created_at().is_none_or(|created_at| created_at < T0))
        .build()
        .unwrap();
    let session = sessions.load_at([&ada(Some(DAYS_14), T0)], T0);
    assert_eq!(session.refusal(), Some(&UnsealError::Revoked));
}

#[test]
fn the_id_follows_from_the_value_and_from_nothing_else() {
    let (first, second) = (ada(Some(DAYS_14), T0), ada(Some(DAYS_14), T0));
    let id = |header: &str, now| sessions().load_at([header], now).id().unwrap();
    assert_eq!(id(&first, T0), id(&first, after(DAY)));
    assert_ne!(id(&first, T0), id(&second, T0));
    let other_keys =
        Sessions::<Account>::builder(ring([7])).accept_iron(migration()).build().unwrap();
    assert_eq!(other_keys.load_at([&first], T0).id(), Some(id(&first, T0)));
    // It gives away nothing of the MAC, which is the secret half of the value.
    let mac = first.rsplit_once('*').unwrap().1;
    assert!(!mac.contains(&id(&first, T0).to_string()[..8]));
}

#[test]
fn a_ring_without_takeover_reads_none_of_their_cookies() {
    let without = ring([1]).without_takeover();
    let sessions = Sessions::<Account>::builder(without).accept_iron(migration()).build().unwrap();
    let refused = sessions.load_at([ada(Some(DAYS_14), T0)], T0);
    assert!(refused.is_new());
    let Some(UnsealError::Fallback { class, reason }) = refused.refusal() else {
        panic!("{:?}", refused.refusal())
    };
    assert_eq!(*class, "no_takeover");
    assert!(reason.contains("remove that once"), "{reason}");
    // It is asked anew at each request.
    sessions.keys().replace(ring([1]));
    assert!(!sessions.load_at([ada(Some(DAYS_14), T0)], T0).is_new());
}

#[test]
fn the_revocation_hook_is_asked_and_can_revoke_by_id() {
    let header = ada(Some(DAYS_14), T0);
    let id = sessions().load_at([&header], T0).id().unwrap();
    let build = |revoked| {
        Sessions::<Account>::builder(ring([1]))
            .accept_iron(migration())
            .revoke_if(move |account, info| {
                assert_eq!((info.key_id(), account.visits), (None, 3));
                info.id() == revoked
            })
            .build()
            .unwrap()
    };
    let session = build(id).load_at([&header], T0);
    assert_eq!(session.refusal(), Some(&UnsealError::Revoked));
    let other = sessions().load_at([ada(Some(DAYS_14), T0)], T0).id().unwrap();
    assert!(!build(other).load_at([&header], T0).is_new());
}

#[test]
fn a_tombstone_holds_against_the_iron_cookie_too() {
    let sessions =
        Sessions::<Account>::builder(ring([1])).accept_iron(migration()).build().unwrap();
    let header = ada(Some(DAYS_14), T0);
    let mut session = sessions.load_at([&header], T0);
    session.destroy();
    let commit = sessions.commit_at(&session, T0).unwrap();
    let [_, removal, tombstone] = commit.cookies() else { panic!("{:?}", names(&commit)) };
    assert_eq!((removal.name(), removal.value()), ("app", ""));
    let late = format!("{header}; {}={}", tombstone.name(), tombstone.value());
    assert_eq!(sessions.load_at([&late], T0).refusal(), Some(&UnsealError::Ended));
}

#[test]
fn destroy_removes_both_whatever_came() {
    let sessions = sessions();
    let live = support::sealed(&sessions, Account::default(), T0);
    for header in [
        String::new(),
        ada(Some(DAYS_14), T0),
        ada(None, T0),
        format!("__Host-session={live}"),
        format!("__Host-session={live}; {}", ada(Some(DAYS_14), T0)),
    ] {
        let mut session = sessions.load_at([&header], T0);
        session.destroy();
        session.write(|account| account.visits = 9);
        let commit = sessions.commit_at(&session, T0).unwrap();
        assert_eq!(names(&commit), BOTH_REMOVED, "{header}");
        let mut removals = crate::common::session_cookies(&commit);
        assert!(removals.all(|c| c.max_age() == Some(time::Duration::ZERO)));
    }
}

#[test]
fn every_change_seals_ours_and_removes_theirs() {
    let sessions = sessions();
    let header = ada(Some(DAYS_14), T0);
    let id = sessions.load_at([&header], T0).id();
    let now = after(DAY);
    for (change, keeps_id, keeps_times) in [
        ((|s| s.write(|account| account.visits += 1)) as fn(&mut Session<Account>), true, true),
        (Session::regenerate_id, false, true),
        (Session::renew, false, false),
    ] {
        let mut session = sessions.load_at([&header], now);
        change(&mut session);
        // Also when the handler was slow.
        let commit = sessions.commit_at(&session, now + time::Duration::MINUTE).unwrap();
        assert_eq!(names(&commit), OURS_AND_REMOVAL);
        let ours = load(&sessions, commit.cookies()[0].value(), now + time::Duration::MINUTE);
        assert_eq!(ours.read().user_id.as_deref(), Some("ada"));
        assert_eq!(ours.id() == id, keeps_id);
        assert_eq!(ours.created_at(), Some(if keeps_times { T0 } else { now }));
    }
}

#[test]
fn a_refused_iron_cookie_is_left_alone() {
    let sessions = sessions();
    let good = ada(Some(DAYS_14), T0);
    let other = Passwords::new("12345678901234567890123456789012").unwrap();
    let forged =
        iron::seal_at("app", &json!({"userId": "eve"}), &other, Some(secs(DAY)), T0).unwrap();
    let not_ours = iron::seal_at("app", &json!([1, 2]), &passwords(), Some(secs(DAY)), T0).unwrap();
    for (header, class) in [
        (format!("app={forged}"), "not_authentic"),
        (good.replace("Fe26.2*1*", "Fe26.2*2*"), "unknown_key"),
        (good[..good.len() - 1].to_owned(), "malformed"),
        (good.replace("~2", "~2%20"), "malformed"),
        ("app=".to_owned(), "malformed"),
        (format!("app={}", "x".repeat(5000)), "too_long"),
        (ada(Some(0), at(-61)), "expired"),
        (format!("app={not_ours}"), "payload"),
    ] {
        let session = sessions.load_at([&header], T0);
        assert!(session.is_new());
        assert_eq!(session.refusal().map(UnsealError::class), Some(class));
        assert_eq!(*session.read(), Account::default());
        assert!(!sessions.commit_at(&session, T0).unwrap().sets_cookies());
    }
}

#[test]
fn a_new_session_in_the_place_of_a_refused_one_removes_the_old_cookie() {
    let sessions = sessions();
    let mut session = sessions.load_at([ada(None, T0)], T0);
    session.renew();
    session.write(|account| account.user_id = Some("bob".to_owned()));
    let commit = sessions.commit_at(&session, T0).unwrap();
    assert_eq!(names(&commit), OURS_AND_REMOVAL);
    assert_eq!(load(&sessions, commit.cookies()[0].value(), T0).read().visits, 0);
    // Without their cookie there is nothing to remove.
    let mut session = sessions.load_at(["theme=dark"], T0);
    session.write(|account| account.visits = 1);
    let commit = sessions.commit_at(&session, T0).unwrap();
    assert_eq!(names(&commit), [("__Host-session", false)]);
}

#[test]
fn a_slow_response_that_wrote_nothing_leaves_the_move_to_the_next() {
    let sessions = sessions();
    let session = sessions.load_at([ada(Some(DAYS_14), T0)], T0);
    let _ = session.read();
    let late = T0 + time::Duration::milliseconds(2001);
    assert!(!sessions.commit_at(&session, late).unwrap().sets_cookies());
    let session = sessions.load_at([ada(Some(DAYS_14), T0)], T0);
    let _ = session.read();
    let prompt = T0 + time::Duration::SECOND * 2;
    assert_eq!(names(&sessions.commit_at(&session, prompt).unwrap()), OURS_AND_REMOVAL);
}

#[test]
fn what_cannot_be_sealed_as_ours_stays_theirs() {
    #[derive(Clone, Serialize, Deserialize)]
    #[serde(default)]
    struct Grown {
        text: String,
    }
    impl Default for Grown {
        fn default() -> Self {
            Self { text: "x".repeat(4000) }
        }
    }
    let sessions = Sessions::<Grown>::builder(ring([1])).accept_iron(migration()).build().unwrap();
    let session = sessions.load_at([ada(Some(DAYS_14), T0)], T0);
    assert_eq!(session.read().text.len(), 4000);
    assert!(!sessions.commit_at(&session, T0).unwrap().sets_cookies());
    let mut session = sessions.load_at([ada(Some(DAYS_14), T0)], T0);
    session.write(|_| ());
    assert!(sessions.commit_at(&session, T0).is_err());
}

#[test]
fn idle_counts_from_the_first_visit_and_the_expiry_holds_beside_it() {
    let sessions = Sessions::<Account>::builder(ring([1]))
        .idle_timeout(secs(HOUR))
        .accept_iron(migration())
        .build()
        .unwrap();
    let header = ada(Some(DAYS_14), T0);
    let now = after(5 * DAY);
    let session = sessions.load_at([&header], now);
    assert_eq!(session.expires_at(), Some(now + secs(HOUR)));
    assert_eq!(session.issued_at(), Some(now));
    let _ = session.read();
    let commit = sessions.commit_at(&session, now).unwrap();
    let ours = commit.cookies()[0].value();
    assert_eq!(support::class(&sessions, ours, now + secs(HOUR)), "idle");
}

#[test]
fn the_kind_of_cookie_is_the_configured_one() {
    let sessions = Sessions::<Account>::builder(ring([1]))
        .persistent(false)
        .accept_iron(migration())
        .build()
        .unwrap();
    let (_, commit) = read(&sessions, &ada(Some(DAYS_14), T0), T0);
    assert_eq!(commit.cookies()[0].max_age(), None);
}

#[test]
fn names_are_compared_as_they_stand() {
    let header = ada(Some(DAYS_14), T0);
    for name in ["App", "%61pp", "=app", "app ", "xapp"] {
        let header = header.replacen("app", name, 1);
        assert!(sessions().load_at([&header], T0).is_new(), "{name}");
    }
}

#[test]
fn removal_names_the_scope_of_the_old_cookie() {
    let scope = Scope::new().path("/shop").domain("example.org");
    let sessions = sessions_with(migration().scope(scope).same_site(SameSite::Strict));
    let (_, commit) = read(&sessions, &ada(Some(DAYS_14), T0), T0);
    assert_eq!(
        commit.cookies()[1].to_string(),
        "app=; HttpOnly; SameSite=Strict; Secure; Path=/shop; Domain=example.org; Max-Age=0; \
         Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    );
    let partitioned = migration().scope(Scope::new().partitioned()).same_site(SameSite::None);
    let (_, commit) = read(&sessions_with(partitioned), &ada(Some(DAYS_14), T0), T0);
    assert!(commit.cookies()[1].to_string().contains("Partitioned"));
}

#[test]
fn over_plain_http_the_removal_has_no_secure_either() {
    let sessions = Sessions::<Account>::builder(ring([1]))
        .insecure_plain_http_for_development()
        .accept_iron(migration())
        .build()
        .unwrap();
    let (user, commit) = read(&sessions, &ada(Some(DAYS_14), T0), T0);
    assert_eq!(user.as_deref(), Some("ada"));
    assert!(commit.cookies().iter().all(|cookie| !cookie.to_string().contains("Secure")));
}

#[test]
fn what_cannot_work_is_refused_when_built() {
    let build = |migration| {
        Sessions::<Account>::builder(ring([1]))
            .cookie_name("session")
            .accept_iron(migration)
            .build()
            .unwrap_err()
    };
    let named = |name: &str| Migration::new(name, passwords(), after(DAY));
    assert_eq!(build(named("session")), ConfigError::FallbackName);
    // It would be read as ours, and never as theirs.
    for former in ["app", "app.2"] {
        let builder = Sessions::<Account>::builder(ring([1])).former_name(former, after(DAY));
        assert_eq!(
            builder.accept_iron(named("app")).build().unwrap_err(),
            ConfigError::FallbackName
        );
    }
    assert!(matches!(build(named("a b")), ConfigError::CookieName { .. }));
    let wrong = named("app").scope(Scope::new().domain("a;b"));
    assert!(matches!(build(wrong), ConfigError::CookieAttribute { attribute: "Domain", .. }));
    for ttl in [secs(0), std::time::Duration::from_millis(1500), secs(u64::MAX)] {
        assert!(matches!(build(named("app").ttl(ttl)), ConfigError::Timeout { .. }));
    }
}

#[test]
fn a_migration_shows_no_password() {
    let shown = format!("{:?} {:?}", migration(), sessions());
    assert!(!shown.contains(PASSWORD) && shown.contains("app"), "{shown}");
}

#[cfg(feature = "http")]
#[test]
fn over_header_maps_both_cookies_are_sent() {
    use http::{HeaderMap, HeaderValue, header};
    let sessions = sessions();
    let mut request = HeaderMap::new();
    let cookie = ada(Some(DAYS_14), T0);
    request.insert(header::COOKIE, HeaderValue::from_str(&cookie).unwrap());
    let session = sessions.load_headers_at(&request, T0);
    assert_eq!(user(&session).as_deref(), Some("ada"));
    let mut response = HeaderMap::new();
    sessions.commit_headers_at(&session, &mut response, T0).unwrap();
    assert_eq!(response.get_all(header::SET_COOKIE).iter().count(), 2);
    assert_eq!(response[header::CACHE_CONTROL], "no-store");
}
