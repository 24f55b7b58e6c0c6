//! Every rule about time, at its exact boundary.

use std::time::Duration;

use sealed_session::{
    ConfigError, KeyId, KeyRing, Lifetime, SealError, SessionData, Sessions, UnsealError,
};
use time::{OffsetDateTime, macros::datetime};

use crate::support::{
    T0, at, class, entry, forge, load, open, ring, sealed, secs, set_value, visit,
};

const NAME: &str = "__Host-session";
const DAY: u64 = 24 * 3600;
const MILLISECOND: time::Duration = time::Duration::MILLISECOND;

/// Sessions that end after `absolute` seconds, or after `idle` seconds without use.
fn limits(absolute: u64, idle: Option<u64>) -> Sessions<u32> {
    let builder = Sessions::builder(ring([1])).absolute_timeout(secs(absolute));
    match idle {
        Some(idle) => builder.idle_timeout(secs(idle)),
        None => builder,
    }
    .build()
    .unwrap()
}

fn browser_session(absolute: u64, idle: Option<u64>) -> Sessions<u32> {
    let builder = Sessions::builder(ring([1])).absolute_timeout(secs(absolute)).persistent(false);
    match idle {
        Some(idle) => builder.idle_timeout(secs(idle)),
        None => builder,
    }
    .build()
    .unwrap()
}

/// The Set-Cookie of a request that writes: its value, and its `Max-Age` in seconds.
fn write(sessions: &Sessions<u32>, value: &str, now: OffsetDateTime) -> (String, Option<i64>) {
    let mut session = load(sessions, value, now);
    session.write(|count| *count += 1);
    let commit = sessions.commit_at(&session, now).unwrap();
    let [cookie] = commit.cookies() else { panic!("no cookie") };
    (cookie.value().to_owned(), cookie.max_age().map(time::Duration::whole_seconds))
}

fn issued_at<T: SessionData>(sessions: &Sessions<T>, value: &str, now: OffsetDateTime) -> i64 {
    let issued = sessions.unseal_at(value, now).unwrap().issued_at().unwrap();
    (issued - T0).whole_seconds()
}

mod absolute {
    use super::*;

    #[test]
    fn session_is_live_until_its_last_second_and_expired_at_its_end() {
        for lifetime in [1, 2, 60, 3600, 14 * DAY] {
            let sessions = limits(lifetime, None);
            let value = sealed(&sessions, 7, T0);
            let end = T0 + secs(lifetime);
            for now in [T0, end - secs(1), end - MILLISECOND] {
                assert_eq!(class(&sessions, &value, now), "live", "{lifetime}: {now}");
            }
            for now in [end, end + MILLISECOND, end + secs(1), end + secs(DAY)] {
                assert_eq!(sessions.unseal_at(&value, now).unwrap_err(), UnsealError::Expired);
            }
            assert_eq!(sessions.unseal_at(&value, T0).unwrap().expires_at(), Some(end));
        }
    }

    #[test]
    fn default_is_fourteen_days_without_idle_timeout() {
        let sessions = Sessions::<u32>::new(ring([1]));
        let value = sealed(&sessions, 7, T0);
        assert_eq!(class(&sessions, &value, T0 + secs(14 * DAY - 1)), "live");
        assert_eq!(class(&sessions, &value, T0 + secs(14 * DAY)), "expired");
    }

    #[test]
    fn writing_prolongs_nothing() {
        let sessions = limits(100, None);
        let mut value = sealed(&sessions, 0, T0);
        for now in [10, 50, 99] {
            let (fresh, max_age) = write(&sessions, &value, at(now));
            assert_eq!(max_age, Some(100 - now));
            value = fresh;
        }
        assert_eq!(issued_at(&sessions, &value, at(99)), 99);
        assert_eq!(class(&sessions, &value, at(100)), "expired");
    }

    #[test]
    fn expired_cookie_is_no_session_and_is_left_alone() {
        let sessions = limits(100, None);
        let value = sealed(&sessions, 7, T0);
        let session = load(&sessions, &value, at(100));
        assert!(session.is_new());
        assert_eq!(*session.read(), 0);
        assert_eq!(session.refusal(), Some(&UnsealError::Expired));
        assert!(!sessions.commit_at(&session, at(100)).unwrap().sets_cookies());
        // What is written then begins a session of its own.
        let (fresh, max_age) = write(&sessions, &value, at(100));
        assert_eq!(max_age, Some(100));
        let session = sessions.unseal_at(&fresh, at(100)).unwrap();
        assert_eq!((*session.read(), session.created_at()), (1, Some(at(100))));
    }
}

mod idle {
    use super::*;

    #[test]
    fn session_is_live_until_the_last_second_and_idle_at_the_end() {
        for idle in [1, 2, 59, 60, 480, DAY] {
            let sessions = limits(14 * DAY, Some(idle));
            let value = sealed(&sessions, 7, T0);
            let end = T0 + secs(idle);
            for now in [T0, end - secs(1), end - MILLISECOND] {
                assert_eq!(class(&sessions, &value, now), "live", "{idle}: {now}");
            }
            for now in [end, end + secs(1), end + secs(DAY)] {
                assert_eq!(sessions.unseal_at(&value, now).unwrap_err(), UnsealError::Idle);
            }
            assert_eq!(sessions.unseal_at(&value, T0).unwrap().expires_at(), Some(end));
        }
    }

    #[test]
    fn the_absolute_end_is_named_where_both_have_passed() {
        let sessions = limits(100, Some(100));
        let value = sealed(&sessions, 7, T0);
        assert_eq!(class(&sessions, &value, at(99)), "live");
        assert_eq!(class(&sessions, &value, at(100)), "expired");
    }

