//! A cookie that had another name or another audience: accepted until a date, and moved over.

use sealed_session::{
    Builder, ConfigError, KeyRing, SameSite, Scope, Session, Sessions, UnsealError,
};
use time::OffsetDateTime;

use crate::support::{Claims, T0, at, forge, jar::Jar, ring, sealed};

fn named(name: &str) -> Builder<u32> {
    Sessions::builder(ring([1])).cookie_name(name)
}

fn old() -> Sessions<u32> {
    named("__Host-old").build().unwrap()
}

/// The new name, with the old one accepted for 1000 s.
fn new() -> Sessions<u32> {
    named("__Host-new").former_name("__Host-old", at(1000)).build().unwrap()
}

fn class(sessions: &Sessions<u32>, jar: &Jar, now: OffsetDateTime) -> &'static str {
    let session = jar.load(sessions, now);
    match session.is_new() {
        true => session.refusal().map_or("none", UnsealError::class),
        false => "live",
    }
}

fn read(session: &mut Session<u32>) {
    drop(session.read());
}

#[test]
fn a_session_under_the_former_name_moves_to_the_present_one_with_the_next_response() {
    let (old, new) = (old(), new());
    let mut jar = Jar::of("__Host-old", &sealed(&old, 7, T0));
    let session = jar.load(&new, at(1));
    assert_eq!((*session.read(), session.is_reseal_due()), (7, true));
    let (id, created_at) = (session.id(), session.created_at());

    // Who does not look at it leaves it as it is.
    jar.visit(&new, at(1), |_| {});
    assert_eq!(jar.names(), ["__Host-old"]);
    jar.visit(&new, at(1), read);
    assert_eq!(jar.names(), ["__Host-new"]);
    let session = jar.load(&new, at(2000));
    assert_eq!((session.id(), session.created_at()), (id, created_at));
    assert_eq!((*session.read(), session.is_reseal_due()), (7, false));
    assert!(!jar.respond(&new, at(2), read).sets_cookies(), "once");
}

#[test]
fn it_is_accepted_up_to_and_without_its_date_and_not_read_at_all_after_it() {
    let new = new();
    let jar = Jar::of("__Host-old", &sealed(&old(), 7, T0));
    for (now, expected) in [(0, "live"), (999, "live"), (1000, "none"), (2000, "none")] {
        assert_eq!(class(&new, &jar, at(now)), expected, "at {now}");
    }
    // Another application may use the name now: it is left alone, whatever is done.
    let acts: [fn(&mut Session<u32>); 3] = [read, Session::renew, Session::destroy];
    for act in acts {
        let mut jar = jar.clone();
        jar.visit(&new, at(1000), act);
        assert!(jar.names().contains(&"__Host-old"));
    }
}

#[test]
fn whatever_sets_the_cookie_removes_it_under_the_former_name() {
    let (old, new) = (old(), new());
    let acts: [fn(&mut Session<u32>); 4] = [
        |session| session.write(|n| *n += 1),
        Session::renew,
        Session::reauthenticate,
        Session::regenerate_id,
    ];
    for act in acts {
        let mut jar = Jar::of("__Host-old", &sealed(&old, 7, T0));
        jar.visit(&new, at(1), act);
        assert!(!jar.names().contains(&"__Host-old"), "{:?}", jar.names());
        assert_eq!(class(&new, &jar, at(2)), "live");
    }
    let mut jar = Jar::of("__Host-old", &sealed(&old, 7, T0));
    jar.visit(&new, at(1), Session::destroy);
    assert!(jar.names().iter().all(|name| name.contains("-ended-")), "{:?}", jar.names());
    assert_eq!(class(&new, &jar, at(2)), "none");
}

#[test]
fn a_former_name_counts_no_less_where_it_was_sealed_later() {
    let (old, new) = (old(), new());
    let both = |own: OffsetDateTime, former: OffsetDateTime| {
        let mut jar = Jar::of("__Host-new", &sealed(&new, 1, own));
        jar.put("__Host-old", &sealed(&old, 2, former));
        u32::clone(&jar.load(&new, at(20)).read())
    };
    assert_eq!((both(at(10), at(9)), both(at(9), at(10)), both(at(10), at(10))), (1, 2, 1));
}

#[test]
fn each_name_is_bound_to_itself() {
    let (old, new) = (old(), new());
    let own = Jar::of("__Host-old", &sealed(&new, 7, T0));
    assert_eq!(class(&new, &own, at(1)), "not_authentic");
    let former = Jar::of("__Host-new", &sealed(&old, 7, T0));
    assert_eq!(class(&new, &former, at(1)), "not_authentic");
}

#[test]
fn junk_under_a_former_name_costs_the_present_one_nothing() {
    let new = new();
    let own = format!("__Host-new={}", sealed(&new, 7, T0));
    let forged = forge(1, "__Host-other", &Claims::begun(T0).with("8"));
    for junk in ["junk", &*forged] {
        let many = format!("__Host-old={junk}; ").repeat(100);
        for header in [format!("{many}{own}"), format!("{own}; {many}")] {
            assert_eq!(*new.load_at([header], at(1)).read(), 7);
        }
    }
}

