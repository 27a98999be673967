//! From the commit to the message: checks of the copies, signatures of the device keys, encryption.
use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet, VecDeque},
    string::String,
    vec::Vec,
};

use rid_claims::{ClaimPath, CredentialId};
use rid_crypto::sha256;
use rid_flow::{Committed, Copy, Env, HistoryOutcome, SignRequest, ports::Prompt};
use rid_openid::vp::{self, Channel, Message, VpError};
use rid_wire::{Code, Timestamp, cbor::Encoder};

use super::{
    Delivery, Online, OnlineError, OnlineReceipt,
    state::{Answered, Content, Sending, Signing, State, Unsigned},
};
use crate::{
    format::{self, OnlineBinding, Proof},
    proximity::{Misuse, Planned},
};

/// What the vault gave does not fit what was asked for.
const STORAGE_CORRUPT: Code = Code::new("storage_corrupt");
/// What is about to be signed is not what was agreed.
const AGREEMENT: Code = Code::new("consent_binding");

impl Online {
    pub(super) fn committed(&mut self, committed: Committed, env: &mut Env<'_>) {
        let State::Committing(answered) = core::mem::replace(&mut self.state, State::Failed(OnlineError::Interrupted))
        else {
            return;
        };
        let consumed = committed.copies.iter().filter(|copy| copy.consumed);
        self.consumed_keys = consumed.map(|copy| copy.key.clone()).collect();
        let mut answered = *answered;
        answered.decided.receipt.low_water = committed.low_water;
        if answered.decided.planned.is_empty() {
            return self.refuse(answered, env);
        }
        match prepare_all(&answered, &committed.copies, env.now) {
            Ok(left) => {
                let Answered { asking, decided, .. } = answered;
                let (content, queries) = (asking.source.content, asking.queries);
                let (receipt, done) = (decided.receipt, Vec::new());
                self.state = State::Signing(Box::new(Signing { content, queries, receipt, left, done }));
            }
            Err(code) => self.fail(OnlineError::Port(code)),
        }
    }

    /// A refusal and a wallet without an answer send the same bytes (neg-G18).
    fn refuse(&mut self, answered: Answered, env: &mut Env<'_>) {
        let decided = answered.decided;
        let message = match &answered.asking.source.content {
            Content::AnnexC(request) => request.message(&[], env.rng),
            Content::Query(request) => Ok(request.reply().error(vp::OAuthError::AccessDenied)),
            Content::Refused { oauth, reply, .. } => Ok(reply.error(*oauth)),
        };
        match message {
            Ok(message) => self.hand_out(message, decided.receipt),
            Err(code) => self.fail(OnlineError::Port(code)),
        }
    }

    /// The secure area signed the current presentation.
    pub(super) fn signed(&mut self, signature: &[u8; 64], env: &mut Env<'_>) {
        let State::Signing(mut signing) = core::mem::replace(&mut self.state, State::Failed(OnlineError::Interrupted))
        else {
            return;
        };
        let Some(current) = signing.left.pop_front() else { return };
        let proof = Proof::Signature(signature);
        let finished = match &signing.content {
            Content::AnnexC(request) => request.finish(&current.prepared, &proof),
            Content::Query(request) => {
                with_binding(request, |binding| current.prepared.present(&proof, binding)).map(String::into_bytes)
            }
            Content::Refused { .. } => Err(AGREEMENT),
        };
        match finished {
            Ok(presentation) => signing.done.push((current.position, presentation)),
            Err(code) => return self.fail(OnlineError::Port(code)),
        }
        if !signing.left.is_empty() {
            self.state = State::Signing(signing);
            return;
        }
        match signing.message(env) {
            Ok(message) => self.state = State::Recording(Box::new(Sending { message, receipt: signing.receipt })),
            Err(code) => self.fail(OnlineError::Port(code)),
        }
    }

    /// Sends a message, or gives it back to the app.
    pub(super) fn hand_out(&mut self, message: Message, receipt: crate::proximity::Receipt) {
        match message {
            Message::Form { .. } => self.state = State::Posting(Box::new(Sending { message, receipt })),
            Message::Data(data) => {
                self.settle(HistoryOutcome::Finished);
                self.state =
                    State::Done(OnlineReceipt { receipt, delivery: Delivery::Returned { data: data.to_text() } });
            }
        }
    }
}

