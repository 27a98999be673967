//! The gate before the calls of an object.
use core::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicBool, AtomicU8, Ordering},
    task::Poll,
};

use atomic_waker::AtomicWaker;

/// Allows one running call, which another thread can interrupt: the gate before the `next()` of every session and flow.
///
/// Kotlin drops a Rust future when its coroutine is cancelled. Swift never does, and in both languages "cancel" comes
/// on another thread. So the running call waits for its work *or* for [`CallGate::interrupt`], whichever comes first.
#[derive(Default)]
pub struct CallGate {
    state: AtomicU8,
    polling: AtomicBool,
    waker: AtomicWaker,
}

/// Why a call does not get the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// A call panicked.
    #[error("broken")]
    Broken,
    /// Another call runs.
    #[error("busy")]
    Busy,
}

/// The right to run. Dropping it opens the gate again, also when a future is dropped.
pub struct CallGuard<'a>(&'a CallGate);

impl CallGate {
    /// An open gate.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: AtomicU8::new(FREE), polling: AtomicBool::new(false), waker: AtomicWaker::new() }
    }

    /// Enters the gate for one call.
    ///
    /// # Errors
    /// [`GateError::Busy`] while another call has it, [`GateError::Broken`] for ever after one panicked.
    pub fn enter(&self) -> Result<CallGuard<'_>, GateError> {
        match self.state.compare_exchange(FREE, RUNNING, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(CallGuard(self)),
            Err(BROKEN) => Err(GateError::Broken),
            Err(_) => Err(GateError::Busy),
        }
    }

    /// Whether a call panicked, so that the object is of no use any more.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.state.load(Ordering::Acquire) == BROKEN
    }

    /// Interrupts the running call: it returns at once and its result is not handed out. Does nothing when no call
    /// runs.
    pub fn interrupt(&self) {
        if self.state.compare_exchange(RUNNING, CALLED, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.waker.wake();
        }
    }
}

impl CallGuard<'_> {
    /// Runs `work`. Gives `None` when the call is interrupted: `work` is dropped where it waits, and a result that it
    /// has just reached is not handed out (neg-C38). So `work` must leave its result where the next call finds it.
    pub async fn run<F: Future>(&self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        poll_fn(|context| {
            self.0.waker.register(context.waker());
            if self.0.state.load(Ordering::Acquire) == CALLED {
                return Poll::Ready(None);
            }
            self.0.polling.store(true, Ordering::Release);
            let polled = work.as_mut().poll(context);
            self.0.polling.store(false, Ordering::Release);
            polled.map(|output| self.ends().then_some(output))
        })
        .await
    }
}

impl CallGuard<'_> {
    /// Ends the call unless it was interrupted: from here on `interrupt` comes too late.
    fn ends(&self) -> bool {
        self.0.state.compare_exchange(RUNNING, ENDED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Drop for CallGuard<'_> {
    fn drop(&mut self) {
        self.0.waker.take();
        // Only a panic leaves a poll half way, and then the state behind it cannot be trusted.
        let left = if self.0.polling.load(Ordering::Acquire) { BROKEN } else { FREE };
        self.0.state.store(left, Ordering::Release);
    }
}

const FREE: u8 = 0;
const RUNNING: u8 = 1;
const CALLED: u8 = 2;
const BROKEN: u8 = 3;
const ENDED: u8 = 4;

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
        let gate = CallGate::new();
        let first = gate.enter();
        assert!(first.is_ok());
        assert_eq!(gate.enter().map(|_| ()), Err(GateError::Busy));
        drop(first);
        assert_eq!(block_on(gate.enter().expect("free").run(ready(7))), Some(7));
    }

    #[test]
    fn interrupted_while_waiting_and_before() {
        let gate = Arc::new(CallGate::new());
        gate.interrupt();
        assert_eq!(block_on(gate.enter().expect("free").run(ready(1))), Some(1), "nobody ran");
        let taken = gate.enter().expect("free");
        let mut waiting = pin!(taken.run(pending::<()>()));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        gate.interrupt();
        assert_eq!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(None));
    }

    #[test]
    fn neg_c38_a_result_reached_while_the_call_is_interrupted_is_not_handed_out() {
        let gate = CallGate::new();
        let taken = gate.enter().expect("free");
        let work = poll_fn(|_| {
            gate.interrupt();
            Poll::Ready(7)
        });
        assert_eq!(block_on(taken.run(work)), None);
        drop(taken);
        assert_eq!(block_on(gate.enter().expect("free").run(ready(7))), Some(7));
    }

    #[test]
    fn wakes_from_another_thread() {
        let gate = Arc::new(CallGate::new());
        let other = gate.clone();
        let taken = gate.enter().expect("free");
        let caller = std::thread::spawn(move || other.interrupt());
        assert_eq!(block_on(taken.run(pending::<()>())), None);
        caller.join().expect("joined");
    }

    #[test]
    fn neg_m03_a_panic_breaks_the_gate_for_good() {
        let gate = CallGate::new();
        let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            block_on(gate.enter().expect("free").run(async { assert!(core::hint::black_box(false)) }))
        }));
        assert!(panics.is_err());
        assert_eq!(gate.enter().map(|_| ()), Err(GateError::Broken));
        assert!(gate.is_broken());
    }

    #[test]
    fn a_dropped_call_frees_the_gate() {
        let gate = CallGate::new();
        {
            let taken = gate.enter().expect("free");
            let mut work = pin!(taken.run(pending::<()>()));
            assert!(work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert!(gate.enter().is_ok());
    }
}
