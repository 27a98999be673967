//! The person's answer, checked against the question.
use alloc::{collections::BTreeSet, string::String, vec::Vec};

use rid_claims::ClaimPath;
use rid_crypto::{CryptoRng, constant_time_eq};
use rid_flow::{
    Changes, CredentialId, Env, HistoryDraft, HistoryElement, HistoryEventType, HistoryId, HistoryOutcome, Output,
    VerifierId,
};
use rid_wire::{Code, Timestamp};

use super::{
    HolderSession, Misuse, Receipt,
    state::{Asking, Decided, Planned, State},
};
use crate::{
    consent::{AgreedDocument, Answer, AskedDocument, Candidate, Decision, OfferedElement, Question, Requester},
    format::Disclosure,
    shown,
};

impl HolderSession {
    pub(super) fn consented(&mut self, answer: &Answer, env: &mut Env<'_>) -> Result<(), Misuse> {
        let State::Asking(Asking { question, .. }) = &self.state else { return Err(Misuse::NotAsked) };
        check(question, answer)?;
        self.state = State::Confirming(decide(question, &answer.decision, env));
        self.deadline = self.consent_deadline(env);
        self.outputs.push_back(Output::Unlock);
        Ok(())
    }
}

/// The answer is bound to this question and this request, and selects only from its offers.
fn check(question: &Question, answer: &Answer) -> Result<(), Misuse> {
    if answer.id != question.id || !constant_time_eq(&answer.hash, &question.hash) {
        return Err(Misuse::ConsentBinding);
    }
    let Decision::Agree(agreed) = &answer.decision else { return Ok(()) };
    for (place, one) in agreed.iter().enumerate() {
        let twice = agreed.iter().skip(place.saturating_add(1)).any(|other| other.document == one.document);
        if twice || !is_selectable(question, one) {
            return Err(Misuse::ConsentSelection);
        }
    }
    Ok(())
}

fn is_selectable(question: &Question, agreed: &AgreedDocument) -> bool {
    let position = usize::try_from(agreed.document).ok();
    let Some(asked) = position.and_then(|position| question.documents.get(position)) else { return false };
    let Some(candidate) = candidate(asked, agreed) else { return false };
    let sendable: BTreeSet<&ClaimPath> = sendable(candidate).map(|element| &element.path).collect();
    agreed.elements.iter().all(|path| sendable.contains(path))
}

/// A blocked document has no candidates.
fn candidate<'q>(asked: &'q AskedDocument, agreed: &AgreedDocument) -> Option<&'q Candidate> {
    asked.candidates.iter().find(|candidate| candidate.credential == agreed.credential)
}

fn sendable(candidate: &Candidate) -> impl Iterator<Item = &OfferedElement> {
    candidate.elements.iter().filter(|element| element.withheld.is_none())
}

/// Turns a checked answer into the copies to consume, the rows to write and the documents to present.
fn decide(question: &Question, decision: &Decision, env: &mut Env<'_>) -> Decided {
    let agreed: &[AgreedDocument] = match decision {
        Decision::Agree(agreed) => agreed,
        Decision::Refuse => &[],
    };
    let mut planned = Vec::new();
    let mut rows = Rows::default();
    for (position, asked) in question.documents.iter().enumerate() {
        let answer = agreed.iter().find(|one| usize::try_from(one.document) == Ok(position));
        let chosen = answer.and_then(|one| Some((one, candidate(asked, one)?)));
        let ticked = chosen.map(|(one, candidate)| (candidate, ticked(one, candidate)));
        match ticked.filter(|(candidate, ticked)| goes(asked, candidate, ticked)) {
            Some((candidate, ticked)) => {
                rows.present(asked, &ticked);
                planned.push(plan(position, asked, candidate, &ticked));
            }
            None => rows.withhold(asked),
        }
    }
    let mut consume: Vec<CredentialId> = Vec::new();
    for one in &planned {
        // Two documents from one credential are of one copy: the reader sees both at once.
        if !consume.contains(&one.credential) {
            consume.push(one.credential.clone());
        }
    }
    let history = make_history_id(env.rng);
    let receipt = Receipt {
        history,
        disclosed: !planned.is_empty(),
        used: consume.clone(),
        low_water: Vec::new(),
        presented: rows.presented.clone(),
    };
    let changes = Changes {
        consume,
        verifier: verifier(&question.requester),
        history: rows.drafts(history, &question.requester, env),
        ..Changes::default()
    };
    let doc_types = question.documents.iter().map(|asked| asked.credential_type.id.clone()).collect();
    Decided { doc_types, planned, changes, receipt }
}

fn ticked<'q>(agreed: &AgreedDocument, candidate: &'q Candidate) -> Vec<&'q OfferedElement> {
    let agreed: BTreeSet<&ClaimPath> = agreed.elements.iter().collect();
    sendable(candidate).filter(|element| agreed.contains(&element.path)).collect()
}