    #[test]
    fn reading_slides_it_from_the_renewal_interval_on() {
        // An eighth of the timeout, at least a minute, at most an hour; half of it below two minutes.
        for (idle, interval) in [
            (1, 0),
            (2, 1),
            (59, 29),
            (60, 30),
            (119, 59),
            (120, 60),
            (480, 60),
            (488, 61),
            (4800, 600),
            (8 * 3600, 3600),
            (DAY, 3600),
            (30 * DAY, 3600),
        ] {
            let sessions = limits(60 * DAY, Some(idle));
            let value = sealed(&sessions, 7, T0);
            if interval > 0 {
                let early = T0 + secs(interval) - secs(1);
                assert_eq!(visit(&sessions, &value, early), None, "idle {idle}");
                assert!(!load(&sessions, &value, early).is_reseal_due());
            }
            let now = T0 + secs(interval);
            assert!(load(&sessions, &value, now).is_reseal_due());
            let fresh = visit(&sessions, &value, now).unwrap_or_else(|| panic!("idle {idle}"));
            assert_eq!(class(&sessions, &fresh, now + secs(idle) - secs(1)), "live");
            assert_eq!(class(&sessions, &fresh, now + secs(idle)), "idle");
        }
    }

    #[test]
    fn session_used_at_half_its_timeout_lives_to_the_absolute_end_and_no_further() {
        for idle in [2_u64, 59, 120, 480, DAY] {
            let absolute = idle * 20 + 1;
            let sessions = limits(absolute, Some(idle));
            let mut value = sealed(&sessions, 7, T0);
            let (mut now, end) = (T0, T0 + secs(absolute));
            while now < end {
                let session = load(&sessions, &value, now);
                assert!(!session.is_new(), "idle {idle}: {:?} at {now}", session.refusal());
                assert!(session.expires_at() <= Some(end));
                if let Some(fresh) = visit(&sessions, &value, now) {
                    value = fresh;
                }
                now += secs(idle / 2);
            }
            assert_eq!(class(&sessions, &value, end - secs(1)), "live", "idle {idle}");
            assert_eq!(class(&sessions, &value, end), "expired", "idle {idle}");
        }
    }

    #[test]
    fn a_slow_response_slides_it_only_where_it_would_idle_out_before_its_end() {
        // Sealed at the 1799th second it idles out one second before it ends; a second later, at its end.
        for (sealed_at, slides) in [(1799, true), (1800, false), (1801, false)] {
            let sessions = limits(3600, Some(1800));
            let (value, _) = write(&sessions, &sealed(&sessions, 7, T0), at(900));
            let (value, _) = write(&sessions, &value, at(sealed_at));
            let loaded = at(sealed_at + 900);
            let session = load(&sessions, &value, loaded);
            assert_eq!(*session.read(), 9);
            let commit = sessions.commit_at(&session, loaded + secs(60)).unwrap();
            assert_eq!(commit.sets_cookies(), slides, "sealed at {sealed_at}");
        }
    }

    #[test]
    fn a_slow_response_slides_it_from_half_of_its_timeout_on() {
        let sessions = limits(DAY, Some(1800));
        let value = sealed(&sessions, 7, T0);
        for (committed, slides) in [(899, false), (900, true)] {
            let session = load(&sessions, &value, at(committed - 60));
            assert_eq!(*session.read(), 7);
            assert!(session.is_reseal_due());
            let commit = sessions.commit_at(&session, at(committed)).unwrap();
            assert_eq!(commit.sets_cookies(), slides, "after {committed} seconds");
        }
    }

    #[test]
    fn looking_without_reading_does_not_slide_it() {
        let sessions = limits(DAY, Some(120));
        let value = sealed(&sessions, 7, T0);
        let session = load(&sessions, &value, at(119));
        assert_eq!(*session.peek(), 7);
        assert!(session.id().is_some());
        assert!(!sessions.commit_at(&session, at(119)).unwrap().sets_cookies());
        let untouched = load(&sessions, &value, at(119));
        assert!(!sessions.commit_at(&untouched, at(119)).unwrap().sets_cookies());
    }

    #[test]
    fn a_write_slides_it_at_once() {
        let sessions = limits(DAY, Some(120));
        let (fresh, max_age) = write(&sessions, &sealed(&sessions, 7, T0), at(1));
        assert_eq!(max_age, Some(120));
        assert_eq!(class(&sessions, &fresh, at(120)), "live");
        assert_eq!(class(&sessions, &fresh, at(121)), "idle");
    }
}

mod clocks {
    use super::*;

    #[test]
    fn sixty_seconds_ahead_are_accepted_and_sixty_one_are_not() {
        let sessions = limits(DAY, Some(3600));
        let value = sealed(&sessions, 7, T0);
        for seconds in [-1, -30, -60] {
            assert_eq!(class(&sessions, &value, at(seconds)), "live", "{seconds}");
        }
        for seconds in [-61, -62, -100_000] {
            let error = sessions.unseal_at(&value, at(seconds)).unwrap_err();
            assert_eq!(error, UnsealError::IssuedInFuture, "{seconds}");
        }
        assert_eq!(class(&sessions, &value, at(-60) - MILLISECOND), "issued_in_future");
        assert_eq!(visit(&sessions, &value, at(-61)), None);
    }

    #[test]
    fn session_created_in_the_future_begins_there() {
        let sessions = limits(100, None);
        let value = sealed(&sessions, 7, at(60));
        let session = load(&sessions, &value, T0);
        assert!(!session.is_new());
        assert_eq!((session.created_at(), session.expires_at()), (Some(at(60)), Some(at(160))));
        assert_eq!(class(&sessions, &value, at(159)), "live");
        assert_eq!(class(&sessions, &value, at(160)), "expired");
    }

    #[test]
    fn issued_at_never_goes_back_when_a_clock_lags() {
        let sessions = limits(DAY, Some(3600));
        let ahead = sealed(&sessions, 7, at(50));
        let (written, max_age) = write(&sessions, &ahead, T0);
        assert_eq!(issued_at(&sessions, &written, T0), 50);
        // The cookie lasts as long as the value.
        assert_eq!(max_age, Some(3650));
        // So it does not lose to the value that it replaces.
        let both = [format!("{NAME}={ahead}; {NAME}={written}")];
        assert_eq!(*sessions.load_at(both, at(50)).read(), 8);
    }

