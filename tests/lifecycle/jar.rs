//! A browser's cookies, by the rules of RFC 6265bis for storing and sending them.

use sealed_session::Cookie;

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: &'static str,
    pub(crate) path: &'static str,
}

#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) value: String,
    /// The host alone that the cookie goes to, or the domain with all its hosts.
    host: Host,
    path: String,
    /// `None` for one that goes when the browser is closed.
    expires: Option<i64>,
    /// In the order of creation, which an overwrite keeps.
    number: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Only(String),
    Domain(String),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Jar {
    cookies: Vec<Stored>,
    created: u64,
}

impl Jar {
    /// Stores what a response from there sets, at `now`.
    pub(crate) fn receive(&mut self, from: Target, cookie: &Cookie<'_>, now: i64) {
        let host = match cookie.domain() {
            None => Host::Only(from.host.to_owned()),
            Some(domain) if is_within(from.host, domain) => Host::Domain(domain.to_owned()),
            Some(domain) => panic!("{} may not set cookies for {domain}", from.host),
        };
        let path = cookie.path().expect("a Path is always said").to_owned();
        if cookie.name().starts_with("__Host-") {
            assert!(cookie.domain().is_none() && path == "/" && cookie.secure() == Some(true));
        }
        let is_twin =
            |old: &Stored| old.name == cookie.name() && old.host == host && old.path == path;
        let place = self.cookies.iter().position(is_twin);
        let number = match place {
            Some(place) => self.cookies.remove(place).number,
            None => {
                self.created += 1;
                self.created
            }
        };
        // 400 days are the most that browsers keep one.
        let age = cookie.max_age().map(|age| age.whole_seconds().min(400 * 86_400));
        if age.is_some_and(|age| age <= 0) {
            return;
        }
        self.cookies.push(Stored {
            name: cookie.name().to_owned(),
            value: cookie.value().to_owned(),
            host,
            path,
            expires: age.map(|age| now + age),
            number,
        });
    }

    /// The cookies that a request carries at `now`, in the order of the header.
    pub(crate) fn sent(&mut self, to: Target, now: i64) -> Vec<Stored> {
        self.cookies.retain(|cookie| cookie.expires.is_none_or(|end| now < end));
        let mut sent: Vec<_> = self.cookies.iter().filter(|c| c.goes_to(to)).cloned().collect();
        sent.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.number));
        sent
    }

    /// The browser is closed, and opened again.
    pub(crate) fn close(&mut self) {
        self.cookies.retain(|cookie| cookie.expires.is_some());
    }

    pub(crate) fn clear(&mut self) {
        self.cookies.clear();
    }

    /// As a thief copies it, who keeps what browsers would drop, and drops what ends a session.
    pub(crate) fn copied(&self) -> Self {
        let kept = self.cookies.iter().filter(|cookie| !cookie.name.contains("-ended-"));
        let cookies = kept.map(|cookie| Stored { expires: None, ..cookie.clone() }).collect();
        Self { cookies, created: self.created }
    }
}

impl Stored {
    fn goes_to(&self, to: Target) -> bool {
        let host = match &self.host {
            Host::Only(host) => host == to.host,
            Host::Domain(domain) => is_within(to.host, domain),
        };
        host && (self.path == "/"
            || to.path == self.path
            || to.path.strip_prefix(&self.path).is_some_and(|rest| rest.starts_with('/')))
    }

    /// Whether it is kept under this Path and, with a Domain or without, in this scope.
    pub(crate) fn is_in(&self, path: &str, domain: Option<&str>) -> bool {
        let host = match (&self.host, domain) {
            (Host::Only(_), None) => true,
            (Host::Domain(own), Some(domain)) => own == domain,
            _ => false,
        };
        host && self.path == path
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}
