//! What the person answered, checked against what was asked.
use alloc::{string::String, vec::Vec};

use rid_crypto::{CryptoRng, constant_time_eq, sha256};
use rid_flow::{Changes, Env, HistoryDraft, HistoryId, HistoryKind, HistoryOutcome, Output, VerifierId};
use rid_profile::Profile;
use rid_wire::{Code, Timestamp};

use super::{
    Misuse, Proximity,
    question::{holds, is_portrait},
    state::{Asking, Decided, Planned, Requested, State},
};
use crate::consent::{AgreedDocument, Answer, AskedDocument, Candidate, Decision, Requester};

impl Proximity {
    pub(super) fn consented(&mut self, answer: &Answer, env: &mut Env<'_>) -> Result<(), Misuse> {
        let State::Asking(asking) = &self.state else { return Err(Misuse::NotAsked) };
        check(asking, answer)?;
        if let State::Asking(asking) = core::mem::replace(&mut self.state, State::Closed) {
            self.state = State::Confirming(decide(asking, &answer.decision, &self.profile, env));
            self.deadline = self.consent_deadline(env);
            self.outputs.push_back(Output::Unlock);
        }
        Ok(())
    }
}

/// The answer is bound to this question and this request, and selects only what it may.
fn check(asking: &Asking, answer: &Answer) -> Result<(), Misuse> {
    if answer.id != asking.question.id || !constant_time_eq(&answer.hash, &asking.question.hash) {
        return Err(Misuse::ConsentBinding);
    }
    let Decision::Agree(agreed) = &answer.decision else { return Ok(()) };
    for (place, one) in agreed.iter().enumerate() {
        let twice = agreed.iter().skip(place.saturating_add(1)).any(|other| other.document == one.document);
        if twice || !is_selectable(asking, one) {
            return Err(Misuse::ConsentSelection);
        }
    }
    Ok(())
}

fn is_selectable(asking: &Asking, agreed: &AgreedDocument) -> bool {
    let Ok(position) = usize::try_from(agreed.document) else { return false };
    let (Some(asked), Some(requested)) =
        (asking.question.documents.get(position), asking.request.documents.get(position))
    else {
        return false;
    };
    let Some(candidate) = candidate(asked, agreed) else { return false };
    asked.blocked.is_none()
        && agreed.elements.iter().all(|path| {
            path.as_element().is_some_and(|(namespace, identifier)| {
                requested.elements.iter().any(|element| {
                    element.namespace == namespace && element.identifier == identifier && holds(candidate, element)
                })
            })
        })
}

fn candidate<'a>(asked: &'a AskedDocument, agreed: &AgreedDocument) -> Option<&'a Candidate> {
    asked.candidates.iter().find(|candidate| candidate.credential == agreed.credential)
}

/// Turns a checked answer into what is consumed, written and shown.
fn decide(asking: Asking, decision: &Decision, profile: &Profile, env: &mut Env<'_>) -> Decided {
    let Asking { question, request } = asking;
    let agreed: &[AgreedDocument] = match decision {
        Decision::Agree(agreed) => agreed,
        Decision::Refuse => &[],
    };
    let doc_types: Vec<String> = request.documents.iter().map(|document| document.doc_type.clone()).collect();
    let mut planned = Vec::new();
    let mut rows = Rows { shown: Vec::new(), withheld: Vec::new(), reason: None };
    for (position, (asked, document)) in question.documents.iter().zip(request.documents).enumerate() {
        let answer = agreed.iter().find(|one| usize::try_from(one.document) == Ok(position));
        let chosen = answer.and_then(|one| candidate(asked, one).map(|candidate| (one, candidate)));
        let kind = profile.kind(&document.doc_type);
        let goes = chosen.filter(|(one, candidate)| {
            let withheld = document
                .elements
                .iter()
                .any(|element| is_portrait(kind, element) && holds(candidate, element) && !is_ticked(one, element));
            !(one.elements.is_empty() || (asked.portrait_binds && withheld))
        });
        let Some((one, candidate)) = goes else {
            rows.withhold(asked, &document.elements);
            continue;
        };
        let elements: Vec<_> =
            document.elements.into_iter().map(|element| (is_ticked(one, &element), element)).collect();
        rows.show(asked, &elements);
        planned.push(Planned {
            position,
            credential: candidate.credential.clone(),
            doc_type: document.doc_type,
            elements: elements.into_iter().map(|(ticked, element)| (element, ticked)).collect(),
        });
    }
    let history = make_history_id(env.rng);
    let changes = Changes {
        consume: planned.iter().map(|one| one.credential.clone()).collect(),
        verifier: verifier(&question.requester),
        history: rows.drafts(history, &question.requester, env),
        ..Changes::default()
    };
    Decided { history, doc_types, planned, changes }
}

