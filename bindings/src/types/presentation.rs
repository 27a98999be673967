//! Mirrors of a presentation: steps, the question, the answer.
use super::{
    AskedElement, CandidateCredential, ClaimPath, ClaimValue, Code, ConsentAnswer, ConsentDecision, ConsentRequest,
    ConsentedDocument, CredentialId, CredentialState, Environment, HistoryItem, LackedElement, OnlineDelivery,
    PresentationReceipt, PresentationStep, PrivateText, RequestedDocument, RequestedElement, RequestedUseCase,
    RequesterInfo, ReusePolicy, Timestamp, UnavailableCredential,
};

/// What is to be done now. The same step is given until it was done: `proceed`, `answer`, `unlocked`.
#[uniffi::remote(Enum)]
pub enum PresentationStep {
    /// Show the QR code and turn the radio on; then `proceed`.
    Advertise {
        /// Text of the QR code.
        qr: String,
        /// UUID of the GATT service to serve (peripheral server mode).
        peripheral_server: Option<Vec<u8>>,
        /// UUID of the GATT service to look for (central client mode).
        central_client: Option<Vec<u8>>,
    },
    /// Ask the person; then `answer`.
    Ask {
        /// The question.
        request: ConsentRequest,
    },
    /// It is over.
    Closed {
        /// Why.
        code: Code,
    },
    /// One exchange is over; then `proceed`.
    Receipt {
        /// How.
        receipt: PresentationReceipt,
    },
    /// Send one message; then `proceed`.
    Send {
        /// The message, not yet chunked.
        message: Vec<u8>,
    },
    /// Unlock the wallet; then `unlocked`.
    Unlock,
    /// Wait for the link, but not longer than this; then call `tick`.
    Wait {
        /// Monotonic milliseconds of the Clock port; `None`: as long as it takes.
        until_millis: Option<u64>,
    },
}

/// Who asks.
#[uniffi::remote(Record)]
pub struct RequesterInfo {
    /// Name from the certificate, else its organisation, else a fingerprint; empty when unknown.
    pub name: String,
    /// Organisation from the certificate.
    pub organization: Option<String>,
    /// Country from the certificate.
    pub country: Option<String>,
    /// Verified by reader authentication or by its certificate.
    pub verified: bool,
    /// Why not, if not.
    pub reason: Option<Code>,
    /// The identifier by which it is recognised (online: client identifier or origin), fit to be displayed.
    pub identifier: Option<String>,
    /// It is an app on this phone, not a website.
    pub app: bool,
}

/// A question to the person. Answer with its `id` and `hash`. All text of the requester in it is fit to be shown:
/// visible ASCII of at most 128 bytes, anything else escaped.
#[uniffi::remote(Record)]
pub struct ConsentRequest {
    /// Names the question.
    pub id: String,
    /// Binds the answer to the request as received.
    pub hash: Vec<u8>,
    /// Who asks.
    pub requester: RequesterInfo,
    /// Whose roots are loaded; a test is shown.
    pub environment: Environment,
    /// The purpose of a verified registration certificate; `None`: not registered.
    pub purpose: Option<String>,
    /// Elements of a candidate are agreed to all together or not at all, and every mandatory use case or nothing.
    /// Sensitive ones still have a line of their own.
    pub whole: bool,
    /// Why nothing can be presented. The only answer is to refuse, which tells the requester no more than a refusal.
    pub unanswerable: Option<Code>,
    /// The documents asked for, in order; each is answered by a credential of its own choice, or not at all.
    pub documents: Vec<RequestedDocument>,
    /// Which documents the requester wants together; empty: it does not say.
    pub use_cases: Vec<RequestedUseCase>,
    /// Warnings that the person must see.
    pub warnings: Vec<Code>,
}

/// A purpose of the requester, and the sets of documents that serve it.
#[uniffi::remote(Record)]
pub struct RequestedUseCase {
    /// The requester cannot go on without it.
    pub mandatory: bool,
    /// Alternatives, preferred first: positions of documents that are wanted together.
    pub document_sets: Vec<Vec<u32>>,
}

/// One document asked for.
#[uniffi::remote(Record)]
pub struct RequestedDocument {
    /// Position in the request.
    pub position: u32,
    /// `mso_mdoc` or `dc+sd-jwt`.
    pub format: String,
    /// Document type or vct.
    pub kind: String,
    /// Name of the kind in the first wanted language.
    pub name: String,
    /// Elements asked for, in order.
    pub asked: Vec<AskedElement>,
    /// Credentials that can answer, best first: offer the first, let the person choose another. None when it is
    /// blocked.
    pub candidates: Vec<CandidateCredential>,
    /// Credentials of this kind that are not offered, and why.
    pub unavailable: Vec<UnavailableCredential>,
    /// Why it cannot be presented; the answer will not distinguish it from a refusal. `None`: there is a candidate.
    pub blocked: Option<Code>,
    /// The portrait goes with the rest, or nothing of this document goes.
    pub portrait_binds: bool,
    /// Several credentials may be chosen.
    pub multiple: bool,
    /// Preselect it: it can be presented, and it belongs to the first set of its use case that can be answered whole.
    pub suggested: bool,
}

