//! Many threads at once: those who use a ring while it is replaced, and the handles of one session.
//!
//! Each test goes on for `STRESS_SECONDS`, one by default.

mod common;

use std::{
    collections::BTreeMap,
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration as StdDuration, Instant},
};

use common::{NOW, header, key, ring, ring_of, sealed, value_of};
use sealed_session::{
    Commit, KeyEntry, KeyId, KeyRing, Keys, SealError, Session, Sessions, UnsealError,
};
use serde::{Deserialize, Serialize};
use time::Duration;

const THREADS: usize = 3;
/// What is not over this long after its time hangs.
const PATIENCE: StdDuration = StdDuration::from_secs(120);

fn stress_time() -> StdDuration {
    let seconds = env::var("STRESS_SECONDS").map_or(1, |text| text.parse().expect("whole seconds"));
    StdDuration::from_secs(seconds)
}

/// Runs `f` in a thread of its own, and fails in place of hanging.
fn without_deadlock(f: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    let runner = thread::spawn(move || {
        f();
        sender.send(()).expect("somebody waits");
    });
    if let Err(mpsc::RecvTimeoutError::Timeout) = receiver.recv_timeout(stress_time() + PATIENCE) {
        panic!("it hangs");
    }
    runner.join().unwrap_or_else(|panic| resume_unwind(panic));
}

/// Numbers that are scattered enough to vary the timing.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % sides
    }

    fn dawdle(&mut self) {
        match self.roll(64) {
            0 => thread::yield_now(),
            _ => (0..self.roll(200)).for_each(|_| std::hint::spin_loop()),
        }
    }
}

// The ring

/// A ring that an operator puts in, and what it has to come to.
struct Step {
    /// Newest first; the key of an id follows from the id.
    ids: Vec<u8>,
    ring: KeyRing,
}

impl Step {
    fn new(ids: &[u8]) -> Self {
        let entries = ids.iter().map(|&id| KeyEntry::new(u32::from(id), key(id)));
        let ring = KeyRing::new(entries).unwrap();
        Self { ids: ids.to_vec(), ring }
    }

    fn sealing(&self) -> KeyId {
        KeyId::from(u32::from(self.ids[0]))
    }

    /// What becomes of a session that began before `NOW`, under the key with this id.
    fn judge(&self, id: u8) -> Result<(), UnsealError> {
        match self.ids.contains(&id) {
            false => Err(UnsealError::UnknownKey(KeyId::from(u32::from(id)))),
            true => Ok(()),
        }
    }

    fn reseals(&self, id: u8) -> bool {
        self.judge(id).is_ok() && self.ids[0] != id
    }
}

const LAST_ID: u8 = 12;

/// The rings of an operator who prepends, retires, drops a key that leaked, and at times puts in
/// a ring that has nothing in common with the one before.
fn steps() -> Vec<Step> {
    let mut ids = vec![1];
    let mut steps = vec![Step::new(&ids)];
    for id in 2..=LAST_ID {
        ids.insert(0, id);
        steps.push(Step::new(&ids));
        if ids.len() > 3 {
            ids.pop();
            steps.push(Step::new(&ids));
        }
        if id % 5 == 0 {
            ids.remove(0);
            steps.push(Step::new(&ids));
        }
        if id % 4 == 0 {
            steps.push(Step::new(&[100 + id]));
        }
    }
    steps
}

/// A ring in use, of which each generation is known: the steps in turn, over and over.
struct Stage {
    steps: Vec<Step>,
    keys: Keys,
    sessions: Sessions<u32>,
    /// Has the keys of all steps.
    reference: Sessions<u32>,
    /// For each id a value that is old enough to be sealed again.
    values: Vec<(u8, String)>,
    is_over: AtomicBool,
    /// Observations, and those among them during which the ring was replaced.
    observed: AtomicU64,
    overtaken: AtomicU64,
}

