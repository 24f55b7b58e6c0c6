//! The servers as processes, and what the system says of them.

use std::{
    error::Error,
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::servers::Contender;

/// Ends with its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// How long it has had a processor.
    fn processor_time(&self) -> Result<Duration, Box<dyn Error>> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // The name before may have spaces.
        let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks = ticks.sum::<Result<u64, _>>()?;
        // Linux tells 100 ticks a second, on every machine.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Bytes that are in memory.
    fn memory(&self) -> Result<u64, Box<dyn Error>> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no size")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1024)
    }
}

/// A server, and its Redis where it has one.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Process,
    redis: Option<Process>,
}

impl Server {
    pub(crate) fn start(contender: Contender) -> Result<Self, Box<dyn Error>> {
        let (redis, url) = match contender.is_ours() {
            true => (None, String::new()),
            false => {
                let (process, url) = start_redis()?;
                (Some(process), url)
            }
        };
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", contender.name(), &url])
            .stdout(Stdio::piped())
            .spawn()
            .map(Process)?;
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { address: line.trim().parse()?, process, redis })
    }

    pub(crate) fn processor_time(&self) -> Result<Duration, Box<dyn Error>> {
        let redis = self.redis.as_ref().map(Process::processor_time).transpose()?;
        Ok(self.process.processor_time()? + redis.unwrap_or_default())
    }

    /// Of the server, and of its Redis.
    pub(crate) fn memory(&self) -> Result<(u64, u64), Box<dyn Error>> {
        let redis = self.redis.as_ref().map(Process::memory).transpose()?;
        Ok((self.process.memory()?, redis.unwrap_or_default()))
    }
}

/// False where there is none, unless `REQUIRE_REDIS` is set.
pub(crate) fn has_redis() -> bool {
    let found = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
    let has_it = found.is_ok_and(|status| status.success());
    assert!(has_it || std::env::var_os("REQUIRE_REDIS").is_none(), "there is no redis-server");
    has_it
}

/// On a free port, and as fast as it gets: nothing is written to a disk.
fn start_redis() -> Result<(Process, String), Box<dyn Error>> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let redis = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("redis-server: {error}"))?;
    let redis = Process(redis);
    for _ in 0..1_000 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok((redis, format!("redis://127.0.0.1:{port}")));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err("redis-server does not start".into())
}
