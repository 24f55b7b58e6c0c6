//! The runbook, followed step by step: its commands as they stand, and two servers that follow the files
//! which they bring.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use sealed_session::{Follower, Keys, RingFile, RingForm, Sessions};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{CLOCK, NOW, Run, finish, id};

const RUNBOOK: &str = include_str!("../../docs/ROTATION.md");
const MANUAL: &str = include_str!("../../docs/TOOL.md");

const MACHINES: [&str; 2] = ["shop-1", "shop-2"];

/// What the operator's machine has in the place of the network. `OFFLINE` names a machine that is not reached.
const STANDS_FOR: [(&str, &str); 4] = [
    (
        "scp",
        "machine=${3%%:*}; [ $machine != \"$OFFLINE\" ] && cp -p \"$2\" \"$PLACE/$machine/${3#*:}\"",
    ),
    ("ssh", "sh -c \"$(echo \"$2\" | sed \"s,cd ,cd $PLACE/$1,\")\""),
    ("chown", "[ $1 = shop: ] && find \"$2\" -perm 600 | grep -q ."),
    ("curl", "machine=${2#http://}; cat \"$PLACE/${machine%%:*}/health\""),
];

/// The scripts of a document that have this word in them.
fn scripts<'a>(document: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let scripts = document.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    scripts.filter(move |script| script.contains(word))
}

/// The only one.
fn script<'a>(document: &'a str, word: &'a str) -> &'a str {
    let mut found = scripts(document, word);
    let script = found.next().unwrap_or_else(|| panic!("no script has: {word}"));
    assert_eq!(found.next(), None, "more than one script has: {word}");
    script
}

struct Server {
    follower: Follower<RingFile>,
    keys: Keys,
    sessions: Sessions<u32>,
}

impl Server {
    fn sign_in(&self, now: OffsetDateTime) -> String {
        self.sessions.seal_at(&self.sessions.create_at(7, now).unwrap(), now).unwrap()
    }

    fn knows(&self, value: &str, now: OffsetDateTime) -> bool {
        self.sessions.unseal_at(value, now).is_ok()
    }

    fn seals_with(&self, now: OffsetDateTime) -> u32 {
        self.keys.current().sealing_key_id(now).unwrap().get()
    }
}

/// An operator's folder with a ring, and the servers that follow their copies of it.
struct Fleet {
    place: TempDir,
    servers: Vec<Server>,
}

