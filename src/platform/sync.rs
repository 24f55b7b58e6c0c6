//! What a session synchronizes with: the standard library's, or, where a test explores the
//! orders in which threads can run (`--cfg shuttle`), that of the scheduler it controls.

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