#[test]
fn a_sign_out_holds_under_every_name_in_either_configuration() {
    // Machines with the old and the new configuration run at once.
    let old = named("__Host-old").former_name("__Host-new", at(1000)).build().unwrap();
    let new = new();
    for (first, second) in [(&old, &new), (&new, &old)] {
        let mut jar = Jar::of(first.cookie_name(), &sealed(first, 7, T0));
        let late = [first, second]
            .map(|machine| jar.clone().respond(machine, at(10), |s| s.write(|n| *n += 1)));
        jar.visit(second, at(11), Session::destroy);
        for commit in &late {
            let mut jar = jar.clone();
            jar.take(commit);
            for machine in [first, second] {
                assert_eq!(class(machine, &jar, at(12)), "ended");
            }
        }
    }
}

#[test]
fn tokens_of_forms_that_were_fetched_before_the_change_are_good_until_its_date() {
    let (old, new) = (old(), new());
    let mut jar = Jar::of("__Host-old", &sealed(&old, 7, T0));
    let token = jar.load(&old, at(1)).csrf_token().unwrap();
    assert_eq!(jar.load(&new, at(2)).verify_csrf(&token), Ok(()));
    jar.visit(&new, at(3), read);
    assert_eq!(jar.load(&new, at(999)).verify_csrf(&token), Ok(()));
    let refused = jar.load(&new, at(1000)).verify_csrf(&token).unwrap_err();
    assert_eq!(refused.class(), "not_authentic");
}

#[test]
fn a_former_audience_is_accepted_until_its_date_and_moved_over() {
    let build = |audience: Option<&str>| match audience {
        Some(audience) => named("__Host-s").audience(audience),
        None => named("__Host-s"),
    };
    for (before, after) in
        [(None, Some("a")), (Some("a"), None), (Some("a"), Some("b")), (Some("ab"), Some("a"))]
    {
        let old = build(before).build().unwrap();
        let new = build(after).former_audience(before, at(1000)).build().unwrap();
        let strict = build(after).build().unwrap();
        let mut jar = Jar::of("__Host-s", &sealed(&old, 7, T0));
        let token = jar.load(&old, at(1)).csrf_token().unwrap();
        assert_eq!(class(&strict, &jar, at(1)), "not_authentic");
        for (now, expected) in [(1, "live"), (999, "live"), (1000, "not_authentic")] {
            assert_eq!(class(&new, &jar, at(now)), expected, "{before:?} at {now}");
        }
        assert_eq!(jar.load(&new, at(1)).verify_csrf(&token), Ok(()));
        assert!(jar.load(&new, at(1)).is_reseal_due());
        jar.visit(&new, at(1), read);
        assert_eq!(class(&strict, &jar, at(2)), "live");
        assert!(!jar.load(&new, at(2)).is_reseal_due());
    }
}

#[test]
fn a_value_by_itself_is_opened_and_sealed_anew_too() {
    let old = named("__Host-s").audience("a").build().unwrap();
    let new = named("__Host-s").audience("b").former_audience(Some("a"), at(1000)).build().unwrap();
    let value = sealed(&old, 7, T0);
    let session = new.unseal_at(&value, at(1)).unwrap();
    assert_eq!((*session.read(), session.is_reseal_due()), (7, true));
    let fresh = new.reseal_at(&value, at(1)).unwrap().unwrap();
    assert_eq!(new.unseal_at(&fresh, at(1000)).unwrap().id(), session.id());
    assert_eq!(new.unseal_at(&value, at(1000)).unwrap_err().class(), "not_authentic");
    assert_eq!(old.unseal_at(&fresh, at(1)).unwrap_err().class(), "not_authentic");
}

#[test]
fn what_was_refused_under_a_former_name_is_not_moved() {
    let new = new();
    for value in ["junk".to_owned(), sealed(&old(), 7, at(500))] {
        let mut jar = Jar::of("__Host-old", &value);
        assert!(!jar.respond(&new, at(1), read).sets_cookies());
    }
}

#[test]
fn over_plain_http_a_former_name_is_read_without_its_prefix() {
    let http = Builder::insecure_plain_http_for_development;
    let old = http(named("__Host-old")).build().unwrap();
    let new = http(named("__Host-new").former_name("__Host-old", at(1000))).build().unwrap();
    assert_eq!(old.cookie_name(), "old");
    let mut jar = Jar::of("old", &sealed(&old, 7, T0));
    assert_eq!(class(&new, &jar, at(1)), "live");
    jar.visit(&new, at(1), read);
    assert_eq!(jar.names(), ["new"]);
}