impl Signing {
    pub(super) fn sign_request(&self) -> Result<SignRequest, OnlineError> {
        let current = self.left.front().ok_or(Misuse::NotAsked)?;
        let key = current.prepared.key().clone();
        Ok(SignRequest { key, message: current.prepared.to_be_signed(), prompt: Prompt::Present })
    }

    fn message(&self, env: &mut Env<'_>) -> Result<Message, Code> {
        match &self.content {
            Content::AnnexC(request) => request.message(&self.done, env.rng),
            Content::Query(request) => self.answer(request, env).map_err(VpError::code),
            Content::Refused { .. } => Err(AGREEMENT),
        }
    }

    fn answer(&self, request: &vp::Request, env: &mut Env<'_>) -> Result<Message, VpError> {
        let mut presentations: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (position, presentation) in &self.done {
            let query = self.queries.get(*position).and_then(|query| request.query.credentials.get(*query));
            let text = String::from_utf8(presentation.clone()).map_err(|_| VpError::Answer)?;
            presentations.entry(query.ok_or(VpError::Answer)?.id.clone()).or_default().push(text);
        }
        request.answer(&presentations, env.rng)
    }
}

/// Prepares all presentations before the first is signed: nothing is signed when one copy is bad, or when what would
/// be disclosed is not what was agreed.
fn prepare_all(answered: &Answered, copies: &[Copy], now: Timestamp) -> Result<VecDeque<Unsigned>, Code> {
    let Answered { asking, decided, agreement: agreed } = answered;
    if copies.len() != decided.changes.consume.len() {
        return Err(STORAGE_CORRUPT);
    }
    let prepare = |planned: &Planned| {
        let Planned { position, credential, credential_type, disclosure } = planned;
        let copy = copies.iter().find(|copy| copy.credential == *credential).ok_or(STORAGE_CORRUPT)?;
        let checked = asking.checked.iter().find(|(of, _)| of == credential).map(|(_, checked)| *checked);
        let prepared = match &asking.source.content {
            Content::AnnexC(request) => request.prepare(copy, &asking.checked, planned, now)?,
            Content::Query(request) => with_binding(request, |binding| {
                format::prepare_online(copy, checked, credential_type, disclosure, binding, now)
            })?,
            Content::Refused { .. } => return Err(AGREEMENT),
        };
        Ok(Unsigned { position: *position, prepared })
    };
    let prepared = decided.planned.iter().map(prepare).collect::<Result<VecDeque<Unsigned>, Code>>()?;
    let disclosed: Vec<Vec<ClaimPath>> =
        prepared.iter().map(|one| one.prepared.disclosed()).collect::<Result<_, _>>()?;
    let credentials = decided.planned.iter().map(|planned| &planned.credential);
    let about_to_leave = prepared.iter().zip(credentials).zip(&disclosed);
    let about_to_leave = about_to_leave.map(|((one, credential), paths)| (one.position, credential, paths.as_slice()));
    if agreement(&asking.question.hash, about_to_leave) == *agreed { Ok(prepared) } else { Err(AGREEMENT) }
}

/// SHA-256 over the question, and for each document the credential and the paths that leave. What is agreed and what
/// is signed have the same one.
pub(super) fn agreement<'a>(
    question: &[u8; 32],
    documents: impl Iterator<Item = (usize, &'a CredentialId, &'a [ClaimPath])>,
) -> [u8; 32] {
    let mut encoder = Encoder::new();
    for (position, credential, paths) in documents {
        let paths: BTreeSet<&ClaimPath> = paths.iter().collect();
        encoder.array(3).uint(u64::try_from(position).unwrap_or(u64::MAX)).text(&credential.0).array(paths.len());
        paths.into_iter().for_each(|path| path.encode(&mut encoder));
    }
    sha256(&[question, &encoder.finish()])
}

/// The transaction that a presentation is bound to (std-M24, std-M25).
fn with_binding<T>(request: &vp::Request, work: impl FnOnce(&OnlineBinding<'_>) -> Result<T, Code>) -> Result<T, Code> {
    let thumbprint = request.encryption.as_ref().map(|encryption| &encryption.thumbprint);
    let audience = request.audience();
    let response_uri = match &request.channel {
        Channel::Post { response_uri, .. } => Some(response_uri.as_str()),
        Channel::Api { .. } => None,
    };
    let origin = match &request.channel {
        Channel::Api { origin } => Some(origin.as_str()),
        Channel::Post { .. } => None,
    };
    work(&OnlineBinding { audience: &audience, nonce: &request.nonce, thumbprint, response_uri, origin })
}
