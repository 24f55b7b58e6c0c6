//! The operator, who works with the tool and nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{clients::Population, clock::Clock, machine::Machines, server::ABSOLUTE_TIMEOUT};

pub(crate) struct Operator {
    clock: Clock,
    directory: tempfile::TempDir,
    newest: u32,
    pruned: usize,
}

impl Operator {
    pub(crate) fn new(clock: Clock) -> Self {
        let operator =
            Self { clock, directory: tempfile::tempdir().unwrap(), newest: 1, pruned: 0 };
        operator.run("rotate", &["--create"]);
        operator
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn ring(&self) -> PathBuf {
        self.directory.path().join("keys.toml")
    }

    pub(crate) fn newest(&self) -> u32 {
        self.newest
    }

    pub(crate) fn pruned(&self) -> usize {
        self.pruned
    }

    /// Prepend, activate, retire; one machine after the other.
    pub(crate) fn rotate(
        &mut self,
        machines: &mut Machines,
        population: &Population,
        round: usize,
    ) {
        let report = self.run("rotate", &["--activate-in", "90m"]);
        self.newest = u32::try_from(report["id"].as_u64().unwrap()).unwrap();
        let start = report["seals_from"].as_str().unwrap();
        let start = OffsetDateTime::parse(start, &Rfc3339).unwrap();
        let fingerprint = report["fingerprint"].as_str().unwrap();

        let ring = &self.ring();
        for index in 0..machines.count() {
            if index == round % 3 {
                let text = fs::read_to_string(ring).unwrap();
                let half = match round % 2 {
                    0 => text[..text.rfind("key = ").unwrap() + 12].to_owned(),
                    _ => String::new(),
                };
                machines.deploy_broken(index, &half, "machine-");
            }
            machines.deploy(index, ring);
            if index == (round + 1) % 3 {
                machines.restart(index);
            }
            machines.wait_until_it_has(index, fingerprint);
        }
        machines.wait_until_all_have(fingerprint);
        assert!(self.clock.now() < start, "this computer is too slow for this speed of the clock");
        population.expect_key(self.newest, start);

        let struck = (round + 2) % 3;
        self.clock.sleep_until(start - time::Duration::minutes(1));
        machines.kill(struck);
        self.clock.sleep_until(start + time::Duration::minutes(5));
        machines.start_again(struck);

        self.clock.sleep_until(start + time::Duration::minutes(65));
        let timeout = format!("{}s", ABSOLUTE_TIMEOUT.as_secs());
        let report = self.run("prune", &["--absolute-timeout", &timeout]);
        let removed = report["removed"].as_array().unwrap().len();
        self.pruned += removed;
        for index in 0..machines.count() {
            if removed > 0 {
                machines.deploy(index, ring);
                machines.wait_until_it_has(index, report["fingerprint"].as_str().unwrap());
            }
        }
    }

    /// Replaces the ring of every machine as often as it goes, and returns how often.
    pub(crate) fn replace_for(&self, machines: &mut Machines, duration: Duration) -> u64 {
        let generations = |machines: &Machines| {
            (0..3).map(|index| machines.health(index).generation).sum::<u64>()
        };
        let before = generations(machines);
        // The same keys, so that neither is older than the other.
        let other = self.directory().join("other.toml");
        let text = fs::read_to_string(self.ring()).unwrap();
        fs::write(&other, format!("no_takeover = true\n{text}")).unwrap();
        let with_other = self.run_on("status", &other, &[]);
        let without = self.run("status", &[]);
        let end = Instant::now() + duration;
        for (ring, report) in [(&other, with_other), (&self.ring(), without)].iter().cycle() {
            for index in 0..machines.count() {
                machines.deploy(index, ring);
            }
            machines.wait_until_all_have(report["fingerprint"].as_str().unwrap());
            if Instant::now() > end {
                break;
            }
        }
        generations(machines) - before
    }

    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> Value {
        self.run_on(command, &self.ring(), arguments)
    }

    fn run_on(&self, command: &str, ring: &Path, arguments: &[&str]) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_sealed-session"))
            .arg(command)
            .arg(ring)
            .args(arguments)
            .arg("--json")
            // A debug build of the tool takes the present from here.
            .env("SEALED_SESSION_TEST_CLOCK", self.clock.now().format(&Rfc3339).unwrap())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}
