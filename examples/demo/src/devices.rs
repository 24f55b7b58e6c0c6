//! Who is signed in where: the page "your devices", and the end of one of them.
//!
//! The list is this process's. A shop with several machines keeps it in its database, and the
//! families that have ended where every machine hears of them.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sealed_session::Family;
use time::{Duration, OffsetDateTime};

/// One sign-in in one browser.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) family: Family,
    /// As in "Firefox on Linux".
    pub(crate) browser: String,
    pub(crate) since: OffsetDateTime,
    /// It signed out. Its browser has no cookie any more; a copy of the cookie would be good.
    pub(crate) has_left: bool,
}

#[derive(Clone)]
pub(crate) struct Devices {
    lists: Arc<Mutex<Lists>>,
    /// The longest that a sign-in lasts: what is older need not be kept.
    lifetime: Duration,
}

#[derive(Default)]
struct Lists {
    by_user: HashMap<String, Vec<Device>>,
    ended: HashSet<Family>,
}

impl Devices {
    pub(crate) fn new(lifetime: std::time::Duration) -> Self {
        let lifetime = Duration::try_from(lifetime).unwrap_or(Duration::MAX);
        Self { lists: Arc::default(), lifetime }
    }

    /// Of a customer, the latest sign-in first.
    pub(crate) fn of(&self, user: &str) -> Vec<Device> {
        let mut devices = self.lists().by_user.get(user).cloned().unwrap_or_default();
        devices.reverse();
        devices
    }

    pub(crate) fn note_sign_in(&self, user: &str, device: Device) {
        let mut lists = self.lists();
        let devices = lists.by_user.entry(user.to_owned()).or_default();
        let now = device.since;
        devices.push(device);
        let is_over = |device: &Device| now - device.since > self.lifetime;
        let over: Vec<_> = devices.extract_if(.., |device| is_over(device)).collect();
        for device in over {
            lists.ended.remove(&device.family);
        }
    }

    pub(crate) fn note_sign_out(&self, user: &str, family: Family) {
        let mut lists = self.lists();
        let devices = lists.by_user.get_mut(user).into_iter().flatten();
        for device in devices.filter(|device| device.family == family) {
            device.has_left = true;
        }
    }

    /// Ends one of the customer's own sign-ins, copies of its cookie included. `None` where it is none of theirs.
    pub(crate) fn end(&self, user: &str, family: &str) -> Option<Device> {
        let mut lists = self.lists();
        let devices = lists.by_user.get_mut(user)?;
        let index = devices.iter().position(|device| device.family.to_string() == family)?;
        let device = devices.remove(index);
        lists.ended.insert(device.family);
        Some(device)
    }

    /// The customer's generation has ended, and all of these with it.
    pub(crate) fn forget(&self, user: &str) {
        self.lists().by_user.remove(user);
    }

    pub(crate) fn has_ended(&self, family: Family) -> bool {
        self.lists().ended.contains(&family)
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As in "Firefox on Linux": enough for a customer to know a device of theirs.
pub(crate) fn browser_of(user_agent: &str) -> String {
    let first = |words: &[(&str, &'static str)], otherwise: &'static str| {
        let known = words.iter().find(|(word, _)| user_agent.contains(word));
        known.map_or(otherwise, |(_, name)| *name)
    };
    // The order matters: most claim to be the ones below them, too.
    let browser = first(
        &[("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")],
        "A browser",
    );
    let system = first(
        &[
            ("iPhone", "an iPhone"),
            ("iPad", "an iPad"),
            ("Android", "Android"),
            ("Windows", "Windows"),
            ("Mac OS", "a Mac"),
            ("Linux", "Linux"),
        ],
        "an unknown system",
    );
    format!("{browser} on {system}")
}