/// Whether anything of the document leaves: something is ticked, and a portrait that binds is among it.
fn goes(asked: &AskedDocument, candidate: &Candidate, ticked: &[&OfferedElement]) -> bool {
    let is_withheld = |element: &OfferedElement| element.portrait && !ticked.contains(&element);
    let withheld = asked.portrait_binds && sendable(candidate).any(is_withheld);
    !(ticked.is_empty() || withheld)
}

/// The elements that leave, and in the order of the request those that stay: whether they are lacked or unticked
/// cannot be seen (neg-C12).
fn plan(position: usize, asked: &AskedDocument, candidate: &Candidate, ticked: &[&OfferedElement]) -> Planned {
    let answered: BTreeSet<usize> = ticked.iter().flat_map(|answer| answer.asked.iter().copied()).collect();
    let not_returned = asked.elements.iter().enumerate().filter(|(place, _)| !answered.contains(place));
    let disclosure = Disclosure {
        disclosed: ticked.iter().map(|element| element.path.clone()).collect(),
        not_returned: not_returned.map(|(_, element)| element.path.clone()).collect(),
    };
    let (credential, credential_type) = (candidate.credential.clone(), asked.credential_type.clone());
    Planned { position, credential, credential_type, disclosure }
}

/// The rows of a request that the person had been asked about when the app ended the session: refused, because it was
/// cancelled.
pub(super) fn cancelled(state: &State, env: &mut Env<'_>) -> Vec<HistoryDraft> {
    let cancelled = Code::new("cancelled");
    match state {
        State::Asking(Asking { question, at }) => {
            let mut rows = Rows { reason: Some(cancelled), ..Rows::default() };
            for asked in &question.documents {
                rows.withhold(asked);
            }
            let env = &mut Env { now: *at, uptime: env.uptime, rng: &mut *env.rng };
            rows.drafts(make_history_id(env.rng), &question.requester, env)
        }
        State::Confirming(decided) => {
            let mut rows = decided.changes.history.clone();
            for row in rows.iter_mut().filter(|row| row.outcome == HistoryOutcome::Started) {
                row.outcome = HistoryOutcome::Refused;
                row.reason = String::from(cancelled.as_str());
            }
            rows
        }
        _ => Vec::new(),
    }
}

/// How a known reader is recognised at its next visit: by its key. Anybody can be certified under the same names.
pub(super) fn verifier(requester: &Requester) -> Option<VerifierId> {
    Some(VerifierId(requester.party()?.id()))
}

fn make_history_id(rng: &mut dyn CryptoRng) -> HistoryId {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    HistoryId(id)
}

/// What goes into the history: one row for what is presented, one for what is withheld.
#[derive(Default)]
struct Rows {
    presented: Vec<HistoryElement>,
    withheld: Vec<HistoryElement>,
    /// Why the first withheld document is.
    reason: Option<Code>,
}

impl Rows {
    fn present(&mut self, asked: &AskedDocument, ticked: &[&OfferedElement]) {
        self.presented.extend(ticked.iter().map(|element| line(asked, &element.path, element.intent_to_retain)));
    }

    fn withhold(&mut self, asked: &AskedDocument) {
        let elements = asked.elements.iter();
        self.withheld.extend(elements.map(|element| line(asked, &element.path, element.intent_to_retain)));
        self.reason.get_or_insert(asked.blocked.unwrap_or(Code::new("refused")));
    }

    /// The rows. A refusal beside something presented is an event of its own: the outcome of the other is updated
    /// later.
    fn drafts(self, history: HistoryId, requester: &Requester, env: &mut Env<'_>) -> Vec<HistoryDraft> {
        let draft = |id, outcome, elements, reason: &str, at: Timestamp| HistoryDraft {
            id,
            event: HistoryEventType::Presentation,
            outcome,
            at,
            peer: requester.party().cloned(),
            elements,
            reason: String::from(reason),
        };
        let mut drafts = Vec::new();
        let mut id = history;
        if !self.presented.is_empty() {
            drafts.push(draft(id, HistoryOutcome::Started, self.presented, "", env.now));
            id = make_history_id(env.rng);
        }
        if let Some(reason) = self.reason {
            drafts.push(draft(id, HistoryOutcome::Refused, self.withheld, reason.as_str(), env.now));
        }
        drafts
    }
}

/// An element of the history; the words of the reader are made fit to be displayed (neg-C39).
fn line(asked: &AskedDocument, path: &ClaimPath, retained: bool) -> HistoryElement {
    let credential_type = shown::credential_type(&asked.credential_type);
    HistoryElement { credential_type, path: shown::path(path), retained }
}
