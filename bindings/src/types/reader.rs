//! Mirrors of the reader's views.
pub use rid_reader::{
    DocumentAsk, ElementAsk, ReaderOptions, ReadingStep,
    view::{
        AgeAnswer, Decision, DisclosedElement, DisclosedElements, DocumentElements, DocumentError, DocumentVerdict,
        ElementError, Verdict,
    },
};
pub use rid_trust::{Check, Outcome};

use super::{ClaimPath, ClaimValue, Code, Environment, ImageFormat, IssuerRoot, KeyId, PrivateText, Timestamp};

/// The same as an app says it: certificates as DER or PEM, languages as tags.
#[uniffi::remote(Record)]
pub struct ReaderOptions {
    /// Whose roots these are.
    pub environment: Environment,
    /// Roots of issuers, each with the credential types it may sign for.
    pub issuer_roots: Vec<IssuerRoot>,
    /// Languages, first wanted first (BCP 47); those that are none of ours are passed over.
    #[uniffi(default = [])]
    pub locales: Vec<String>,
    /// The reader's key in the secure area; `None`: requests are anonymous.
    #[uniffi(default = None)]
    pub key: Option<KeyId>,
    /// The chain of that key, leaf first, without the root; DER or PEM each.
    #[uniffi(default = [])]
    pub chain: Vec<Vec<u8>>,
}

/// The elements asked of one document.
#[uniffi::remote(Record)]
pub struct DocumentAsk {
    /// Document type.
    pub kind: String,
    /// Elements, in order.
    pub elements: Vec<ElementAsk>,
}

/// One element asked for.
#[uniffi::remote(Record)]
pub struct ElementAsk {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// The reader means to keep it (intentToRetain).
    #[uniffi(default = false)]
    pub retained: bool,
    /// The verdict does not wait for it: an answer without it is complete. The request does not say so.
    #[uniffi(default = false)]
    pub optional: bool,
}

/// What is to be done now. The same step is given until it was done: `connected`, `proceed`.
#[uniffi::remote(Enum)]
pub enum ReadingStep {
    /// It is over.
    Closed {
        /// Why.
        code: Code,
    },
    /// Turn the radio on; then `connected`.
    Connect {
        /// UUID of the GATT service to look for (the wallet serves).
        peripheral_server: Option<Vec<u8>>,
        /// UUID of the GATT service to serve (the wallet looks for it).
        central_client: Option<Vec<u8>>,
    },
    /// An answer came and was judged; then `proceed`, and `ask` again or `finish`.
    Judged {
        /// Every check, and the claims that evidence allows.
        verdict: Verdict,
    },
    /// Send one message; then `proceed`.
    Send {
        /// The message, not yet chunked.
        message: Vec<u8>,
    },
    /// Wait for the link, but not longer than this; then call `tick`.
    Wait {
        /// Monotonic milliseconds of the Clock port; `None`: as long as it takes.
        until_millis: Option<u64>,
    },
}

/// The decision on a document or a whole response.
#[uniffi::remote(Enum)]
pub enum Decision {
    /// Every check that is needed was done and holds.
    Accepted,
    /// A check failed.
    Refused,
    /// No check failed, but one that is needed had no input or could not be decided.
    Undecided,
}

/// The verdict on a response: every check by name, and claims only where evidence allows.
#[uniffi::remote(Record)]
pub struct Verdict {
    /// The worst of the documents' decisions.
    pub decision: Decision,
    /// The reason of the first failing (else missing) check; `None` when accepted.
    pub code: Option<Code>,
    /// Whose roots were used; every view shows a test.
    pub environment: Environment,
    /// Checks of the response as a whole.
    pub checks: Vec<Check>,
    /// One per returned document, in order.
    pub documents: Vec<DocumentVerdict>,
    /// Document types that were asked for and not returned, or returned without any element.
    pub not_returned: Vec<String>,
    /// `documentErrors`: the wallet's code for each document type that it does not return.
    pub document_errors: Vec<DocumentError>,
}

/// The wallet's code for a document type that it does not return (18013-5, 8.3.2.1.2.3).
#[uniffi::remote(Record)]
pub struct DocumentError {
    /// The docType or vct.
    pub kind: String,
    /// The code; 0 says nothing.
    pub code: i64,
}

