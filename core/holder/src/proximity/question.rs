//! What the person is asked.
use alloc::vec::Vec;

use rid_flow::{Env, Output};
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE, reader_auth::ReaderAuth};
use rid_profile::{Kind, Profile};
use rid_wire::Code;

use super::{
    CloseReason, MatchRequest, Matches, Misuse, Proximity,
    state::{Asking, Request, Requested, RequestedDocument, State},
};
use crate::consent::{AskedDocument, AskedElement, Candidate, Question, QuestionId, Requester};

impl Proximity {
    /// The wallet is open (or stays locked), before matching or before the commit.
    pub(super) fn unlocked(&mut self, open: bool, _env: &Env<'_>) -> Result<(), Misuse> {
        if !matches!(self.state, State::Unlocking(_) | State::Confirming(_)) {
            return Err(Misuse::NotAsked);
        }
        if !open {
            self.terminate(CloseReason::Locked);
            return Ok(());
        }
        self.deadline = None;
        match core::mem::replace(&mut self.state, State::Closed) {
            State::Unlocking(request) => {
                let doc_types = request.documents.iter().map(|document| document.doc_type.clone()).collect();
                self.outputs.push_back(Output::Match(MatchRequest { doc_types }));
                self.state = State::Matching(request);
            }
            State::Confirming(decided) => {
                self.outputs.push_back(Output::Commit(decided.changes.clone()));
                self.state = State::Committing(decided);
            }
            other => self.state = other,
        }
        Ok(())
    }

    /// What is held is known: the person is asked, whatever that is.
    pub(super) fn matched(&mut self, matches: Matches, env: &mut Env<'_>) -> Result<(), Misuse> {
        match core::mem::replace(&mut self.state, State::Closed) {
            State::Matching(request) if request.documents.len() == matches.by_doc_type.len() => {
                let mut id = [0; 16];
                env.rng.fill_bytes(&mut id);
                let question = ask(QuestionId(id), &request, matches.by_doc_type, &self.profile);
                self.outputs.push_back(Output::AskConsent(question.clone()));
                self.state = State::Asking(Asking { question, request });
                self.deadline = self.consent_deadline(env);
                Ok(())
            }
            other => {
                self.state = other;
                Err(Misuse::NotAsked)
            }
        }
    }
}

/// Whether a credential holds an element and may answer it (std-M48: not an age beyond the cap).
pub(super) fn holds(candidate: &Candidate, element: &Requested) -> bool {
    !element.over_limit && candidate.holds(&element.path())
}

/// Whether an element is the portrait of a kind.
pub(super) fn is_portrait(kind: Option<&Kind>, element: &Requested) -> bool {
    match kind {
        Some(kind) => kind.element(&element.namespace, &element.identifier).is_some_and(|known| known.portrait),
        None => element.namespace == MDL_NAMESPACE && element.identifier == "portrait",
    }
}

fn ask(id: QuestionId, request: &Request, held: Vec<Vec<Candidate>>, profile: &Profile) -> Question {
    let requester = requester(&request.documents);
    let documents = request
        .documents
        .iter()
        .zip(held)
        .map(|(document, candidates)| asked_document(document, candidates, &requester, profile))
        .collect();
    Question { id, hash: request.hash, warnings: warnings(request, &requester), requester, documents }
}

/// One and the same verified reader of all documents, or the first reason why not.
fn requester(documents: &[RequestedDocument]) -> Requester {
    if let Some(code) = documents.iter().find_map(RequestedDocument::doubt) {
        return Requester::Unknown(code);
    }
    let mut identities = documents.iter().filter_map(|document| match &document.auth {
        ReaderAuth::Verified(identity) => Some(identity),
        _ => None,
    });
    match identities.next() {
        Some(first) if identities.all(|identity| identity == first) => Requester::Known(first.clone()),
        _ => Requester::Unknown(Code::new("reader_auth_mixed")),
    }
}

fn warnings(request: &Request, requester: &Requester) -> Vec<Code> {
    let elements = || request.documents.iter().flat_map(|document| &document.elements);
    let invalid = request.documents.iter().any(|document| matches!(document.auth, ReaderAuth::Invalid(_)));
    [
        (matches!(requester, Requester::Unknown(_)), "reader_unknown"),
        (invalid, "reader_auth_invalid"),
        (elements().any(|element| element.intent_to_retain), "retain"),
        (elements().any(|element| element.over_limit), "request_age_limit"),
    ]
    .into_iter()
    .filter_map(|(holds, code)| holds.then_some(Code::new(code)))
    .collect()
}

fn asked_document(
    document: &RequestedDocument,
    candidates: Vec<Candidate>,
    requester: &Requester,
    profile: &Profile,
) -> AskedDocument {
    let kind = profile.kind(&document.doc_type);
    let first = candidates.first();
    let elements = document
        .elements
        .iter()
        .map(|element| AskedElement {
            path: element.path(),
            intent_to_retain: element.intent_to_retain,
            held: first.is_some_and(|candidate| holds(candidate, element)),
        })
        .collect();
    AskedDocument {
        doc_type: document.doc_type.clone(),
        elements,
        portrait_binds: binds_portrait(kind, &document.doc_type)
            && document.elements.iter().any(|element| is_portrait(kind, element)),
        blocked: blocked(document, kind, requester),
        candidates,
    }
}

/// Whether the kind's portrait goes with the rest: as its profile says, and for the mDL without one (18013-5, 7.2.1).
fn binds_portrait(kind: Option<&Kind>, doc_type: &str) -> bool {
    kind.map_or(doc_type == MDL_DOC_TYPE, |kind| kind.portrait_binds)
}

/// Policy (neg-C08, neg-C10): a wrong signature blocks always; kinds that require a reader also when it is not shown as known.
fn blocked(document: &RequestedDocument, kind: Option<&Kind>, requester: &Requester) -> Option<Code> {
    if matches!(document.auth, ReaderAuth::Invalid(_)) {
        return Some(Code::new("reader_auth_invalid"));
    }
    let required = kind.is_some_and(|kind| kind.reader_auth_required);
    (required && matches!(requester, Requester::Unknown(_))).then_some(Code::new("reader_auth_required"))
}
