//! One step of a presentation over the ports.
use std::sync::{Mutex, PoisonError};

use rid_flow::{
    Changes, Committed, Committer, HistoryOutcome, Input, Output, VerifierId,
    ports::{HttpError, StorageError},
};
use rid_holder::{
    held::{Held, Validity, read_elements},
    proximity::{MatchRequest, Matches, ProximityTypes, Receipt},
};
use rid_vault::{CredentialMeta, VaultError};

use super::{
    Presentation, PresentationStep,
    state::{Current, State},
};
use crate::{Wallet, WalletError, view::LockState};

impl Presentation {
    /// Until somebody outside is needed.
    pub(super) async fn advance(&self) -> Result<PresentationStep, WalletError> {
        loop {
            let output = {
                let mut state = self.state();
                if state.committing {
                    state.interrupted(&self.wallet);
                }
                if let Some(step) = state.current_step(&self.wallet) {
                    return Ok(step);
                }
                match state.take_output() {
                    Some(output) => output,
                    None => return Ok(state.resting()),
                }
            };
            self.run(output).await?;
        }
    }

    /// Does one output: at once, over a port, or by making it the current step.
    async fn run(&self, output: Output<ProximityTypes>) -> Result<(), WalletError> {
        let area = &self.wallet.ports.secure_area;
        let input = match output {
            Output::Advertise(plan) | Output::Connect(plan) => return self.give(Current::Advertise(plan)),
            Output::AskConsent(question) => return self.give(Current::Ask(question)),
            Output::Finished(receipt) => {
                let guard = Repeat::guard(&self.state, Output::Finished(receipt.clone()));
                self.delivered(&receipt).await;
                self.delete_used_keys().await;
                guard.done();
                return self.give(Current::Receipt(receipt));
            }
            Output::Send(message) => return self.give(Current::Send(message)),
            Output::Close(reason) => {
                self.state().close(reason);
                self.failed().await;
                self.delete_used_keys().await;
                return Ok(());
            }
            Output::Unlock if self.wallet.lock_state() == LockState::Locked => return self.give(Current::Unlock),
            Output::Unlock => Input::Unlocked(true),
            Output::Agree(r) => {
                let guard = Repeat::guard(&self.state, Output::Agree(r.clone()));
                let agreed = area.agree(r.key, r.peer, r.prompt).await;
                guard.done();
                Input::Agreed(agreed)
            }
            Output::Sign(r) => {
                let guard = Repeat::guard(&self.state, Output::Sign(r.clone()));
                let signed = area.sign(r.key, r.message, r.prompt).await;
                guard.done();
                Input::Signed(signed)
            }
            Output::Commit(changes) => Input::Committed(self.commit(changes).await),
            Output::Match(request) => {
                let guard = Repeat::guard(&self.state, Output::Match(request.clone()));
                let matches = self.matches(&request).await;
                guard.done();
                match matches {
                    Ok(matches) => Input::Candidates(matches),
                    Err(_) => Input::Unlocked(false),
                }
            }
            Output::Fetch(_) => Input::Fetched(Err(HttpError::Offline)),
        };
        // The session may have closed while the port worked: then the answer is dropped with it.
        match self.state().handle(&self.wallet, input) {
            Err(WalletError::Misuse { .. }) | Ok(()) => Ok(()),
            Err(other) => Err(other),
        }
    }

    fn give(&self, current: Current) -> Result<(), WalletError> {
        self.state().current = Some(current);
        Ok(())
    }

    async fn commit(&self, changes: Changes) -> Result<Committed, StorageError> {
        let started = changes.history.iter().find(|row| row.outcome == HistoryOutcome::Started).map(|row| row.id);
        {
            let mut state = self.state();
            state.committing = true;
            state.begun = started.or(state.begun);
        }
        let committed = self.wallet.vault.commit(changes).await;
        let mut state = self.state();
        state.committing = false;
        if let Ok(committed) = &committed {
            state.low_water = committed.low_water.clone();
            let spent = committed.copies.iter().filter(|copy| copy.spent);
            state.used_keys.extend(spent.map(|copy| copy.key.clone()));
        }
        committed
    }

