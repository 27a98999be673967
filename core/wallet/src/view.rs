//! Closed, owned types for the boundary: public fields only, no generics, no lifetimes.
use rid_claims::ReusePolicy;
use rid_claims::{ClaimPath, ClaimValue, PrivateBytes, PrivateText};
use rid_flow::{CredentialId, HistoryEventType, HistoryOutcome};
use rid_profile::ImageFormat;
use rid_trust::Environment;
use rid_wire::{Code, Timestamp};

mod consent;

pub use consent::*;

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
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialDetails {
    /// The list entry.
    pub credential: CredentialSummary,
    /// Elements in the order of the profile.
    pub elements: Vec<CredentialElement>,
}

/// One element held.
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialElement {
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
    /// A named warning: `element_type`, a value of another type than the profile's. It is shown as it is, without
    /// `text`.
    pub warning: Option<Code>,
}

/// How one exchange ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationReceipt {
    /// Whether data was sent; else it was refused or nothing was held.
    pub disclosed: bool,
    /// What was sent, as in the history.
    pub elements: Vec<HistoryItem>,
    /// Credentials a copy of which was used.
    pub used: Vec<CredentialId>,
    /// Credentials that are low on copies now.
    pub low_water: Vec<CredentialId>,
}

/// One row of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Place.
    pub seq: u64,
    /// It was brought from another device by a recovery container.
    pub imported: bool,
    /// What is left there.
    pub entry: HistoryEntryState,
}

/// What is left at a place of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl HistoryRow {
    /// What happened, if it can be said.
    #[must_use]
    pub const fn event(&self) -> Option<&HistoryEvent> {
        match &self.entry {
            HistoryEntryState::Kept { event } => Some(event),
            HistoryEntryState::Damaged | HistoryEntryState::Deleted { .. } => None,
        }
    }
}

/// Whether the history is as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryCheck {
    /// Nothing was taken out, put in or altered.
    pub whole: bool,
    /// Rows walked.
    pub rows: u64,
    /// The first place that does not check.
    pub first_broken: Option<u64>,
}

/// One element of a history row.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// A portrait on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portrait {
    /// JPEG or JPEG 2000, or what `format` says.
    pub image: PrivateBytes,
    /// The format, read from its first bytes.
    pub format: ImageFormat,
    /// Alternative text in the first wanted language.
    pub spoken: String,
}

/// How the wallet was unlocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnlockMethod {
    /// The person's finger or face.
    Biometric,
    /// The device alone: no PIN is set yet.
    Device,
    /// The PIN.
    Pin,
    /// The recovery code.
    Recovery,
}

/// Whether the wallet is locked, and by which doors it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnlockState {
    /// Whether personal data can be read.
    pub state: LockState,
    /// The door by which it was unlocked.
    pub unlocked_by: Option<UnlockMethod>,
    /// No PIN is set: the device alone opens it. Ask for one.
    pub needs_pin: bool,
    /// Wrong PINs left before the first wait.
    pub pin_tries_left: u32,
    /// Biometrics open it.
    pub biometric: bool,
    /// The biometric key died with a change of biometrics: unlock by PIN, then enable it again.
    pub biometric_lost: bool,
    /// A recovery code was made.
    pub recovery: bool,
    /// Seconds until a PIN is taken again; 0: now.
    pub pin_wait: u64,
}

/// What a recovery container brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryResult {
    /// What to ask issuers for again.
    pub recipes: Vec<DocumentToReissue>,
    /// Rows added to the history.
    pub history: u32,
    /// Settings taken over.
    pub settings: u32,
}

/// What a repair could not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepairLoss {
    /// Copies that could not be read, or may have been used already.
    pub copies: u64,
    /// Credentials that could not be read.
    pub credentials: u64,
    /// Entries of the history whose content is lost.
    pub history: u64,
    /// Small records that could not be read.
    pub records: u64,
}

/// A credential to ask an issuer for again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentToReissue {
    /// The issuer's name.
    pub issuer: String,
    /// `mso_mdoc` or `dc+sd-jwt`.
    pub format: String,
    /// The docType or vct.
    pub kind: String,
    /// Name of the kind in the first wanted language.
    pub name: String,
    /// How many copies there were.
    pub copies: u32,
}

/// What is wrong with the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExaminationReport {
    /// Everything that was found.
    pub findings: Vec<StoreFinding>,
    /// It was locked: only the outside was looked at.
    pub locked: bool,
}

/// One thing that is wrong, or to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFinding {
    /// What.
    pub code: Code,
    /// How many, or at which place of the history.
    pub count: u64,
    /// What can be done.
    pub remedy: RemedyKind,
}

/// What a person can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemedyKind {
    /// Ask the issuers for the documents that cannot be read again; delete those.
    AskIssuersAgain,
    /// Close the other app or process that has it open.
    CloseOther,
    /// Make room on the disk, or make it writable.
    FreeDisk,
    /// Nothing: it is only to be known.
    Know,
    /// Copy what can be read into a new database (`repair`).
    Repair,
    /// Move the files aside, start over, and import what the recovery code gives back.
    Reset,
    /// Try again later.
    TryAgain,
    /// Unlock by another door: PIN, biometrics or recovery code.
    UnlockOtherwise,
    /// Install the newer version of this software.
    Update,
}
