//! An extension block that a later version wrote goes along with its session, and with no other.

use sealed_session::{Session, Sessions};

use crate::support::{CLAIMS_LEN, Claims, T0, at, forge, load, open, ring, secs, set_value};

const NAME: &str = "__Host-session";
/// Of a type that this version does not know, and may copy.
const BLOCK: &[u8] = b"\0\x05\x01\x03abc";

/// A session with the block.
fn extended() -> String {
    let claims = Claims { flags: 0x81, idle: 3600, ..Claims::begun(T0) };
    forge(1, NAME, &claims.with([BLOCK, b"7"].concat()))
}

fn sessions() -> Sessions<u32> {
    Sessions::builder(ring([1])).idle_timeout(secs(3600)).build().expect("a good configuration")
}

/// Whether what the response sets has the block, with these data.
fn has_block(sessions: &Sessions<u32>, session: &Session<u32>, seconds: i64, data: &[u8]) -> bool {
    let commit = sessions.commit_at(session, at(seconds)).expect("commits");
    let plaintext = open(1, NAME, &set_value(&commit).expect("it is set"));
    let (flags, rest) = (plaintext[0], &plaintext[CLAIMS_LEN..]);
    let is_flagged = flags & 0x80 != 0;
    assert_eq!(rest, if is_flagged { [BLOCK, data].concat() } else { data.to_vec() });
    is_flagged
}

#[test]
fn it_is_copied_by_all_that_keeps_the_family_and_dropped_by_a_sign_in() {
    type Change = fn(&mut Session<u32>);
    let changes: [(Change, bool); 5] = [
        (|session| session.write(|data| *data = 7), true),
        (Session::regenerate_id, true),
        (Session::reauthenticate, true),
        (Session::renew, false),
        (|session| session.sign_in(|data| *data = 7), false),
    ];
    let sessions = sessions();
    for (place, (change, is_kept)) in changes.into_iter().enumerate() {
        let mut session = load(&sessions, &extended(), at(1));
        assert_eq!(*session.read(), 7);
        change(&mut session);
        assert_eq!(has_block(&sessions, &session, 1, b"7"), is_kept, "change {place}");
    }
}

#[test]
fn it_is_copied_where_nothing_was_written() {
    let sessions = sessions();
    let session = load(&sessions, &extended(), at(1800));
    assert_eq!(*session.read(), 7);
    assert!(has_block(&sessions, &session, 1800, b"7"));
}

#[test]
fn it_takes_room() {
    let sessions = sessions();
    let with = load(&sessions, &extended(), at(1));
    let without = sessions.load_at([""], at(1));
    assert_eq!(without.room() - with.room(), BLOCK.len());
    assert_eq!(without.room_left() - with.room_left(), BLOCK.len());
}

#[test]
fn it_is_copied_by_whoever_unseals_and_seals_without_a_cookie() {
    let sessions = sessions();
    let session = sessions.unseal_at(&extended(), at(1)).expect("it is live");
    let plaintext = open(1, NAME, &sessions.seal_at(&session, at(1)).expect("seals"));
    assert_eq!(plaintext[CLAIMS_LEN..], [BLOCK, b"7"].concat());
}
