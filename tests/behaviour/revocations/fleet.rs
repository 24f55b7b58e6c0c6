//! The list of revocations on several machines, over an engine that fails in every way.

use std::{env, process::Command, thread, time::Duration};

use sealed_session::{
    Changes, Position, Revocation, RevocationSource, Revocations, RevokeError, SealError, Session,
    Sessions, SourceError, Subject, UnsealError,
};

use super::engine::{Engine, Link, State};
use crate::support::{T0, jar::Jar, load, ring, sealed, secs, set_value};

struct Machine {
    link: Link,
    list: Revocations,
    sessions: Sessions<String>,
}

pub(super) const RETENTION: Duration = secs_14_days();

const fn secs_14_days() -> Duration {
    Duration::from_secs(14 * 24 * 3600)
}

pub(super) fn sessions(list: &Revocations) -> Sessions<String> {
    Sessions::builder(ring([1]))
        .revocations(list, |user: &String| {
            Some(user.as_str()).filter(|u| !u.is_empty()).map(Subject::from)
        })
        .build()
        .unwrap()
}

impl Machine {
    fn join(engine: &Engine) -> Self {
        let link = engine.link();
        let list = Revocations::following(link.clone(), RETENTION).start().unwrap();
        assert!(list.wait_until_read(secs(10)), "{:?}", list.trouble());
        Self { link, sessions: sessions(&list), list }
    }

    fn fleet<const N: usize>(engine: &Engine) -> [Self; N] {
        [(); N].map(|()| Self::join(engine))
    }

    fn sign_in(&self, user: &str) -> String {
        sealed(&self.sessions, user.to_owned(), T0)
    }

    fn revoke(&self, user: &str) -> Position {
        self.list.revoke_all(user).wait().unwrap()
    }

    fn accepts(&self, value: &str) -> bool {
        match self.sessions.unseal_at(value, T0) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error, UnsealError::Revoked);
                false
            }
        }
    }

    fn lag(&self, lags: bool) {
        *self.link.is_lagging.lock().unwrap() = lags;
        // A look that is under way.
        thread::sleep(Duration::from_millis(20));
    }

    fn cut(&self, is_cut: bool) {
        *self.link.is_cut.lock().unwrap() = is_cut;
    }
}

pub(super) fn soon(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..2000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("not within ten seconds: {what}");
}

#[test]
fn revoked_on_one_machine_is_refused_on_this_at_once_and_on_each_soon() {
    let engine = Engine::default();
    let machines: [_; 3] = Machine::fleet(&engine);
    let values: Vec<_> = machines.iter().map(|machine| machine.sign_in("ada")).collect();
    let family = load(&machines[1].sessions, &values[1], T0).family().unwrap();
    machines[1].list.revoke_family(family).wait().unwrap();
    for machine in &machines {
        soon("the device is out", || !machine.accepts(&values[1]));
        assert!(machine.accepts(&values[0]) && machine.accepts(&values[2]));
    }
    machines[0].revoke("ada");
    assert!(!machines[0].accepts(&values[0]));
    let later = machines[0].sign_in("ada");
    for machine in &machines {
        soon("all are out", || !values.iter().any(|value| machine.accepts(value)));
        assert!(machine.accepts(&later));
    }
}

#[test]
fn machine_that_lags_launders_nothing() {
    let engine = Engine::default();
    let [here, there] = Machine::fleet(&engine);
    let before = here.sign_in("ada");
    there.lag(true);
    here.revoke("ada");
    // It has not heard, but of a greater position, by what it revoked itself.
    let position = here.list.position();
    assert!(there.revoke("bob") > position);
    assert!(there.accepts(&before), "it has not heard");
    let mut session = load(&there.sessions, &before, T0);
    session.write(|user| user.push_str(""));
    let written = set_value(&there.sessions.commit_at(&session, T0).unwrap()).unwrap();
    let mut session = load(&there.sessions, &before, T0);
    session.reauthenticate();
    let stepped_up = set_value(&there.sessions.commit_at(&session, T0).unwrap()).unwrap();
    for value in [&before, &written, &stepped_up] {
        assert!(!here.accepts(value));
    }
    there.lag(false);
    for value in [&before, &written, &stepped_up] {
        soon("the laggard has heard", || !there.accepts(value));
    }
}

