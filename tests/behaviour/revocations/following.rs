//! What a list asks of its source, step by step: the test is the source.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use sealed_session::{
    Changes, Position, Revocation, RevocationSource, Revocations, SourceError, Subject,
};

use super::fleet::RETENTION;

/// Asks the test, and waits for what it says.
struct Asking(Sender<(Call, Sender<Reply>)>);

#[derive(Debug, PartialEq)]
enum Call {
    Publish(Vec<Revocation>),
    Start,
    Entries,
    Changes,
    Restore(Vec<(Revocation, Position)>, Position),
    Prune(Position),
}

enum Reply {
    Fails(&'static str),
    Done,
    At(u64),
    Has(Vec<(Revocation, Position)>),
    /// And there the wire is cut.
    HasAtLeast(Vec<(Revocation, Position)>),
    Followed(Vec<(Revocation, Position)>, u64),
    Lost,
}

impl Asking {
    fn ask(&self, call: Call) -> Result<Reply, SourceError> {
        let (sender, receiver) = channel();
        self.0.send((call, sender))?;
        match receiver.recv()? {
            Reply::Fails(reason) => Err(reason.into()),
            reply => Ok(reply),
        }
    }
}

impl RevocationSource for Asking {
    fn publish(&self, all: &[Revocation], _: Position) -> Result<Vec<Position>, SourceError> {
        match self.ask(Call::Publish(all.to_vec()))? {
            Reply::At(first) => Ok((first..).take(all.len()).map(position).collect()),
            _ => unreachable!("no answer to that"),
        }
    }

    fn start(&self) -> Result<Position, SourceError> {
        match self.ask(Call::Start)? {
            Reply::At(newest) => Ok(position(newest)),
            _ => unreachable!("no answer to that"),
        }
    }

    fn entries(&self, entry: &mut dyn FnMut(Revocation, Position)) -> Result<(), SourceError> {
        let (all, is_cut) = match self.ask(Call::Entries)? {
            Reply::Has(all) => (all, false),
            Reply::HasAtLeast(all) => (all, true),
            _ => unreachable!("no answer to that"),
        };
        for (revocation, at) in all {
            entry(revocation, at);
        }
        if is_cut { Err("the wire is cut".into()) } else { Ok(()) }
    }

    fn changes(
        &self,
        _: Duration,
        entry: &mut dyn FnMut(Revocation, Position),
    ) -> Result<Changes, SourceError> {
        match self.ask(Call::Changes)? {
            Reply::Followed(all, newest) => {
                for (revocation, at) in all {
                    entry(revocation, at);
                }
                Ok(Changes::Followed(position(newest)))
            }
            Reply::Lost => Ok(Changes::Lost),
            _ => unreachable!("no answer to that"),
        }
    }

    fn restore(
        &self,
        entries: &[(Revocation, Position)],
        floor: Position,
    ) -> Result<(), SourceError> {
        self.ask(Call::Restore(entries.to_vec(), floor)).map(drop)
    }

    fn prune(&self, up_to: Position) -> Result<(), SourceError> {
        self.ask(Call::Prune(up_to)).map(drop)
    }
}

/// A list that is at what the test says.
struct Case {
    list: Revocations,
    calls: Receiver<(Call, Sender<Reply>)>,
}

impl Case {
    fn begin() -> Self {
        let (sender, calls) = channel();
        let list = Revocations::following(Asking(sender), RETENTION).start().unwrap();
        Self { list, calls }
    }

    /// A list that was read from a source with these entries.
    fn joined(entries: &[(&str, u64)], newest: u64) -> Self {
        let case = Self::begin();
        case.read(entries, newest);
        case
    }

    fn read(&self, entries: &[(&str, u64)], newest: u64) {
        self.answer(&Call::Start, Reply::At(newest));
        self.answer(&Call::Entries, Reply::Has(all(entries)));
    }

