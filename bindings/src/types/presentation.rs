//! Mirrors of a presentation: steps, the question, the answer.
use super::{
    AlternativeView, ClaimPath, Code, ConsentAnswer, ConsentDecision, ConsentedDocument, CredentialId, Environment,
    PresentationStep, ReceiptView, RequestView, RequestedDocumentView, RequestedElementView, RequesterView,
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
        request: RequestView,
    },
    /// It is over.
    Closed {
        /// Why.
        code: Code,
    },
    /// One exchange is over; then `proceed`.
    Receipt {
        /// How.
        receipt: ReceiptView,
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
pub struct RequesterView {
    /// Name from the certificate; empty when unknown.
    pub name: String,
    /// Organisation from the certificate.
    pub organization: Option<String>,
    /// Country from the certificate.
    pub country: Option<String>,
    /// Verified by reader authentication.
    pub verified: bool,
    /// Why not, if not.
    pub reason: Option<Code>,
}

/// What a person is asked. Answer with its `id` and `hash`.
#[uniffi::remote(Record)]
pub struct RequestView {
    /// Names the question.
    pub id: String,
    /// Binds the answer to the request as received.
    pub hash: Vec<u8>,
    /// Who asks.
    pub requester: RequesterView,
    /// Whose roots are loaded; a test is shown.
    pub environment: Environment,
    /// Purpose as the requester states it; its words, not ours.
    pub purpose: Option<String>,
    /// Ways to answer; at least one. Choose one.
    pub alternatives: Vec<AlternativeView>,
    /// What the person must be told.
    pub warnings: Vec<Code>,
}

/// One way to answer.
#[uniffi::remote(Record)]
pub struct AlternativeView {
    /// The documents asked for, in order.
    pub documents: Vec<RequestedDocumentView>,
}

/// One document asked for.
#[uniffi::remote(Record)]
pub struct RequestedDocumentView {
    /// Position in the request.
    pub position: u32,
    /// Document type.
    pub kind: String,
    /// Name of the kind in the first wanted language.
    pub name: String,
    /// The credential that would be shown; `None`: none is held, and the answer will not tell it from a refusal.
    pub credential: Option<CredentialId>,
    /// One-time copies left of it.
    pub copies_left: u32,
    /// May not be shown to this requester, and why.
    pub blocked: Option<Code>,
    /// The portrait goes with the rest, or nothing of this document goes.
    pub portrait_binds: bool,
    /// Elements asked for, in order.
    pub elements: Vec<RequestedElementView>,
}

/// One element asked for.
#[uniffi::remote(Record)]
pub struct RequestedElementView {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// Label in the first wanted language.
    pub label: String,
    /// What a screen reader says for the label.
    pub spoken: String,
    /// The requester means to keep it.
    pub retained: bool,
    /// It is held.
    pub held: bool,
    /// To be ticked on a line of its own.
    pub sensitive: bool,
    /// This is the holder's portrait.
    pub portrait: bool,
}

/// A person's answer.
#[uniffi::remote(Record)]
pub struct ConsentAnswer {
    /// `RequestView::id`.
    pub id: String,
    /// `RequestView::hash`.
    pub hash: Vec<u8>,
    /// What was decided.
    pub decision: ConsentDecision,
}

/// What a person decided.
#[uniffi::remote(Enum)]
pub enum ConsentDecision {
    /// Show the ticked elements.
    Agree {
        /// Position in `RequestView::alternatives`.
        alternative: u32,
        /// The documents with ticked elements.
        documents: Vec<ConsentedDocument>,
    },
    /// Show nothing.
    Refuse,
}

/// The ticked elements of one document.
#[uniffi::remote(Record)]
pub struct ConsentedDocument {
    /// `RequestedDocumentView::position`.
    pub position: u32,
    /// Ticked elements.
    pub elements: Vec<ClaimPath>,
}

/// How one exchange ended.
#[uniffi::remote(Record)]
pub struct ReceiptView {
    /// Whether data was sent; else it was refused or nothing was held.
    pub disclosed: bool,
    /// Credentials a copy of which was used.
    pub used: Vec<CredentialId>,
    /// Credentials that are low on copies now.
    pub low_water: Vec<CredentialId>,
}
