//! How sessions hold on to where they come from.

use std::{
    array,
    cell::Cell,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// An origin, to be held with a count of its own. A single count would go from processor to
/// processor with each session that anybody makes or drops.
// On cache lines of its own, of which processors fetch two at a time, or the count would go
// along with its neighbour's.
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

/// The handles to one origin. Threads that run at once mostly have different ones.
pub(crate) struct Handles<O: ?Sized>([Arc<Handle<O>>; HANDLES]);

impl<O: ?Sized> Handles<O> {
    pub(crate) fn new(origin: &Arc<O>) -> Self {
        Self(array::from_fn(|_| Arc::new(Handle(Arc::clone(origin)))))
    }

    /// That of this thread.
    #[inline]
    pub(crate) fn get(&self) -> &Arc<Handle<O>> {
        self.0.get(place() % HANDLES).expect("a remainder is less than its divisor")
    }
}

/// Threads have theirs in the order in which they first make a session.
#[inline]
fn place() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        // Without a destructor, so that it is there to the end of the thread.
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

/// 256 bytes each. Where there are more threads, some share one.
const HANDLES: usize = 32;
