//! One step of a presentation over the ports.
use rid_flow::{
    Changes, Committed, Effect, HistoryOutcome, Input, LinkCommand, Output, Reply, Store, VerifierId,
    ports::{HttpError, StorageError},
};
use rid_holder::{
    format,
    held::{Held, Validity},
    proximity::{MatchRequest, Matches, ProximityTypes},
};
use rid_vault::{CredentialMeta, VaultError};
use rid_wire::{Code, Timestamp};

use super::{Presentation, PresentationStep, state::Current};
use crate::{Wallet, WalletError, view::LockState};

/// What is to be done next.
enum Work {
    /// Ask a port.
    Ask(Output<ProximityTypes>),
    /// Hand out this step.
    Step(PresentationStep),
    /// Tell the machine.
    Tell(Input<ProximityTypes>),
}

impl Presentation {
    /// Goes on until a person or the radio is needed. What is noted is written before anything else is handed out.
    pub(super) async fn advance(&self) -> Result<PresentationStep, WalletError> {
        loop {
            self.wallet.settle().await;
            match self.work()? {
                Work::Ask(output) => {
                    if let Some(answer) = self.ask(output).await? {
                        self.tell(answer)?;
                    }
                }
                Work::Step(step) => return Ok(step),
                Work::Tell(input) => self.tell(input)?,
            }
        }
    }

    /// Takes what comes next. A step is made the current one in the same moment, so that `cancel` withdraws it or comes too late.
    fn work(&self) -> Result<Work, WalletError> {
        if std::mem::take(&mut self.state()?.committing) {
            // The answer was never seen: the copy may be used, so nothing is signed.
            self.state()?.end(Code::new("interrupted"));
        }
        self.tell_end();
        let mut state = self.state()?;
        state.withdraw_sends();
        if let Some(step) = state.current_step(&self.wallet) {
            return Ok(Work::Step(step));
        }
        if let Some(input) = state.unfed.take() {
            return Ok(Work::Tell(input));
        }
        let output = match state.pending.pop_front() {
            Some(output) => Some(output),
            // Between `cancel` and the machine's farewell nothing is taken from it.
            None if state.is_over() => None,
            None => self.poll(&mut state)?,
        };
        let current = match output {
            None => return Ok(Work::Step(state.resting())),
            Some(Output::Link(LinkCommand::Advertise(plan)) | Output::Link(LinkCommand::Connect(plan))) => {
                Current::Advertise(plan)
            }
            Some(Output::Ask(question)) => Current::Ask(question),
            Some(Output::Finished(receipt)) => {
                self.wallet.leave_keys(std::mem::take(&mut state.used_keys));
                Current::Receipt(receipt)
            }
            Some(Output::Link(LinkCommand::Send(message))) => Current::Send(message),
            Some(Output::Unlock) if self.wallet.lock_state() == LockState::Locked => Current::Unlock,
            Some(Output::Unlock) => return Ok(Work::Tell(Input::Unlocked(true))),
            Some(Output::Close(reason)) => {
                state.close(reason);
                return Ok(Work::Step(state.resting()));
            }
            Some(Output::Io(Effect::Http(_))) => {
                return Ok(Work::Tell(Input::Done(Reply::Fetched(Err(HttpError::Offline)))));
            }
            Some(Output::Io(Effect::Commit(changes))) => {
                let started = changes.history.iter().find(|row| row.outcome == HistoryOutcome::Started);
                state.begun = started.map(|row| row.id);
                state.committing = true;
                return Ok(Work::Ask(Output::Io(Effect::Commit(changes))));
            }
            Some(output) => return Ok(Work::Ask(output)),
        };
        state.current = Some(current);
        let step = state.current_step(&self.wallet);
        Ok(Work::Step(step.unwrap_or_else(|| state.resting())))
    }