#[test]
fn sign_in_under_way_on_a_machine_that_lags_is_refused_once_it_has_heard() {
    let engine = Engine::default();
    let [here, there] = Machine::fleet(&engine);
    there.lag(true);
    let mut session = there.sessions.load_at([""], T0);
    here.revoke("ada");
    session.renew();
    session.write(|user| *user = "ada".to_owned());
    let value = set_value(&there.sessions.commit_at(&session, T0).unwrap()).unwrap();
    assert!(!here.accepts(&value));
    there.lag(false);
    soon("the laggard has heard", || !there.accepts(&value));
}

#[test]
fn position_kept_beside_the_password_lets_a_machine_that_lags_sign_in() {
    let engine = Engine::default();
    let [here, there] = Machine::fleet(&engine);
    there.lag(true);
    let kept = here.revoke("ada");
    let mut session = there.sessions.load_at([""], T0);
    session.renew_after(Position::new(kept.get()).unwrap());
    session.write(|user| *user = "ada".to_owned());
    let value = set_value(&there.sessions.commit_at(&session, T0).unwrap()).unwrap();
    assert!(here.accepts(&value) && there.accepts(&value));
    here.revoke("ada");
    assert!(!here.accepts(&value));
}

#[test]
fn unconfirmed_is_an_error_and_the_last_state_goes_on_to_count() {
    let engine = Engine::default();
    let [machine] = Machine::fleet(&engine);
    let (ada, bob) = (machine.sign_in("ada"), machine.sign_in("bob"));
    machine.revoke("ada");
    machine.cut(true);
    let error = machine.list.revoke_all("bob").wait().unwrap_err();
    assert!(matches!(error, RevokeError::Unconfirmed(_)), "{error}");
    assert!(error.to_string().contains("the wire is cut"), "{error}");
    soon("the trouble shows", || machine.list.trouble().is_some());
    thread::sleep(Duration::from_millis(60));
    assert!(machine.list.age().unwrap() >= Duration::from_millis(40));
    assert!(!machine.accepts(&ada) && machine.accepts(&bob));
    machine.cut(false);
    soon("it is back", || machine.list.trouble().is_none());
    machine.revoke("bob");
    assert!(!machine.accepts(&bob));
}

#[test]
fn bound_on_the_age_refuses_and_leaves_the_cookie_alone() {
    let engine = Engine::default();
    let link = engine.link();
    let list = Revocations::following(link.clone(), RETENTION)
        .refuse_after(Duration::from_millis(1500))
        .start()
        .unwrap();
    assert!(list.wait_until_read(secs(10)));
    let sessions = sessions(&list);
    let value = sealed(&sessions, "ada".to_owned(), T0);
    assert!(sessions.unseal_at(&value, T0).is_ok());
    *link.is_cut.lock().unwrap() = true;
    let unknown = UnsealError::RevocationsUnknown { read_before: true };
    soon("it is too old", || sessions.unseal_at(&value, T0).is_err());
    assert_eq!(sessions.unseal_at(&value, T0).unwrap_err(), unknown);
    assert_eq!(unknown.class(), "revocations_unknown");
    let mut session = load(&sessions, &value, T0);
    session.csrf_token().unwrap();
    assert!(!sessions.commit_at(&session, T0).unwrap().sets_cookies());
    let mut session = load(&sessions, &value, T0);
    session.write(String::clear);
    let error = sessions.commit_at(&session, T0).unwrap_err();
    assert_eq!(error, SealError::NotReadable(Box::new(unknown)));
    *link.is_cut.lock().unwrap() = false;
    soon("and is let in again", || sessions.unseal_at(&value, T0).is_ok());
}

#[test]
fn machine_that_never_read_the_list_refuses_or_says_so() {
    let engine = Engine::default();
    let link = engine.link();
    *link.is_cut.lock().unwrap() = true;
    let start = || Revocations::following(link.clone(), RETENTION);
    let shown = format!("{:?}", start());
    assert!(shown.contains(&format!("retention: {RETENTION:?}")), "{shown}");
    let strict = start().start().unwrap();
    assert!(!strict.wait_until_read(Duration::from_millis(30)));
    assert_eq!(strict.age(), None);
    soon("the trouble shows", || strict.trouble().is_some());
    let value = sealed(&Sessions::new(ring([1])), "ada".to_owned(), T0);
    let unknown = UnsealError::RevocationsUnknown { read_before: false };
    assert_eq!(sessions(&strict).unseal_at(&value, T0).unwrap_err(), unknown);
    let lax = start().serve_unread().start().unwrap();
    assert!(sessions(&lax).unseal_at(&value, T0).is_ok());
    assert_eq!(lax.age(), None, "which the health page says");
}

