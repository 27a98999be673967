//! The request to an issuer: keys, and one proof of possession each.
use alloc::{string::String, vec::Vec};

use rid_crypto::{Curve, PublicKey, SignatureAlgorithm, verify};
use rid_flow::{
    Changes, Effect, Env, Flow, KeysRequest, RecordKey, Reply, SignRequest, Step,
    enrolment::{EnrolmentRequest, ProvenKey, proof_message},
    ports::{KeyId, KeyInfo, KeySpec, KeyUse, Prompt, SecureAreaError, UserAuth},
};
use rid_wire::Code;

use super::{EnrolError, PendingEnrolment, record_key};

/// Limits of the door ([`EnrolmentRequest`]).
const MAX_KINDS: usize = 16;
const MAX_KEYS: u32 = 100;

/// What is asked for.
#[derive(Clone)]
pub struct EnrolParameters {
    /// Document types with the number of one-time copies of each.
    pub kinds: Vec<(String, u32)>,
    /// The issuer's challenge.
    pub challenge: Vec<u8>,
    /// The issuer meant.
    pub audience: String,
    /// When the person must be present at each use of the keys.
    pub user_auth: UserAuth,
}

/// Commit(intent) → CreateKeys → Commit(keys) → Sign each proof → Done(request). When it fails after the keys were
/// made, they are deleted and the record is taken away, as far as the ports let it.
pub struct Enrol {
    id: [u8; 16],
    parameters: EnrolParameters,
    state: State,
}

enum State {
    /// The intent is to be written.
    Intending,
    /// Keys are to be made.
    Making(PendingEnrolment),
    /// Their names are to be written.
    Keeping(PendingEnrolment),
    /// Each is to sign its proof; the proofs so far.
    Proving(PendingEnrolment, Vec<ProvenKey>),
    /// All is done.
    Done(EnrolmentRequest),
    /// It failed; keys are to be deleted.
    Deleting(Vec<KeyId>, EnrolError),
    /// It failed and no key is left; the record is to be taken away.
    Forgetting(EnrolError),
    /// It failed.
    Failed(EnrolError),
}

impl Enrol {
    /// Starts; draws the id.
    #[must_use]
    pub fn new(parameters: EnrolParameters, env: &mut Env<'_>) -> Self {
        let mut id = [0; 16];
        env.rng.fill_bytes(&mut id);
        let sound = !parameters.kinds.is_empty()
            && parameters.kinds.len() <= MAX_KINDS
            && parameters.kinds.iter().all(|(_, count)| (1..=MAX_KEYS).contains(count));
        let state =
            if sound { State::Intending } else { State::Failed(EnrolError::Answer(Code::new("enrolment_invalid"))) };
        Self { id, parameters, state }
    }

    /// Gives the enrolment up: its record, and the keys made for it so far that the record may not name yet. Both are
    /// to be removed.
    #[must_use]
    pub fn abandon(self) -> (RecordKey, Vec<KeyId>) {
        let keys = match &self.state {
            State::Making(pending) | State::Keeping(pending) | State::Proving(pending, _) => {
                pending.keys().cloned().collect()
            }
            State::Deleting(keys, _) => keys.clone(),
            State::Intending | State::Done(_) | State::Forgetting(_) | State::Failed(_) => Vec::new(),
        };
        (record_key(&self.id), keys)
    }

    /// The next state after a reply, with the error to be told now, if any.
    fn next(&self, state: State, reply: Reply, env: &Env<'_>) -> (State, Option<EnrolError>) {
        match (state, reply) {
            (state, Reply::ClockFailed(error)) => (state, Some(error.into())),
            (State::Intending, Reply::Committed(Ok(_))) => {
                let kinds = self.parameters.kinds.iter().map(|(kind, _)| (kind.clone(), Vec::new())).collect();
                (State::Making(PendingEnrolment { id: self.id, begun: env.now, kinds }), None)
            }
            (State::Intending, Reply::Committed(Err(error))) => failed(error.into()),
            // Whether keys were made is not known, nor their names: the record of the intent stays.
            (State::Intending | State::Making(_), Reply::Unknown) => failed(EnrolError::Interrupted),
            (State::Intending | State::Making(_), Reply::TimedOut) => failed(EnrolError::PortTimeout),
            (State::Making(pending), Reply::KeysCreated(Ok(keys))) => (self.distribute(pending, &keys), None),
            (State::Making(_), Reply::KeysCreated(Err(error))) => (State::Forgetting(error.into()), None),
            (State::Keeping(pending), Reply::Committed(Ok(_))) => (State::Proving(pending, Vec::new()), None),
            (State::Keeping(pending), Reply::Committed(Err(error))) => (deleting(&pending, error.into()), None),
            (State::Keeping(pending) | State::Proving(pending, _), Reply::Unknown) => {
                (deleting(&pending, EnrolError::Interrupted), None)
            }
            (State::Keeping(pending) | State::Proving(pending, _), Reply::TimedOut) => {
                (deleting(&pending, EnrolError::PortTimeout), None)
            }
            (State::Proving(pending, proofs), Reply::Signed(Ok(proof))) => (self.prove(pending, proofs, proof), None),
            (State::Proving(pending, _), Reply::Signed(Err(error))) => (deleting(&pending, error.into()), None),
            (State::Deleting(_, why), Reply::KeysDeleted(Ok(()))) => (State::Forgetting(why), None),
            // The record stays, so that the keys can be deleted another time.
            (State::Deleting(_, why), Reply::KeysDeleted(Err(_)) | Reply::Unknown | Reply::TimedOut) => failed(why),
            (State::Forgetting(why), Reply::Committed(_) | Reply::Unknown | Reply::TimedOut) => failed(why),
            (state, _) => (state, Some(EnrolError::NotAsked)),
        }
    }