    /// The source's changes are lost, which is no trouble, and it has these entries when all is
    /// read again.
    fn read_again(&self, entries: &[(&str, u64)], newest: u64) {
        self.answer(&Call::Changes, Reply::Lost);
        let (call, answer) = self.next();
        assert_eq!((call, self.list.trouble()), (Call::Start, None));
        answer.send(Reply::At(newest)).expect("the list waits for it");
        self.answer(&Call::Entries, Reply::Has(all(entries)));
    }

    fn restores(&self, entries: &[(&str, u64)], floor: u64) {
        self.answer(&Call::Restore(all(entries), position(floor)), Reply::Done);
    }

    /// The source is told how far positions had come, and gets these entries back.
    fn gets_back(&self, entries: &[(&str, u64)], floor: u64) {
        self.restores(&[], floor);
        self.restores(entries, floor);
    }

    /// All is well, and nothing else was asked for.
    fn follows(&self, entries: &[(&str, u64)], newest: u64) {
        self.answer(&Call::Changes, Reply::Followed(all(entries), newest));
    }

    /// Answers this call, which has to be the next. Until then the list does no more.
    #[track_caller]
    fn answer(&self, call: &Call, reply: Reply) {
        let (called, answer) = self.next();
        assert_eq!(called, *call);
        answer.send(reply).expect("the list waits for it");
    }