    #[test]
    fn renewal_on_a_lagging_machine_does_not_lose_to_the_value_before() {
        let sessions = limits(DAY, None);
        let ahead = sealed(&sessions, 7, at(50));
        let mut session = load(&sessions, &ahead, T0);
        let id = session.id();
        session.renew();
        session.write(|count| *count = 100);
        let renewed = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
        let fresh = sessions.unseal_at(&renewed, T0).unwrap();
        assert_eq!((fresh.created_at(), fresh.issued_at()), (Some(T0), Some(at(50))));
        assert_ne!(fresh.id(), id);
        let both = [format!("{NAME}={ahead}"), format!("{NAME}={renewed}")];
        assert_eq!(*sessions.load_at(both, at(50)).read(), 100);
    }

    #[test]
    fn clock_that_steps_back_between_load_and_commit_is_survived() {
        let sessions = limits(DAY, Some(3600));
        let mut session = load(&sessions, &sealed(&sessions, 7, T0), at(100));
        session.renew();
        let value = set_value(&sessions.commit_at(&session, at(40)).unwrap()).unwrap();
        let fresh = sessions.unseal_at(&value, at(40)).unwrap();
        assert_eq!((fresh.created_at(), fresh.issued_at()), (Some(at(100)), Some(at(100))));
    }

    #[test]
    fn fractions_of_a_second_are_dropped() {
        let sessions = limits(100, Some(10));
        let value = sealed(&sessions, 7, at(0) + time::Duration::milliseconds(999));
        let session = sessions.unseal_at(&value, T0).unwrap();
        assert_eq!((session.created_at(), session.issued_at()), (Some(T0), Some(T0)));
        assert_eq!(class(&sessions, &value, at(10)), "idle");
    }

    #[test]
    fn offsets_from_utc_make_no_difference() {
        let sessions = limits(100, None);
        let abroad = T0.to_offset(time::macros::offset!(+13:45));
        let value = sealed(&sessions, 7, abroad);
        assert_eq!(sessions.unseal_at(&value, T0).unwrap().created_at(), Some(T0));
        assert_eq!(class(&sessions, &value, abroad + secs(99)), "live");
        assert_eq!(class(&sessions, &value, abroad + secs(100)), "expired");
    }
}

mod configuration {
    use super::*;

    #[test]
    fn raising_the_absolute_timeout_revives_nothing() {
        let value = sealed(&limits(100, None), 7, T0);
        let raised = limits(1000, None);
        assert_eq!(class(&raised, &value, at(99)), "live");
        assert_eq!(class(&raised, &value, at(100)), "expired");
        // Nor does a write under the raised one, for this session.
        let (fresh, max_age) = write(&raised, &value, at(99));
        assert_eq!(max_age, Some(1));
        assert_eq!(class(&raised, &fresh, at(100)), "expired");
        let session = raised.unseal_at(&value, at(99)).unwrap();
        assert_eq!(session.expires_at(), Some(at(100)));
    }

    #[test]
    fn lowering_the_absolute_timeout_takes_effect_at_once() {
        let value = sealed(&limits(1000, None), 7, T0);
        let lowered = limits(100, None);
        assert_eq!(class(&lowered, &value, at(99)), "live");
        assert_eq!(class(&lowered, &value, at(100)), "expired");
        assert_eq!(lowered.unseal_at(&value, T0).unwrap().expires_at(), Some(at(100)));
        assert_eq!(write(&lowered, &value, at(60)).1, Some(40));
    }

    #[test]
    fn raising_the_idle_timeout_or_dropping_it_revives_nothing() {
        let value = sealed(&limits(DAY, Some(120)), 7, T0);
        for raised in [limits(DAY, Some(3600)), limits(DAY, None)] {
            assert_eq!(class(&raised, &value, at(119)), "live");
            assert_eq!(class(&raised, &value, at(120)), "idle");
            // It still slides, by the shorter timeout's interval.
            assert_eq!(visit(&raised, &value, at(59)), None);
            let fresh = visit(&raised, &value, at(60)).unwrap();
            assert_eq!(class(&raised, &fresh, at(179)), "live");
            assert_eq!(class(&raised, &fresh, at(180)), "idle");
            let (written, max_age) = write(&raised, &value, at(100));
            assert_eq!(max_age, Some(120));
            assert_eq!(class(&raised, &written, at(220)), "idle");
        }
    }

    #[test]
    fn lowering_the_idle_timeout_or_adding_one_takes_effect_at_once() {
        for before in [limits(DAY, Some(3600)), limits(DAY, None)] {
            let value = sealed(&before, 7, T0);
            let lowered = limits(DAY, Some(120));
            assert_eq!(class(&lowered, &value, at(119)), "live");
            assert_eq!(class(&lowered, &value, at(120)), "idle");
            assert_eq!(write(&lowered, &value, at(60)).1, Some(120));
            let fresh = visit(&lowered, &value, at(60)).unwrap();
            assert_eq!(class(&lowered, &fresh, at(180)), "idle");
            // The sealed limits stay what they were.
            assert_eq!(&open(1, NAME, &fresh)[13..21], &open(1, NAME, &value)[13..21]);
        }
    }

    #[test]
    fn a_renewed_session_takes_the_limits_of_today() {
        let value = sealed(&limits(100, Some(50)), 7, T0);
        let raised = limits(1000, None);
        let mut session = load(&raised, &value, at(10));
        session.renew();
        let fresh = set_value(&raised.commit_at(&session, at(10)).unwrap()).unwrap();
        assert_eq!(class(&raised, &fresh, at(1009)), "live");
        assert_eq!(class(&raised, &fresh, at(1010)), "expired");
    }

