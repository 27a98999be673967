use core::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicU8, Ordering},
    task::Poll,
};

use atomic_waker::AtomicWaker;

/// One caller at a time, who can be called away: what stands before the `next()` of every session and flow at the boundary.
///
/// Kotlin drops a Rust future when its coroutine is cancelled; Swift never does, and a person's "cancel" comes on another
/// thread in both. So the running call waits for its work *or* for [`Turn::call_away`], whichever comes first.
#[derive(Default)]
pub struct Turn {
    state: AtomicU8,
    waker: AtomicWaker,
}

/// The right to run; given back on every way out, a dropped future too.
pub struct Taken<'a>(&'a Turn);

impl Turn {
    /// A free turn.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: AtomicU8::new(FREE), waker: AtomicWaker::new() }
    }

    /// Takes the turn; `None` while another call has it.
    pub fn take(&self) -> Option<Taken<'_>> {
        self.state
            .compare_exchange(FREE, RUNNING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
            .then_some(Taken(self))
    }

    /// Makes the running call return at once. Without one nothing happens.
    pub fn call_away(&self) {
        if self.state.compare_exchange(RUNNING, CALLED, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.waker.wake();
        }
    }
}

impl Taken<'_> {
    /// Runs `work`, or drops it where it waits and gives `None` when the call is called away.
    pub async fn run<F: Future>(&self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        poll_fn(|context| {
            self.0.waker.register(context.waker());
            if self.0.state.load(Ordering::Acquire) == CALLED {
                return Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.waker.take();
        self.0.state.store(FREE, Ordering::Release);
    }
}

const FREE: u8 = 0;
const RUNNING: u8 = 1;
const CALLED: u8 = 2;

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;
    use core::{
        future::{pending, ready},
        task::{Context, Waker},
    };

    use super::*;
    use crate::fake::block_on;

    #[test]
    fn one_at_a_time() {
        let turn = Turn::new();
        let first = turn.take();
        assert!(first.is_some() && turn.take().is_none());
        drop(first);
        assert_eq!(block_on(turn.take().expect("free").run(ready(7))), Some(7));
    }

    #[test]
    fn called_away_while_waiting_and_before() {
        let turn = Arc::new(Turn::new());
        turn.call_away();
        assert_eq!(block_on(turn.take().expect("free").run(ready(1))), Some(1), "nobody ran");
        let taken = turn.take().expect("free");
        let mut waiting = pin!(taken.run(pending::<()>()));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        turn.call_away();
        assert_eq!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(None));
    }

    #[test]
    fn wakes_from_another_thread() {
        let turn = Arc::new(Turn::new());
        let other = turn.clone();
        let taken = turn.take().expect("free");
        let caller = std::thread::spawn(move || other.call_away());
        assert_eq!(block_on(taken.run(pending::<()>())), None);
        caller.join().expect("joined");
    }

    #[test]
    fn a_dropped_call_frees_the_turn() {
        let turn = Turn::new();
        {
            let taken = turn.take().expect("free");
            let mut work = pin!(taken.run(pending::<()>()));
            assert!(work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert!(turn.take().is_some());
    }
}