    /// Gives each kind its keys, in order.
    fn distribute(&self, mut pending: PendingEnrolment, made: &[KeyInfo]) -> State {
        let mut left = made.iter();
        for ((_, keys), (_, count)) in pending.kinds.iter_mut().zip(&self.parameters.kinds) {
            for info in left.by_ref().take(usize::try_from(*count).unwrap_or(usize::MAX)) {
                if let Ok(public) = PublicKey::from_sec1(Curve::P256, &info.public) {
                    keys.push((info.id.clone(), public));
                }
            }
        }
        if u32::try_from(pending.keys().count()) == Ok(self.count()) && left.next().is_none() {
            return State::Keeping(pending);
        }
        let keys = made.iter().map(|info| info.id.clone()).collect();
        State::Deleting(keys, SecureAreaError::Unavailable.into())
    }

    fn count(&self) -> u32 {
        self.parameters.kinds.iter().map(|(_, count)| *count).sum()
    }

    /// Takes a proof, after checking that it is the key's.
    fn prove(&self, pending: PendingEnrolment, mut proofs: Vec<ProvenKey>, proof: [u8; 64]) -> State {
        let Some((kind, _, public)) = at(&pending, proofs.len()) else {
            return deleting(&pending, EnrolError::NotAsked);
        };
        let message = self.message(kind, public);
        if verify(public, SignatureAlgorithm::Es256, &[&message], &proof).is_err() {
            return deleting(&pending, EnrolError::KeyMismatch);
        }
        proofs.push(ProvenKey { public: public.to_bytes(), proof: proof.into() });
        if proofs.len() < pending.keys().count() {
            return State::Proving(pending, proofs);
        }
        let mut proofs = proofs.into_iter();
        let kinds =
            pending.kinds.into_iter().map(|(kind, keys)| (kind, proofs.by_ref().take(keys.len()).collect())).collect();
        let (audience, challenge) = (self.parameters.audience.clone(), self.parameters.challenge.clone());
        State::Done(EnrolmentRequest { id: self.id, audience, challenge, kinds })
    }

    fn message(&self, kind: &str, public: &PublicKey) -> Vec<u8> {
        let EnrolParameters { audience, challenge, .. } = &self.parameters;
        proof_message(&self.id, audience, challenge, kind, &public.to_bytes())
    }
}

impl Flow for Enrol {
    type Pause = core::convert::Infallible;
    type Answer = core::convert::Infallible;
    type Done = EnrolmentRequest;
    type Error = EnrolError;

    fn step(&mut self, env: &mut Env<'_>) -> Result<Step<Self::Pause, EnrolmentRequest>, EnrolError> {
        let put = |pending: &PendingEnrolment| {
            Effect::Commit(Changes { put: [pending.to_record()].into(), ..Changes::default() })
        };
        Ok(Step::Io(match &self.state {
            State::Intending => {
                let kinds = self.parameters.kinds.iter().map(|(kind, _)| (kind.clone(), Vec::new())).collect();
                put(&PendingEnrolment { id: self.id, begun: env.now, kinds })
            }
            State::Making(_) => {
                let user_auth = self.parameters.user_auth;
                let spec = KeySpec { usage: KeyUse::Sign, user_auth, challenge: self.parameters.challenge.clone() };
                Effect::CreateKeys(KeysRequest { count: self.count(), spec })
            }
            State::Keeping(pending) => put(pending),
            State::Proving(pending, proofs) => {
                let (kind, key, public) = at(pending, proofs.len()).ok_or(EnrolError::NotAsked)?;
                let message = self.message(kind, public);
                Effect::Sign(SignRequest { key: key.clone(), message, prompt: Prompt::Issue })
            }
            State::Done(request) => return Ok(Step::Done(request.clone())),
            State::Deleting(keys, _) => Effect::DeleteKeys(keys.clone()),
            State::Forgetting(_) => {
                Effect::Commit(Changes { take: [record_key(&self.id)].into(), ..Changes::default() })
            }
            State::Failed(why) => return Err(*why),
        }))
    }

    fn reply(&mut self, reply: Reply, env: &mut Env<'_>) -> Result<(), EnrolError> {
        let state = core::mem::replace(&mut self.state, State::Failed(EnrolError::Interrupted));
        let (state, error) = self.next(state, reply, env);
        self.state = state;
        error.map_or(Ok(()), Err)
    }

    fn answer(&mut self, answer: Self::Answer, _env: &mut Env<'_>) -> Result<(), EnrolError> {
        match answer {}
    }
}

/// The end, told now.
fn failed(why: EnrolError) -> (State, Option<EnrolError>) {
    (State::Failed(why), Some(why))
}

/// The end, after the keys are gone.
fn deleting(pending: &PendingEnrolment, why: EnrolError) -> State {
    State::Deleting(pending.keys().cloned().collect(), why)
}

/// The key at a place over all kinds, with its kind.
fn at(pending: &PendingEnrolment, place: usize) -> Option<(&str, &KeyId, &PublicKey)> {
    let mut all =
        pending.kinds.iter().flat_map(|(kind, keys)| keys.iter().map(move |(id, public)| (kind.as_str(), id, public)));
    all.nth(place)
}

rid_wire::closed_debug!(EnrolParameters);
