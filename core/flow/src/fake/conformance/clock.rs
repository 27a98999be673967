//! What every clock must do.
use alloc::sync::Arc;

use crate::ports::{Clock, Timer};

/// A clock that works: it tells a time after 2020, and its monotonic side never runs backwards.
pub fn clock(clock: &Arc<dyn Clock>) {
    let now = clock.now().expect("the wall clock works");
    assert!(now.unix() > 1_577_836_800, "the wall clock is set");
    let mut last = clock.uptime();
    for _ in 0..1_000 {
        let uptime = clock.uptime();
        assert!(uptime >= last, "monotonic time ran backwards");
        last = uptime;
    }
}

/// A timer returns at or after the time asked for, and at once when that is past.
pub async fn timer(timer: &Arc<dyn Timer>, clock: &Arc<dyn Clock>) {
    let past = clock.uptime();
    timer.sleep_until(past).await;
    for millis in [1, 20, 100] {
        let until = crate::Uptime::from_millis(clock.uptime().millis().saturating_add(millis));
        timer.sleep_until(until).await;
        assert!(clock.uptime() >= until, "woke up early");
    }
}
