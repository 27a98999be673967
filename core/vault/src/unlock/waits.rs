//! The wait after wrong PINs. Only time since the device's boot counts: no wall clock shortens it, and after a reboot it begins again.
use std::sync::{Arc, Mutex, PoisonError};

use rid_flow::ports::Clock;

use crate::keys::envelope::Envelope;

/// Wrong PINs before the first wait.
pub(crate) const FREE_TRIES: u32 = 5;

/// So many wrong PINs have the longest wait.
pub(crate) const LONGEST: u32 = 9;

/// Seconds to wait after so many wrong PINs.
const fn wait(tries: u32) -> u64 {
    match tries {
        0..FREE_TRIES => 0,
        5 => 60,
        6 => 5 * 60,
        7 => 15 * 60,
        8 => 60 * 60,
        _ => 24 * 60 * 60,
    }
}

/// Measures waits.
#[derive(Default)]
pub(crate) struct Waits {
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// When the wait of an earlier boot began again.
    again: Mutex<Option<u64>>,
}

impl Waits {
    /// Milliseconds since boot; without a clock no time passes.
    fn now(&self) -> u64 {
        self.clock.as_ref().map_or(0, |clock| clock.uptime().millis())
    }

    /// Since when the wait is measured. Of another boot the count can be less: the wait begins again. It can also be more: then less
    /// time is measured than passed.
    pub(crate) fn since(&self, envelope: &Envelope) -> u64 {
        let now = self.now();
        let mut again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        if now < envelope.tried {
            return *again.get_or_insert(now);
        }
        again.unwrap_or(envelope.tried)
    }

    /// Seconds left.
    pub(crate) fn left(&self, envelope: &Envelope) -> u64 {
        let passed = self.now().saturating_sub(self.since(envelope)) / 1000;
        wait(envelope.tries).saturating_sub(passed)
    }

    /// A PIN is tried: the next wait begins now.
    pub(crate) fn begin(&self) -> u64 {
        *self.again.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.now()
    }
}