    fn next(&self) -> (Call, Sender<Reply>) {
        self.calls.recv_timeout(Duration::from_secs(10)).expect("a call within ten seconds")
    }
}

fn position(number: u64) -> Position {
    Position::new(number).unwrap()
}

fn all(entries: &[(&str, u64)]) -> Vec<(Revocation, Position)> {
    entries.iter().map(|&(user, number)| (revocation(user), position(number))).collect()
}

fn revocation(user: &str) -> Revocation {
    Revocation::Subject(Subject::from(user.to_owned()))
}

#[test]
fn source_that_was_replaced_and_has_lost_nothing_gets_nothing_back_and_is_no_trouble() {
    let case = Case::joined(&[("ada", 5), ("bob", 6)], 6);
    case.follows(&[], 6);
    // As it was, and then one that has given out more positions since.
    for newest in [6, 9] {
        case.read_again(&[("ada", 5), ("bob", 6)], newest);
        case.follows(&[], newest);
        let (call, answer) = case.next();
        assert_eq!((call, case.list.trouble()), (Call::Changes, None));
        assert_eq!(case.list.position(), position(newest));
        answer.send(Reply::Followed(Vec::new(), newest)).unwrap();
    }
}

#[test]
fn entries_that_a_source_has_lost_are_put_back_and_no_others() {
    let case = Case::joined(&[("ada", 5), ("bob", 6)], 6);
    // Other machines have gone on with it since.
    case.read_again(&[("ada", 5), ("carl", 9)], 9);
    case.gets_back(&[("bob", 6)], 6);
    case.follows(&[], 9);
    assert_eq!(case.list.len(), 3);
}

#[test]
fn of_a_user_who_was_revoked_again_the_newest_alone_is_put_back() {
    let case = Case::joined(&[("ada", 5)], 5);
    case.follows(&[("ada", 7), ("bob", 8)], 8);
    case.read_again(&[], 0);
    case.gets_back(&[("ada", 7), ("bob", 8)], 8);
    case.follows(&[], 8);
}

#[test]
fn source_that_forgot_only_how_far_it_had_come_is_told_that() {
    let case = Case::joined(&[("ada", 5)], 5);
    case.follows(&[], 8);
    case.read_again(&[("ada", 5)], 5);
    case.restores(&[], 8);
    case.follows(&[], 8);
}

#[test]
fn entry_of_a_backup_from_before_this_machine_came_is_not_revoked_anew() {
    let case = Case::joined(&[("ada", 5), ("bob", 6)], 6);
    // Dropped as nobody needs it any more, and here again: whoever signed in since is let alone.
    case.read_again(&[("old", 4), ("ada", 5)], 5);
    case.gets_back(&[("bob", 6)], 6);
    case.follows(&[], 6);
}

#[test]
fn revocation_at_a_position_that_was_given_out_before_is_revoked_anew() {
    let case = Case::joined(&[("ada", 5), ("bob", 7)], 7);
    // Another machine revoked two more, at positions that sessions here may have seen.
    case.read_again(&[("ada", 5), ("carl", 6), ("dora", 7)], 7);
    case.gets_back(&[("bob", 7)], 7);
    case.answer(&Call::Publish(vec![revocation("carl"), revocation("dora")]), Reply::At(8));
    case.follows(&[], 9);
    assert_eq!(case.list.position(), position(9));
}

#[test]
fn revocation_that_has_to_be_made_anew_is_not_forgotten_when_the_source_fails_meanwhile() {
    let anew = || Call::Publish(vec![revocation("carl")]);
    let (before, after): (&[_], &[_]) = (&[("ada", 5), ("bob", 7)], &[("ada", 5), ("carl", 6)]);
    let mended = |case: &Case| {
        case.answer(&anew(), Reply::At(8));
        case.follows(&[], 8);
        assert_eq!(case.list.position(), position(8));
    };

    // While it is read.
    let case = Case::joined(before, 7);
    case.answer(&Call::Changes, Reply::Lost);
    case.answer(&Call::Start, Reply::At(6));
    case.answer(&Call::Entries, Reply::HasAtLeast(all(&after[1..])));
    case.read(after, 6);
    case.gets_back(&[("bob", 7)], 7);
    mended(&case);

    // While it gets back what it has lost.
    let case = Case::joined(before, 7);
    case.read_again(after, 6);
    case.answer(&Call::Restore(Vec::new(), position(7)), Reply::Fails("the wire is cut"));
    case.read(after, 6);
    case.gets_back(&[("bob", 7)], 7);
    mended(&case);

    // And afterwards, when nothing shows any more that it was set back.
    let case = Case::joined(before, 7);
    case.read_again(after, 6);
    case.gets_back(&[("bob", 7)], 7);
    case.answer(&anew(), Reply::Fails("the wire is cut"));
    case.read(&[("ada", 5), ("bob", 7), ("carl", 6)], 7);
    case.restores(&[], 7);
    mended(&case);
    // Once is enough.
    case.read_again(&[("ada", 5), ("bob", 7), ("carl", 8)], 8);
    case.follows(&[], 8);
}

#[test]
fn entry_that_this_machine_heard_late_of_is_not_revoked_anew_where_nothing_was_lost() {
    let case = Case::joined(&[("ada", 5)], 5);
    case.follows(&[], 8);
    case.read_again(&[("ada", 5), ("carl", 7)], 8);
    case.follows(&[], 8);
    // Nor later, where something was.
    case.read_again(&[("carl", 7)], 7);
    case.gets_back(&[("ada", 5)], 8);
    case.follows(&[], 8);
}

#[test]
fn source_of_which_changes_are_lost_once_more_is_in_trouble_until_they_are_followed() {
    let entries: &[_] = &[("ada", 5)];
    let case = Case::joined(entries, 5);
    case.read_again(entries, 5);
    case.answer(&Call::Changes, Reply::Lost);
    case.read(entries, 5);
    let (call, answer) = case.next();
    assert_eq!(call, Call::Changes);
    assert!(case.list.trouble().is_some_and(|text| text.contains("cannot be followed")));
    answer.send(Reply::Followed(Vec::new(), 5)).unwrap();
    let (call, answer) = case.next();
    assert_eq!((call, case.list.trouble()), (Call::Changes, None));
    // From there on it counts anew.
    answer.send(Reply::Followed(Vec::new(), 5)).unwrap();
    case.read_again(entries, 5);
}

#[cfg(feature = "tracing")]
mod events {
    use super::*;
    use crate::log::Log;