impl Stage {
    fn new() -> Self {
        let steps = steps();
        let mut ids: Vec<_> = steps.iter().flat_map(|step| step.ids.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let before = NOW - Duration::hours(2);
        let value = |id| sealed(&Sessions::new(ring_of([id])), u32::from(id), before);
        let keys = Keys::from(steps[0].ring.clone());
        Self {
            sessions: Sessions::new(keys.clone()),
            reference: Sessions::new(Step::new(&ids).ring),
            values: ids.into_iter().map(|id| (id, value(id))).collect(),
            steps,
            keys,
            is_over: AtomicBool::new(false),
            observed: AtomicU64::new(0),
            overtaken: AtomicU64::new(0),
        }
    }

    fn replace_until_over(&self) {
        for step in self.steps.iter().cycle().skip(1) {
            if self.is_over.load(SeqCst) {
                return;
            }
            self.keys.replace(step.ring.clone());
        }
    }

    /// Does something that takes one snapshot of the ring, and asserts that it came to what one
    /// of the rings in use meanwhile makes of it: no mixture of two, and none from before.
    #[track_caller]
    fn observe<R>(&self, act: impl FnOnce() -> R, fits: impl Fn(&R, &Step) -> bool) {
        let before = self.keys.generation();
        let outcome = act();
        let after = self.keys.generation();
        assert!(before <= after, "generation {after} came after {before}");
        self.observed.fetch_add(1, SeqCst);
        self.overtaken.fetch_add(u64::from(before < after), SeqCst);
        // More than all steps are no more to choose from.
        let last = after.min(before + self.steps.len() as u64);
        let is_explained = (before..=last).any(|generation| {
            let step = usize::try_from(generation - 1).unwrap() % self.steps.len();
            fits(&outcome, &self.steps[step])
        });
        assert!(is_explained, "no ring from generation {before} to {after} does this");
    }

    /// The data of a value and the key that it is under, which must be the key of that id.
    fn content(&self, value: &str) -> (u32, KeyId) {
        let session = self.reference.unseal_at(value, NOW).unwrap();
        (*session.read(), session.key_id().unwrap())
    }

    fn use_until_over(&self, mut dice: Dice) {
        let mut generation = 0;
        while !self.is_over.load(SeqCst) {
            let index = usize::try_from(dice.roll(self.values.len() as u64)).unwrap();
            let (id, value) = &self.values[index];
            match dice.roll(6) {
                0 => self.seal(),
                1 => self.unseal(*id, value),
                2 => self.reseal(*id, value),
                3 => self.request(*id, value, true),
                4 => self.request(*id, value, false),
                _ => self.observe(|| self.keys.current(), |ring, step| **ring == step.ring),
            }
            assert!(generation <= self.keys.generation());
            generation = self.keys.generation();
        }
    }

    fn seal(&self) {
        let session = self.sessions.create_at(7, NOW).unwrap();
        self.observe(
            || self.content(&self.sessions.seal_at(&session, NOW).unwrap()),
            |content, step| *content == (7, step.sealing()),
        );
    }

    fn unseal(&self, id: u8, value: &str) {
        self.observe(
            || self.sessions.unseal_at(value, NOW).map(|session| *session.read()),
            |outcome, step| *outcome == step.judge(id).map(|()| u32::from(id)),
        );
    }

    fn reseal(&self, id: u8, value: &str) {
        self.observe(
            || self.sessions.reseal_at(value, NOW),
            |outcome, step| {
                let fresh = outcome.as_ref().map(|value| value.as_deref().map(|v| self.content(v)));
                let expected = step
                    .judge(id)
                    .map(|()| step.reseals(id).then(|| (u32::from(id), step.sealing())));
                fresh == expected.as_ref().copied()
            },
        );
    }

    /// A request takes one snapshot when it is looked at. At the commit what came is judged again,
    /// by one snapshot, and sealed by one.
    fn request(&self, id: u8, value: &str, writes: bool) {
        let mut session = self.sessions.load_at([header(&self.sessions, value)], NOW);
        self.observe(
            || session.refusal().cloned().map_or(Ok(()), Err),
            |outcome, step| *outcome == step.judge(id),
        );
        let data = session.refusal().map_or(u32::from(id), |_| 0);
        assert_eq!((*session.read(), session.is_new()), (data, session.refusal().is_some()));
        let is_due = session.is_reseal_due();
        if writes {
            session.write(|data| *data += 1000);
        }
        self.observe(
            || self.sessions.commit_at(&session, NOW),
            |outcome, step| match outcome.as_ref().map(Commit::cookies) {
                Ok([]) => !(writes || is_due && step.reseals(id)),
                Ok([cookie]) if writes => {
                    self.content(cookie.value()) == (data + 1000, step.sealing())
                }
                Ok([cookie]) => {
                    is_due
                        && step.reseals(id)
                        && self.content(cookie.value()) == (data, step.sealing())
                }
                // Its key may be on its way to this machine.
                Err(SealError::NotReadable(reason)) => {
                    writes && session.refusal() == Some(&**reason)
                }
                // Its key was dropped after the first look.
                Err(SealError::Refused(reason)) => {
                    writes
                        && session.refusal().is_none()
                        && step.judge(id).as_ref() == Err(&**reason)
                }
                _ => false,
            },
        );
    }
}

#[test]
fn a_ring_replaced_at_full_speed_is_at_every_moment_one_whole_ring() {
    without_deadlock(|| {
        let stage = Stage::new();
        let over = Over(&stage.is_over);
        thread::scope(|scope| {
            scope.spawn(|| stage.replace_until_over());
            for thread in 0..THREADS {
                let stage = &stage;
                scope.spawn(move || {
                    let _over = Over(&stage.is_over);
                    stage.use_until_over(Dice(thread as u64));
                });
            }
            thread::sleep(stress_time());
            drop(over);
        });
        let observed = stage.observed.into_inner();
        let overtaken = stage.overtaken.into_inner();
        let replaced = stage.keys.generation();
        println!("{observed} observations, {overtaken} of them overtaken by {replaced} rings");
        assert!(replaced > 100 && observed > 100 && overtaken > 0);
    });
}

/// Ends the stress, also when its owner panics, so that the others do not go on for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

// The handles of one session

const WRITES: u32 = 8;

/// Whose writes a session has seen, in their order. Not `is_whole` in the middle of a write.
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
struct Log {
    begun: usize,
    writes: Vec<(usize, u32)>,
    ended: usize,
}

impl Log {
    fn begin(&mut self, writer: usize, number: u32) {
        self.begun += 1;
        self.writes.push((writer, number));
    }