    fn build(absolute: Duration, idle: Option<Duration>) -> Result<Sessions<u32>, ConfigError> {
        let builder = Sessions::builder(ring([1])).absolute_timeout(absolute);
        match idle {
            Some(idle) => builder.idle_timeout(idle),
            None => builder,
        }
        .build()
    }

    #[test]
    fn timeouts_are_whole_seconds_within_32_bits() {
        const LIMIT: u32 = u32::MAX - 1;
        let longest = secs(LIMIT.into());
        for good in [secs(1), secs(2), longest] {
            assert!(build(good, None).is_ok(), "{good:?}");
            assert!(build(longest, Some(good)).is_ok(), "{good:?}");
        }
        for bad in [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::from_millis(999),
            Duration::from_millis(1500),
            secs(60) + Duration::from_nanos(1),
            longest + Duration::from_nanos(1),
            longest + secs(1),
            longest + secs(2),
            // What a cast to 32 bits would take for a minute.
            secs((1 << 32) + 60),
            secs(u64::MAX),
            Duration::MAX,
        ] {
            let error = build(bad, None).unwrap_err();
            assert_eq!(error, ConfigError::Timeout { what: "absolute_timeout", limit: LIMIT });
            assert!(error.to_string().contains("from 1 s to 4294967294 s"), "{error}");
            let error = build(longest, Some(bad)).unwrap_err();
            assert_eq!(error, ConfigError::Timeout { what: "idle_timeout", limit: LIMIT });
            assert!(error.to_string().starts_with("idle_timeout must be whole seconds"), "{error}");
        }
    }

    #[test]
    fn an_idle_timeout_longer_than_the_absolute_one_is_refused() {
        for (absolute, idle) in [(1, 2), (599, 600), (14 * DAY, 14 * DAY + 1), (60, LONGEST)] {
            assert!(build(secs(absolute), Some(secs(absolute))).is_ok(), "{absolute}");
            let error = build(secs(absolute), Some(secs(idle))).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "idle_timeout, {idle} s, is longer than absolute_timeout, {absolute} s, so it would \
                     never end a session: shorten the first, leave it out, or raise the second"
                )
            );
        }
        // Whichever is set first, and beside the default.
        let error =
            Sessions::<u32>::builder(ring([1])).idle_timeout(secs(30 * DAY)).build().unwrap_err();
        assert!(error.to_string().contains("absolute_timeout, 1209600 s"), "{error}");
        let builder = Sessions::<u32>::builder(ring([1])).idle_timeout(secs(30 * DAY));
        assert!(builder.absolute_timeout(secs(60 * DAY)).build().is_ok());
    }

    const LONGEST: u64 = u32::MAX as u64 - 1;
}

mod max_age {
    use super::*;

    const CAP: u64 = 400 * DAY;

    #[test]
    fn is_what_is_left() {
        for (absolute, idle, age, left) in [
            (100, None, 0, 100),
            (100, None, 99, 1),
            (1000, Some(100), 0, 100),
            (1000, Some(100), 50, 100),
            (150, Some(100), 50, 100),
            (150, Some(100), 51, 99),
            (150, Some(100), 99, 51),
            (1, Some(1), 0, 1),
            (1, None, 0, 1),
        ] {
            let sessions = limits(absolute, idle);
            let (_, max_age) = write(&sessions, &sealed(&sessions, 7, T0), at(age));
            assert_eq!(max_age, Some(left), "{absolute} {idle:?} after {age}");
        }
    }

    #[test]
    fn of_a_reseal_is_what_is_left() {
        for (absolute, idle, age, left) in
            [(10_000, 480, 60, 480), (500, 480, 60, 440), (481, 480, 479, 2)]
        {
            let sessions = limits(absolute, Some(idle));
            let session = load(&sessions, &sealed(&sessions, 7, T0), at(age));
            let _ = session.read();
            let commit = sessions.commit_at(&session, at(age)).unwrap();
            let max_age = commit.cookies()[0].max_age().map(time::Duration::whole_seconds);
            assert_eq!(max_age, Some(left));
        }
    }

    #[test]
    fn counts_from_the_commit_and_not_from_the_load() {
        let sessions = limits(100, Some(80));
        let mut session = load(&sessions, &sealed(&sessions, 7, T0), at(10));
        session.write(|count| *count += 1);
        let commit = sessions.commit_at(&session, at(70)).unwrap();
        assert_eq!(commit.cookies()[0].max_age(), Some(time::Duration::seconds(30)));

        let mut session = load(&sessions, "", T0);
        session.write(|count| *count += 1);
        let commit = sessions.commit_at(&session, at(70)).unwrap();
        assert_eq!(commit.cookies()[0].max_age(), Some(time::Duration::seconds(30)));
    }

    #[test]
    fn is_at_most_what_is_left_on_a_clock_that_lags() {
        let sessions = limits(DAY, Some(100));
        for lag in [1, 30, 60] {
            let value = sealed(&sessions, 7, at(lag));
            let (fresh, max_age) = write(&sessions, &value, T0);
            let left = sessions.unseal_at(&fresh, T0).unwrap().expires_at().unwrap() - T0;
            assert!(max_age.unwrap() <= left.whole_seconds(), "{max_age:?} of {left}");
            assert!(max_age.unwrap() >= 100);
        }
    }

    #[test]
    fn is_at_most_four_hundred_days() {
        for (absolute, capped) in
            [(CAP - 1, CAP - 1), (CAP, CAP), (CAP + 1, CAP), (u64::from(u32::MAX) - 1, CAP)]
        {
            let sessions = limits(absolute, None);
            let value = sealed(&sessions, 7, T0);
            let (_, max_age) = write(&sessions, &value, T0);
            assert_eq!(max_age, Some(i64::try_from(capped).unwrap()));
            // The sealed end stays where it was configured.
            let end = T0 + secs(absolute);
            assert_eq!(sessions.unseal_at(&value, T0).unwrap().expires_at(), Some(end));
            assert_eq!(class(&sessions, &value, end - secs(1)), "live");
        }
    }

