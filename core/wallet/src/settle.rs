//! Does the work that sessions left.
use rid_flow::{
    Changes, HistoryId, HistoryOutcome, RecordKey, Store,
    ports::{KeyId, StorageError},
    run::Patience,
};
use rid_holder::enrolment::{PendingEnrolment, RECORD_KIND};

use crate::{Wallet, backlog::Task};

/// The longest wait for a port, in seconds. A port that hangs must not hang the call that settles by the way.
const PORT_SECONDS: u64 = 30;

impl Wallet {
    /// Leaves the outcome of an event, or a row, to be written.
    pub(crate) fn leave_changes(&self, changes: Changes) {
        self.backlog.push(Task::Write(changes, 0));
    }

    /// Leaves the outcome of a presentation to be written.
    pub(crate) fn leave_outcome(&self, event: HistoryId, outcome: HistoryOutcome) {
        self.leave_changes(Changes { outcomes: vec![(event, outcome)], ..Changes::default() });
    }

    /// Leaves keys to be deleted whose copies are used up.
    pub(crate) fn leave_keys(&self, keys: Vec<KeyId>) {
        if !keys.is_empty() {
            self.backlog.push(Task::DeleteKeys(keys));
        }
    }

    /// Leaves an enrolment to be removed with its keys.
    pub(crate) fn leave_enrolment(&self, record: RecordKey, keys: Vec<KeyId>) {
        let known = |task: &Task| matches!(task, Task::RemoveEnrolment(known, _) if *known == record);
        if keys.is_empty() && self.backlog.tasks().iter().any(known) {
            return;
        }
        self.backlog.push(Task::RemoveEnrolment(record, keys));
    }

    /// Does what is left, as far as it can be done now. Nothing is lost when the future is dropped.
    pub(crate) async fn settle(&self) {
        // Another call does it right now.
        let Ok(_call) = self.backlog.gate.enter() else { return };
        let mut patience = Patience::new(&*self.ports.clock, &*self.ports.timer, PORT_SECONDS);
        let (mut kept, mut can_write) = (0, true);
        loop {
            let Some(task) = self.backlog.tasks().get(kept).cloned() else { return };
            if let Some(Task::Write(_, tries)) = self.backlog.tasks().get_mut(kept) {
                *tries = tries.saturating_add(u8::from(can_write));
            }
            let is_write = matches!(task, Task::Write(..));
            let done = if is_write && !can_write {
                false
            } else if let Some(done) = patience.within(self.perform(task)).await {
                done
            } else {
                // The port hangs. The rest is left for the next call.
                return;
            };
            can_write &= done || !is_write;
            if done {
                self.backlog.tasks().remove(kept);
            } else {
                kept = kept.saturating_add(1);
            }
        }
    }

    /// Whether a task is done, or can never be.
    async fn perform(&self, task: Task) -> bool {
        match task {
            Task::DeleteKeys(keys) => self.delete_keys(keys).await,
            Task::RemoveEnrolment(record, keys) => self.remove_enrolment(record, keys).await,
            Task::Write(changes, tries) => self.write(changes, tries).await,
        }
    }

    /// Whether it is written, or can never be.
    async fn write(&self, changes: Changes, tries: u8) -> bool {
        if tries > 0 && !changes.history.is_empty() {
            // Rows that are there already take their outcome once more.
            let outcomes = changes.history.iter().map(|row| (row.id, row.outcome)).collect();
            match self.vault.commit(Changes { outcomes, ..Changes::default() }).await {
                Err(StorageError::Conflict) => {}
                written => return is_final(written.err(), tries),
            }
        }
        is_final(self.vault.commit(changes).await.err(), tries)
    }

    /// A key that is left over signs nothing that exists, so an error is no reason to try again.
    async fn delete_keys(&self, keys: Vec<KeyId>) -> bool {
        for key in keys {
            let _ = self.ports.secure_area.delete(key).await;
        }
        true
    }

    /// Whether the keys and the record are gone.
    async fn remove_enrolment(&self, record: RecordKey, mut keys: Vec<KeyId>) -> bool {
        let Ok(stored) = self.vault.record(&record).await else { return false };
        let pending = stored.as_deref().and_then(|bytes| PendingEnrolment::parse(bytes).ok());
        keys.extend(pending.iter().flat_map(PendingEnrolment::keys).cloned());
        for key in keys {
            // Deleting what is not there succeeds.
            if self.ports.secure_area.delete(key).await.is_err() {
                return false;
            }
        }
        is_final(self.vault.commit(Changes { take: vec![record], ..Changes::default() }).await.err(), 0)
    }

    /// Does what is left, and removes the enrolments that may no longer be answered. To be called when the wallet may
    /// have been opened.
    pub(crate) async fn catch_up(&self) {
        self.leave_expired_enrolments().await;
        self.settle().await;
    }

    async fn leave_expired_enrolments(&self) {
        let (Ok(now), Ok(records)) = (self.now(), self.vault.records(RECORD_KIND).await) else { return };
        for (key, bytes) in records {
            if PendingEnrolment::parse(&bytes).is_ok_and(|pending| pending.is_over(now)) {
                self.leave_enrolment(key, Vec::new());
            }
        }
    }
}

/// How often a write is tried that finds damage: a row that cannot be read holds up no other.
const TRIES: u8 = 3;

/// Whether trying again can change nothing: it was written, or what it is about is gone or cannot be read.
const fn is_final(error: Option<StorageError>, tries: u8) -> bool {
    match error {
        None | Some(StorageError::Conflict | StorageError::Exhausted) => true,
        Some(StorageError::Damaged) => tries >= TRIES,
        Some(_) => false,
    }
}