/// The verdict on one document.
#[uniffi::remote(Record)]
pub struct DocumentVerdict {
    /// The docType or vct.
    pub kind: String,
    /// Name of the kind in the first wanted language; the document type if unknown.
    pub label: String,
    /// Decision.
    pub decision: Decision,
    /// The reason of the first failing (else missing) check.
    pub code: Option<Code>,
    /// What trust rests on: `key`, `leaf:<sha256>`, `anchor:<sha256>`; `None` when nothing was trusted.
    pub trusted_by: Option<String>,
    /// Name of the issuer, from its certificate.
    pub issuer: Option<String>,
    /// Every check, in the order of std-M45, then device authentication.
    pub checks: Vec<Check>,
    /// The elements, and whether they may be relied on.
    pub elements: DocumentElements,
    /// Elements that were asked for, are not optional and did not come.
    pub not_returned: Vec<ClaimPath>,
    /// `errors`: the wallet's code for each element that it does not return.
    pub errors: Vec<ElementError>,
    /// Elements whose digest failed.
    pub failed_elements: Vec<ClaimPath>,
}

/// The elements of a document. Only `Current` ones answer a question: an app that reads nothing else cannot act on a
/// document that was refused or has expired.
#[uniffi::remote(Enum)]
pub enum DocumentElements {
    /// The document was accepted, and nothing refuses the response.
    Current {
        /// The elements.
        disclosed: DisclosedElements,
    },
    /// The issuer signed them, but the document or the response is not accepted (an expired document, for example). For
    /// records and for the screen of a person who looks into the reason; never an answer.
    Lapsed {
        /// The elements.
        disclosed: DisclosedElements,
    },
    /// There is no evidence for any element.
    NoEvidence,
}

/// Disclosed elements with the evidence of who signed them.
#[uniffi::remote(Record)]
pub struct DisclosedElements {
    /// Signed by the issuer.
    pub issuer_signed: Vec<DisclosedElement>,
    /// Signed by the holder's device, authorised by the issuer.
    pub device_signed: Vec<DisclosedElement>,
    /// The answers to the ages that were asked for, in the order of the question.
    pub ages: Vec<AgeAnswer>,
}

/// The answer to one `age_over_NN` that was asked for (18013-5, 7.2.5).
#[uniffi::remote(Record)]
pub struct AgeAnswer {
    /// The element that was asked for.
    pub asked: ClaimPath,
    /// Its label in the first wanted language.
    pub label: String,
    /// What a screen reader says for the label.
    pub spoken: String,
    /// The holder is at least that old.
    pub over: bool,
    /// `over` in words of the first wanted language.
    pub text: PrivateText,
    /// The attested element that says so: the one asked for, a true of a higher age, or a false of a lower age.
    pub attested: ClaimPath,
}

/// The wallet's code for an element that it does not return (18013-5, 8.3.2.1.2.3).
#[uniffi::remote(Record)]
pub struct ElementError {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// The code; 0 says nothing.
    pub code: i64,
}

/// One disclosed element with its display text.
#[uniffi::remote(Record)]
pub struct DisclosedElement {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// Label in the first wanted language; the identifier if unknown.
    pub label: String,
    /// What a screen reader says for the label.
    pub spoken: String,
    /// The value.
    pub value: ClaimValue,
    /// The value as text for people in the first wanted language. It is never empty.
    pub text: PrivateText,
    /// This is the holder's portrait.
    pub portrait: bool,
    /// The format of a portrait, and of other bytes that begin like a picture.
    pub image: Option<ImageFormat>,
    /// A named warning: `element_type`, a value of another type than the profile's.
    pub warning: Option<Code>,
}

/// How a check ended.
#[uniffi::remote(Enum)]
pub enum Outcome {
    /// It was done and failed.
    Failed,
    /// It was not done: not asked for here, or a needed input is missing (then `reason` names it).
    NotDone,
    /// It was done and holds.
    Passed,
    /// It was tried and could not be decided (no network, no list).
    Unknown,
}

/// One named check of a verdict.
#[uniffi::remote(Record)]
pub struct Check {
    /// The name of the check.
    pub code: Code,
    /// How it ended.
    pub outcome: Outcome,
    /// The named error or warning; `None` for a plain pass.
    pub reason: Option<Code>,
    /// The time the check refers to, where it refers to one.
    pub as_of: Option<Timestamp>,
    /// The part of the message that the reason is about, where it is known.
    pub place: Option<String>,
}
