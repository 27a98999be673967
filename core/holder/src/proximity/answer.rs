//! The person's answer, checked against the question.
use alloc::{collections::BTreeSet, string::String, vec::Vec};

use rid_claims::{ClaimPath, CredentialType};
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
pub(crate) fn check(question: &Question, answer: &Answer) -> Result<(), Misuse> {
    if answer.id != question.id || !constant_time_eq(&answer.hash, &question.hash) {
        return Err(Misuse::ConsentBinding);
    }
    let Decision::Agree(agreed) = &answer.decision else { return Ok(()) };
    for (place, one) in agreed.iter().enumerate() {
        let mut others = agreed.iter().skip(place.saturating_add(1)).filter(|other| other.document == one.document);
        let asked = document(question, one).ok_or(Misuse::ConsentSelection)?;
        let twice = others.any(|other| !asked.multiple || other.credential == one.credential);
        if twice || chosen(question, asked, one).is_none() {
            return Err(Misuse::ConsentSelection);
        }
    }
    if question.whole && !is_complete(question, agreed) {
        return Err(Misuse::ConsentSelection);
    }
    Ok(())
}

/// Whether something is agreed to, and of every mandatory use case one set of documents.
fn is_complete(question: &Question, agreed: &[AgreedDocument]) -> bool {
    let is_agreed = |at: &u32| agreed.iter().any(|one| one.document == *at);
    let mut mandatory = question.use_cases.iter().filter(|one| one.mandatory);
    !agreed.is_empty() && mandatory.all(|one| one.document_sets.iter().any(|set| set.iter().all(is_agreed)))
}

fn document<'q>(question: &'q Question, agreed: &AgreedDocument) -> Option<&'q AskedDocument> {
    question.documents.get(usize::try_from(agreed.document).ok()?)
}

/// The candidate that an answer chose, and its ticked elements. `None`: it is not offered so. A blocked document has no
/// candidates.
fn chosen<'q>(
    question: &Question,
    asked: &'q AskedDocument,
    agreed: &AgreedDocument,
) -> Option<(&'q Candidate, Vec<&'q OfferedElement>)> {
    let ticked: BTreeSet<&ClaimPath> = agreed.elements.iter().collect();
    let fits = |candidate: &&Candidate| {
        let sendable: BTreeSet<&ClaimPath> = sendable(candidate).map(|element| &element.path).collect();
        let is_offered = if question.whole { ticked == sendable } else { ticked.is_subset(&sendable) };
        candidate.credential == agreed.credential && is_offered
    };
    let candidate = asked.candidates.iter().find(fits)?;
    Some((candidate, sendable(candidate).filter(|element| ticked.contains(&element.path)).collect()))
}

fn sendable(candidate: &Candidate) -> impl Iterator<Item = &OfferedElement> {
    candidate.elements.iter().filter(|element| element.withheld.is_none())
}

/// Turns a checked answer into the copies to consume, the rows to write and the documents to present.
pub(crate) fn decide(question: &Question, decision: &Decision, env: &mut Env<'_>) -> Decided {
    let agreed = match decision {
        Decision::Agree(agreed) => agreed.as_slice(),
        Decision::Refuse => &[],
    };
    let mut planned: Vec<Planned> = Vec::new();
    let mut rows = Rows::default();
    for (position, asked) in question.documents.iter().enumerate() {
        let answers = agreed.iter().filter(|one| usize::try_from(one.document) == Ok(position));
        let going = answers.filter_map(|one| chosen(question, asked, one));
        let going: Vec<_> = going.filter(|(candidate, ticked)| goes(question, asked, candidate, ticked)).collect();
        if going.is_empty() && (!question.whole || agreed.is_empty()) {
            rows.withhold(asked);
        }
        for (candidate, ticked) in going {
            rows.present(candidate, &ticked);
            planned.push(plan(position, asked, candidate, &ticked));
        }
    }
    if question.whole && planned.is_empty() {
        rows.reason = question.unanswerable.or(rows.reason).or(Some(REFUSED));
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

/// Whether anything of the document leaves: something is ticked, and a portrait that binds is among it.
fn goes(question: &Question, asked: &AskedDocument, candidate: &Candidate, ticked: &[&OfferedElement]) -> bool {
    let is_withheld = |element: &OfferedElement| element.portrait && !ticked.contains(&element);
    let withheld = asked.portrait_binds && sendable(candidate).any(is_withheld);
    question.whole || !(ticked.is_empty() || withheld)
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
    let (credential, credential_type) = (candidate.credential.clone(), candidate.credential_type.clone());
    Planned { position, credential, credential_type, disclosure }
}

/// The rows of a request that the person had been asked about when the app ended the session: refused, because it was
/// cancelled.
pub(super) fn cancelled(state: &State, env: &mut Env<'_>) -> Vec<HistoryDraft> {
    let cancelled = Code::new("cancelled");
    match state {
        State::Asking(Asking { question, at }) => {
            withdrawn(question, &mut Env { now: *at, uptime: env.uptime, rng: &mut *env.rng })
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

/// The rows of a question that the app withdrew, at the time of asking: refused, because it was cancelled.
pub(crate) fn withdrawn(question: &Question, env: &mut Env<'_>) -> Vec<HistoryDraft> {
    let mut rows = Rows { reason: Some(Code::new("cancelled")), ..Rows::default() };
    for asked in &question.documents {
        rows.withhold(asked);
    }
    rows.drafts(make_history_id(env.rng), &question.requester, env)
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

/// The person refused.
const REFUSED: Code = Code::new("refused");

/// What goes into the history: one row for what is presented, one for what is withheld.
#[derive(Default)]
struct Rows {
    presented: Vec<HistoryElement>,
    withheld: Vec<HistoryElement>,
    /// Why the first withheld document is.
    reason: Option<Code>,
}

impl Rows {
    fn present(&mut self, candidate: &Candidate, ticked: &[&OfferedElement]) {
        let of = &candidate.credential_type;
        if ticked.is_empty() {
            // Without any element the document itself is presented.
            self.presented.push(line(of, &ClaimPath::default(), false));
        }
        self.presented.extend(ticked.iter().map(|element| line(of, &element.path, element.intent_to_retain)));
    }

    fn withhold(&mut self, asked: &AskedDocument) {
        let elements = asked.elements.iter();
        let of = &asked.credential_type;
        self.withheld.extend(elements.map(|element| line(of, &element.path, element.intent_to_retain)));
        self.reason.get_or_insert(asked.blocked.unwrap_or(REFUSED));
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
fn line(of: &CredentialType, path: &ClaimPath, retained: bool) -> HistoryElement {
    let credential_type = shown::credential_type(of);
    HistoryElement { credential_type, path: shown::path(path), retained }
}