    #[test]
    fn browser_session_has_none_and_expires_all_the_same() {
        let sessions = browser_session(100, None);
        let value = sealed(&sessions, 7, T0);
        let (fresh, max_age) = write(&sessions, &value, at(10));
        assert_eq!(max_age, None);
        assert_eq!(sessions.unseal_at(&fresh, at(10)).unwrap().is_persistent(), Some(false));
        assert_eq!(class(&sessions, &fresh, at(99)), "live");
        assert_eq!(class(&sessions, &fresh, at(100)), "expired");

        let sessions = browser_session(1000, Some(100));
        let value = sealed(&sessions, 7, T0);
        assert_eq!(class(&sessions, &value, at(99)), "live");
        assert_eq!(class(&sessions, &value, at(100)), "idle");
    }
}

mod reseal {
    use super::*;

    #[test]
    fn keeps_the_end_the_id_and_the_kind_of_cookie() {
        // The configuration of today is the other kind; a re-seal goes by what is sealed.
        for (persistent, first, then) in [
            (true, limits(1000, Some(480)), browser_session(2000, Some(480))),
            (false, browser_session(1000, Some(480)), limits(2000, Some(480))),
        ] {
            let value = sealed(&first, 7, T0);
            let came = load(&then, &value, at(470));
            let _ = came.read();
            let commit = then.commit_at(&came, at(470)).unwrap();
            let [cookie] = commit.cookies() else { panic!("{commit:?}") };
            assert_eq!(cookie.max_age().is_some(), persistent);
            let fresh = then.unseal_at(cookie.value(), at(470)).unwrap();
            assert_eq!(fresh.is_persistent(), Some(persistent));
            assert_eq!(fresh.id(), came.id());
            assert_eq!(fresh.created_at(), Some(T0));
            assert_eq!(fresh.issued_at(), Some(at(470)));
            assert_eq!(fresh.expires_at(), Some(at(950)));
            let again = visit(&then, cookie.value(), at(940)).unwrap();
            assert_eq!(class(&then, &again, at(999)), "live");
            assert_eq!(class(&then, &again, at(1000)), "expired");
        }
    }

    #[test]
    fn a_write_keeps_the_kind_of_cookie_too() {
        let value = sealed(&browser_session(1000, None), 7, T0);
        let (fresh, max_age) = write(&limits(1000, None), &value, at(1));
        assert_eq!(max_age, None);
        assert_eq!(write(&limits(1000, None), &fresh, at(2)).1, None);
        let value = sealed(&limits(1000, None), 7, T0);
        assert_eq!(write(&browser_session(1000, None), &value, at(1)).1, Some(999));
    }

    #[test]
    fn of_a_session_that_ended_during_the_request_is_given_up() {
        for (sessions, end) in [(limits(100, Some(100)), 100), (limits(DAY, Some(120)), 120)] {
            let value = sealed(&sessions, 7, T0);
            for (now, reseals) in [(end - 1, true), (end, false)] {
                let session = load(&sessions, &value, at(end - 1));
                assert!(session.is_reseal_due());
                assert_eq!(*session.read(), 7);
                assert_eq!(sessions.commit_at(&session, at(now)).unwrap().sets_cookies(), reseals);
            }
        }
    }
}

mod renewal {
    use super::*;

    #[test]
    fn renew_resets_created_at_and_id_and_keeps_the_data() {
        let sessions = limits(1000, None);
        let value = sealed(&sessions, 7, T0);
        let mut session = load(&sessions, &value, at(500));
        let id = session.id().unwrap();
        session.renew();
        assert_ne!(session.id(), Some(id));
        assert_eq!((session.created_at(), session.expires_at()), (Some(at(500)), Some(at(1500))));
        assert!(session.is_changed());
        let commit = sessions.commit_at(&session, at(500)).unwrap();
        assert_eq!(commit.cookies()[0].max_age(), Some(time::Duration::seconds(1000)));
        let fresh = sessions.unseal_at(commit.cookies()[0].value(), at(500)).unwrap();
        assert_eq!((*fresh.read(), fresh.id()), (7, session.id()));
        assert_eq!(fresh.created_at(), Some(at(500)));
        assert_eq!(class(&sessions, commit.cookies()[0].value(), at(1499)), "live");
        assert_eq!(class(&sessions, commit.cookies()[0].value(), at(1500)), "expired");
    }

    #[test]
    fn write_and_renew_come_to_the_same_in_either_order() {
        let sessions = limits(1000, None);
        let value = sealed(&sessions, 7, T0);
        for write_first in [true, false] {
            let mut session = load(&sessions, &value, at(500));
            let id = session.id();
            if write_first {
                session.write(|count| *count = 9);
                session.renew();
            } else {
                session.renew();
                session.write(|count| *count = 9);
            }
            let fresh = set_value(&sessions.commit_at(&session, at(500)).unwrap()).unwrap();
            let fresh = sessions.unseal_at(&fresh, at(500)).unwrap();
            assert_eq!((*fresh.read(), fresh.created_at()), (9, Some(at(500))));
            assert_ne!(fresh.id(), id);
        }
    }

