//! Requests with more cookies than a reader keeps.

use sealed_session::{KeyRing, Sessions};

use crate::fleet::{at, entry};

fn ring() -> KeyRing {
    KeyRing::new_at([entry(1)], at(0)).expect("one key")
}

fn value(sessions: &Sessions<u32>) -> String {
    let session = sessions.create_at(7, at(0)).expect("randomness");
    sessions.seal_at(&session, at(0)).expect("seals")
}

#[test]
fn where_not_every_tombstone_is_kept_nothing_is_live() {
    let sessions = Sessions::<u32>::new(ring());
    let ours = format!("__Host-session={}; ", value(&sessions));
    for (count, is_live) in [(64, true), (65, false)] {
        let name = |n| format!("__Host-session-ended-AAAA{n:04}=x");
        let stones = (0..count).map(name).collect::<Vec<_>>().join("; ") + "; ";
        for header in [ours.clone() + &stones, stones.clone() + &ours] {
            let session = sessions.load_at([header], at(1));
            assert_eq!(session.is_new(), !is_live, "{count}: {:?}", session.refusal());
        }
    }
}

#[test]
fn what_is_planted_under_a_former_name_does_not_crowd_the_present_one_out() {
    let builder = || Sessions::<u32>::builder(ring());
    let former = builder().cookie_name("session").build().expect("a good configuration");
    let sessions =
        builder().former_name("session", at(1000)).build().expect("a good configuration");
    // Authentic under the key, and for another name.
    let planted = format!("session={}; ", value(&sessions));
    let ours = format!("__Host-session={}; ", value(&sessions));
    for count in [8, 9, 64, 65] {
        let header = planted.repeat(count) + &ours;
        assert_eq!(*sessions.load_at([header], at(1)).read(), 7, "{count}");
    }
    assert_eq!(*sessions.load_at([format!("session={}", value(&former))], at(1)).read(), 7);
}
