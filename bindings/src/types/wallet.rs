//! Mirrors of the wallet's views.
pub use rid_claims::ReusePolicy;
pub use rid_flow::{CredentialId, HistoryEventType, HistoryOutcome};
pub use rid_profile::{ReaderPolicy, ReaderRule};
pub use rid_wallet::{
    DeviceAuthMethod, Enrolment, PresentationStep, WalletOptions,
    view::{
        AskedElement, CandidateCredential, ConsentAnswer, ConsentDecision, ConsentRequest, ConsentedDocument,
        CredentialDetails, CredentialElement, CredentialState, CredentialSummary, HistoryCheck, HistoryEntryState,
        HistoryEvent, HistoryItem, HistoryRow, LackedElement, LockState, OnlineDelivery, Portrait, PresentationReceipt,
        RequestedDocument, RequestedElement, RequestedUseCase, RequesterInfo, UnavailableCredential,
    },
};

use super::{
    ClaimPath, ClaimValue, Code, Environment, ImageFormat, IssuerRoot, PrivateBytes, PrivateText, Timestamp, UserAuth,
};

uniffi::custom_type!(CredentialId, String, { remote, lower: |id| id.0, try_lift: |text| Ok(CredentialId(text)) });

/// The same as an app says it: certificates as DER or PEM, languages as tags.
#[uniffi::remote(Record)]
pub struct WalletOptions {
    /// Whose roots these are.
    pub environment: Environment,
    /// Roots of issuers, each with the credential types it may sign for.
    pub issuer_roots: Vec<IssuerRoot>,
    /// Roots of readers, DER or PEM each.
    #[uniffi(default = [])]
    pub reader_roots: Vec<Vec<u8>>,
    /// Languages, first wanted first (BCP 47); those that are none of ours are passed over.
    #[uniffi(default = [])]
    pub locales: Vec<String>,
    /// When the person must be present at each use of a credential's key.
    pub user_auth: UserAuth,
    /// How the device authenticates face to face.
    pub device_auth: DeviceAuthMethod,
    /// How readers that are not known are treated; the profile may be stricter.
    pub reader_policy: ReaderPolicy,
}

/// How a request of a reader that is not known is treated, mildest first.
#[uniffi::remote(Enum)]
pub enum ReaderRule {
    /// The person is asked; the view says that the reader is not verified.
    Allow,
    /// The person is asked with a warning.
    Warn,
    /// The document is blocked and answered like one not held.
    Enforce,
}

/// The rule for each class of readers that are not known.
#[uniffi::remote(Record)]
pub struct ReaderPolicy {
    /// No reader authentication, or one that cannot be checked.
    pub anonymous: ReaderRule,
    /// A valid signature whose certificate leads to no reader root here.
    pub untrusted: ReaderRule,
    /// A wrong signature, or a certificate that may not sign requests now.
    pub forged: ReaderRule,
}

/// How the device authenticates.
#[uniffi::remote(Enum)]
pub enum DeviceAuthMethod {
    /// deviceMac (needs an agreement key in the secure area).
    Mac,
    /// deviceSignature.
    Signature,
}

/// Whether personal data can be read.
#[uniffi::remote(Enum)]
pub enum LockState {
    /// Keys of personal data are not in memory.
    Locked,
    /// They are.
    Unlocked,
}

/// Whether a credential can be shown now.
#[uniffi::remote(Enum)]
pub enum CredentialState {
    /// Its record cannot be read any more: delete it and fetch it again. Only the id is known.
    Damaged,
    /// No copy is left that could be shown.
    Exhausted,
    /// Its technical validity is over.
    Expired,
    /// Its validity has not begun.
    NotYetValid,
    /// It can be shown.
    Ready,
}

/// A credential in a list: no values.
#[uniffi::remote(Record)]
pub struct CredentialSummary {
    /// Identifier.
    pub id: CredentialId,
    /// `mso_mdoc` or `dc+sd-jwt`.
    pub format: String,
    /// Document type or vct.
    pub kind: String,
    /// Name of the kind in the first wanted language.
    pub name: String,
    /// What a screen reader says for the name.
    pub spoken: String,
    /// Issuer's name, from its certificate.
    pub issuer: String,
    /// Whose data it is, if not the holder's (child, company).
    pub subject: Option<PrivateText>,
    /// When it was signed.
    pub signed: Timestamp,
    /// First second of technical validity.
    pub valid_from: Timestamp,
    /// Last second of technical validity.
    pub valid_until: Timestamp,
    /// How its copies are used up.
    pub reuse: ReusePolicy,
    /// Copies left that were never shown; all of them where they are shown in turn.
    pub copies_left: u32,
    /// Copies received.
    pub copies_total: u32,
    /// So few copies are left that new ones should be fetched.
    pub low_water: bool,
    /// Whether it can be shown now.
    pub state: CredentialState,
    /// Whose roots are loaded; a test is shown.
    pub environment: Environment,
}