    /// Writes the outcome of a finished exchange. The exchange stands whether or not this succeeds: the row says "started" then.
    async fn delivered(&self, receipt: &Receipt) {
        self.state().begun = None;
        if receipt.disclosed {
            let outcomes = vec![(receipt.history, HistoryOutcome::Finished)];
            let _ = self.wallet.vault.commit(Changes { outcomes, ..Changes::default() }).await;
        }
    }

    /// Writes that an exchange that was begun came to nothing. Should this fail, the row says "started", which is true too.
    async fn failed(&self) {
        let begun = self.state().begun.take();
        if let Some(history) = begun {
            let outcomes = vec![(history, HistoryOutcome::Failed)];
            let _ = self.wallet.vault.commit(Changes { outcomes, ..Changes::default() }).await;
        }
    }

    /// The copies are erased, so their keys sign nothing that exists; one left over does no harm.
    async fn delete_used_keys(&self) {
        let keys = std::mem::take(&mut self.state().used_keys);
        for key in keys {
            let _ = self.wallet.ports.secure_area.delete(key).await;
        }
    }

    async fn matches(&self, request: &MatchRequest) -> Result<Matches, WalletError> {
        let metas = self.wallet.vault.credentials().await?.credentials;
        let mut by_document: Vec<Vec<Held>> = Vec::with_capacity(request.doc_types.len());
        for (place, doc_type) in request.doc_types.iter().enumerate() {
            // A type that occurs again is looked up once.
            let before = request.doc_types.iter().take(place).position(|known| known == doc_type);
            let held = match before.and_then(|before| by_document.get(before)) {
                Some(held) => held.clone(),
                None => {
                    let mut held = Vec::new();
                    for meta in metas.iter().filter(|meta| meta.kind == *doc_type) {
                        held.push(self.wallet.held(meta, request.verifier).await?);
                    }
                    held
                }
            };
            by_document.push(held);
        }
        Ok(Matches { by_document })
    }
}

impl Wallet {
    /// What a question needs of a credential. A copy is opened for it: the ages that it attests decide which element leaves.
    async fn held(&self, meta: &CredentialMeta, verifier: Option<VerifierId>) -> Result<Held, WalletError> {
        let now = self.now()?;
        let at = self.validity_time(now);
        let validity = if at < meta.valid_from {
            Validity::NotYetValid
        } else if at > meta.valid_until {
            Validity::Expired
        } else {
            Validity::Valid
        };
        let copy = if meta.can_present(verifier, now) { self.vault.copy_to_present(meta).await } else { Ok(None) };
        let elements = match copy {
            Ok(Some(bytes)) => read_elements(&bytes, &meta.kind, now),
            Ok(None) => Err(StorageError::Exhausted.code()),
            Err(VaultError::Storage(StorageError::Damaged)) => Err(StorageError::Damaged.code()),
            Err(error) => return Err(error.into()),
        };
        Ok(Held {
            credential: meta.id.clone(),
            issuer: meta.issuer.clone(),
            subject: meta.subject.clone().map(Into::into),
            validity,
            valid_until: meta.valid_until,
            copies_left: meta.copies_left,
            elements,
        })
    }
}

/// Puts an output that may be asked twice back to the front when its future is dropped before the answer came.
struct Repeat<'a> {
    state: &'a Mutex<State>,
    output: Option<Output<ProximityTypes>>,
}

impl<'a> Repeat<'a> {
    fn guard(state: &'a Mutex<State>, output: Output<ProximityTypes>) -> Self {
        Self { state, output: Some(output) }
    }

    fn done(mut self) {
        self.output = None;
    }
}

impl Drop for Repeat<'_> {
    fn drop(&mut self) {
        if let Some(output) = self.output.take() {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).put_back(output);
        }
    }
}
