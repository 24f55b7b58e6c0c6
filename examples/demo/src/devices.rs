//! Who is signed in where, for the page "your devices". What ends one of them is its family on
//! the list of revocations.
//!
//! This list is the process's. A shop with several machines keeps it in its database.

use std::{
    collections::HashMap,
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
    by_user: Arc<Mutex<HashMap<String, Vec<Device>>>>,
    /// The longest that a sign-in lasts: what is older need not be kept.
    lifetime: Duration,
}

impl Devices {
    pub(crate) fn new(lifetime: std::time::Duration) -> Self {
        let lifetime = Duration::try_from(lifetime).unwrap_or(Duration::MAX);
        Self { by_user: Arc::default(), lifetime }
    }

    /// Of a customer, the latest sign-in first.
    pub(crate) fn of(&self, user: &str) -> Vec<Device> {
        let mut devices = self.by_user().get(user).cloned().unwrap_or_default();
        devices.reverse();
        devices
    }

    pub(crate) fn note_sign_in(&self, user: &str, device: Device) {
        let mut by_user = self.by_user();
        let devices = by_user.entry(user.to_owned()).or_default();
        let now = device.since;
        devices.retain(|device| now - device.since <= self.lifetime);
        devices.push(device);
    }

    pub(crate) fn note_sign_out(&self, user: &str, family: Family) {
        let mut by_user = self.by_user();
        let devices = by_user.get_mut(user).into_iter().flatten();
        for device in devices.filter(|device| device.family == family) {
            device.has_left = true;
        }
    }

    /// One of the customer's own sign-ins, which is on the list no more. `None` where it is none of theirs.
    pub(crate) fn take(&self, user: &str, family: &str) -> Option<Device> {
        let mut by_user = self.by_user();
        let devices = by_user.get_mut(user)?;
        let index = devices.iter().position(|device| device.family.to_string() == family)?;
        Some(devices.remove(index))
    }

    /// All sign-ins of the customer have ended.
    pub(crate) fn forget(&self, user: &str) {
        self.by_user().remove(user);
    }

    fn by_user(&self) -> MutexGuard<'_, HashMap<String, Vec<Device>>> {
        self.by_user.lock().unwrap_or_else(PoisonError::into_inner)
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