#[test]
fn sign_out_and_sign_in_on_a_machine_that_never_read_the_list_end_the_session_in_its_browser() {
    let engine = Engine::default();
    let [knowing] = Machine::fleet(&engine);
    let cut = engine.link();
    *cut.is_cut.lock().unwrap() = true;
    let unread = sessions(&Revocations::following(cut, RETENTION).start().unwrap());
    let value = knowing.sign_in("ada");
    for act in [Session::destroy, Session::renew] {
        let mut jar = Jar::of("__Host-session", &value);
        jar.visit(&unread, T0, act);
        // A response of the other machine that was under way.
        jar.put("__Host-session", &value);
        let session = jar.load(&knowing.sessions, T0);
        assert_eq!(*session.read(), "");
        assert_eq!(session.refusal(), Some(&UnsealError::Ended));
    }
}

#[cfg(feature = "iron")]
#[test]
fn there_the_cookie_of_another_library_is_ended_too() {
    use sealed_session::iron;

    let engine = Engine::default();
    let [knowing] = Machine::fleet(&engine);
    let cut = engine.link();
    *cut.is_cut.lock().unwrap() = true;
    let unread = Revocations::following(cut, RETENTION).start().unwrap();
    let passwords = iron::Passwords::new("Gbm49ATjnqnkCCCdhV4uDBhbfnPqsCW0").unwrap();
    let until = T0 + Duration::from_secs(3600);
    let [knowing, unread] = [&knowing.list, &unread].map(|list| {
        Sessions::<String>::builder(ring([1]))
            .revocations(list, |user: &String| Some(Subject::from(user.as_str())))
            .accept_iron(iron::Migration::new("app", passwords.clone(), until))
            .build()
            .unwrap()
    });
    let theirs = iron::seal_at("app", &"ada", &passwords, Some(secs(3600)), T0).unwrap();
    for act in [Session::destroy, Session::renew] {
        let mut jar = Jar::of("app", &theirs);
        let mut late = jar.clone();
        late.visit(&knowing, T0, |session| assert_eq!(*session.read(), "ada"));
        jar.visit(&unread, T0, act);
        jar.put("__Host-session", late.value("__Host-session").unwrap());
        let session = jar.load(&knowing, T0);
        assert_eq!(*session.read(), "");
        assert_eq!(session.refusal(), Some(&UnsealError::Ended));
    }
}

#[test]
fn engine_that_comes_back_empty_is_filled_again_by_the_machines() {
    let engine = Engine::default();
    let machines: [_; 2] = Machine::fleet(&engine);
    let ada = machines[0].sign_in("ada");
    machines[0].revoke("ada");
    let later = machines[0].sign_in("ada");
    let position = machines[0].revoke("bob");
    soon("both know", || machines[1].list.position() == position);
    engine.set_back(State::default());
    soon("it has them again", || engine.len() == 2);
    let joined = Machine::join(&engine);
    soon("one that joins knows", || !joined.accepts(&ada));
    assert!(joined.accepts(&later));
    assert!(joined.revoke("eve") > position);
}

#[test]
fn newer_revocation_of_a_user_is_brought_back_over_an_older_one() {
    let engine = Engine::default();
    let machine = Machine::join(&engine);
    machine.revoke("ada");
    let value = machine.sign_in("ada");
    let saved = engine.saved();
    machine.revoke("ada");
    engine.set_back(saved);
    soon("one that joins knows", || !Machine::join(&engine).accepts(&value));
    assert_eq!(engine.len(), 1);
}

#[test]
fn confirmed_revocation_outlives_the_engine_that_forgot_it_while_a_machine_lagged() {
    let engine = Engine::default();
    let [here, there] = Machine::fleet(&engine);
    let value = there.sign_in("ada");
    let saved = engine.saved();
    there.lag(true);
    here.revoke("ada");
    engine.set_back(saved);
    there.lag(false);
    soon("the other has heard", || !there.accepts(&value));
}

