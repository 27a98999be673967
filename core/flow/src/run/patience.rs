//! A limit on how long a port may take to answer.
use alloc::boxed::Box;
use core::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use crate::{
    Uptime,
    ports::{Clock, Timer},
};

/// Waits for ports, for each at most some seconds. Nothing is read or started for a port that answers at once.
pub struct Patience<'a> {
    clock: &'a dyn Clock,
    timer: &'a dyn Timer,
    seconds: u64,
    /// One sleep serves all waits: a timer may need a thread for each.
    sleep: Option<Pin<Box<dyn Future<Output = ()> + Send + 'a>>>,
}

impl<'a> Patience<'a> {
    /// Waits at most so many seconds for each answer.
    #[must_use]
    pub const fn new(clock: &'a dyn Clock, timer: &'a dyn Timer, seconds: u64) -> Self {
        Self { clock, timer, seconds, sleep: None }
    }

    /// The answer, or `None` if it did not come in time. Then `work` is dropped, and whether it took effect is unknown.
    pub async fn within<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut deadline: Option<Uptime> = None;
        poll_fn(|context| {
            if let Poll::Ready(answer) = work.as_mut().poll(context) {
                return Poll::Ready(Some(answer));
            }
            let until = *deadline.get_or_insert_with(|| self.clock.uptime().plus_seconds(self.seconds));
            loop {
                let sleep = self.sleep.get_or_insert_with(|| self.timer.sleep_until(until));
                if sleep.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                // It may have been started for an earlier answer.
                self.sleep = None;
                if self.clock.uptime() >= until {
                    return Poll::Ready(None);
                }
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use core::{
        future::{pending, ready},
        sync::atomic::{AtomicU32, Ordering::SeqCst},
    };

    use async_trait::async_trait;
    use rid_wire::Timestamp;

    use super::*;
    use crate::fake::{FakeClock, FakeTimer, block_on};

    #[test]
    fn an_answer_in_time_is_given_and_costs_no_time() {
        let clock = FakeClock::new(Timestamp::from_unix(1_800_000_000));
        let (timer, before) = (FakeTimer::new(&clock), clock.uptime());
        let mut patience = Patience::new(&clock, &timer, 300);
        assert_eq!(block_on(patience.within(ready(7))), Some(7));
        assert_eq!(clock.uptime(), before);
    }

    #[test]
    fn neg_c36_an_answer_that_never_comes_is_given_up_at_the_limit() {
        let clock = FakeClock::new(Timestamp::from_unix(1_800_000_000));
        let (timer, before) = (FakeTimer::new(&clock), clock.uptime());
        let mut patience = Patience::new(&clock, &timer, 300);
        for waits in 1..3 {
            assert_eq!(block_on(patience.within(pending::<()>())), None);
            assert_eq!(clock.uptime(), before.plus_seconds(300 * waits));
        }
    }

    /// Counts its sleeps, which never end.
    struct Endless(AtomicU32);

    #[async_trait]
    impl Timer for Endless {
        async fn sleep_until(&self, _until: Uptime) {
            self.0.fetch_add(1, SeqCst);
            pending::<()>().await;
        }
    }

    #[test]
    fn one_sleep_serves_several_waits() {
        let (clock, timer) = (FakeClock::new(Timestamp::from_unix(1_800_000_000)), Endless(AtomicU32::new(0)));
        let mut patience = Patience::new(&clock, &timer, 300);
        for _ in 0..2 {
            let mut polled = false;
            let work = poll_fn(|context| {
                context.waker().wake_by_ref();
                if core::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
            });
            assert_eq!(block_on(patience.within(work)), Some(()));
        }
        assert_eq!(timer.0.load(SeqCst), 1);
    }
}
