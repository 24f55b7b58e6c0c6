//! What an observer is told, for a dashboard.

use std::sync::{Arc, Mutex};

use sealed_session::{KeyId, Keys, Observer, Sealing, Sessions};

use crate::support::{T0, at, load, ring, sealed, visit};

/// Every call, in order.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn add(&self, call: String) {
        self.0.lock().unwrap().push(call);
    }
}

impl Observer for Calls {
    fn opened(&self, key_id: KeyId) {
        self.add(format!("opened {key_id}"));
    }

    fn sealed(&self, key_id: KeyId, reason: Sealing) {
        self.add(format!("sealed {key_id} {}", reason.as_str()));
    }

    fn refused(&self, class: &'static str) {
        self.add(format!("refused {class}"));
    }
}

#[test]
fn it_learns_how_many_sessions_still_come_under_each_key() {
    let calls = Calls::default();
    let keys = Keys::from(ring([1]));
    let sessions = Sessions::<u32>::builder(keys.clone()).observer(calls.clone()).build().unwrap();
    let value = sealed(&sessions, 7, T0);
    assert_eq!(calls.take(), [""; 0], "what is sealed by hand sets no cookie");

    let session = load(&sessions, &value, at(5));
    assert_eq!(*session.read(), 7);
    drop(sessions.commit_at(&session, at(5)).unwrap());
    assert_eq!(calls.take(), ["opened 1"]);

    let mut session = load(&sessions, &value, at(5));
    session.write(|count| *count += 1);
    drop(sessions.commit_at(&session, at(5)).unwrap());
    assert_eq!(calls.take(), ["opened 1", "sealed 1 written"]);

    keys.replace(ring([2, 1]));
    let moved = visit(&sessions, &value, at(3600)).expect("it moves to the next key");
    assert_eq!(calls.take(), ["opened 1", "sealed 2 resealed"]);
    visit(&sessions, &moved, at(3601));
    assert_eq!(calls.take(), ["opened 2"]);

    keys.replace(ring([2]));
    visit(&sessions, &value, at(3602));
    assert_eq!(calls.take(), ["refused unknown_key"]);
}

#[cfg(feature = "iron")]
#[test]
fn it_learns_of_take_overs() {
    use sealed_session::iron::{self, Migration, Passwords};

    let calls = Calls::default();
    let passwords = || Passwords::new("Gbm49ATjnqnkCCCdhV4uDBhbfnPqsCW0").unwrap();
    let day = std::time::Duration::from_secs(24 * 3600);
    let theirs = iron::seal_at("app", &7, &passwords(), Some(day), T0).unwrap();
    let sessions = Sessions::<u32>::builder(ring([1]))
        .accept_iron(Migration::new("app", passwords(), at(86_400)))
        .observer(calls.clone())
        .build()
        .unwrap();
    let session = sessions.load_at([format!("app={theirs}")], T0);
    assert_eq!(*session.read(), 7);
    drop(sessions.commit_at(&session, T0).unwrap());
    assert_eq!(calls.take(), ["sealed 1 taken_over"]);
}

#[test]
fn it_learns_of_tokens_that_come_in_a_header() {
    let calls = Calls::default();
    let sessions =
        Sessions::<u32>::builder(ring([1])).observer(calls.clone()).build().expect("good");
    let session = sessions.create_at(7, T0).expect("randomness");
    let token = sessions.bearer_token_at(&session, T0).expect("seals");
    calls.take();
    let bearer = sessions.load_bearer_at([format!("Bearer {token}")], at(1));
    assert_eq!(*bearer.expect("live").read(), 7);
    assert_eq!(calls.take(), ["opened 1"]);
    assert!(sessions.load_bearer_at(["Bearer junk"], at(1)).is_none());
    assert_eq!(calls.take(), ["refused malformed"]);
}
