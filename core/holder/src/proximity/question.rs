//! The question to the person.
use alloc::vec::Vec;

use rid_flow::{Effect, Env, HistoryOutcome, Holdings, Lookup, Output, ports::StorageError};
use rid_mdoc::{MDL_DOC_TYPE, reader_auth::ReaderAuth, verify::warning};
use rid_profile::{Kind, Profile, ReaderPolicy, ReaderRule};
use rid_wire::Code;

use super::{
    CloseReason, HolderSession, Misuse,
    answer::verifier,
    offer::Offer,
    state::{Asking, Request, RequestedDocument, State},
};
use crate::{
    consent::{AskedDocument, AskedElement, Question, QuestionId, Requester, UseCase},
    held::Held,
    matching::is_portrait,
    shown,
};

/// How often a request asks again to unlock a wallet that is locked before the look-up.
const LOCKED_LOOKUPS: u8 = 3;

impl HolderSession {
    /// The wallet is open (or stays locked), before matching or before the commit.
    pub(super) fn unlocked(&mut self, open: bool, env: &Env<'_>) -> Result<(), Misuse> {
        if !matches!(self.state, State::Unlocking(_) | State::Confirming(_)) {
            return Err(Misuse::NotAsked);
        }
        if !open {
            self.terminate(CloseReason::Locked);
            return Ok(());
        }
        self.deadline = self.consent_deadline(env);
        match core::mem::replace(&mut self.state, State::Closed) {
            State::Unlocking(request) => {
                let types = request.documents.iter().map(RequestedDocument::credential_type).collect();
                let verifier = verifier(&requester(&request.documents));
                self.outputs.push_back(Output::Io(Effect::Lookup(Lookup { types, verifier, at: env.now })));
                self.state = State::Matching(request);
            }
            State::Confirming(decided) => {
                let started = decided.changes.history.iter().find(|row| row.outcome == HistoryOutcome::Started);
                self.unsettled = started.map(|row| row.id);
                self.outputs.push_back(Output::Io(Effect::Commit(decided.changes.clone())));
                self.state = State::Committing(decided);
            }
            other => self.state = other,
        }
        Ok(())
    }

    /// The look-up is done: the person is asked, whatever is held. When the wallet was locked in between, it is to be
    /// unlocked again.
    pub(super) fn found(&mut self, found: Result<Holdings, StorageError>, env: &mut Env<'_>) -> Result<(), Misuse> {
        match (core::mem::replace(&mut self.state, State::Closed), found) {
            (State::Matching(request), Ok(found)) => {
                let held = Held::read(&found, env.now);
                self.checked = held.iter().filter_map(|one| Some((one.credential.clone(), one.checked?))).collect();
                let mut id = [0; 16];
                env.rng.fill_bytes(&mut id);
                let mut question = ask(QuestionId(id), &request, &held, &self.profile, self.policy);
                if self.link.as_ref().is_some_and(|link| link.is_key_short) {
                    question.warnings.push(warning::KEY_COORDINATE_SHORT);
                }
                self.outputs.push_back(Output::Ask(question.clone()));
                self.state = State::Asking(Asking { question, at: env.now });
                self.deadline = self.consent_deadline(env);
            }
            (State::Matching(request), Err(StorageError::Locked)) if self.locked_lookups < LOCKED_LOOKUPS => {
                self.locked_lookups = self.locked_lookups.saturating_add(1);
                self.state = State::Unlocking(request);
                self.outputs.push_back(Output::Unlock);
            }
            (State::Matching(_), Err(StorageError::Locked)) => self.terminate(CloseReason::Locked),
            (State::Matching(_), Err(error)) => self.terminate(CloseReason::Port(error.code())),
            (other, _) => {
                self.state = other;
                return Err(Misuse::NotAsked);
            }
        }
        Ok(())
    }
}

pub(crate) fn ask(
    id: QuestionId,
    request: &Request,
    held: &[Held],
    profile: &Profile,
    policy: ReaderPolicy,
) -> Question {
    let requester = requester(&request.documents);
    let policy = policy.at_least(profile.rules().reader_policy);
    let mut warnings = Warnings::of(request);
    let mut documents = Vec::with_capacity(request.documents.len());
    for document in &request.documents {
        let wanted = document.credential_type();
        let held = held.iter().filter(|one| one.credential_type == wanted);
        let kind = profile.kind(&wanted);
        let rule = reader_rule(document, kind, &requester, policy);
        warnings.note(document, rule);
        documents.push(asked_document(document, Offer::new(document, held, kind), kind, rule));
    }
    let use_cases = request.use_cases.clone().unwrap_or_default();
    suggest(&mut documents, &use_cases);
    let (hash, warnings) = (request.hash, warnings.codes());
    Question { purpose: None, whole: false, unanswerable: None, id, hash, requester, documents, use_cases, warnings }
}

/// Who asks.
pub(crate) fn requester_of(request: &Request) -> Requester {
    requester(&request.documents)
}

