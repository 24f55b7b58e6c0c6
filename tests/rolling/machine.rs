//! The three machines as the operator sees them: a process, a ring file, an address.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use crate::clock::Clock;

/// By how many seconds the machines' clocks are ahead.
const OFFSETS: [i64; 3] = [0, 14, 30];
pub(crate) const LARGEST_OFFSET: i64 = 30;
pub(crate) type Addresses = Arc<[AtomicU16; 3]>;

pub(crate) struct Machines {
    machines: Vec<Machine>,
    addresses: Addresses,
}

struct Machine {
    clock: Clock,
    offset: i64,
    ring: PathBuf,
    process: Child,
}

impl Machines {
    pub(crate) fn start(clock: Clock, directory: &Path, ring: &Path) -> Self {
        Self::with_offsets(OFFSETS, clock, directory, ring)
    }

    pub(crate) fn with_offsets(
        offsets: [i64; 3],
        clock: Clock,
        directory: &Path,
        ring: &Path,
    ) -> Self {
        let addresses = Addresses::default();
        let machines = offsets.iter().enumerate().map(|(index, &offset)| {
            let own = directory.join(format!("machine-{index}.toml"));
            fs::copy(ring, &own).unwrap();
            let (process, port) = start(clock, offset, &own);
            addresses[index].store(port, SeqCst);
            Machine { clock, offset, ring: own, process }
        });
        Self { machines: machines.collect(), addresses: Arc::clone(&addresses) }
    }

    pub(crate) fn addresses(&self) -> Addresses {
        Arc::clone(&self.addresses)
    }

    pub(crate) fn count(&self) -> usize {
        self.machines.len()
    }

    /// Brings a ring to a machine as one should, at a stroke.
    pub(crate) fn deploy(&self, index: usize, ring: &Path) {
        let own = &self.machines[index].ring;
        let beside = own.with_extension("new");
        fs::copy(ring, &beside).unwrap();
        fs::rename(&beside, own).unwrap();
    }

    /// Overwrites a machine's ring in place with what is not one, and returns when the machine says so.
    pub(crate) fn deploy_broken(&self, index: usize, text: &str, reason: &str) {
        let before = self.health(index);
        fs::write(&self.machines[index].ring, text).unwrap();
        let after = self.wait_for(index, "an error", |health| !health.error.is_empty());
        assert_eq!(
            (after.generation, after.fingerprint),
            (before.generation, before.fingerprint),
            "the last good ring stays"
        );
        assert!(after.error.contains(reason), "{}", after.error);
    }

    pub(crate) fn wait_until_all_have(&self, fingerprint: &str) {
        for index in 0..self.count() {
            self.wait_until_it_has(index, fingerprint);
        }
    }

    pub(crate) fn wait_until_it_has(&self, index: usize, fingerprint: &str) {
        self.wait_for(index, "the ring", |health| {
            health.fingerprint == fingerprint && health.error.is_empty()
        });
    }

    /// Stops a machine between two requests and starts it again.
    pub(crate) fn restart(&mut self, index: usize) {
        self.ask(index, "/stop").unwrap();
        self.machines[index].process.wait().unwrap();
        self.start_again(index);
    }

    /// Kills a machine in the middle of whatever it does.
    pub(crate) fn kill(&mut self, index: usize) {
        self.machines[index].process.kill().unwrap();
        self.machines[index].process.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self, index: usize) {
        let machine = &mut self.machines[index];
        let (process, port) = start(machine.clock, machine.offset, &machine.ring);
        machine.process = process;
        self.addresses[index].store(port, SeqCst);
    }

    pub(crate) fn health(&self, index: usize) -> Health {
        let text = self.ask(index, "/health").unwrap();
        let mut lines = text.lines().map(ToOwned::to_owned);
        Health {
            generation: lines.next().unwrap().parse().unwrap(),
            fingerprint: lines.next().unwrap(),
            error: lines.next().unwrap_or_default(),
        }
    }

    fn wait_for(&self, index: usize, what: &str, is_there: impl Fn(&Health) -> bool) -> Health {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let health = self.health(index);
            if is_there(&health) {
                return health;
            }
            assert!(
                Instant::now() < deadline,
                "machine {index} never had {what}: {}",
                health.error
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn ask(&self, index: usize, path: &str) -> io::Result<String> {
        Ok(self.visit(index, path, None)?.1)
    }

    /// One request, with a cookie or without: the one that is set, and the body.
    pub(crate) fn visit(
        &self,
        index: usize,
        path: &str,
        cookie: Option<&str>,
    ) -> io::Result<(Option<String>, String)> {
        let stream = TcpStream::connect(("127.0.0.1", self.addresses[index].load(SeqCst)))?;
        let cookie = cookie.map(|cookie| format!("Cookie: __Host-session={cookie}\r\n"));
        write!(&stream, "GET {path} HTTP/1.1\r\n{}\r\n", cookie.unwrap_or_default())?;
        read_response(&mut BufReader::new(&stream))
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        for machine in &mut self.machines {
            let _ = machine.process.kill();
            let _ = machine.process.wait();
        }
    }
}

pub(crate) struct Health {
    pub(crate) generation: u64,
    pub(crate) fingerprint: String,
    pub(crate) error: String,
}

/// This test program again, as a server.
fn start(clock: Clock, offset: i64, ring: &Path) -> (Child, u16) {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "machine_process", "--nocapture"])
        .env("RING_FILE", ring)
        .stdout(Stdio::piped());
    clock.give_to(&mut command, offset);
    let mut process = command.spawn().unwrap();
    let lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
    let port =
        lines.map_while(Result::ok).find_map(|line| line.strip_prefix("PORT ")?.parse().ok());
    (process, port.expect("the machine starts"))
}

/// The value of Set-Cookie, if there is one, and the body.
pub(crate) fn read_response(
    reader: &mut BufReader<&TcpStream>,
) -> io::Result<(Option<String>, String)> {
    let (mut length, mut cookie, mut line) = (0, None, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().unwrap();
        } else if let Some(set) = line.strip_prefix("Set-Cookie: __Host-session=") {
            cookie = set.split(';').next().map(ToOwned::to_owned);
        } else if line == "\r\n" {
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            return Ok((cookie, String::from_utf8(body).unwrap()));
        }
    }
}