impl Fleet {
    fn new() -> Self {
        let mut fleet = Self { place: tempfile::tempdir().unwrap(), servers: Vec::new() };
        let tools = fleet.path("tools");
        fs::create_dir(&tools).unwrap();
        for (name, body) in STANDS_FOR {
            let path = tools.join(name);
            fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_sealed-session"), tools.join("sealed-session")).unwrap();
        fs::create_dir(fleet.path("work")).unwrap();
        for machine in MACHINES {
            fs::create_dir_all(fleet.path(machine).join("etc/shop")).unwrap();
        }
        fleet.done(NOW, script(RUNBOOK, "rotate --create --absolute-timeout 14d keys.toml\n"));
        assert_eq!(fleet.bring(NOW, ""), "");
        for machine in MACHINES {
            let path = fleet.path(machine).join("etc/shop/keys.toml");
            let follower = Follower::new(RingFile::new(path)).unwrap();
            let keys = follower.keys();
            fleet.servers.push(Server { follower, sessions: Sessions::new(keys.clone()), keys });
        }
        fleet.look(NOW);
        assert_eq!(fleet.others(NOW), [""; 0]);
        fleet
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn ring(&self) -> PathBuf {
        self.path("work/keys.toml")
    }

    fn ids(&self) -> Vec<u32> {
        let text = fs::read_to_string(self.ring()).unwrap();
        let ring = RingForm::Toml.parse_at(&text, NOW).unwrap();
        ring.entries().iter().map(|entry| entry.id().get()).collect()
    }

    fn command(&self, now: OffsetDateTime, script: &str) -> Command {
        let path = format!("{}:{}", self.path("tools").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("umask 022\n{script}")])
            .current_dir(self.path("work"))
            .env("PATH", path)
            .env("PLACE", self.place.path())
            .env("HOME", self.place.path())
            .env(CLOCK, now.format(&Rfc3339).unwrap());
        command
    }

    #[track_caller]
    fn done(&self, now: OffsetDateTime, script: &str) -> Run {
        let run = finish(&mut self.command(now, script), "");
        assert_eq!(run.code, 0, "{script}\n{}{}", run.out, run.err);
        run
    }

    /// Brings the ring to all machines that are reached, and returns what it said.
    fn bring(&self, now: OffsetDateTime, offline: &str) -> String {
        let mut command = self.command(now, script(RUNBOOK, "scp "));
        finish(command.env("OFFLINE", offline), "").out
    }

    /// Each server looks at its file, and tells on its health page, as in the guide, what it has.
    fn look(&mut self, now: OffsetDateTime) {
        let place = self.place.path();
        for (server, machine) in self.servers.iter_mut().zip(MACHINES) {
            server.follower.check_at(now).unwrap();
            let (ring, print) = (server.keys.generation(), server.keys.current().fingerprint());
            let page = format!("fingerprint {print}\nring {ring} of this process\n");
            fs::write(place.join(machine).join("health"), page).unwrap();
        }
    }

    /// The machines that have another ring, by the runbook's comparison.
    fn others(&self, now: OffsetDateTime) -> Vec<&'static str> {
        let run = self.done(now, script(RUNBOOK, "live="));
        let has = |machine: &str| run.out.contains(&format!("{machine} has another ring"));
        MACHINES.into_iter().filter(|machine| has(machine)).collect()
    }
}

#[test]
fn a_rotation_by_the_runbook_signs_nobody_out() {
    let mut fleet = Fleet::new();
    let before = fleet.servers[0].sign_in(NOW);
    fleet.done(NOW, script(RUNBOOK, "cp -p keys.toml deployed.toml"));
    assert_eq!(fleet.ids(), [2, 1]);
    assert!(!fleet.path("work/deployed.toml").exists(), "no copy of the keys is left");
    assert_eq!(fleet.others(NOW), MACHINES);

    // A machine is down, and it shows.
    assert_eq!(fleet.bring(NOW, "shop-2"), "shop-2 does not have the ring\n");
    fleet.look(NOW);
    assert_eq!(fleet.others(NOW), ["shop-2"]);
    assert_eq!(fleet.bring(NOW, ""), "");
    fleet.look(NOW);
    assert_eq!(fleet.others(NOW), [""; 0]);

    let now = NOW + Duration::minutes(15);
    let after = fleet.servers[1].sign_in(now);
    for server in &fleet.servers {
        assert_eq!((server.seals_with(NOW), server.seals_with(now)), (1, 2));
        assert!(server.knows(&before, now) && server.knows(&after, now));
    }
}

#[test]
fn a_rotation_that_the_gate_refuses_is_taken_back() {
    let fleet = Fleet::new();
    let before = fs::read_to_string(fleet.ring()).unwrap();
    let script = script(RUNBOOK, "cp -p keys.toml deployed.toml");
    let too_soon = script.replace("rotate keys.toml", "rotate --activate-in 1m keys.toml");
    let run = finish(&mut fleet.command(NOW, &too_soon), "");
    assert_eq!(run.code, 1, "{}", run.out);
    let remedy = "mv deployed.toml keys.toml";
    assert!(RUNBOOK.contains(&format!("Where `check` refuses, `{remedy}`")));
    fleet.done(NOW, remedy);
    assert_eq!(fs::read_to_string(fleet.ring()).unwrap(), before);
}

