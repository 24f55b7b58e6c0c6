//! TLS to a real server: whose certificate is accepted, and who may come in.

use std::{fs, path::Path, process::Command};

use sealed_session::{ConfigError, RedisRevocations, Revocations};
use tempfile::TempDir;

use crate::{
    Machine, RETENTION, redis, ring,
    server::{self, Server, free_port},
    soon,
};

/// The commands that the documentation of `RedisRevocations` names.
const COMMANDS: &str = "+eval +hmget +hset +zadd +zrem +zscore +zrangebyscore +zremrangebyscore \
     +xadd +xread +del +time";

const CONFIG: &str = "
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:TRUE
[leaf]
basicConstraints = critical, CA:FALSE
subjectAltName = IP:127.0.0.1
";

/// Certificates of an authority, of a server for 127.0.0.1, and of a client.
struct Certificates(TempDir);

impl Certificates {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config"), CONFIG).unwrap();
        let make = |name: &str, kind: &str| {
            let mut openssl = Command::new("openssl");
            openssl
                .current_dir(folder.path())
                .args(["req", "-x509", "-config", "config", "-nodes"]);
            openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
            openssl.args(["-days", "2", "-extensions", kind]);
            openssl.args(["-subj", &format!("/CN={name}"), "-keyout", &format!("{name}.key")]);
            openssl.args(["-out", &format!("{name}.pem")]);
            if kind == "leaf" {
                openssl.args(["-CA", "authority.pem", "-CAkey", "authority.key"]);
            }
            let output = openssl.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        make("authority", "ca");
        make("server", "leaf");
        make("client", "leaf");
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        Path::join(self.0.path(), name).to_str().unwrap().to_owned()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A server, and the port at which it speaks TLS.
    fn server(&self, clients: &str) -> (Server, u16) {
        let port = free_port();
        let [certificate, key, authority] =
            ["server.pem", "server.key", "authority.pem"].map(|name| self.path(name));
        let user = format!("shop on >the-password ~{{sealed-session}}:* -@all {COMMANDS}");
        let number = port.to_string();
        let mut options = vec!["--tls-port", &number, "--tls-auth-clients", clients];
        options.extend(["--tls-cert-file", &certificate, "--tls-key-file", &key]);
        options.extend(["--tls-ca-cert-file", &authority, "--user"]);
        options.extend(user.split(' '));
        (Server::start(&options), port)
    }
}

/// What is wrong with a list that cannot be read.
fn trouble_of(redis: RedisRevocations) -> String {
    let list = Revocations::following(redis, RETENTION).start().unwrap();
    soon("it is refused", || list.trouble().is_some());
    assert_eq!(list.age(), None);
    assert!(list.revoke_all("ada").wait().is_err());
    let trouble = list.trouble().unwrap();
    assert!(!trouble.contains("the-password"), "{trouble}");
    trouble.to_lowercase()
}

fn is_there() -> bool {
    server::is_there() && server::is_installed("openssl", "version")
}

#[test]
fn server_of_a_trusted_authority_is_spoken_to_and_no_other() {
    if !is_there() {
        return;
    }
    let [ours, others] = [(); 2].map(|()| Certificates::new());
    let (_server, port) = ours.server("no");
    let url = format!("rediss://shop:the-password@127.0.0.1:{port}");
    let authority = ours.text("authority.pem");

    // One of several will do. The user may do what is documented, and no more.
    let several = [others.text("authority.pem"), authority.clone()].concat();
    let ring = ring();
    let machines = [&authority, &several]
        .map(|pem| Machine::following(redis(&url).root_certificate(pem).unwrap(), &ring));
    let value = machines[1].sign_in("ada");
    machines[0].revoke("ada");
    soon("both have heard", || machines.iter().all(|machine| !machine.accepts(&value)));

    let wrong = redis(&url).root_certificate(others.text("authority.pem")).unwrap();
    // The system does not trust it either.
    for redis in [wrong, redis(&url)] {
        let trouble = trouble_of(redis);
        assert!(trouble.contains("certificate"), "{trouble}");
    }
    let elsewhere = redis(url.replace("127.0.0.1", "localhost").as_str());
    let trouble = trouble_of(elsewhere.root_certificate(&authority).unwrap());
    assert!(trouble.contains("certificate") && trouble.contains("name"), "{trouble}");

    let password = redis(&url.replace("the-password", "another"));
    let trouble = trouble_of(password.root_certificate(&authority).unwrap());
    assert!(trouble.contains("password"), "{trouble}");
    // Neither plain text, nor a certificate that is not looked at.
    trouble_of(redis(&url.replace("rediss:", "redis:")));
    if let Ok(redis) = RedisRevocations::new(format!("{url}/#insecure")) {
        trouble_of(redis);
    }
}

#[test]
fn client_shows_its_certificate_to_a_server_that_asks_for_it() {
    if !is_there() {
        return;
    }
    let [ours, others] = [(); 2].map(|()| Certificates::new());
    let (_server, port) = ours.server("yes");
    let url = format!("rediss://shop:the-password@127.0.0.1:{port}");
    let trusting = || redis(&url).root_certificate(ours.text("authority.pem")).unwrap();
    let shown = |by: &Certificates| {
        trusting().client_certificate(by.text("client.pem"), by.text("client.key")).unwrap()
    };
    let machine = Machine::following(shown(&ours), &ring());
    let value = machine.sign_in("ada");
    machine.revoke("ada");
    assert!(!machine.accepts(&value));
    trouble_of(shown(&others));
    trouble_of(trusting());
}

#[test]
fn certificate_that_cannot_be_used_is_an_error_when_it_is_given() {
    if !is_there() {
        return;
    }
    let ours = Certificates::new();
    let (authority, key) = (ours.text("authority.pem"), ours.text("client.key"));
    let refused = Some(ConfigError::RedisCertificate);
    let secure = || RedisRevocations::new("rediss://localhost").unwrap();
    for pem in ["", "junk", &key, &authority.replace("MII", "!!!")] {
        assert_eq!(secure().root_certificate(pem).err(), refused, "{pem}");
    }
    assert_eq!(secure().client_certificate(&authority, "junk").err(), refused);
    assert_eq!(secure().client_certificate(&key, &key).err(), refused);
    // It would be of no use, and the password goes out in plain text.
    let plain = RedisRevocations::new("redis://localhost").unwrap();
    assert_eq!(plain.root_certificate(&authority).err(), refused);
    assert!(!format!("{:?}", secure().root_certificate(&authority)).contains("BEGIN"));
}