/// The one verified reader of all documents, or the first reason why there is none. A reader is recognised by its
/// key: it may have certificates of several names.
pub(super) fn requester(documents: &[RequestedDocument]) -> Requester {
    if let Some(code) = documents.iter().find_map(RequestedDocument::doubt) {
        return Requester::Unknown(code);
    }
    let mut identities = documents.iter().filter_map(|document| match &document.auth {
        ReaderAuth::Verified(identity) => Some(identity),
        _ => None,
    });
    match identities.next() {
        Some(first) if identities.all(|identity| identity.is(first)) => Requester::Known(shown::party(first)),
        _ => Requester::Unknown(Code::new("reader_auth_mixed")),
    }
}

/// How the reader of one document is treated (neg-C08, neg-C10, neg-C34); `None`: it is known. A kind that requires a
/// known reader leaves an app no choice.
fn reader_rule(
    document: &RequestedDocument,
    kind: Option<&Kind>,
    requester: &Requester,
    policy: ReaderPolicy,
) -> Option<ReaderRule> {
    let rule = match &document.auth {
        ReaderAuth::Invalid(_) | ReaderAuth::Forbidden(_) => policy.forged,
        ReaderAuth::Unknown(_) => policy.untrusted,
        ReaderAuth::Verified(_) if matches!(requester, Requester::Known(_)) => return None,
        // Verified, but another document of the request is not, or is of another reader: nobody is shown.
        ReaderAuth::Absent | ReaderAuth::Unchecked(_) | ReaderAuth::Verified(_) => policy.anonymous,
    };
    let required = kind.is_some_and(|kind| kind.reader_auth_required);
    Some(if required { ReaderRule::Enforce } else { rule })
}

/// Which warnings a question carries, in this order.
#[derive(Default)]
struct Warnings {
    unknown: bool,
    forged: bool,
    retain: bool,
    ages: bool,
    info: bool,
}

impl Warnings {
    fn of(request: &Request) -> Self {
        let mut elements = request.documents.iter().flat_map(|document| &document.elements);
        let info = request.use_cases.is_err();
        let ages = elements.clone().any(|element| element.over_limit);
        Self { retain: elements.any(|element| element.intent_to_retain), ages, info, ..Self::default() }
    }

    fn note(&mut self, document: &RequestedDocument, rule: Option<ReaderRule>) {
        let warns = rule.is_some_and(|rule| rule > ReaderRule::Allow);
        self.unknown |= warns;
        self.forged |= warns && document.auth.is_refused();
    }

    fn codes(&self) -> Vec<Code> {
        [
            (self.unknown, "reader_unknown"),
            (self.forged, "reader_auth_invalid"),
            (self.retain, "retain"),
            (self.ages, "request_age_limit"),
            (self.info, "request_info_invalid"),
        ]
        .into_iter()
        .filter_map(|(holds, code)| holds.then_some(Code::new(code)))
        .collect()
    }
}

fn asked_document(
    document: &RequestedDocument,
    offer: Offer,
    kind: Option<&Kind>,
    rule: Option<ReaderRule>,
) -> AskedDocument {
    let elements = document.elements.iter();
    let blocked = blocked_reader(document, rule).or_else(|| offer.blocked());
    AskedDocument {
        credential_type: document.credential_type(),
        portrait_binds: binds_portrait(kind, &document.doc_type)
            && elements.clone().any(|element| is_portrait(kind, &element.path())),
        elements: elements
            .map(|element| AskedElement {
                path: element.path(),
                intent_to_retain: element.intent_to_retain,
                states_retention: true,
                exceeds_purpose: false,
            })
            .collect(),
        candidates: if blocked.is_some() { Vec::new() } else { offer.candidates },
        unavailable: offer.unavailable,
        blocked,
        multiple: false,
        suggested: false,
    }
}

/// Whether the kind's portrait goes with the rest: as its profile says, and for the mDL without one (18013-5, 7.2.1).
fn binds_portrait(kind: Option<&Kind>, doc_type: &str) -> bool {
    kind.map_or(doc_type == MDL_DOC_TYPE, |kind| kind.portrait_binds)
}

fn blocked_reader(document: &RequestedDocument, rule: Option<ReaderRule>) -> Option<Code> {
    if rule != Some(ReaderRule::Enforce) {
        return None;
    }
    let forged = document.auth.is_refused();
    Some(Code::new(if forged { "reader_auth_invalid" } else { "reader_auth_required" }))
}

/// Marks the documents that answer the request with the least: of each use case the first set that can be answered
/// whole, and every document that is in no use case.
fn suggest(documents: &mut [AskedDocument], use_cases: &[UseCase]) {
    let positions = |set: &[u32]| -> Vec<usize> { set.iter().filter_map(|at| usize::try_from(*at).ok()).collect() };
    let can_go = |at: &usize| documents.get(*at).is_some_and(|document| document.blocked.is_none());
    let mut chosen: Vec<usize> = Vec::new();
    let mut named: Vec<usize> = Vec::new();
    for use_case in use_cases {
        let sets: Vec<Vec<usize>> = use_case.document_sets.iter().map(|set| positions(set)).collect();
        chosen.extend(sets.iter().find(|set| set.iter().all(can_go)).into_iter().flatten());
        named.extend(sets.into_iter().flatten());
    }
    for (at, document) in documents.iter_mut().enumerate() {
        document.suggested = document.blocked.is_none() && (chosen.contains(&at) || !named.contains(&at));
    }
}