/// A credential with its values. The portrait's bytes come on demand only.
#[uniffi::remote(Record)]
pub struct CredentialDetails {
    /// The list entry.
    pub credential: CredentialSummary,
    /// Elements in the order of the profile.
    pub elements: Vec<CredentialElement>,
}

/// One element held.
#[uniffi::remote(Record)]
pub struct CredentialElement {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// Label in the first wanted language.
    pub label: String,
    /// What a screen reader says for the label.
    pub spoken: String,
    /// The value; `Nothing` for a portrait.
    pub value: ClaimValue,
    /// The value as text for people in the first wanted language. It is never empty.
    pub text: PrivateText,
    /// Masked until tapped, and on a line of its own.
    pub sensitive: bool,
    /// Spelled by a screen reader character by character.
    pub spelled: bool,
    /// This is the holder's portrait.
    pub portrait: bool,
    /// A named warning: `element_type`, a value of another type than the profile's. It is displayed as it is.
    pub warning: Option<Code>,
}

/// A portrait on demand.
#[uniffi::remote(Record)]
pub struct Portrait {
    /// JPEG or JPEG 2000, or what `format` says.
    pub image: PrivateBytes,
    /// The format, read from its first bytes.
    pub format: ImageFormat,
    /// Alternative text in the first wanted language.
    pub spoken: String,
}

/// What goes to an issuer.
#[uniffi::remote(Record)]
pub struct Enrolment {
    /// Names this enrolment; `Wallet::accept` wants it back.
    pub id: String,
    /// The message: keys and one proof of possession each (`rid_flow::enrolment`).
    pub message: Vec<u8>,
    /// How many keys were made.
    pub keys: u32,
}

/// What a history row is about.
#[uniffi::remote(Enum)]
pub enum HistoryEventType {
    /// A credential or copy was deleted.
    Deletion,
    /// Credentials were received.
    Issuance,
    /// Something was shown to a reader or verifier.
    Presentation,
    /// A sign-in.
    SignIn,
}

/// How it went, as far as known.
#[uniffi::remote(Enum)]
pub enum HistoryOutcome {
    /// It failed after the start.
    Failed,
    /// It was delivered.
    Finished,
    /// The person refused.
    Refused,
    /// It was begun and nothing was handed out yet. Only a process exit leaves it so.
    Started,
    /// The response was handed out and the link did not say that it took all of it.
    UnknownDelivery,
}

/// One row of the history.
#[uniffi::remote(Record)]
pub struct HistoryRow {
    /// Place.
    pub seq: u64,
    /// It was imported from another device by a recovery container.
    pub imported: bool,
    /// What is left there.
    pub entry: HistoryEntryState,
}

/// What is left at a place of the history.
#[uniffi::remote(Enum)]
pub enum HistoryEntryState {
    /// It cannot be read any more.
    Damaged,
    /// The person deleted it.
    Deleted {
        /// When.
        at: Timestamp,
    },
    /// All of it.
    Kept {
        /// What happened.
        event: HistoryEvent,
    },
}

/// What happened.
#[uniffi::remote(Record)]
pub struct HistoryEvent {
    /// What it is about.
    pub kind: HistoryEventType,
    /// How it went.
    pub outcome: HistoryOutcome,
    /// When.
    pub at: Timestamp,
    /// With whom; empty when unknown.
    pub peer: PrivateText,
    /// Whether the peer was verified.
    pub peer_verified: bool,
    /// What was shown, asked or received.
    pub elements: Vec<HistoryItem>,
    /// Why: a code.
    pub reason: String,
}

/// Whether the history is as it was written.
#[uniffi::remote(Record)]
pub struct HistoryCheck {
    /// Nothing was taken out, put in or altered.
    pub whole: bool,
    /// Rows walked.
    pub rows: u64,
    /// The first place that does not check.
    pub first_broken: Option<u64>,
}

/// One element of a history row.
#[uniffi::remote(Record)]
pub struct HistoryItem {
    /// Document type.
    pub kind: String,
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// Label in the first wanted language.
    pub label: String,
    /// The requester meant to keep it.
    pub retained: bool,
}

/// How the copies of a credential are used up (methods A to D of the EUDI ARF, topic 10).
#[uniffi::remote(Enum)]
pub enum ReusePolicy {
    /// A copy for this many seconds from its first use on, then the next one.
    Limited {
        /// The time.
        seconds: u32,
    },
    /// Each copy once.
    Once,
    /// A copy of its own for each verifier, shown to it again and again; once where the verifier is unknown.
    PerVerifier,
    /// All copies in turn, again and again.
    Rotate,
}