    #[test]
    fn regenerate_id_changes_the_id_and_nothing_else() {
        for (sessions, persistent) in
            [(limits(1000, Some(800)), true), (browser_session(1000, Some(800)), false)]
        {
            let value = sealed(&sessions, 7, T0);
            let mut session = load(&sessions, &value, at(500));
            let id = session.id().unwrap();
            session.regenerate_id();
            let commit = sessions.commit_at(&session, at(500)).unwrap();
            let fresh = sessions.unseal_at(commit.cookies()[0].value(), at(500)).unwrap();
            assert_ne!(fresh.id(), Some(id));
            assert_eq!(fresh.id(), session.id());
            assert_eq!((*fresh.read(), fresh.created_at()), (7, Some(T0)));
            assert_eq!(fresh.expires_at(), Some(at(1000)));
            assert_eq!(fresh.is_persistent(), Some(persistent));
            let (before, after) =
                (open(1, NAME, &value), open(1, NAME, commit.cookies()[0].value()));
            // All but the offset of `issued_at`, the generation and the second half of the id.
            for same in [0..6, 10..26, 28..36, 44..50] {
                assert_eq!(before[same.clone()], after[same]);
            }
            assert_eq!((&before[26..28], &after[26..28]), (&[0, 0][..], &[0, 1][..]));
            assert_eq!(&before[50..], &after[50..]);
        }
    }

    #[test]
    fn regenerate_id_of_nobody_does_nothing() {
        let sessions = limits(1000, None);
        let mut session = load(&sessions, "", T0);
        session.regenerate_id();
        assert!(!session.is_changed());
        assert!(!sessions.commit_at(&session, T0).unwrap().sets_cookies());
    }

    #[test]
    fn ids_differ_from_session_to_session_and_stay_otherwise() {
        let sessions = limits(DAY, Some(120));
        let value = sealed(&sessions, 7, T0);
        let id = sessions.unseal_at(&value, T0).unwrap().id();
        let (written, _) = write(&sessions, &value, at(1));
        let resealed = visit(&sessions, &value, at(60)).unwrap();
        for same in [&written, &resealed] {
            assert_eq!(sessions.unseal_at(same, at(60)).unwrap().id(), id);
        }
        let other = sealed(&sessions, 7, T0);
        assert_ne!(sessions.unseal_at(&other, T0).unwrap().id(), id);
    }

    #[test]
    fn lifetime_of_one_login_replaces_the_configured_one() {
        let sessions = limits(1000, None);
        for (lifetime, max_age) in [
            (Lifetime::persistent(secs(300)), Some(300)),
            (Lifetime::persistent(secs(1000)), Some(1000)),
            (Lifetime::persistent(secs(1)), Some(1)),
            (Lifetime::browser_session(secs(300)), None),
        ] {
            let mut session = load(&sessions, "", T0);
            session.renew_with(lifetime).unwrap();
            session.write(|count| *count = 7);
            let commit = sessions.commit_at(&session, T0).unwrap();
            let [cookie] = commit.cookies() else { panic!("{commit:?}") };
            assert_eq!(cookie.max_age(), max_age.map(time::Duration::seconds));
            let fresh = sessions.unseal_at(cookie.value(), T0).unwrap();
            assert_eq!(fresh.is_persistent(), Some(max_age.is_some()));
            let end = at(max_age.unwrap_or(300));
            assert_eq!(fresh.expires_at(), Some(end));
            assert_eq!(class(&sessions, cookie.value(), end - secs(1)), "live");
            assert_eq!(class(&sessions, cookie.value(), end), "expired");
        }
    }

    #[test]
    fn browser_session_of_one_login_stays_one_through_writes_and_reseals() {
        let sessions = limits(1000, Some(480));
        let mut session = load(&sessions, "", T0);
        session.renew_with(Lifetime::browser_session(secs(900))).unwrap();
        let mut value = set_value(&sessions.commit_at(&session, T0).unwrap()).unwrap();
        for now in [400, 800] {
            let (written, max_age) = write(&sessions, &value, at(now));
            assert_eq!(max_age, None);
            let session = load(&sessions, &written, at(now + 70));
            let _ = session.read();
            let commit = sessions.commit_at(&session, at(now + 70)).unwrap();
            assert_eq!(commit.cookies()[0].max_age(), None);
            value = commit.cookies()[0].value().to_owned();
        }
        assert_eq!(class(&sessions, &value, at(899)), "live");
        assert_eq!(class(&sessions, &value, at(900)), "expired");
        // Renewed without a lifetime, it is what the configuration says.
        let mut session = load(&sessions, &value, at(880));
        session.renew();
        assert_eq!(session.is_persistent(), Some(true));
    }

    #[test]
    fn lifetime_out_of_range_is_an_error_and_changes_nothing() {
        let sessions = limits(1000, None);
        for bad in [
            Duration::ZERO,
            Duration::from_millis(500),
            secs(300) + Duration::from_nanos(1),
            secs(1001),
            secs(u64::from(u32::MAX) + 2),
            Duration::MAX,
        ] {
            for lifetime in [Lifetime::persistent(bad), Lifetime::browser_session(bad)] {
                let mut session = load(&sessions, &sealed(&sessions, 7, T0), at(1));
                let id = session.id();
                let error = session.renew_with(lifetime).unwrap_err();
                match bad > secs(1000) {
                    true => {
                        assert!(error.to_string().contains("absolute_timeout, 1000 s"), "{error}");
                    }
                    false => assert!(error.to_string().contains("from 1 s to 1000 s"), "{error}"),
                }
                assert_eq!(session.id(), id);
                assert!(!session.is_changed());
            }
        }
    }

    #[test]
    fn lowered_configuration_caps_the_lifetime_of_a_login_too() {
        let before = limits(1000, None);
        let mut session = load(&before, "", T0);
        session.renew_with(Lifetime::persistent(secs(900))).unwrap();
        let value = before.seal_at(&session, T0).unwrap();
        assert_eq!(class(&limits(100, None), &value, at(99)), "live");
        assert_eq!(class(&limits(100, None), &value, at(100)), "expired");
    }
}

mod commit {
    use super::*;