    fn end(&mut self) {
        self.ended += 1;
    }

    fn is_whole(&self) -> bool {
        self.begun == self.writes.len() && self.begun == self.ended
    }

    /// Each writer's own writes, all of which up to one are there, in their order.
    #[track_caller]
    fn per_writer(&self) -> BTreeMap<usize, u32> {
        let mut counts = BTreeMap::new();
        for &(writer, number) in &self.writes {
            let count = counts.entry(writer).or_insert(0);
            assert_eq!(number, *count, "of writer {writer}: {self:?}");
            *count += 1;
        }
        counts
    }
}

/// What one thread saw of the session, one look after the other.
#[derive(Default)]
struct Witness {
    last: Log,
    saw_the_end: bool,
}

impl Witness {
    #[track_caller]
    fn look(&mut self, session: &Session<Log>) {
        let log = session.read();
        assert!(log.is_whole(), "{:?}", *log);
        // Destroyed is empty, and for good; until then nothing that was there goes away.
        self.saw_the_end |= log.writes.len() < self.last.writes.len();
        match self.saw_the_end {
            true => assert_eq!(*log, Log::default()),
            false => assert!(log.writes.starts_with(&self.last.writes)),
        }
        self.last = Log::clone(&log);
    }
}

/// One request whose session several threads write, renew, read, commit and, in some rounds, destroy.
struct Round {
    session: Session<Log>,
    sessions: Sessions<Log>,
    start: Barrier,
    /// How many writes of each writer were seen to be kept.
    kept: [AtomicUsize; THREADS],
    /// How many writes are over, kept or not.
    done: AtomicUsize,
    destroys: bool,
    nests: bool,
}

/// Lets nobody wait for the writes of a writer that failed.
struct AllDone<'a>(&'a AtomicUsize);

impl Drop for AllDone<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(usize::MAX / 2, SeqCst);
        }
    }
}

const WITNESSES: usize = 1;
const COMMITTERS: usize = 2;

impl Round {
    fn new(sessions: &Sessions<Log>, dice: &mut Dice) -> Self {
        let cookies = match dice.roll(2) {
            0 => String::new(),
            _ => header(sessions, &sealed(sessions, Log::default(), NOW - Duration::MINUTE)),
        };
        Self {
            session: sessions.load_at([cookies], NOW),
            sessions: sessions.clone(),
            start: Barrier::new(THREADS + WITNESSES + COMMITTERS + 1),
            kept: Default::default(),
            done: AtomicUsize::new(0),
            destroys: dice.roll(3) == 0,
            nests: dice.roll(64) == 0,
        }
    }

