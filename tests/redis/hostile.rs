//! A server whose contents are replaced, set back or somebody else's.

use std::time::Duration;

use sealed_session::{Family, Revocations, RevokeError, Sessions, Subject};

use crate::{
    FORGETFUL, KEPT, Machine, RETENTION, redis, ring,
    server::{self, Server},
    soon,
};

#[test]
fn fail_over_to_a_copy_that_lagged_is_noticed_where_the_connection_and_the_server_stay() {
    if !server::is_there() {
        return;
    }
    let [first, copy] = [(); 2].map(|()| Server::start(FORGETFUL));
    let ring = ring();
    let here = Machine::join(&first.url(), &ring);
    here.revoke("eve");
    let follow = |server: &Server, other: &Server| {
        let (host, port) =
            other.address().split_once(':').map(|(h, p)| (h.to_owned(), p.to_owned())).unwrap();
        assert!(server.command(&format!("REPLICAOF {host} {port}")).starts_with("+OK"));
    };
    let leads = |server: &Server| assert!(server.command("REPLICAOF NO ONE").starts_with("+OK"));
    let has = |server: &Server, member: &str| {
        !server.command(&format!("ZSCORE {{sealed-session}}:set {member}")).starts_with("$-1")
    };
    follow(&copy, &first);
    soon("it is a copy", || has(&copy, "seve"));
    leads(&copy);
    // What only the first has,
    here.revoke("lost1");
    here.revoke("lost2");
    // and as much and more, which the copy alone has.
    let there = Machine::join(&copy.url(), &ring);
    let users = ["ada", "bob", "cleo"];
    let values = users.map(|user| there.sign_in(user));
    for user in users {
        there.revoke(user);
    }
    // Now the first becomes the copy.
    follow(&first, &copy);
    soon("it is a copy", || has(&first, "scleo"));
    leads(&first);
    soon("it has heard of each", || !values.iter().any(|value| here.accepts(value)));
    soon("what was lost is back", || has(&first, "slost1") && has(&first, "slost2"));
}

#[test]
fn somebody_elses_values_under_our_keys_are_trouble_and_no_loss() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(KEPT);
    let ring = ring();
    let here = Machine::join(&server.url(), &ring);
    let value = here.sign_in("ada");
    here.revoke("ada");
    let spoil_and_mend = [
        ("ZADD {sealed-session}:set 7.5 sjunk", "ZREM {sealed-session}:set sjunk"),
        ("ZADD {sealed-session}:set 1e30 sjunk", "ZREM {sealed-session}:set sjunk"),
    ];
    for (spoil, mend) in spoil_and_mend {
        server.command(spoil);
        let list = Revocations::following(redis(&server.url()), RETENTION).start().unwrap();
        soon(spoil, || list.trouble().is_some());
        assert_eq!(list.age(), None, "{spoil}");
        server.command(mend);
        assert!(list.wait_until_read(Duration::from_secs(30)), "{:?}", list.trouble());
        assert_eq!(list.len(), 1);
    }
    // A target that only a later version knows is left out.
    server.command("ZADD {sealed-session}:set 5 zjunk");
    assert!(!Machine::join(&server.url(), &ring).accepts(&value));
    let spoil_and_mend = [
        ("HSET {sealed-session}:meta position none", "HSET {sealed-session}:meta position 5"),
        ("HSET {sealed-session}:meta position 1e30", "HSET {sealed-session}:meta position 5"),
        ("XADD {sealed-session}:stream * m sada", "DEL {sealed-session}:stream"),
    ];
    for (spoil, mend) in spoil_and_mend {
        server.command(spoil);
        let error = here.list.revoke_all("bob").wait().unwrap_err();
        assert!(matches!(error, RevokeError::Unconfirmed(_)), "{spoil}: {error}");
        server.command(mend);
        let eve = here.sign_in("eve");
        here.insist("eve");
        assert!(!here.accepts(&eve) && !here.accepts(&value), "{spoil}");
        let there = Machine::join(&server.url(), &ring);
        assert!(!there.accepts(&eve) && !there.accepts(&value), "{spoil}");
    }
    for key in ["meta", "set", "stream"] {
        server.command(&format!("DEL {{sealed-session}}:{key}"));
        server.command(&format!("SET {{sealed-session}}:{key} junk"));
        let error = here.list.revoke_all("bob").wait().unwrap_err();
        assert!(error.to_string().contains("WRONGTYPE"), "{error}");
        soon("the trouble shows", || here.list.trouble().is_some());
        server.command(&format!("DEL {{sealed-session}}:{key}"));
        here.insist("eve");
        soon("all is well", || here.list.trouble().is_none());
        assert!(!Machine::join(&server.url(), &ring).accepts(&value), "{key}");
    }
}

#[test]
fn subject_of_any_bytes_goes_through_the_server() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(KEPT);
    let lists = [(); 2].map(|()| {
        let list = Revocations::following(redis(&server.url()), RETENTION).start().unwrap();
        assert!(list.wait_until_read(Duration::from_secs(30)));
        list
    });
    let ring = ring();
    let sessions = lists.each_ref().map(|list| {
        Sessions::<Vec<u8>>::builder(ring.clone())
            .revocations(list, |bytes| Some(Subject::from(bytes.as_slice())))
            .build()
            .unwrap()
    });
    let subjects: [&[u8]; 6] =
        [b"\0", b"a\r\nDEL x\r\n", b"i", b"f12345678", b"\xff\xfe", &[b'\n'; 255]];
    let sealed =
        |subject: &[u8]| sessions[1].seal(&sessions[1].create(subject.to_vec()).unwrap()).unwrap();
    let values = subjects.map(sealed);
    let others = [b"12345678".as_slice(), b"s\0", b"\0\0", b""].map(sealed);
    for subject in subjects {
        lists[0].revoke_all(subject).wait().unwrap();
    }
    lists[0].revoke_family(Family::from_bytes(*b"\r\n\0\xff '\" ")).wait().unwrap();
    soon("each is refused", || !values.iter().any(|value| sessions[1].unseal(value).is_ok()));
    assert!(others.iter().all(|value| sessions[1].unseal(value).is_ok()));
    soon("all are there", || lists[1].len() == subjects.len() + 1);
}
