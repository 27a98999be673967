//! The issuer's answer: checked whole, stored all or nothing.
use alloc::{collections::BTreeSet, string::String, sync::Arc, vec::Vec};

use rid_claims::{ClaimPath, CredentialType, ReusePolicy};
use rid_crypto::CryptoRng;
use rid_flow::{
    Changes, CredentialId, Effect, Env, Flow, HistoryDraft, HistoryElement, HistoryEventType, HistoryId,
    HistoryOutcome, Reply, Step, enrolment::EnrolmentAnswer, ports::StorageError,
};
use rid_profile::Profile;
use rid_trust::TrustStore;
use rid_wire::{Code, Timestamp, hex};

use super::{EnrolError, PendingEnrolment, record_key};
use crate::format::{self, Batch, ReceiveError, Received};

/// No such enrolment is pending: never begun, answered already, or too old.
const UNKNOWN: EnrolError = EnrolError::Answer(Code::new("enrolment_unknown"));

/// A warning: a value has another type than the profile says.
const ELEMENT_TYPE: Code = Code::new("element_type");

/// Checks an answer against the pending record and commits: credentials added, record taken, history "issuance"
/// written.
pub struct Accept {
    pending: PendingEnrolment,
    answer: EnrolmentAnswer,
    trust: Arc<TrustStore>,
    /// How the copies of each kind are used up.
    reuse: Vec<(String, ReusePolicy)>,
    /// The types of elements, where they are compared.
    profile: Option<Arc<Profile>>,
    state: State,
}

enum State {
    /// The credentials are to be checked.
    Checking,
    /// They hold; all of it is to be written.
    Committing(Changes),
    /// All is done.
    Done(Vec<CredentialId>),
}

impl Accept {
    /// Starts. `record` is the stored pending enrolment of the id in the answer, if there is one.
    ///
    /// # Errors
    /// [`EnrolError::Answer`].
    pub fn new(
        id: [u8; 16],
        answer: &[u8],
        record: Option<&[u8]>,
        trust: Arc<TrustStore>,
        env: &mut Env<'_>,
    ) -> Result<Self, EnrolError> {
        let answer = EnrolmentAnswer::parse(answer).map_err(|error| EnrolError::Answer(error.code()))?;
        if answer.id != id {
            return Err(EnrolError::Answer(Code::new("enrolment_mismatch")));
        }
        let pending = PendingEnrolment::parse(record.ok_or(UNKNOWN)?).map_err(|_| StorageError::Damaged)?;
        if pending.id != id {
            return Err(EnrolError::Answer(Code::new("enrolment_mismatch")));
        }
        if pending.is_over(env.now) {
            return Err(UNKNOWN);
        }
        Ok(Self { pending, answer, trust, reuse: Vec::new(), profile: None, state: State::Checking })
    }

    /// Says how the copies of each kind are used up; once where nothing is said.
    #[must_use]
    pub fn reusing(mut self, policy: impl Fn(&str) -> ReusePolicy) -> Self {
        self.reuse = self.pending.kinds.iter().map(|(kind, _)| (kind.clone(), policy(kind))).collect();
        self
    }

    /// Compares the types of the elements with the profile; a difference is recorded in the history as `element_type`.
    #[must_use]
    pub fn comparing_types(mut self, profile: Arc<Profile>) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Checks every credential of every kind asked for; the first failure refuses all.
    fn check(&self, env: &mut Env<'_>) -> Result<Changes, ReceiveError> {
        let answered: BTreeSet<&str> = self.answer.kinds.iter().map(|(kind, _)| kind.as_str()).collect();
        if answered.len() != self.answer.kinds.len() || self.answer.kinds.len() != self.pending.kinds.len() {
            return Err(ReceiveError::BatchSize);
        }
        let mut changes = Changes { take: [record_key(&self.pending.id)].into(), ..Changes::default() };
        let history = HistoryId(make_id(env.rng));
        for (kind, keys) in &self.pending.kinds {
            let (_, copies) =
                self.answer.kinds.iter().find(|(answered, _)| answered == kind).ok_or(ReceiveError::BatchSize)?;
            let copies: Vec<&[u8]> = copies.iter().map(Vec::as_slice).collect();
            let id = CredentialId(hex::encode(&make_id(env.rng)));
            let credential_type = CredentialType::mdoc(kind);
            let known = self.profile.as_deref().and_then(|profile| profile.kind(&credential_type));
            let batch = Batch { id, credential_type, copies: &copies, keys };
            let mut received = format::receive(&batch, known, &self.trust, env.now)?;
            let policy = self.reuse.iter().find(|(named, _)| named == kind).map(|(_, reuse)| *reuse);
            received.credential.reuse = policy.unwrap_or_default();
            let reason = if received.has_other_types { ELEMENT_TYPE.as_str() } else { "" };
            changes.history.push(row(history, &received, env.now, reason));
            changes.add.push(received.credential);
        }
        Ok(changes)
    }
}

impl Flow for Accept {
    type Pause = core::convert::Infallible;
    type Answer = core::convert::Infallible;
    type Done = Vec<CredentialId>;
    type Error = EnrolError;

    fn step(&mut self, env: &mut Env<'_>) -> Result<Step<Self::Pause, Vec<CredentialId>>, EnrolError> {
        if let State::Checking = self.state {
            self.state = State::Committing(self.check(env)?);
        }
        Ok(match &self.state {
            State::Committing(changes) => Step::Io(Effect::Commit(changes.clone())),
            State::Done(ids) => Step::Done(ids.clone()),
            State::Checking => return Err(EnrolError::NotAsked),
        })
    }

    fn reply(&mut self, reply: Reply, _env: &mut Env<'_>) -> Result<(), EnrolError> {
        match (&self.state, reply) {
            (_, Reply::ClockFailed(error)) => Err(error.into()),
            (State::Committing(changes), Reply::Committed(Ok(_))) => {
                self.state = State::Done(changes.add.iter().map(|credential| credential.id.clone()).collect());
                Ok(())
            }
            // The record is gone: this enrolment was accepted once.
            (State::Committing(_), Reply::Committed(Err(StorageError::Conflict))) => Err(UNKNOWN),
            (State::Committing(_), Reply::Committed(Err(error))) => Err(error.into()),
            (State::Committing(_), Reply::Unknown) => Err(EnrolError::Interrupted),
            (State::Committing(_), Reply::TimedOut) => Err(EnrolError::PortTimeout),
            _ => Err(EnrolError::NotAsked),
        }
    }

    fn answer(&mut self, answer: Self::Answer, _env: &mut Env<'_>) -> Result<(), EnrolError> {
        match answer {}
    }
}

fn make_id(rng: &mut dyn CryptoRng) -> [u8; 16] {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    id
}

fn row(id: HistoryId, received: &Received, at: Timestamp, reason: &str) -> HistoryDraft {
    let credential_type = &received.credential.credential_type;
    let element = |path: &ClaimPath| HistoryElement {
        credential_type: credential_type.clone(),
        path: path.clone(),
        retained: false,
    };
    HistoryDraft {
        id,
        event: HistoryEventType::Issuance,
        outcome: HistoryOutcome::Finished,
        at,
        peer: Some(received.issuer.clone()),
        elements: received.credential.claims.iter().map(element).collect(),
        reason: String::from(reason),
    }
}
