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
    /// Keys of personal data are in memory.
    Unlocked,
}

/// Whether a credential can be presented now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialState {
    /// Its record is corrupt: delete it and fetch it again. Only the id is known.
    Damaged,
    /// No copy is left to present.
    Exhausted,
    /// Its technical validity is over.
    Expired,
    /// Its validity has not begun.
    NotYetValid,
    /// It can be presented.
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
    /// The person or company that it is about, if not the holder (a child, a company).
    pub subject: Option<PrivateText>,
    /// The time of the issuer's signature.
    pub signed: Timestamp,
    /// First second of technical validity.
    pub valid_from: Timestamp,
    /// Last second of technical validity.
    pub valid_until: Timestamp,
    /// How its copies are used up.
    pub reuse: ReusePolicy,
    /// Copies left that were never presented; all of them if copies are presented in rotation.
    pub copies_left: u32,
    /// Copies received.
    pub copies_total: u32,
    /// True if so few copies are left that new ones should be fetched.
    pub low_water: bool,
    /// Whether it can be presented now.
    pub state: CredentialState,
    /// The origin of the loaded roots. The screen must say so if they are test roots.
    pub environment: Environment,
}

/// A credential with its values. The bytes of a portrait are read by a call of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialDetails {
    /// The list entry.
    pub credential: CredentialSummary,
    /// Elements in the order of the profile.
    pub elements: Vec<CredentialElement>,
}

/// One element of a stored credential.
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
    /// The value as text for people in the first wanted language. It is never empty.
    pub text: PrivateText,
    /// True if it is masked until tapped, and on a line of its own.
    pub sensitive: bool,
    /// True if a screen reader spells it character by character.
    pub spelled: bool,
    /// True for the portrait of the holder.
    pub portrait: bool,
    /// A named warning: `element_type`, a value of another type than the profile's. It is displayed as it is.
    pub warning: Option<Code>,
}

/// The end of one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationReceipt {
    /// True if data was sent; false if it was refused or nothing was held.
    pub disclosed: bool,
    /// The disclosed elements, as in the history.
    pub elements: Vec<HistoryItem>,
    /// The credentials of which a copy was used.
    pub used: Vec<CredentialId>,
    /// The credentials that have few copies left now.
    pub low_water: Vec<CredentialId>,
    /// What became of an online answer or refusal; `None` face to face.
    pub delivery: Option<OnlineDelivery>,
}

/// What became of an online answer or refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// One row of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Place.
    pub seq: u64,
    /// True if a recovery file brought it from another device.
    pub imported: bool,
    /// The content that is left.
    pub entry: HistoryEntryState,
}

/// The content at one place of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryEntryState {
    /// It is corrupt.
    Damaged,
    /// The person deleted it.
    Deleted {
        /// When.
        at: Timestamp,
    },
    /// The whole entry.
    Kept {
        /// The event.
        event: HistoryEvent,
    },
}

/// The event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEvent {
    /// The type of the event.
    pub kind: HistoryEventType,
    /// Its outcome.
    pub outcome: HistoryOutcome,
    /// When.
    pub at: Timestamp,
    /// The name of the other party; empty if unknown.
    pub peer: PrivateText,
    /// True if the other party was verified.
    pub peer_verified: bool,
    /// The elements that were presented, requested or received.
    pub elements: Vec<HistoryItem>,
    /// The reason, a code.
    pub reason: String,
}

impl HistoryRow {
    /// The event, if it can be read.
    #[must_use]
    pub const fn event(&self) -> Option<&HistoryEvent> {
        match &self.entry {
            HistoryEntryState::Kept { event } => Some(event),
            HistoryEntryState::Damaged | HistoryEntryState::Deleted { .. } => None,
        }
    }
}

/// The result of checking the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryCheck {
    /// True if no entry was removed, inserted or altered.
    pub whole: bool,
    /// Number of rows checked.
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
    /// True if the requester intended to keep it.
    pub retained: bool,
}

/// A portrait on demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portrait {
    /// The bytes of the picture in `format`.
    pub image: PrivateBytes,
    /// The format, read from its first bytes.
    pub format: ImageFormat,
    /// Alternative text in the first wanted language.
    pub spoken: String,
}

/// A method of unlocking the wallet.
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

/// Whether the wallet is locked, and which unlock methods it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnlockState {
    /// Whether personal data can be read.
    pub state: LockState,
    /// The method by which it was unlocked.
    pub unlocked_by: Option<UnlockMethod>,
    /// True if no PIN is set and the device alone unlocks it: ask the person for one.
    pub needs_pin: bool,
    /// Wrong PINs left before the first wait.
    pub pin_tries_left: u32,
    /// True if biometrics unlock it.
    pub biometric: bool,
    /// True if a change of biometrics made the biometric key invalid: unlock by PIN, then enable biometrics again.
    pub biometric_lost: bool,
    /// True if there is a recovery code.
    pub recovery: bool,
    /// Seconds until the next PIN is accepted; 0 if it is accepted now.
    pub pin_wait: u64,
}

/// The content that was imported from a recovery file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryResult {
    /// The credentials to request from issuers again.
    pub to_reissue: Vec<DocumentToReissue>,
    /// Rows added to the history.
    pub history: u32,
    /// Number of settings imported.
    pub settings: u32,
}

/// The data that a repair lost.
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

/// The faults of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExaminationReport {
    /// The findings.
    pub findings: Vec<StoreFinding>,
    /// True if it was locked, so that only the files were examined.
    pub locked: bool,
}

/// One fault, or one fact to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFinding {
    /// What.
    pub code: Code,
    /// The number of cases, or the place in the history.
    pub count: u64,
    /// The remedy.
    pub remedy: RemedyKind,
}

/// A remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemedyKind {
    /// Ask the issuers for the documents that cannot be read again; delete those.
    AskIssuersAgain,
    /// Close the other app or process that has it open.
    CloseOther,
    /// Make room on the disk, or make it writable.
    FreeDisk,
    /// None: it is only a fact to be known.
    Know,
    /// Copy what can be read into a new database (`repair`).
    Repair,
    /// Move the files aside, start over, and import what the recovery code gives back.
    Reset,
    /// Try again later.
    TryAgain,
    /// Unlock by another method: PIN, biometrics or recovery code.
    UnlockOtherwise,
    /// Install the newer version of this software.
    Update,
}