    fn write(&self, writer: usize, mut dice: Dice) {
        let mut session = self.session.clone();
        let mut witness = Witness::default();
        let mut was_refused = false;
        let _done = AllDone(&self.done);
        self.start.wait();
        for number in 0..WRITES {
            if dice.roll(4) == 0 {
                let panics = |log: &mut Log| {
                    log.begin(writer, 99);
                    resume_unwind(Box::new("part of the test"))
                };
                catch_unwind(AssertUnwindSafe(|| session.write(panics))).unwrap_err();
            }
            if self.nests && writer == 0 {
                let mut inner = session.clone();
                let nested = |log: &mut Log| {
                    log.begin(writer, 98);
                    inner.write(Log::end);
                };
                catch_unwind(AssertUnwindSafe(|| session.write(nested))).unwrap_err();
            }
            session.write(|log| {
                log.begin(writer, number);
                dice.dawdle();
                // Whoever is kept out by the writer's lock, or should be, comes now.
                if dice.roll(8) == 0 {
                    thread::yield_now();
                }
                log.end();
            });
            witness.look(&session);
            let is_kept = witness.last.writes.contains(&(writer, number));
            // Once it was too late for one write it is for all that follow.
            assert!(!(is_kept && was_refused));
            was_refused = !is_kept;
            self.kept[writer].fetch_add(usize::from(is_kept), SeqCst);
            self.done.fetch_add(1, SeqCst);
        }
    }

    fn read(&self, mut dice: Dice) {
        let mut witness = Witness::default();
        self.start.wait();
        for _ in 0..4 * WRITES {
            witness.look(&self.session);
            dice.dawdle();
        }
    }

    fn renew_or_destroy(&self, mut dice: Dice) {
        let mut session = self.session.clone();
        self.start.wait();
        self.wait_for_writes(&mut dice);
        session.renew();
        dice.dawdle();
        session.regenerate_id();
        if self.destroys {
            self.wait_for_writes(&mut dice);
            session.destroy();
        }
    }

    /// Until some number of all writes are done.
    fn wait_for_writes(&self, dice: &mut Dice) {
        let writes = THREADS as u64 * u64::from(WRITES);
        let enough = usize::try_from(dice.roll(writes + 1)).unwrap();
        while self.done.load(SeqCst) < enough {
            thread::yield_now();
        }
    }

    /// The commit, and how many writes of each writer were known to be kept before it.
    fn commit(&self, mut dice: Dice) -> (Commit, [usize; THREADS]) {
        self.start.wait();
        self.wait_for_writes(&mut dice);
        let known = [0, 1, 2].map(|writer| self.kept[writer].load(SeqCst));
        (self.sessions.commit_at(&self.session, NOW).unwrap(), known)
    }

    fn run(self, dice: &mut Dice) {
        let mut next = || Dice(dice.roll(u64::MAX));
        let commits = thread::scope(|scope| {
            let round = &self;
            for writer in 0..THREADS {
                let dice = next();
                scope.spawn(move || round.write(writer, dice));
            }
            let dice = next();
            scope.spawn(move || round.read(dice));
            let dice = next();
            scope.spawn(move || round.renew_or_destroy(dice));
            let committers = [(); COMMITTERS].map(|()| {
                let dice = next();
                scope.spawn(move || round.commit(dice))
            });
            committers.map(|committer| committer.join().unwrap())
        });
        let [set, none] = match commits {
            [one, other] if one.0.sets_cookies() => [one, other],
            [one, other] => [other, one],
        };
        assert!(!none.0.sets_cookies(), "one commit at most says anything");
        self.judge(&set.0, set.1);
    }

    /// What the response carries is what the session is, for whoever looks afterwards.
    fn judge(&self, commit: &Commit, known: [usize; THREADS]) {
        let session = &self.session;
        assert_eq!(commit.sets_cookies(), session.is_changed());
        if !commit.sets_cookies() {
            assert_eq!(*session.read(), Log::default());
            return;
        }
        let value = value_of(commit);
        if value.is_empty() {
            assert!(self.destroys && session.is_new() && session.id().is_none());
            assert_eq!(*session.read(), Log::default());
            return;
        }
        let sent = self.sessions.unseal_at(&value, NOW).unwrap();
        assert_eq!((&*sent.read(), sent.id()), (&*session.read(), session.id()));
        assert!(sent.read().is_whole());
        let counts = sent.read().per_writer();
        for (writer, known) in known.into_iter().enumerate() {
            let sent = counts.get(&writer).map_or(0, |&count| count as usize);
            assert_eq!(sent, self.kept[writer].load(SeqCst), "writer {writer} was told otherwise");
            assert!(sent >= known);
        }
    }
}

#[test]
fn what_many_handles_do_at_once_is_committed_once_whole_and_as_they_were_told() {
    without_deadlock(|| {
        let sessions = Sessions::new(ring());
        let mut dice = Dice(1);
        let end = Instant::now() + stress_time();
        let mut rounds = 0;
        while rounds < 40 || Instant::now() < end {
            Round::new(&sessions, &mut dice).run(&mut dice);
            rounds += 1;
        }
        println!("{rounds} rounds");
    });
}