/// How a known reader is recognised at its next visit: by its key. Anybody can be certified under the same names.
fn verifier(requester: &Requester) -> Option<VerifierId> {
    let Requester::Known(identity) = requester else { return None };
    Some(VerifierId(sha256(&[b"rid-verifier-2", identity.key_fingerprint()])))
}

fn is_ticked(agreed: &AgreedDocument, element: &Requested) -> bool {
    agreed.elements.iter().any(|path| path.as_element() == Some((&element.namespace, &element.identifier)))
}

fn make_history_id(rng: &mut dyn CryptoRng) -> HistoryId {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    HistoryId(id)
}

/// Document type, namespace, identifier, intentToRetain.
type Line = (String, String, String, bool);

/// What goes into the history: one row for what is shown, one for what is withheld.
struct Rows {
    shown: Vec<Line>,
    withheld: Vec<Line>,
    /// Why the first withheld document is.
    reason: Option<Code>,
}

impl Rows {
    fn show(&mut self, asked: &AskedDocument, elements: &[(bool, Requested)]) {
        self.shown.extend(elements.iter().filter(|(ticked, _)| *ticked).map(|(_, element)| line(asked, element)));
    }

    fn withhold(&mut self, asked: &AskedDocument, elements: &[Requested]) {
        self.withheld.extend(elements.iter().map(|element| line(asked, element)));
        let held = asked.elements.iter().any(|element| element.held);
        let reason = asked.blocked.unwrap_or(Code::new(if held { "refused" } else { "not_held" }));
        self.reason.get_or_insert(reason);
    }

    /// The rows. A refusal beside something shown is an event of its own: the outcome of the other is updated later.
    fn drafts(self, history: HistoryId, requester: &Requester, env: &mut Env<'_>) -> Vec<HistoryDraft> {
        let draft = |id, outcome, elements, reason: &str, at: Timestamp| HistoryDraft {
            id,
            kind: HistoryKind::Presentation,
            outcome,
            at,
            peer: peer(requester),
            peer_verified: matches!(requester, Requester::Known(_)),
            elements,
            reason: String::from(reason),
        };
        let mut drafts = Vec::new();
        let mut id = history;
        if !self.shown.is_empty() {
            drafts.push(draft(id, HistoryOutcome::Started, self.shown, "", env.now));
            id = make_history_id(env.rng);
        }
        if let Some(reason) = self.reason {
            drafts.push(draft(id, HistoryOutcome::Refused, self.withheld, reason.as_str(), env.now));
        }
        drafts
    }
}

fn line(asked: &AskedDocument, element: &Requested) -> Line {
    (asked.doc_type.clone(), element.namespace.clone(), element.identifier.clone(), element.intent_to_retain)
}

/// The peer's name in its certificate; empty when it is not known.
fn peer(requester: &Requester) -> String {
    match requester {
        Requester::Known(identity) => String::from(identity.name().or(identity.organization()).unwrap_or_default()),
        Requester::Unknown(_) => String::new(),
    }
}
