//! Work that sessions leave to the wallet: outcomes to write, keys to delete, enrolments to remove.
//!
//! A session may end while the wallet is locked or its disk is full, or be dropped by the app. Its remaining work is
//! kept here, in memory, until the next call of the wallet does it (`settle`).
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rid_flow::{Changes, RecordKey, ports::KeyId, run::CallGate};
/// The work left, oldest first.
#[derive(Default)]
pub(crate) struct Backlog {
    tasks: Mutex<VecDeque<Task>>,
    /// One call at a time does it, so that outcomes are written in order.
    pub(crate) gate: CallGate,
}

#[derive(Clone)]
pub(crate) enum Task {
    /// Delete keys of copies that are used up.
    DeleteKeys(Vec<KeyId>),
    /// Delete the keys of an enrolment, those named here and in its record, then the record.
    RemoveEnrolment(RecordKey, Vec<KeyId>),
    /// Write to the history. The number counts tries. An earlier try that was dropped may have written it.
    Write(Changes, u8),
}

impl Backlog {
    pub(crate) fn push(&self, task: Task) {
        self.tasks().push_back(task);
    }

    pub(crate) fn tasks(&self) -> MutexGuard<'_, VecDeque<Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