    #[test]
    fn session_that_ends_before_the_commit_emits_no_cookie() {
        let sessions = limits(100, None);
        let value = sealed(&sessions, 7, T0);
        for (now, emits) in [(99, true), (100, false), (101, false), (1000, false)] {
            let mut session = load(&sessions, &value, at(99));
            session.write(|count| *count += 1);
            let commit = sessions.commit_at(&session, at(now)).map(|c| c.sets_cookies());
            assert_eq!(commit, if emits { Ok(true) } else { Err(SealError::Expired) }, "{now}");
        }
        // Renewed, it is another session.
        let mut session = load(&sessions, &value, at(99));
        session.renew();
        assert!(sessions.commit_at(&session, at(150)).unwrap().sets_cookies());
        assert_eq!(sessions.seal_at(&session, at(198)).map(drop), Ok(()));
        assert_eq!(sessions.seal_at(&session, at(199)), Err(SealError::Expired));
    }

    #[test]
    fn session_that_idles_out_before_the_commit_emits_no_cookie() {
        let sessions = limits(DAY, Some(100));
        let value = sealed(&sessions, 7, T0);
        for (now, emits) in [(99, true), (100, false), (1000, false)] {
            let mut session = load(&sessions, &value, at(50));
            session.write(|count| *count += 1);
            let expected = if emits { Ok(()) } else { Err(SealError::Expired) };
            assert_eq!(sessions.seal_at(&session, at(now)).map(drop), expected, "{now}");
            assert_eq!(sessions.commit_at(&session, at(now)).map(drop), expected, "{now}");
        }
        // Nor can a handle that was kept bring it back.
        let kept = sessions.unseal_at(&value, at(99)).unwrap();
        assert!(sessions.seal_at(&kept, at(99)).is_ok());
        assert_eq!(sessions.seal_at(&kept, at(100)), Err(SealError::Expired));
    }

    #[test]
    fn regenerated_id_of_an_ended_session_emits_no_cookie() {
        let sessions = limits(100, None);
        let mut session = load(&sessions, &sealed(&sessions, 7, T0), at(99));
        session.regenerate_id();
        assert_eq!(sessions.commit_at(&session, at(100)).map(drop), Err(SealError::Expired));
    }

    #[test]
    fn destroying_a_session_that_ended_still_removes_the_cookie() {
        let sessions = limits(100, None);
        let mut session = load(&sessions, &sealed(&sessions, 7, T0), at(99));
        session.destroy();
        let commit = sessions.commit_at(&session, at(1000)).unwrap();
        assert_eq!(commit.cookies()[0].max_age(), Some(time::Duration::ZERO));
    }
}

mod extremes {
    use super::*;

