//! All contenders at once, asked in turn, so that what disturbs one disturbs all.

use std::{
    error::Error,
    thread,
    time::{Duration, Instant},
};

use crate::{
    processes::Server,
    servers::Contender,
    visitors::{Answered, Connection, Kind},
};

pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// How long each contender has in each round.
    pub(crate) each: Duration,
    pub(crate) connections: usize,
}

/// Of one contender.
pub(crate) struct Outcome {
    pub(crate) contender: Contender,
    pub(crate) rounds: Vec<Round>,
    /// Of the processor, for one request, in seconds.
    pub(crate) processor: f64,
    /// Bytes, at the end: of the server, and of its Redis.
    pub(crate) memory: (u64, u64),
}

/// Times in seconds.
pub(crate) struct Round {
    pub(crate) requests_a_second: f64,
    pub(crate) all: Latency,
    pub(crate) by_kind: Vec<(Kind, Latency)>,
}

#[derive(Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// One contender under way.
struct Lane {
    contender: Contender,
    server: Server,
    connections: Vec<Connection>,
    rounds: Vec<Round>,
    requests: usize,
    processor: Duration,
}

impl Plan {
    /// With as many users who are signed in.
    pub(crate) fn run(&self, users: usize) -> Result<Vec<Outcome>, Box<dyn Error>> {
        let lanes = Contender::ALL.map(|contender| self.sign_everybody_in(contender, users));
        let mut lanes = lanes.into_iter().collect::<Result<Vec<_>, _>>()?;
        for round in 0..self.rounds {
            // Each is the first in its turn.
            for turn in 0..lanes.len() {
                let place = (round + turn) % lanes.len();
                lanes[place].run(self.each)?;
            }
        }
        lanes.into_iter().map(Lane::outcome).collect()
    }

    fn sign_everybody_in(
        &self,
        contender: Contender,
        users: usize,
    ) -> Result<Lane, Box<dyn Error>> {
        let server = Server::start(contender)?;
        let (address, step) = (server.address, self.connections);
        let opened = thread::scope(|scope| {
            let threads: Vec<_> = (0..step)
                .map(|first| {
                    scope.spawn(move || Connection::open(address, (first..users).step_by(step)))
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("it does not panic"))
                .collect::<Result<Vec<_>, _>>()
        });
        let connections = opened.map_err(|error| format!("{}: {error}", contender.name()))?;
        Ok(Lane {
            contender,
            server,
            connections,
            rounds: Vec::new(),
            requests: 0,
            processor: Duration::ZERO,
        })
    }
}

impl Lane {
    fn run(&mut self, long: Duration) -> Result<(), Box<dyn Error>> {
        let before = self.server.processor_time()?;
        let start = Instant::now();
        let answered = thread::scope(|scope| {
            let threads: Vec<_> = self
                .connections
                .iter_mut()
                .map(|connection| scope.spawn(move || connection.run(long)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("it does not panic"))
                .collect::<Result<Vec<_>, _>>()
        });
        let took = start.elapsed();
        let answered = answered.map_err(|error| format!("{}: {error}", self.contender.name()))?;
        let answered: Vec<_> = answered.into_iter().flatten().collect();
        self.processor += self.server.processor_time()?.saturating_sub(before);
        self.requests += answered.len();
        self.rounds.push(Round::of(&answered, took));
        Ok(())
    }

    fn outcome(self) -> Result<Outcome, Box<dyn Error>> {
        Ok(Outcome {
            contender: self.contender,
            processor: self.processor.as_secs_f64() / count(self.requests),
            memory: self.server.memory()?,
            rounds: self.rounds,
        })
    }
}

impl Round {
    fn of(answered: &[Answered], took: Duration) -> Self {
        let latency = |of: &dyn Fn(Kind) -> bool| {
            let such = answered.iter().filter(|one| of(one.kind));
            Latency::of(such.map(|one| one.took.as_secs_f64()).collect())
        };
        Self {
            requests_a_second: count(answered.len()) / took.as_secs_f64(),
            all: latency(&|_| true),
            by_kind: Kind::ALL.map(|kind| (kind, latency(&|one| one == kind))).into(),
        }
    }
}

impl Latency {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_unstable_by(f64::total_cmp);
        let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or(f64::NAN);
        Self { p50: at(50), p99: at(99) }
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).expect("there are some millions at most"))
}