#[test]
fn a_rotation_is_called_off_by_the_runbook() {
    let mut fleet = Fleet::new();
    fleet.done(NOW, script(RUNBOOK, "cp -p keys.toml deployed.toml"));
    fleet.bring(NOW, "");
    fleet.look(NOW);
    fleet.done(NOW, &script(RUNBOOK, "retire keys.toml ID").replace("ID", "2"));
    assert_eq!(fleet.bring(NOW, ""), "");
    fleet.look(NOW);
    assert_eq!(fleet.others(NOW), [""; 0]);
    assert!(fleet.servers.iter().all(|server| server.seals_with(NOW + Duration::days(1)) == 1));
}

#[test]
fn a_schedule_by_the_runbook_rotates_and_takes_out_what_nobody_needs() {
    let mut fleet = Fleet::new();
    let cron = script(RUNBOOK, "--if-older-than");
    let prune = script(RUNBOOK, "prune --dry-run");
    assert_eq!(fleet.done(NOW + Duration::days(89), cron).out, "");
    assert_eq!(fleet.ids(), [1]);
    let due = NOW + Duration::days(90);
    assert!(fleet.done(due, cron).out.contains("key 2 added"));
    let last = fleet.servers[0].sign_in(due + Duration::minutes(14));
    // The last session under key 1 has ended, and nobody's clock is that far off.
    let over = due + Duration::days(14) + Duration::minutes(17);
    assert!(!fleet.done(over - Duration::SECOND, prune).out.contains("taken out"));
    assert!(fleet.servers[0].knows(&last, due + Duration::days(14)));
    assert!(fleet.done(over, prune).out.contains("keys [1] taken out"));
    assert_eq!(fleet.ids(), [2]);
    fleet.bring(over, "");
    fleet.look(over);
    assert_eq!(fleet.others(over), [""; 0]);
}

#[test]
fn a_key_ends_at_a_time_that_was_set_without_another_deploy() {
    let mut fleet = Fleet::new();
    let before = fleet.servers[0].sign_in(NOW);
    fleet.done(NOW, script(RUNBOOK, "cp -p keys.toml deployed.toml"));
    let line = "not_after = \"2027-01-15T00:00:00Z\"";
    assert!(RUNBOOK.contains(&format!("`{line}`")));
    let rotated = fs::read_to_string(fleet.ring()).unwrap();
    let with = |day: &str| {
        let line = line.replace("2027-01-15", day);
        fs::write(fleet.ring(), rotated.replace("id = 1\n", &format!("id = 1\n{line}\n"))).unwrap();
        finish(&mut fleet.command(NOW, "sealed-session check keys.toml"), "")
    };
    let early = with("2031-05-20");
    assert!(early.out.contains("set its not_after to 2031-05-20T07:15:00Z or later"));
    assert_eq!((early.code, with("2031-05-21").code), (1, 0));
    fleet.bring(NOW, "");
    fleet.look(NOW);
    let end = NOW + Duration::days(14) + Duration::hours(17);
    for server in &fleet.servers {
        assert!(server.knows(&before, NOW + Duration::days(13)));
        assert_eq!(server.sessions.unseal_at(&before, end).unwrap_err().class(), "retired_key");
    }
}

#[test]
fn a_leak_is_over_on_each_machine_that_has_the_ring_and_shown_by_its_fingerprint() {
    let mut fleet = Fleet::new();
    let stolen = fleet.servers[0].sign_in(NOW);
    fleet.done(NOW, script(RUNBOOK, "emergency keys.toml"));
    assert_eq!(fleet.bring(NOW, "shop-2"), "shop-2 does not have the ring\n");
    fleet.look(NOW);
    assert_eq!(fleet.others(NOW), ["shop-2"]);
    assert!(!fleet.servers[0].knows(&stolen, NOW) && fleet.servers[1].knows(&stolen, NOW));

    fleet.bring(NOW, "");
    fleet.look(NOW);
    assert_eq!(fleet.others(NOW), [""; 0]);
    let anew = fleet.servers[0].sign_in(NOW);
    for server in &fleet.servers {
        assert!(!server.knows(&stolen, NOW) && server.knows(&anew, NOW));
    }
}

