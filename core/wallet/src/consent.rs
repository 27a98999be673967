//! From a machine's question to the view of a screen, and back. Text of the reader is shown escaped (neg-C39); the
//! answer comes back with the escaped paths.
use rid_claims::{ClaimPath, ReusePolicy};
use rid_holder::{
    consent::{
        AgreedDocument, Answer, AskedDocument, Candidate, Decision, MissingElement, Question, QuestionId, Requester,
    },
    held::Validity,
    shown,
};
use rid_trust::PartyBasis;
use rid_wire::{Code, hex};

use crate::{
    Wallet, WalletError,
    view::{
        AskedElement, CandidateCredential, ConsentAnswer, ConsentDecision, ConsentRequest, ConsentedDocument,
        CredentialState, LackedElement, RequestedDocument, RequestedElement, RequestedUseCase, RequesterInfo,
        UnavailableCredential,
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
            purpose: question.purpose.clone(),
            whole: question.whole,
            unanswerable: question.unanswerable,
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
            format: asked.credential_type.format.as_str().into(),
            kind: shown::identifier(&asked.credential_type.id),
            name: self.kind_name(&asked.credential_type),
            asked: asked
                .elements
                .iter()
                .map(|element| {
                    let (label, spoken) = self.words(&asked.credential_type, &element.path);
                    AskedElement {
                        path: shown::path(&element.path),
                        label,
                        spoken,
                        retained: element.intent_to_retain,
                        states_retention: element.states_retention,
                        exceeds_purpose: element.exceeds_purpose,
                    }
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
                    missing: one.missing.iter().map(|lacked| self.lacked_view(asked, lacked)).collect(),
                })
                .collect(),
            blocked: asked.blocked,
            portrait_binds: asked.portrait_binds,
            multiple: asked.multiple,
            suggested: asked.suggested,
        }
    }

    fn lacked_view(&self, asked: &AskedDocument, lacked: &MissingElement) -> LackedElement {
        let (label, _) = self.words(&asked.credential_type, &lacked.path);
        LackedElement { path: shown::path(&lacked.path), label, reason: lacked.reason }
    }

    fn candidate_view(&self, asked: &AskedDocument, candidate: &Candidate) -> CandidateCredential {
        let kind = self.profile.kind(&candidate.credential_type);
        let elements = candidate.elements.iter().map(|offered| {
            let (label, spoken) = self.words(&candidate.credential_type, &offered.path);
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
                text: rid_profile::display(known, &offered.value, &self.locales()),
                value: offered.value.clone(),
                less_revealing: offered.less_revealing.as_ref().map(shown::path),
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
            reuse: candidate.reuse,
            linkable: candidate.reuse != ReusePolicy::Once,
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
    // A credential with several combinations of claims is listed once for each.
    let listed = asked.candidates.iter().filter(|candidate| candidate.credential == document.credential);
    let offered = |path: &ClaimPath| {
        let mut all = listed.clone().flat_map(|candidate| &candidate.elements);
        all.find(|one| shown::path(&one.path) == *path).map(|one| one.path.clone())
    };
    listed.clone().next()?;
    let elements = document.elements.iter().map(offered).collect::<Option<_>>()?;
    Some(AgreedDocument { document: document.position, credential: document.credential, elements })
}

const fn selection() -> WalletError {
    WalletError::BadInput { code: Code::new("consent_selection") }
}

fn requester_view(requester: &Requester) -> RequesterInfo {
    let party = requester.party();
    let identifier = match party.map(|party| &party.basis) {
        Some(PartyBasis::ClientId { id }) => Some(id),
        Some(PartyBasis::Origin { origin }) => Some(origin),
        Some(PartyBasis::Certificate { .. }) | None => None,
    };
    RequesterInfo {
        name: party.map(|party| party.name.clone()).unwrap_or_default(),
        organization: party.and_then(|party| party.organization.clone()),
        country: party.and_then(|party| party.country.clone()),
        verified: matches!(requester, Requester::Known(_)),
        reason: match requester {
            Requester::Known(_) => None,
            Requester::Identified { reason, .. } | Requester::Unknown(reason) => Some(*reason),
        },
        app: identifier.is_some_and(|identifier| identifier.starts_with("android:apk-key-hash:")),
        identifier: identifier.map(|identifier| shown::identifier(identifier)),
    }
}