#[test]
fn position_given_out_twice_by_an_engine_that_was_set_back_loses_nothing() {
    let engine = Engine::default();
    let [here, there] = Machine::fleet(&engine);
    let saved = engine.saved();
    there.lag(true);
    for user in ["u1", "u2", "u3"] {
        here.revoke(user);
    }
    // Sealed when the fleet had come to 3.
    let value = here.sign_in("ada");
    here.lag(true);
    here.cut(true);
    engine.set_back(saved);
    // The machine that lags revokes at a position that was given out before.
    let position = there.revoke("ada");
    assert!(position <= here.list.position());
    here.cut(false);
    here.lag(false);
    there.lag(false);
    soon("the revocation is raised", || !here.accepts(&value) && !there.accepts(&value));
    assert_eq!(engine.len(), 4);
}

#[test]
fn history_that_was_trimmed_is_made_up_for() {
    let engine = Engine::default();
    let [here, there] = Machine::fleet(&engine);
    let value = there.sign_in("ada");
    there.lag(true);
    here.revoke("ada");
    engine.trim();
    here.revoke("bob");
    there.lag(false);
    soon("the other has heard", || !there.accepts(&value));
}

#[test]
fn threads_end_with_the_last_handle() {
    let engine = Engine::default();
    let machine = Machine::join(&engine);
    let is_cut = std::sync::Arc::downgrade(&machine.link.is_cut);
    drop(machine);
    soon("nobody follows", || is_cut.upgrade().is_none());
}

/// In a process of its own: another thread tells it, and another test may have set a subscriber.
#[test]
fn what_becomes_of_the_source_is_an_event_or_if_nobody_listens_on_standard_error() {
    const LISTENS: &str = "SEALED_SESSION_TEST_LISTENS";
    if let Ok(listens) = env::var(LISTENS) {
        if listens == "true" {
            tracing_subscriber::fmt().with_ansi(false).init();
        }
        let engine = Engine::default();
        let machine = Machine::join(&engine);
        machine.revoke("ada");
        machine.cut(true);
        soon("it is away", || machine.list.trouble().is_some());
        machine.cut(false);
        soon("it is back", || machine.list.trouble().is_none());
        engine.set_back(State::default());
        soon("it has the entry again", || engine.len() == 1);
        return;
    }
    for listens in [true, false] {
        let test = "what_becomes_of_the_source_is_an_event_or_if_nobody_listens_on_standard_error";
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", &format!("revocations::fleet::{test}"), "--nocapture"])
            .env(LISTENS, listens.to_string())
            .output()
            .unwrap();
        let [events, errors] =
            [output.stdout, output.stderr].map(|s| String::from_utf8(s).unwrap());
        assert!(output.status.success() && events.contains("1 passed"), "{events}{errors}");
        let is_heard = listens && cfg!(feature = "tracing");
        for event in [
            "ERROR sealed_session: source of revocations away, what it said last goes on to count reason=the wire is cut age=",
            "INFO sealed_session: source of revocations is back",
            "WARN sealed_session: source of revocations has lost entries, which this machine puts back entries=1",
        ] {
            assert_eq!(events.contains(event), is_heard, "{event}: {events}");
        }
        let error = "sealed-session: source of revocations away, its last state is Some(";
        assert_eq!(errors.contains(error), !is_heard, "{errors}");
    }
}

/// Panics at every call.
struct Broken;

impl RevocationSource for Broken {
    fn publish(&self, _: &[Revocation], _: Position) -> Result<Vec<Position>, SourceError> {
        panic!("no data base")
    }

    fn start(&self) -> Result<Position, SourceError> {
        panic!("no data base")
    }

    fn entries(&self, _: &mut dyn FnMut(Revocation, Position)) -> Result<(), SourceError> {
        unreachable!("it does not start")
    }

    fn changes(
        &self,
        _: Duration,
        _: &mut dyn FnMut(Revocation, Position),
    ) -> Result<Changes, SourceError> {
        unreachable!("it does not start")
    }

    fn restore(&self, _: &[(Revocation, Position)], _: Position) -> Result<(), SourceError> {
        unreachable!("it does not start")
    }

    fn prune(&self, _: Position) -> Result<(), SourceError> {
        unreachable!("it does not start")
    }
}

#[test]
fn source_that_panics_is_in_trouble_and_no_more() {
    let list = Revocations::following(Broken, RETENTION).start().unwrap();
    let error = list.revoke_all("ada").wait().unwrap_err();
    assert!(error.to_string().contains("no data base"), "{error}");
    soon("it is tried again", || list.trouble().is_some_and(|text| text.contains("no data base")));
    assert!(!list.wait_until_read(Duration::ZERO));
}