#[test]
fn a_lost_ring_is_replaced_by_the_runbook() {
    let mut fleet = Fleet::new();
    let cookie = format!("__Host-session={}", fleet.servers[0].sign_in(NOW));
    fs::remove_file(fleet.ring()).unwrap();
    let script = script(RUNBOOK, "--create --id 1000");
    let run = finish(&mut fleet.command(NOW, script), &cookie);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("key id  1\n"), "{}", run.out);
    fleet.bring(NOW, "");
    fleet.look(NOW);
    assert_eq!(fleet.others(NOW), [""; 0]);
    assert!(fleet.servers.iter().all(|server| server.seals_with(NOW) == 1000));
}

#[test]
fn the_gate_of_a_pipeline_lets_a_rotation_through_and_stops_another_ring() {
    let fleet = Fleet::new();
    let gate = script(RUNBOOK, "check --strict");
    fleet.done(NOW, "mkdir deployed; cp -p keys.toml deployed");
    fleet.done(NOW, &format!("sealed-session rotate keys.toml\n{gate}"));
    fleet
        .done(NOW, "rm keys.toml; sealed-session rotate --create --absolute-timeout 14d keys.toml");
    assert_eq!(finish(&mut fleet.command(NOW, gate), "").code, 1);
}

#[test]
fn a_variable_is_rotated_by_the_runbook() {
    let fleet = Fleet::new();
    let first = fleet.done(NOW, script(RUNBOOK, "14d -\n")).out;
    let script = script(RUNBOOK, "rotate --env");
    let run = finish(fleet.command(NOW, script).env("SESSION_KEYS", first.trim_end()), "");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let new = fleet.path("work/ring.new");
    assert_eq!(fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o600);
    let ring = RingForm::Text.parse_at(&fs::read_to_string(new).unwrap(), NOW).unwrap();
    let in_two_hours = NOW + Duration::hours(2);
    assert_eq!(ring.sealing_key_id(in_two_hours), Some(id(2)));
    assert_eq!(ring.sealing_key_id(in_two_hours - Duration::SECOND), Some(id(1)));
}

#[test]
fn completions_and_the_manual_page_are_written_where_the_document_says() {
    let fleet = Fleet::new();
    let script = script(MANUAL, "completions bash");
    let (install, rest) = script.split_once('\n').unwrap();
    assert_eq!(install, "cargo install sealed-session --features cli");
    fleet.done(NOW, rest);
    let is_written = |path: &str| fs::metadata(fleet.path(path)).is_ok_and(|file| file.len() > 500);
    assert!(is_written(".local/share/bash-completion/completions/sealed-session"));
    assert!(is_written(".local/share/man/man1/sealed-session.1"));
}

/// A word of each script that a test here or beside, in `recipes`, runs.
const RUN: [&str; 17] = [
    "--create --absolute-timeout 14d keys.toml\n",
    "scp ",
    "live=",
    "cp -p keys.toml deployed.toml",
    "retire keys.toml ID",
    "--if-older-than",
    "prune --dry-run",
    "emergency keys.toml",
    "--create --id 1000",
    "check --strict",
    "14d -\n",
    "rotate --env",
    "completions bash",
    "fetch-secret",
    "kubectl",
    "vault kv",
    "docker ",
];

#[test]
fn no_script_of_the_documents_is_left_out_of_the_tests() {
    for script in scripts(RUNBOOK, "").chain(scripts(MANUAL, "")) {
        assert!(RUN.iter().any(|word| script.contains(word)), "no test runs this:\n{script}");
    }
}

/// An operator in a hurry follows them.
#[test]
fn each_link_of_the_runbook_leads_to_a_heading() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let anchor = |heading: &str| heading.to_lowercase().replace(' ', "-");
    for link in RUNBOOK.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        let file = if file.is_empty() { "ROTATION.md" } else { file };
        let text = fs::read_to_string(docs.join(file)).unwrap_or_else(|_| panic!("{link}"));
        let mut headings = text.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor);
        assert!(heading.is_empty() || headings.any(|found| found == heading), "{link}");
    }
}
