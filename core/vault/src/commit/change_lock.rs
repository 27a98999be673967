//! An async mutex that guards no data: one change of the store at a time.
use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

#[derive(Default)]
pub(crate) struct ChangeLock(Mutex<State>);

#[derive(Default)]
struct State {
    held: bool,
    waiting: VecDeque<Waker>,
}

/// The right; given back on every way out, a dropped future too.
pub(crate) struct Held<'a>(&'a ChangeLock);

impl ChangeLock {
    pub(crate) async fn lock(&self) -> Held<'_> {
        poll_fn(|context| {
            let mut state = self.state();
            if state.held {
                // Once each, however often it is polled.
                if !state.waiting.iter().any(|waiting| waiting.will_wake(context.waker())) {
                    state.waiting.push_back(context.waker().clone());
                }
                return Poll::Pending;
            }
            state.held = true;
            Poll::Ready(())
        })
        .await;
        Held(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.0.state();
            state.held = false;
            std::mem::take(&mut state.waiting)
        };
        // All of them: one whose future was dropped would lose the others their turn.
        for waker in waiting {
            waker.wake();
        }
    }
}
