//! The synchronization types of a session: from the standard library, or from a controlled
//! scheduler when a test explores the orders in which threads can run (`--cfg shuttle`).

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::{
    sync::{Mutex, MutexGuard, atomic::AtomicBool},
    thread,
};
#[cfg(not(all(test, shuttle)))]
pub(crate) use std::{
    sync::{Mutex, MutexGuard, atomic::AtomicBool},
    thread,
};
