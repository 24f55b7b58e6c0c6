//! How sessions keep a reference to their origin.

use std::{
    array,
    cell::Cell,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// An origin with a reference count of its own. With a single count for all, its cache line would
/// move between processors with each session that is made or dropped.
// Aligned to two cache lines, because processors fetch lines in pairs. Otherwise neighboring counts
// would move together.
#[repr(align(128))]
pub(crate) struct Handle<O: ?Sized>(Arc<O>);

impl<O: ?Sized> Handle<O> {
    pub(super) fn is_of<P>(&self, origin: &Arc<P>) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.0), Arc::as_ptr(origin))
    }
}

impl<O: ?Sized> Deref for Handle<O> {
    type Target = O;

    fn deref(&self) -> &O {
        &self.0
    }
}

/// The handles to one origin. Threads that run at the same time mostly use different ones.
pub(crate) struct Handles<O: ?Sized>([Arc<Handle<O>>; HANDLES]);

impl<O: ?Sized> Handles<O> {
    pub(crate) fn new(origin: &Arc<O>) -> Self {
        Self(array::from_fn(|_| Arc::new(Handle(Arc::clone(origin)))))
    }

    /// The handle that this thread uses.
    #[inline]
    pub(crate) fn get(&self) -> &Arc<Handle<O>> {
        self.0.get(place() % HANDLES).expect("a remainder is less than its divisor")
    }
}

/// The thread's number, given in the order in which threads first make a session.
#[inline]
fn place() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        // Has no destructor, so that it can be read until the thread ends.
        static PLACE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    PLACE.with(|place| {
        place.get().unwrap_or_else(|| {
            let next = NEXT.fetch_add(1, Relaxed);
            place.set(Some(next));
            next
        })
    })
}

/// 256 bytes each. If there are more threads than this, some share one.
const HANDLES: usize = 32;