    /// Asks a port. An answer that never came is asked for again, but for a commit.
    async fn ask(&self, output: Output<ProximityTypes>) -> Result<Option<Input<ProximityTypes>>, WalletError> {
        let area = &self.wallet.ports.secure_area;
        Ok(Some(match output {
            Output::Io(Effect::Agree(r)) => {
                let guard = Repeat::guard(self, Output::Io(Effect::Agree(r.clone())));
                let agreed = area.agree(r.key, r.peer, r.prompt).await;
                guard.done();
                Input::Done(Reply::Agreed(agreed))
            }
            Output::Io(Effect::Sign(r)) => {
                let guard = Repeat::guard(self, Output::Io(Effect::Sign(r.clone())));
                let signed = area.sign(r.key, r.message, r.prompt).await;
                guard.done();
                Input::Done(Reply::Signed(signed))
            }
            Output::Match(request) => {
                let guard = Repeat::guard(self, Output::Match(request.clone()));
                let matches = self.matches(&request).await?;
                guard.done();
                Input::Candidates(matches)
            }
            Output::Io(Effect::Commit(changes)) => Input::Done(Reply::Committed(self.commit(changes).await?)),
            // Every note is taken when the machine makes it; the rest is no port's.
            _ => return Ok(None),
        }))
    }

    async fn commit(&self, changes: Changes) -> Result<Result<Committed, StorageError>, WalletError> {
        let committed = self.wallet.vault.commit(changes).await;
        let mut state = self.state()?;
        state.committing = false;
        match &committed {
            Ok(committed) => {
                state.low_water = committed.low_water.clone();
                let consumed = committed.copies.iter().filter(|copy| copy.consumed);
                state.used_keys.extend(consumed.map(|copy| copy.key.clone()));
            }
            Err(_) => state.begun = None,
        }
        Ok(committed)
    }

    /// What is held of each document asked for. A clock that fails is the caller's to know.
    async fn matches(&self, request: &MatchRequest) -> Result<Result<Matches, StorageError>, WalletError> {
        let now = self.wallet.now()?;
        Ok(self.wallet.matches(request, now).await.map_err(VaultError::as_storage))
    }
}

impl Wallet {
    async fn matches(&self, request: &MatchRequest, now: Timestamp) -> Result<Matches, VaultError> {
        let metas = self.vault.credentials().await?.credentials;
        let mut by_document: Vec<Vec<Held>> = Vec::with_capacity(request.credential_types.len());
        for (place, credential_type) in request.credential_types.iter().enumerate() {
            // A type that occurs again is looked up once.
            let before = request.credential_types.iter().take(place).position(|known| known == credential_type);
            let held = match before.and_then(|before| by_document.get(before)) {
                Some(held) => held.clone(),
                None => {
                    let mut held = Vec::new();
                    for meta in metas.iter().filter(|meta| meta.summary.credential_type == *credential_type) {
                        held.push(self.held(meta, request.verifier, now).await?);
                    }
                    held
                }
            };
            by_document.push(held);
        }
        Ok(Matches { by_document })
    }

    /// What a question needs of a credential. A copy is opened for it: the ages that it attests decide which element leaves.
    async fn held(
        &self,
        meta: &CredentialMeta,
        verifier: Option<VerifierId>,
        now: Timestamp,
    ) -> Result<Held, VaultError> {
        let at = self.validity_time(now);
        let validity = if at < meta.summary.valid_from {
            Validity::NotYetValid
        } else if at > meta.summary.valid_until {
            Validity::Expired
        } else {
            Validity::Valid
        };
        let copy = if meta.can_present(verifier, now) { self.vault.copy_to_present(meta).await } else { Ok(None) };
        let claims = match copy {
            Ok(Some(bytes)) => format::names(&bytes, &meta.summary.credential_type, now),
            Ok(None) => Err(StorageError::Exhausted.code()),
            Err(VaultError::Storage(StorageError::Damaged)) => Err(StorageError::Damaged.code()),
            Err(error) => return Err(error),
        };
        Ok(Held {
            credential: meta.summary.id.clone(),
            issuer: meta.summary.issuer.clone(),
            subject: meta.summary.subject.clone(),
            validity,
            valid_until: meta.summary.valid_until,
            copies_left: meta.summary.copies_left,
            claims,
        })
    }
}

/// Puts an output that may be asked twice back to the front when its future is dropped before the answer came.
struct Repeat<'a> {
    presentation: &'a Presentation,
    output: Option<Output<ProximityTypes>>,
}

impl<'a> Repeat<'a> {
    const fn guard(presentation: &'a Presentation, output: Output<ProximityTypes>) -> Self {
        Self { presentation, output: Some(output) }
    }

    fn done(mut self) {
        self.output = None;
    }
}

impl Drop for Repeat<'_> {
    fn drop(&mut self) {
        let Some(output) = self.output.take() else { return };
        if let Ok(mut state) = self.presentation.state()
            && !state.is_over()
        {
            state.pending.push_front(output);
        }
    }
}
