//! Closed, owned types for the boundary: public fields only, no generics, no lifetimes.
use rid_flow::{CredentialId, HistoryKind, HistoryOutcome};
use rid_profile::{ClaimPath, ClaimValue, PrivateBytes, PrivateText};
use rid_trust::Environment;
use rid_wire::{Code, Timestamp};

/// Whether personal data can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockState {
    /// Keys of personal data are not in memory.
    Locked,
    /// They are.
    Unlocked,
}

/// Whether a credential can be shown now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialState {
    /// No one-time copy is left.
    Exhausted,
    /// Its technical validity is over.
    Expired,
    /// Its validity has not begun.
    NotYetValid,
    /// It can be shown.
    Ready,
}

/// A credential in a list: no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialView {
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
    /// One-time copies left.
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
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialDetail {
    /// The list entry.
    pub credential: CredentialView,
    /// Elements in the order of the profile.
    pub elements: Vec<HeldElementView>,
}

/// One element held.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldElementView {
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// Label in the first wanted language.
    pub label: String,
    /// What a screen reader says for the label.
    pub spoken: String,
    /// The value; `Nothing` for a portrait.
    pub value: ClaimValue,
    /// The value in words where the profile has them.
    pub text: Option<PrivateText>,
    /// Masked until tapped, and on a line of its own.
    pub sensitive: bool,
    /// Spelled by a screen reader character by character.
    pub spelled: bool,
    /// This is the holder's portrait.
    pub portrait: bool,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlternativeView {
    /// The documents asked for, in order.
    pub documents: Vec<RequestedDocumentView>,
}

/// One document asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentAnswer {
    /// [`RequestView::id`].
    pub id: String,
    /// [`RequestView::hash`].
    pub hash: Vec<u8>,
    /// What was decided.
    pub decision: ConsentDecision,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentDecision {
    /// Show the ticked elements.
    Agree {
        /// Position in [`RequestView::alternatives`].
        alternative: u32,
        /// The documents with ticked elements.
        documents: Vec<ConsentedDocument>,
    },
    /// Show nothing.
    Refuse,
}

/// The ticked elements of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentedDocument {
    /// [`RequestedDocumentView::position`].
    pub position: u32,
    /// Ticked elements.
    pub elements: Vec<ClaimPath>,
}

/// How one exchange ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptView {
    /// Whether data was sent; else it was refused or nothing was held.
    pub disclosed: bool,
    /// Credentials a copy of which was used.
    pub used: Vec<CredentialId>,
    /// Credentials that are low on copies now.
    pub low_water: Vec<CredentialId>,
}

/// One row of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryView {
    /// Place.
    pub seq: u64,
    /// What it is about.
    pub kind: HistoryKind,
    /// How it went.
    pub outcome: HistoryOutcome,
    /// When.
    pub at: Timestamp,
    /// With whom; empty when unknown.
    pub peer: PrivateText,
    /// Whether the peer was verified.
    pub peer_verified: bool,
    /// What was shown, asked or received.
    pub elements: Vec<HistoryElementView>,
    /// Why: a code.
    pub reason: String,
}

/// One element of a history row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryElementView {
    /// Document type.
    pub kind: String,
    /// Namespace and identifier.
    pub path: ClaimPath,
    /// Label in the first wanted language.
    pub label: String,
    /// The requester meant to keep it.
    pub retained: bool,
}

/// A portrait on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortraitView {
    /// JPEG or JPEG 2000.
    pub image: PrivateBytes,
    /// Alternative text in the first wanted language.
    pub spoken: String,
}
