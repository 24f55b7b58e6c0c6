//! Three servers, one Redis: sign out everywhere, a change of password, a deleted user, and the
//! page "your devices".
//!
//! ```sh
//! cargo run -p sign-out-everywhere
//! ```
//!
//! Starts a `redis-server` of its own, which has to be installed, or uses that of `REDIS_URL`. Then it
//! plays what users do in three browsers, each at another server.

mod browser;
mod server;
mod users;

use std::{
    env,
    error::Error,
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use browser::Browser;
use sealed_session::KeyRing;
use tokio::net::TcpListener;
use users::Users;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let (_redis, url) = match env::var("REDIS_URL") {
        Ok(url) => (None, url),
        Err(_) => start_redis(folder.path())?,
    };

    // What all servers share: the keys, the data base of users, and Redis.
    let keys = KeyRing::ephemeral()?;
    let users = Users::default();
    users.set_password("ada", "old password");
    users.set_password("bob", "hunter2");
    let mut servers = Vec::new();
    for _ in 0..3 {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        servers.push(format!("http://{}", listener.local_addr()?));
        let revocations = tokio::task::spawn_blocking({
            let url = url.clone();
            move || server::revocations(&url).map_err(|error| error.to_string())
        })
        .await??;
        let app = server::app(keys.clone(), users.clone(), revocations)?;
        tokio::spawn(async move { axum::serve(listener, app).await });
    }
    let browser = |place: usize| Browser::at(&servers[place]);
    let [phone, laptop, library] = [browser(0)?, browser(1)?, browser(2)?];

    println!("Ada signs in on three devices, each at another server.");
    for device in [&phone, &laptop, &library] {
        device.sign_in("ada", "old password").await?;
        device.expect("hello ada").await?;
    }

    println!("From the phone she ends the session that she forgot at the library.");
    let families: Vec<String> =
        users.devices("ada").into_iter().map(|(family, _)| family.to_string()).collect();
    phone.post("/devices/end", &[("family", families[2].as_str())]).await?;
    library.expect("hello guest").await?;
    laptop.expect("hello ada").await?;

    println!(
        "On the laptop she changes the password: that session goes on, all others have ended."
    );
    let form = [("old", "old password"), ("new", "correct horse")];
    laptop.post("/password", &form).await?;
    phone.expect("hello guest").await?;
    laptop.expect("hello ada").await?;
    phone.sign_in("ada", "correct horse").await?;

    println!("She signs out everywhere.");
    laptop.post("/sign-out-everywhere", &[]).await?;
    phone.expect("hello guest").await?;
    laptop.expect("hello guest").await?;
    laptop.sign_in("ada", "correct horse").await?;
    laptop.expect("hello ada").await?;

    println!("An administrator deletes her account.");
    library.sign_in("bob", "hunter2").await?;
    library.post("/admin/delete", &[("user", "ada")]).await?;
    laptop.expect("hello guest").await?;
    library.expect("hello bob").await?;
    Ok(())
}

/// Ends with the example.
struct Redis(Child);

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// On a free port, in a folder of its own.
fn start_redis(folder: &Path) -> Result<(Option<Redis>, String), Box<dyn Error>> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let redis = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--appendonly", "yes"])
        .arg("--dir")
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("redis-server: {error}; install it, or set REDIS_URL"))?;
    let redis = Redis(redis);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        thread::sleep(Duration::from_millis(10));
    }
    Ok((Some(redis), format!("redis://127.0.0.1:{port}")))
}
