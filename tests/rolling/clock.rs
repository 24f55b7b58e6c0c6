//! A clock that runs fast, the same for all processes of a run.

use std::{
    env,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use time::{OffsetDateTime, macros::datetime};

const BEGIN: OffsetDateTime = datetime!(2031-01-01 00:00 UTC);

#[derive(Clone, Copy)]
pub(crate) struct Clock {
    started: SystemTime,
    speed: u32,
    /// By how many seconds this machine's clock is ahead.
    offset: i64,
}

impl Clock {
    pub(crate) fn start(speed: u32) -> Self {
        Self { started: SystemTime::now(), speed, offset: 0 }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        let passed = self.started.elapsed().unwrap() * self.speed;
        BEGIN + passed + time::Duration::seconds(self.offset)
    }

    pub(crate) fn sleep_until(&self, time: OffsetDateTime) {
        while self.now() < time {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn give_to(self, command: &mut Command, offset: i64) {
        let started = self.started.duration_since(UNIX_EPOCH).unwrap().as_nanos();
        command
            .env("CLOCK_STARTED", started.to_string())
            .env("CLOCK_SPEED", self.speed.to_string())
            .env("CLOCK_OFFSET", offset.to_string());
    }

    pub(crate) fn given() -> Self {
        let get = |name| env::var(name).unwrap();
        let started = UNIX_EPOCH + Duration::from_nanos(get("CLOCK_STARTED").parse().unwrap());
        Self {
            started,
            speed: get("CLOCK_SPEED").parse().unwrap(),
            offset: get("CLOCK_OFFSET").parse().unwrap(),
        }
    }
}