    const LAST: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);

    #[test]
    fn times_before_1970_count_as_1970() {
        let sessions = limits(100, Some(50));
        let epoch = OffsetDateTime::UNIX_EPOCH;
        for early in [
            datetime!(1969-12-31 23:59:59 UTC),
            datetime!(1969-12-31 23:59:59.5 UTC),
            datetime!(0001-01-01 00:00 UTC),
            datetime!(-9999-01-01 00:00 UTC),
            datetime!(-9999-01-01 00:00 +23:59),
        ] {
            let value = sealed(&sessions, 7, early);
            let session = sessions.unseal_at(&value, early).unwrap();
            assert_eq!((session.created_at(), session.issued_at()), (Some(epoch), Some(epoch)));
            let (fresh, max_age) = write(&sessions, &value, early);
            assert_eq!(max_age, Some(50));
            assert_eq!(class(&sessions, &fresh, epoch + secs(49)), "live");
            assert_eq!(class(&sessions, &fresh, epoch + secs(50)), "idle");
            assert_eq!(class(&sessions, &fresh, T0), "expired");
        }
        let today = sealed(&sessions, 7, T0);
        let before = datetime!(1960-01-01 00:00 UTC);
        assert_eq!(class(&sessions, &today, before), "issued_in_future");
    }

    #[test]
    fn the_last_second_that_fits_is_sealed_and_the_next_is_an_error() {
        for lifetime in [1, 100, u64::from(u32::MAX) - 1] {
            let sessions = limits(lifetime, None);
            let begin = LAST - secs(lifetime);
            let value = sealed(&sessions, 7, begin);
            let session = sessions.unseal_at(&value, begin).unwrap();
            assert_eq!(session.expires_at(), Some(LAST));
            assert_eq!(class(&sessions, &value, LAST - secs(1)), "live");
            assert_eq!(class(&sessions, &value, LAST), "expired");

            let late = sessions.create_at(7, begin + secs(1)).unwrap();
            assert_eq!(sessions.seal_at(&late, begin + secs(1)), Err(SealError::TimeOutOfRange));
        }
    }

    #[test]
    fn the_end_of_time_is_an_error_and_no_panic() {
        // With a negative offset the year is 10000 in UTC.
        for now in [LAST, datetime!(9999-12-31 23:59:59.999999999 -23:59)] {
            let sessions = limits(100, Some(50));
            let mut session = load(&sessions, &sealed(&sessions, 7, T0), now);
            assert_eq!(session.refusal(), Some(&UnsealError::Expired));
            session.write(|count| *count += 1);
            assert!(session.expires_at().is_some());
            assert_eq!(sessions.commit_at(&session, now).unwrap_err(), SealError::TimeOutOfRange);
            // The commit stayed open; reading alone asks for nothing.
            let session = load(&sessions, "", now);
            let _ = session.read();
            assert!(!sessions.commit_at(&session, now).unwrap().sets_cookies());
        }
    }

    #[test]
    fn commit_deadline_at_the_end_of_time_does_not_overflow() {
        let sessions = limits(7200, Some(480));
        let begin = LAST - secs(7200);
        let value = sealed(&sessions, 7, begin);
        let value = (1..=16).fold(value, |value, step| {
            visit(&sessions, &value, begin + secs(step * 440)).unwrap_or(value)
        });
        assert_eq!(class(&sessions, &value, LAST - secs(1)), "live");
        let session = load(&sessions, &value, LAST - secs(1));
        let _ = session.read();
        assert!(sessions.commit_at(&session, LAST - secs(1)).unwrap().sets_cookies());
    }

    #[test]
    fn the_longest_timeouts_reach_136_years() {
        const LONGEST: u64 = u32::MAX as u64 - 1;
        let sessions = limits(LONGEST, Some(LONGEST));
        let value = sealed(&sessions, 7, T0);
        let end = T0 + secs(LONGEST);
        assert_eq!(class(&sessions, &value, end - secs(1)), "live");
        assert_eq!(class(&sessions, &value, end), "expired");
        let fresh = visit(&sessions, &value, end - secs(1)).unwrap();
        assert_eq!(class(&sessions, &fresh, end - secs(1)), "live");
        assert_eq!(class(&sessions, &fresh, end), "expired");
    }

    /// Claims by docs/FORMAT.md, under key 1, with the payload `7`.
    fn forged(flags: u8, created_at: u64, offset: u32, lifetime: u32, idle: u32) -> String {
        let plaintext = [
            &[flags][..],
            &created_at.to_be_bytes()[3..],
            &offset.to_be_bytes(),
            &lifetime.to_be_bytes(),
            &idle.to_be_bytes(),
            &[0; 10],
            &[0xab; 16],
            &[0; 6],
            b"7",
        ];
        forge(1, NAME, &plaintext.concat())
    }

    #[test]
    fn claims_that_cannot_be_represented_are_invalid() {
        let sessions = limits(u64::from(u32::MAX) - 1, None);
        let now = u64::try_from(T0.unix_timestamp()).unwrap();
        let last = u64::try_from(LAST.unix_timestamp()).unwrap();
        assert_eq!(class(&sessions, &forged(1, now, 0, 100, u32::MAX), T0), "live");
        for flags in 0..=3 {
            assert_eq!(class(&sessions, &forged(flags, now, 0, 100, 50), T0), "live");
        }
        for (flags, created_at, offset, lifetime) in [
            (0x20, now, 0, 100),
            (0x14, now, 0, 100),
            (0x31, now, 0, 100),
            (0x80, now, 0, 100),
            (0xff, now, 0, 100),
            (1, last + 1, 0, 0),
            (1, last, 1, 0),
            (1, last, 0, 1),
            (1, last - 99, 0, 100),
            (1, (1 << 40) - 1, 0, 0),
            (1, (1 << 40) - 1, u32::MAX, u32::MAX),
            (1, last - 10, 11, 0),
        ] {
            let value = forged(flags, created_at, offset, lifetime, u32::MAX);
            for now in [T0, LAST, OffsetDateTime::UNIX_EPOCH] {
                let error = sessions.unseal_at(&value, now).unwrap_err();
                assert_eq!(error, UnsealError::InvalidClaims, "{flags} {created_at} {offset}");
            }
        }
        // Every plaintext too short for the claims.
        let now = &now.to_be_bytes()[3..];
        let whole = [&[1][..], now, &[0; 4], &[0, 0, 1, 0], &[255; 4], &[0; 10], &[7; 16], &[0; 6]];
        let whole = whole.concat();
        assert_eq!(whole.len(), 50);
        for length in 0..whole.len() {
            let value = forge(1, NAME, &whole[..length]);
            let refusal = class(&sessions, &value, T0);
            assert!(["malformed", "invalid_claims"].contains(&refusal), "{length}: {refusal}");
        }
        assert_eq!(class(&sessions, &forge(1, NAME, &whole), T0), "payload");
    }

    #[test]
    fn sealed_zeros_are_judged_like_any_other_number() {
        let sessions = limits(1000, None);
        let now = u64::try_from(T0.unix_timestamp()).unwrap();
        assert_eq!(class(&sessions, &forged(1, now, 0, 0, u32::MAX), T0), "expired");
        assert_eq!(class(&sessions, &forged(1, now, 0, 100, 0), T0), "idle");
        assert_eq!(class(&sessions, &forged(1, 0, 0, 0, 0), OffsetDateTime::UNIX_EPOCH), "expired");
        // A sealed lifetime beyond today's timeout is cut, not believed.
        let long = forged(1, now, 0, u32::MAX, u32::MAX - 1);
        assert_eq!(class(&sessions, &long, at(999)), "live");
        assert_eq!(class(&sessions, &long, at(1000)), "expired");
    }

    #[test]
    fn value_is_judged_by_its_times_only_after_its_tag() {
        let sessions = limits(100, None);
        let mut value = sealed(&sessions, 7, T0);
        let last = value.pop().unwrap();
        let second_last = value.pop().unwrap();
        value.push(if second_last == 'A' { 'B' } else { 'A' });
        value.push(last);
        assert_eq!(class(&sessions, &value, at(1_000_000)), "not_authentic");
    }

    #[test]
    fn key_windows_and_session_times_do_not_mix() {
        // A session outlives the window in which its key seals, not the one in which it is accepted.
        let entries = [entry(2).not_before(at(50)), entry(1)];
        let sessions = Sessions::<u32>::builder(KeyRing::new_at(entries, T0).unwrap())
            .absolute_timeout(secs(100))
            .build()
            .unwrap();
        let value = sealed(&sessions, 7, at(49));
        let session = sessions.unseal_at(&value, at(148)).unwrap();
        assert_eq!(session.key_id(), Some(KeyId::new(1)));
        assert_eq!(class(&sessions, &value, at(149)), "expired");
    }
}

#[test]
fn session_that_begins_is_sealed_however_long_its_handler_took_within_its_lifetime() {
    let sessions = limits(3600, Some(1));
    for renew in [true, false] {
        let mut session = load(&sessions, "", T0);
        if renew {
            session.renew();
        }
        session.write(|count| *count = 7);
        let commit = sessions.commit_at(&session, at(3599)).unwrap();
        let fresh = sessions.unseal_at(commit.cookies()[0].value(), at(3599)).unwrap();
        assert_eq!((*fresh.read(), fresh.issued_at()), (7, Some(at(3599))));
        assert_eq!(fresh.created_at(), Some(T0));
    }
}
