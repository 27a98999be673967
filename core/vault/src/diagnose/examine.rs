//! What is wrong with a store, and what can be done.
use rid_flow::ports::{SecureAreaError, StorageError};
use rid_wire::Code;

use crate::{ChainVerdict, RecoveryError, Vault, VaultError, rows};

/// What a person (or an app for them) can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Ask the issuers for the documents that cannot be read again; delete those.
    AskIssuersAgain,
    /// Close the other app or process that has it open.
    CloseOther,
    /// Make room on the disk, or make it writable.
    FreeDisk,
    /// Nothing: it is only to be known.
    Know,
    /// Copy what can be read into a new database.
    Repair,
    /// Move the files aside, start over, and import what the recovery code gives back.
    Reset,
    /// Try again later; the secure area is busy, locked or away.
    TryAgain,
    /// Unlock by another unlock method: PIN, biometrics or recovery code.
    UnlockOtherwise,
    /// Install the newer version of this software.
    Update,
}

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// How many, or at which place of the history.
    pub count: u64,
    /// What can be done.
    pub remedy: Remedy,
}

/// What was looked at and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
    /// Without the person's keys only the outside was looked at.
    pub locked: bool,
}

impl VaultError {
    /// What can be done about an error of an open store. A key that a unlock method needs is gone, dead or another's:
    /// the other unlock methods open, so it is never [`Remedy::Reset`]. From [`Vault::open`] the same error says more:
    /// [`Self::remedy_at_opening`].
    #[must_use]
    pub const fn remedy(self) -> Remedy {
        match self {
            Self::Storage(StorageError::Locked) => Remedy::CloseOther,
            Self::Storage(StorageError::Full | StorageError::ReadOnly | StorageError::Io) => Remedy::FreeDisk,
            Self::Storage(StorageError::Newer) | Self::SchemaNewer => Remedy::Update,
            Self::Storage(StorageError::Exhausted) => Remedy::AskIssuersAgain,
            Self::SecureArea(
                SecureAreaError::Busy
                | SecureAreaError::Cancelled
                | SecureAreaError::Locked
                | SecureAreaError::Unavailable,
            ) => Remedy::TryAgain,
            // The person's documents are behind the other unlock methods: nothing that destroys is advised.
            Self::SecureArea(_)
            | Self::WrongKey
            | Self::BiometricNotSet
            | Self::Locked
            | Self::Pin(_)
            | Self::PinNotSet
            | Self::PinRequired
            | Self::PinWrong { .. }
            | Self::RecoveryNotSet
            | Self::UserAuthRequired
            | Self::Recovery(RecoveryError::WrongCode) => Remedy::UnlockOtherwise,
            // Refused by a rule of the store, which is whole: of what was asked for there is none, or it is there
            // already.
            Self::Recovery(RecoveryError::Memory) | Self::PinWait { .. } => Remedy::TryAgain,
            Self::HistoryUnknown | Self::Recovery(_) | Self::Storage(StorageError::Conflict) => Remedy::Know,
            Self::Rollback | Self::Storage(_) => Remedy::Repair,
            Self::EnvelopeCorrupt => Remedy::Reset,
        }
    }

    /// What can be done about an error of [`Vault::open`], where no unlock method comes into question: the key that
    /// opens the store itself is not here (a backup on another device, neg-K14) or dead, and no other one opens it.
    #[must_use]
    pub const fn remedy_at_opening(self) -> Remedy {
        match self {
            Self::SecureArea(SecureAreaError::Invalidated | SecureAreaError::NotFound)
            | Self::WrongKey
            | Self::Storage(StorageError::Damaged) => Remedy::Reset,
            other => other.remedy(),
        }
    }
}

impl Vault {
    /// Looks at all of it: digests, every row that the keys in memory open, the chain. Changes nothing.
    ///
    /// # Errors
    /// [`VaultError::Storage`] when it cannot be looked at.
    pub async fn examine(&self) -> Result<Examination, VaultError> {
        let mut found = Examination { locked: self.is_locked(), ..Examination::default() };
        let mut note = |code, count, remedy| {
            if count > 0 {
                found.findings.push(Finding { code: Code::new(code), count, remedy });
            }
        };
        self.forget_looks();
        let health = self.health().await?;
        let refused = health.refused.map_or(Code::new("storage_corrupt"), VaultError::code).as_str();
        note(refused, u64::from(health.refused.is_some() || health.damaged), Remedy::Repair);
        if refused != "storage_rollback" {
            note("storage_rollback", u64::from(health.keys_missing), Remedy::Know);
        }
        note("credentials_missing", health.credentials, Remedy::Repair);
        for table in &health.tables {
            note(if *table == rows::HISTORY.0 { "history_missing" } else { "records_missing" }, 1, Remedy::Repair);
        }
        let keys = self.keys();
        for (table, code, remedy) in [
            (rows::CREDENTIALS, "credentials_damaged", Remedy::AskIssuersAgain),
            (rows::COPIES, "copies_damaged", Remedy::AskIssuersAgain),
            (rows::RECORDS, "records_damaged", Remedy::Repair),
            (rows::OPEN_RECORDS, "records_damaged", Remedy::Repair),
            (rows::REISSUE, "records_damaged", Remedy::Repair),
            (rows::DEVICE_KEYS, "records_damaged", Remedy::Repair),
        ] {
            if keys.user().is_err() && !rows::OPEN.contains(&table) {
                continue;
            }
            let mut damaged = 0_u64;
            for head in self.read(rid_flow::ports::Read::Heads(table, None)).await? {
                let row = self.each(rid_flow::ports::Read::Get(head.key), |_| Ok(())).await?;
                damaged = damaged.saturating_add(u64::from(row.first().is_some_and(|(.., read)| read.is_err())));
            }
            note(code, damaged, remedy);
        }
        if keys.user().is_ok()
            && health.refused.is_none()
            && let ChainVerdict::Broken { seq } = self.verify_history().await?
        {
            note("history_broken", seq.0, Remedy::Repair);
        }
        let state = self.unlock_state();
        note("biometric_lost", u64::from(state.biometric_lost), Remedy::UnlockOtherwise);
        note("pin_wait", state.pin_wait, Remedy::TryAgain);
        note("no_pin", u64::from(state.device), Remedy::Know);
        Ok(found)
    }
}
