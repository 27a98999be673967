//! From a machine's question to the view a person sees, and back.
use rid_flow::CredentialId;
use rid_holder::consent::{
    AgreedDocument, Answer, AskedDocument, Candidate, Decision, Question, QuestionId, Requester,
};
use rid_wire::{Code, hex};

use crate::{
    Wallet, WalletError,
    view::{
        AlternativeView, ConsentAnswer, ConsentDecision, RequestView, RequestedDocumentView, RequestedElementView,
        RequesterView,
    },
};

/// Most alternatives offered.
const MAX_ALTERNATIVES: usize = 8;

impl Wallet {
    /// Puts words to a question. Alternative `n` shows the `n`-th candidate of every document that has so many.
    pub(crate) fn request_view(&self, question: &Question) -> RequestView {
        let most = question.documents.iter().map(|document| document.candidates.len()).max().unwrap_or(0);
        let alternatives = (0..most.clamp(1, MAX_ALTERNATIVES))
            .map(|choice| AlternativeView {
                documents: question
                    .documents
                    .iter()
                    .enumerate()
                    .map(|(position, document)| self.document_view(position, document, choice))
                    .collect(),
            })
            .collect();
        RequestView {
            id: hex::encode(&question.id.0),
            hash: question.hash.to_vec(),
            requester: requester_view(&question.requester),
            environment: self.environment(),
            purpose: None,
            alternatives,
            warnings: question.warnings.clone(),
        }
    }

    fn document_view(&self, position: usize, document: &AskedDocument, choice: usize) -> RequestedDocumentView {
        let candidate = candidate(document, choice);
        let kind = self.profile.kind(&document.doc_type);
        let elements = document
            .elements
            .iter()
            .map(|asked| {
                let (label, spoken) = self.words(&document.doc_type, &asked.path);
                let element = asked.path.as_element().and_then(|(n, i)| kind.and_then(|k| k.element(n, i)));
                RequestedElementView {
                    path: asked.path.clone(),
                    label,
                    spoken,
                    retained: asked.intent_to_retain,
                    held: candidate.is_some_and(|candidate| candidate.holds(&asked.path)),
                    sensitive: element.is_some_and(|element| element.sensitive),
                    portrait: element.is_some_and(|element| element.portrait),
                }
            })
            .collect();
        RequestedDocumentView {
            position: u32::try_from(position).unwrap_or(u32::MAX),
            kind: document.doc_type.clone(),
            name: kind.map_or(document.doc_type.as_str(), |kind| kind.name.resolve(&self.locales)).into(),
            credential: candidate.map(|candidate| candidate.credential.clone()),
            copies_left: candidate.map_or(0, |candidate| candidate.copies_left),
            blocked: document.blocked,
            portrait_binds: document.portrait_binds,
            elements,
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
        ConsentDecision::Agree { alternative, documents } => {
            let choice = usize::try_from(alternative).unwrap_or(usize::MAX);
            let mut agreed = Vec::with_capacity(documents.len());
            for document in documents {
                let credential = credential_of(question, document.position, choice)?;
                agreed.push(AgreedDocument { document: document.position, credential, elements: document.elements });
            }
            Decision::Agree(agreed)
        }
    };
    Ok(Answer { id: QuestionId(id), hash, decision })
}

fn credential_of(question: &Question, position: u32, choice: usize) -> Result<CredentialId, WalletError> {
    usize::try_from(position)
        .ok()
        .and_then(|position| question.documents.get(position))
        .and_then(|document| candidate(document, choice))
        .map(|candidate| candidate.credential.clone())
        .ok_or(WalletError::BadInput { code: Code::new("consent_selection") })
}

/// The candidate of one alternative; documents with fewer candidates stay at their last.
fn candidate(document: &AskedDocument, choice: usize) -> Option<&Candidate> {
    document.candidates.get(choice).or_else(|| document.candidates.last())
}

fn requester_view(requester: &Requester) -> RequesterView {
    match requester {
        Requester::Known(identity) => RequesterView {
            name: identity.name().unwrap_or_default().into(),
            organization: identity.organization().map(Into::into),
            country: identity.country().map(Into::into),
            verified: true,
            reason: None,
        },
        Requester::Unknown(code) => RequesterView {
            name: String::new(),
            organization: None,
            country: None,
            verified: false,
            reason: Some(*code),
        },
    }
}
