//! The synchronization types of a session: from the standard library, or from a controlled
//! scheduler when a test explores the orders in which threads can run (`--cfg shuttle`).

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::{
    sync::{Mutex, MutexGuard, atomic::AtomicBool},
    thread::ThreadId,
};
#[cfg(not(all(test, shuttle)))]
pub(crate) use std::{
    sync::{Mutex, MutexGuard, atomic::AtomicBool},
    thread::ThreadId,
};

/// This thread's id.
#[cfg(all(test, shuttle))]
pub(crate) fn current_thread() -> ThreadId {
    shuttle::thread::current().id()
}

/// This thread's id. It is kept, because asking for it costs as much as a lock.
#[cfg(not(all(test, shuttle)))]
pub(crate) fn current_thread() -> ThreadId {
    thread_local! {
        static ID: ThreadId = std::thread::current().id();
    }
    ID.with(|id| *id)
}