/// One element asked for.
#[uniffi::remote(Record)]
pub struct AskedElement {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// Label in the first wanted language.
    pub label: String,
    /// What a screen reader says for the label.
    pub spoken: String,
    /// The requester means to keep it.
    pub retained: bool,
    /// The requester says whether it keeps it. Otherwise there is no statement.
    pub states_retention: bool,
    /// It exceeds the registered purpose.
    pub exceeds_purpose: bool,
}

/// A credential that can answer.
#[uniffi::remote(Record)]
pub struct CandidateCredential {
    /// Identifier.
    pub credential: CredentialId,
    /// Issuer's name, from its certificate.
    pub issuer: String,
    /// Whose data it is, if not the holder's (child, company).
    pub subject: Option<PrivateText>,
    /// Whether it is valid now: `Ready`, `NotYetValid` or `Expired`.
    pub state: CredentialState,
    /// Last second of technical validity.
    pub valid_until: Timestamp,
    /// One-time copies left of it.
    pub copies_left: u32,
    /// Which copy leaves.
    pub reuse: ReusePolicy,
    /// The copy can be presented again, so several presentations can be linked by it.
    pub linkable: bool,
    /// The elements that leave when they are ticked, and those that cannot leave, in the order of the request.
    pub elements: Vec<RequestedElement>,
}

/// A credential that is not offered.
#[uniffi::remote(Record)]
pub struct UnavailableCredential {
    /// Identifier.
    pub credential: CredentialId,
    /// Issuer's name, from its certificate.
    pub issuer: String,
    /// Whose data it is, if not the holder's (child, company).
    pub subject: Option<PrivateText>,
    /// The reason: no copy left, damaged, none of the elements, expired beside a valid one.
    pub reason: Code,
    /// The elements that it lacks, where all are asked for or none. For the holder's eyes only.
    pub missing: Vec<LackedElement>,
}

/// An element for which a credential does not answer.
#[uniffi::remote(Record)]
pub struct LackedElement {
    /// The path as it was asked for.
    pub path: ClaimPath,
    /// Label in the first wanted language.
    pub label: String,
    /// Why: not in the credential, or of another value.
    pub reason: Code,
}

/// One element of a candidate, as an answer to the request.
#[uniffi::remote(Record)]
pub struct RequestedElement {
    /// Namespace and identifier of the element that leaves: for an age that is asked for, the attested one that answers
    /// it.
    pub path: ClaimPath,
    /// Label in the first wanted language.
    pub label: String,
    /// What a screen reader says for the label.
    pub spoken: String,
    /// The elements asked for that it answers, as in `RequestedDocument::asked`; at least one.
    pub asked: Vec<ClaimPath>,
    /// The requester means to keep it.
    pub retained: bool,
    /// It leaves when it is ticked. Only such elements may be in an answer.
    pub held: bool,
    /// Why it cannot leave, if it cannot: not held, or one age too many.
    pub reason: Option<Code>,
    /// To be ticked on a line of its own.
    pub sensitive: bool,
    /// This is the holder's portrait.
    pub portrait: bool,
    /// The value that would leave; `Nothing` for a portrait, and for an element that cannot leave.
    pub value: ClaimValue,
    /// The value as text for people in the first wanted language. It is never empty.
    pub text: PrivateText,
    /// An age of the same credential that says less than this date of birth.
    pub less_revealing: Option<ClaimPath>,
}

/// A person's answer.
#[uniffi::remote(Record)]
pub struct ConsentAnswer {
    /// `ConsentRequest::id`.
    pub id: String,
    /// `ConsentRequest::hash`.
    pub hash: Vec<u8>,
    /// The decision.
    pub decision: ConsentDecision,
}

/// A decision of a person.
#[uniffi::remote(Enum)]
pub enum ConsentDecision {
    /// Present the ticked elements.
    Agree {
        /// The documents with ticked elements.
        documents: Vec<ConsentedDocument>,
    },
    /// Present nothing.
    Refuse,
}

/// The ticked elements of one document.
#[uniffi::remote(Record)]
pub struct ConsentedDocument {
    /// `RequestedDocument::position`.
    pub position: u32,
    /// `CandidateCredential::credential` of one of its candidates.
    pub credential: CredentialId,
    /// `RequestedElement::path` of ticked elements of this candidate.
    pub elements: Vec<ClaimPath>,
}

/// How one exchange ended.
#[uniffi::remote(Record)]
pub struct PresentationReceipt {
    /// Whether data was sent; else it was refused or nothing was held.
    pub disclosed: bool,
    /// What was sent, as in the history.
    pub elements: Vec<HistoryItem>,
    /// Credentials a copy of which was used.
    pub used: Vec<CredentialId>,
    /// Credentials that are low on copies now.
    pub low_water: Vec<CredentialId>,
    /// What became of an online answer or refusal; `None` face to face.
    pub delivery: Option<OnlineDelivery>,
}

/// What became of an online answer or refusal.
#[uniffi::remote(Enum)]
pub enum OnlineDelivery {
    /// It was not sent: the address may not be called.
    NotSent,
    /// The service replied that it did not take it.
    Refused,
    /// Give this to the platform.
    Returned {
        /// The data of the response, as JSON text.
        data: String,
    },
    /// The service took it.
    Taken {
        /// The page to open. It is never there for a link that was scanned.
        redirect: Option<String>,
    },
    /// It was sent, and what became of it is not known. It is not sent again.
    Unknown,
}
