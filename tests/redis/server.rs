//! A Redis server of the test's own, and a wire to it that can be cut.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// Whether there is a server to test against. Without one the tests are left out, loudly, or fail
/// where `REQUIRE_REDIS` is set.
pub(crate) fn is_there() -> bool {
    is_installed("redis-server", "--version")
}

/// Whether there is such a program, likewise.
pub(crate) fn is_installed(program: &str, to_ask: &str) -> bool {
    let found = Command::new(program).arg(to_ask).stdout(Stdio::null()).status();
    let is_there = found.is_ok_and(|status| status.success());
    if !is_there {
        assert!(std::env::var_os("REQUIRE_REDIS").is_none(), "there is no {program}");
        eprintln!("\n!!!! NOT TESTED against the real server: there is no {program}\n");
    }
    is_there
}

pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    process: Option<Child>,
    options: Vec<String>,
}

impl Server {
    /// With the options of its command line, such as `--appendonly yes`.
    pub(crate) fn start(options: &[&str]) -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut server = Self { folder, port, process: None, options };
        server.restart();
        server
    }

    pub(crate) fn restart(&mut self) {
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
        for _ in 0..1000 {
            if self
                .try_command("PING")
                .is_some_and(|answer| answer.starts_with("+PONG") || answer.starts_with("-NOAUTH"))
            {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("redis-server does not start");
    }

    /// As a power failure of the process.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// One line to the server, and the begin of its answer.
    pub(crate) fn command(&self, line: &str) -> String {
        self.try_command(line).expect("the server answers")
    }

    fn try_command(&self, line: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address()).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(format!("{line}\r\n").as_bytes()).ok()?;
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).ok()?;
        String::from_utf8(answer[..length].to_vec()).ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A wire to an address, by a port of its own.
pub(crate) struct Wire {
    port: u16,
    state: Arc<State>,
}

struct State {
    to: String,
    is_cut: AtomicBool,
    is_silent: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Wire {
    pub(crate) fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_cut, is_silent) = (AtomicBool::new(false), AtomicBool::new(false));
        let state = Arc::new(State { to: address, is_cut, is_silent, streams: Mutex::default() });
        let its = Arc::clone(&state);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if its.is_cut.load(SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(&its.to) else { continue };
                let ends = [&near, &far].map(|stream| stream.try_clone().unwrap());
                its.streams.lock().unwrap().extend(ends);
                pump(&its, near.try_clone().unwrap(), far.try_clone().unwrap());
                pump(&its, far, near);
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends what is open, and takes nothing new.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.state.is_cut.store(is_cut, SeqCst);
        if is_cut {
            for stream in self.state.streams.lock().unwrap().drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }

    /// Swallows every byte, as a cable that was pulled: nobody is told.
    pub(crate) fn silence(&self, is_silent: bool) {
        self.state.is_silent.store(is_silent, SeqCst);
    }
}

fn pump(state: &Arc<State>, mut from: TcpStream, mut to: TcpStream) {
    let state = Arc::clone(state);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if !state.is_silent.load(SeqCst) && to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
