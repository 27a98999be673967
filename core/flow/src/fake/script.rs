//! Answers in order, for scripted ports.
use alloc::vec::Vec;

/// What is to fail, and when.
pub(super) struct Script<C, E> {
    faults: Vec<Fault<C, E>>,
    calls: u64,
}

struct Fault<C, E> {
    /// Only this kind of call; `None`: any.
    call: Option<C>,
    /// Calls that fit and still succeed before.
    after: u64,
    sticky: bool,
    error: E,
}

impl<C: Copy + PartialEq, E: Copy> Script<C, E> {
    pub(super) const fn new() -> Self {
        Self { faults: Vec::new(), calls: 0 }
    }

    pub(super) fn add(&mut self, call: Option<C>, after: u64, sticky: bool, error: E) {
        self.faults.push(Fault { call, after, sticky, error });
    }

    pub(super) fn clear(&mut self) {
        self.faults.clear();
    }

    pub(super) const fn calls(&self) -> u64 {
        self.calls
    }

    /// Counts a call; the first fault that is due speaks, the others keep counting.
    pub(super) fn call(&mut self, call: C) -> Result<(), E> {
        self.calls = self.calls.saturating_add(1);
        let mut outcome = Ok(());
        self.faults.retain_mut(|fault| {
            if fault.call.is_some_and(|kind| kind != call) {
                return true;
            }
            if fault.after > 0 {
                fault.after -= 1;
                return true;
            }
            if outcome.is_err() {
                return true;
            }
            outcome = Err(fault.error);
            fault.sticky
        });
        outcome
    }
}