    /// Its list's events go to the log.
    struct Heard(Asking, Log);

    impl RevocationSource for Heard {
        fn publish(
            &self,
            all: &[Revocation],
            floor: Position,
        ) -> Result<Vec<Position>, SourceError> {
            self.0.publish(all, floor)
        }

        fn start(&self) -> Result<Position, SourceError> {
            // For as long as this thread lasts, which is the list's.
            std::mem::forget(self.1.listen());
            self.0.start()
        }

        fn entries(&self, entry: &mut dyn FnMut(Revocation, Position)) -> Result<(), SourceError> {
            self.0.entries(entry)
        }

        fn changes(
            &self,
            wait: Duration,
            entry: &mut dyn FnMut(Revocation, Position),
        ) -> Result<Changes, SourceError> {
            self.0.changes(wait, entry)
        }

        fn restore(
            &self,
            entries: &[(Revocation, Position)],
            floor: Position,
        ) -> Result<(), SourceError> {
            self.0.restore(entries, floor)
        }

        fn prune(&self, up_to: Position) -> Result<(), SourceError> {
            self.0.prune(up_to)
        }
    }

    fn heard(entries: &[(&str, u64)], newest: u64) -> (Case, Log) {
        let (log, (sender, calls)) = (Log::default(), channel());
        let source = Heard(Asking(sender), log.clone());
        let list = Revocations::following(source, RETENTION).start().unwrap();
        let case = Case { list, calls };
        case.read(entries, newest);
        (case, log)
    }

    /// The next call is for changes. Until it came, these events were logged, each with such parts.
    #[track_caller]
    fn follow(case: &Case, log: &Log, expected: &[&[&str]], reply: Reply) {
        let (call, answer) = case.next();
        assert_eq!(call, Call::Changes);
        let events = log.take();
        assert_eq!(events.len(), expected.len(), "{events:#?}");
        for (event, parts) in events.iter().zip(expected) {
            for part in parts.iter().chain(&["sealed_session: "]) {
                assert!(event.contains(part), "{part:?} not in {event}");
            }
            assert!(!event.contains("ada"), "{event}");
        }
        answer.send(reply).unwrap();
    }

    #[test]
    fn source_that_is_away_is_an_error_less_and_less_often_until_it_is_back() {
        let (case, log) = heard(&[("ada", 5)], 5);
        let well = || Reply::Followed(Vec::new(), 5);
        follow(&case, &log, &[], well());
        follow(&case, &log, &[], Reply::Fails("the wire is cut"));
        let away: &[_] = &["ERROR", "source of revocations away", "the wire is cut", "age="];
        for is_told in [true, true, true, false, true] {
            let expected: &[_] = if is_told { &[away] } else { &[] };
            follow(&case, &log, expected, Reply::Fails("the wire is cut"));
        }
        follow(&case, &log, &[], well());
        follow(&case, &log, &[&["INFO", "source of revocations is back"]], well());
        follow(&case, &log, &[], Reply::Fails("the wire is cut"));
        follow(&case, &log, &[away], well());
    }

    #[test]
    fn source_that_has_lost_entries_is_a_warning_with_their_number() {
        let (case, log) = heard(&[("ada", 5), ("bob", 6)], 6);
        follow(&case, &log, &[], Reply::Lost);
        case.read(&[("ada", 5), ("bob", 6)], 6);
        follow(&case, &log, &[], Reply::Followed(Vec::new(), 6));
        follow(&case, &log, &[], Reply::Lost);
        case.read(&[], 0);
        case.restores(&[], 6);
        case.restores(&[("ada", 5), ("bob", 6)], 6);
        let restored = ["WARN", "has lost entries", "entries=2"];
        follow(&case, &log, &[&restored], Reply::Followed(Vec::new(), 6));
    }
}
