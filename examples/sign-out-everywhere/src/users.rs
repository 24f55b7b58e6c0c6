//! The data base that all servers share: here a map, and passwords in the clear.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sealed_session::{Family, Position};

#[derive(Clone, Default)]
pub(crate) struct Users(Arc<Mutex<HashMap<String, User>>>);

#[derive(Default)]
struct User {
    password: String,
    /// Of the last revocation: a sign-in goes on from there, also on a server that has not heard.
    revoked_at: Position,
    /// Each sign-in, and where it was.
    devices: Vec<(Family, String)>,
}

impl Users {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, User>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_password(&self, name: &str, password: &str) {
        let mut users = self.lock();
        password.clone_into(&mut users.entry(name.to_owned()).or_default().password);
    }

    /// The position to sign in after, if the password is right.
    pub(crate) fn check(&self, name: &str, password: &str) -> Option<Position> {
        let users = self.lock();
        let user = users.get(name).filter(|user| user.password == password)?;
        Some(user.revoked_at)
    }

    pub(crate) fn note_device(&self, name: &str, family: Family, device: String) {
        if let Some(user) = self.lock().get_mut(name) {
            user.devices.push((family, device));
        }
    }

    pub(crate) fn devices(&self, name: &str) -> Vec<(Family, String)> {
        self.lock().get(name).map(|user| user.devices.clone()).unwrap_or_default()
    }

    pub(crate) fn forget_device(&self, name: &str, family: Family) {
        if let Some(user) = self.lock().get_mut(name) {
            user.devices.retain(|(own, _)| *own != family);
        }
    }

    pub(crate) fn note_revocation(&self, name: &str, position: Position) {
        if let Some(user) = self.lock().get_mut(name) {
            user.revoked_at = user.revoked_at.max(position);
            user.devices.clear();
        }
    }

    pub(crate) fn delete(&self, name: &str) {
        self.lock().remove(name);
    }
}
