//! Mirrors of the views of unlocking, recovery and damage.
pub use rid_wallet::view::{
    DocumentToReissue, ExaminationReport, RecoveryResult, RemedyKind, RepairLoss, StoreFinding, UnlockMethod,
    UnlockState,
};

use super::{Code, LockState};

/// How the wallet was unlocked.
#[uniffi::remote(Enum)]
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

/// Whether the wallet is locked, and by which methods it opens.
#[uniffi::remote(Record)]
pub struct UnlockState {
    /// Whether personal data can be read.
    pub state: LockState,
    /// The method by which it was unlocked.
    pub unlocked_by: Option<UnlockMethod>,
    /// No PIN is set: the device alone opens it. Ask for one.
    pub needs_pin: bool,
    /// Wrong PINs left before the first wait.
    pub pin_tries_left: u32,
    /// Biometrics open it.
    pub biometric: bool,
    /// A change of biometrics made the biometric key invalid: unlock by PIN, then enable it again.
    pub biometric_lost: bool,
    /// A recovery code was made.
    pub recovery: bool,
    /// Seconds until a PIN is taken again; 0: now.
    pub pin_wait: u64,
}

/// What a repair could not keep.
#[uniffi::remote(Record)]
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

/// The content of a recovery container.
#[uniffi::remote(Record)]
pub struct RecoveryResult {
    /// What to ask issuers for again.
    pub to_reissue: Vec<DocumentToReissue>,
    /// Rows added to the history.
    pub history: u32,
    /// Settings taken over.
    pub settings: u32,
}

/// A credential to ask an issuer for again.
#[uniffi::remote(Record)]
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
#[uniffi::remote(Record)]
pub struct ExaminationReport {
    /// Everything that was found.
    pub findings: Vec<StoreFinding>,
    /// It was locked, so its content was not examined.
    pub locked: bool,
}

/// One thing that is wrong, or to be known.
#[uniffi::remote(Record)]
pub struct StoreFinding {
    /// What.
    pub code: Code,
    /// How many, or at which place of the history.
    pub count: u64,
    /// What can be done.
    pub remedy: RemedyKind,
}

/// What a person can do.
#[uniffi::remote(Enum)]
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
    /// Unlock by another method: PIN, biometrics or recovery code.
    UnlockOtherwise,
    /// Install the newer version of this software.
    Update,
}