#[test]
fn names_and_audiences_are_checked_when_built() {
    let until = at(1000);
    let long = "a".repeat(256);
    let bad_name = [
        named("__Host-s").former_name("__Host-s", until),
        named("__Host-s").former_name("s", until).former_name("s", until),
    ];
    for builder in bad_name {
        let error = builder.build().unwrap_err();
        assert!(matches!(error, ConfigError::Former { what: "name", .. }), "{error}");
    }
    for name in ["", "a b", "__host-s", "__Host-", &long] {
        let error = named("__Host-s").former_name(name, until).build().unwrap_err();
        assert!(matches!(error, ConfigError::CookieName { .. }), "{error}");
    }
    let error = named("__Host-s").former_audience(None, until).build().unwrap_err();
    assert!(matches!(error, ConfigError::Former { what: "audience", .. }), "{error}");
    let same = named("__Host-s").audience("a").former_audience(Some("a"), until).build();
    assert!(matches!(same.unwrap_err(), ConfigError::Former { what: "audience", .. }));
    for audience in ["", &long] {
        let error = named("__Host-s").former_audience(Some(audience), until).build().unwrap_err();
        assert_eq!(error, ConfigError::Audience);
    }
    // Without prefixes, for development, the two names are one.
    let development = Sessions::<u32>::builder(KeyRing::ephemeral().unwrap())
        .cookie_name("__Host-s")
        .former_name("__Secure-s", until)
        .insecure_plain_http_for_development()
        .build()
        .unwrap();
    assert_eq!(development.cookie_name(), "s");
}

#[test]
fn a_former_name_without_the_prefix_is_removed_in_the_scopes_that_it_had() {
    // As the guide tells whoever comes from `__Secure-` with a Domain to `__Host-`.
    let old = named("__Secure-old").domain("example.org").build().unwrap();
    let former = Scope::new().domain("example.org");
    let builder = || named("__Host-new").former_scope(former.clone());
    for tombstones in [true, false] {
        let new = builder().former_name("__Secure-old", at(1000)).tombstones(tombstones);
        let new = new.build().unwrap();
        for act in [read, Session::renew, Session::destroy] {
            let mut jar = Jar::default();
            jar.visit(&old, T0, |session| session.write(|data| *data = 7));
            assert_eq!(jar.names(), ["__Secure-old"]);
            jar.visit(&new, at(1), |session| {
                assert_eq!(*session.read(), 7);
                act(session);
            });
            assert_eq!(jar.value("__Secure-old"), None, "{:?}", jar.names());
        }
    }
    // The present name never had it.
    let error = builder().build().unwrap_err();
    assert!(matches!(error, ConfigError::FormerScope(_)), "{error}");
    let error = builder().former_name("__Host-old", at(1000)).build().unwrap_err();
    assert!(matches!(error, ConfigError::FormerScope(_)), "{error}");
}

#[test]
fn a_former_name_with_the_prefix_is_removed_partitioned_or_not() {
    let old = named("__Host-old").build().unwrap();
    let new = named("__Host-new").same_site(SameSite::None).partitioned(true);
    let new = new.former_name("__Host-old", at(1000)).former_scope(Scope::new()).build().unwrap();
    let mut jar = Jar::default();
    jar.visit(&old, T0, |session| session.write(|data| *data = 7));
    jar.visit(&new, at(1), read);
    assert_eq!(jar.names(), ["__Host-new"]);
}

#[test]
fn a_browser_that_knows_no_partitioned_cookies_keeps_the_session_beside_the_removal_of_its_twin() {
    let builder = || named("__Host-s").same_site(SameSite::None);
    let twin = Scope::new().partitioned();
    let other = Scope::new();
    for builder in [builder().former_scope(twin), builder().partitioned(true).former_scope(other)] {
        let sessions = builder.build().unwrap();
        let mut session = sessions.load_at([""], T0);
        session.write(|data| *data = 7);
        let commit = sessions.commit_at(&session, T0).unwrap();
        // Such a browser holds one cookie of the name.
        let [twin, last] = commit.cookies() else { panic!("{:?}", commit.cookies()) };
        assert!(twin.value().is_empty() && !last.value().is_empty(), "{:?}", commit.cookies());
        let mut jar = Jar::default();
        jar.take(&commit);
        assert_eq!(*jar.load(&sessions, T0).read(), 7);
    }
}

#[test]
fn the_session_that_a_response_sets_is_found_beside_the_removals_of_its_twins() {
    let sessions = named("s")
        .former_scope(Scope::new().domain("example.org"))
        .former_scope(Scope::new().path("/app"))
        .build()
        .unwrap();
    let lines = |act: fn(&mut Session<u32>)| {
        let mut session = sessions.load_at([sessions.test_cookie_at(7, T0).to_string()], at(1));
        act(&mut session);
        let commit = sessions.commit_at(&session, at(1)).unwrap();
        commit.cookies().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let found = sessions.test_session_at(lines(Session::renew), at(1)).unwrap();
    assert_eq!(*found.read(), 7);
    assert!(sessions.test_session_at(lines(Session::destroy), at(1)).is_none());
    let twice = [lines(Session::renew), lines(Session::destroy)].concat();
    assert!(sessions.test_session_at(twice, at(1)).is_none());
}
