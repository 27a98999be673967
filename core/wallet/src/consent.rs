//! From a machine's question to the view of a screen, and back. Text of the reader is shown escaped (neg-C39); the
//! answer comes back with the escaped paths.
use rid_claims::ClaimPath;
use rid_flow::CredentialId;
use rid_holder::{
    consent::{AgreedDocument, Answer, AskedDocument, Candidate, Decision, Question, QuestionId, Requester},
    held::Validity,
    shown,
};
use rid_wire::{Code, hex};

use crate::{
    Wallet, WalletError,
    view::{
        AskedElement, CandidateCredential, ConsentAnswer, ConsentDecision, ConsentRequest, ConsentedDocument,
        CredentialState, RequestedDocument, RequestedElement, RequestedUseCase, RequesterInfo, UnavailableCredential,
    },
};

impl Wallet {
    /// The view of a question.
    pub(crate) fn request_view(&self, question: &Question) -> ConsentRequest {
        let documents = question.documents.iter().zip(0..).map(|(asked, position)| self.document_view(position, asked));
        let use_cases = question.use_cases.iter();
        ConsentRequest {
            id: hex::encode(&question.id.0),
            hash: question.hash.to_vec(),
            requester: requester_view(&question.requester),
            environment: self.environment(),
            purpose: None,
            documents: documents.collect(),
            use_cases: use_cases
                .map(|one| RequestedUseCase { mandatory: one.mandatory, document_sets: one.document_sets.clone() })
                .collect(),
            warnings: question.warnings.clone(),
        }
    }

    fn document_view(&self, position: u32, asked: &AskedDocument) -> RequestedDocument {
        RequestedDocument {
            position,
            kind: shown::identifier(&asked.credential_type.id),
            name: self.kind_name(&asked.credential_type),
            asked: asked
                .elements
                .iter()
                .map(|element| {
                    let (label, spoken) = self.words(&asked.credential_type, &element.path);
                    AskedElement { path: shown::path(&element.path), label, spoken, retained: element.intent_to_retain }
                })
                .collect(),
            candidates: asked.candidates.iter().map(|candidate| self.candidate_view(asked, candidate)).collect(),
            unavailable: asked
                .unavailable
                .iter()
                .map(|one| UnavailableCredential {
                    credential: one.credential.clone(),
                    issuer: shown::name(&one.issuer),
                    subject: one.subject.clone(),
                    reason: one.reason,
                })
                .collect(),
            blocked: asked.blocked,
            portrait_binds: asked.portrait_binds,
            suggested: asked.suggested,
        }
    }

    fn candidate_view(&self, asked: &AskedDocument, candidate: &Candidate) -> CandidateCredential {
        let kind = self.profile.kind(&asked.credential_type);
        let elements = candidate.elements.iter().map(|offered| {
            let (label, spoken) = self.words(&asked.credential_type, &offered.path);
            let known = kind.and_then(|kind| kind.element(&offered.path));
            let answers = offered.asked.iter().filter_map(|at| asked.elements.get(*at));
            RequestedElement {
                path: shown::path(&offered.path),
                label,
                spoken,
                asked: answers.map(|element| shown::path(&element.path)).collect(),
                retained: offered.intent_to_retain,
                held: offered.withheld.is_none(),
                reason: offered.withheld,
                sensitive: known.is_some_and(|element| element.sensitive),
                portrait: offered.portrait,
            }
        });
        CandidateCredential {
            credential: candidate.credential.clone(),
            issuer: shown::name(&candidate.issuer),
            subject: candidate.subject.clone(),
            state: match candidate.validity {
                Validity::Valid => CredentialState::Ready,
                Validity::NotYetValid => CredentialState::NotYetValid,
                Validity::Expired => CredentialState::Expired,
            },
            valid_until: candidate.valid_until,
            copies_left: candidate.copies_left,
            elements: elements.collect(),
        }
    }
}

/// The machine's answer from the person's.
pub(crate) fn answer_of(question: &Question, answer: ConsentAnswer) -> Result<Answer, WalletError> {
    let binding = || WalletError::misuse("consent_binding");
    let id: [u8; 16] = hex::decode(&answer.id).ok().and_then(|id| id.try_into().ok()).ok_or_else(binding)?;
    let hash: [u8; 32] = answer.hash.try_into().map_err(|_| binding())?;
    let decision = match answer.decision {
        ConsentDecision::Refuse => Decision::Refuse,
        ConsentDecision::Agree { documents } => {
            let agreed = documents.into_iter().map(|document| agreed_of(question, document));
            Decision::Agree(agreed.collect::<Option<_>>().ok_or_else(selection)?)
        }
    };
    Ok(Answer { id: QuestionId(id), hash, decision })
}

/// `None`: it names a document, a credential or an element that is not offered.
fn agreed_of(question: &Question, document: ConsentedDocument) -> Option<AgreedDocument> {
    let asked = question.documents.get(usize::try_from(document.position).ok()?)?;
    let candidate = candidate(asked, &document.credential)?;
    let offered = |path: &ClaimPath| candidate.elements.iter().find(|one| shown::path(&one.path) == *path);
    let elements = document.elements.iter().map(|path| Some(offered(path)?.path.clone()));
    let elements = elements.collect::<Option<_>>()?;
    Some(AgreedDocument { document: document.position, credential: document.credential, elements })
}

fn candidate<'q>(asked: &'q AskedDocument, credential: &CredentialId) -> Option<&'q Candidate> {
    asked.candidates.iter().find(|candidate| candidate.credential == *credential)
}

const fn selection() -> WalletError {
    WalletError::BadInput { code: Code::new("consent_selection") }
}

fn requester_view(requester: &Requester) -> RequesterInfo {
    let party = requester.party();
    RequesterInfo {
        name: party.map(|party| party.name.clone()).unwrap_or_default(),
        organization: party.and_then(|party| party.organization.clone()),
        country: party.and_then(|party| party.country.clone()),
        verified: party.is_some(),
        reason: match requester {
            Requester::Known(_) => None,
            Requester::Unknown(code) => Some(*code),
        },
    }
}
