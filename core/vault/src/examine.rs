//! What is wrong with a store, and what can be done.
use rid_flow::ports::{SecureAreaError, StorageError};
use rid_wire::Code;

use crate::{ChainVerdict, ContainerError, Vault, VaultError, rows};

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
    /// Move the files aside, begin anew, and take in a recovery container.
    Reset,
    /// Try again later; the secure area is busy, locked or away.
    TryAgain,
    /// Unlock by another door: PIN, biometrics or recovery code.
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
    /// What can be done about an error of an open store. A key that a door needs is gone, dead or another's: the other doors open, so it
    /// is never [`Remedy::Reset`]. From [`Vault::open`] the same error says more: [`Self::remedy_at_opening`].
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
            // The person's documents are behind the other doors: nothing that destroys is advised.
            Self::SecureArea(_)
            | Self::WrongKey
            | Self::BiometricNotSet
            | Self::Locked
            | Self::Pin(_)
            | Self::PinLocked
            | Self::PinNotSet
            | Self::PinRequired
            | Self::PinWrong { .. }
            | Self::RecoveryNotSet
            | Self::UserAuthRequired
            | Self::Container(ContainerError::WrongCode) => Remedy::UnlockOtherwise,
            // Refused by a rule of the store, which is whole: of what was asked for there is none, or it is there already.
            Self::Container(ContainerError::Memory) => Remedy::TryAgain,
            Self::HistoryUnknown | Self::Container(_) | Self::Storage(StorageError::Conflict) => Remedy::Know,
            Self::EnvelopeCorrupt | Self::Rollback | Self::Storage(_) => Remedy::Reset,
        }
    }

    /// What can be done about an error of [`Vault::open`], where no door comes into question: the key that opens the store itself is not
    /// here (a backup on another device, neg-K14) or dead, and no other one opens it.
    #[must_use]
    pub const fn remedy_at_opening(self) -> Remedy {
        match self {
            Self::SecureArea(SecureAreaError::Invalidated | SecureAreaError::NotFound) | Self::WrongKey => {
                Remedy::Reset
            }
            other => other.remedy(),
        }
    }
}

impl Vault {
    /// Looks at all of it: tallies, every row that the keys in memory open, the chain. Changes nothing.
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
        note("head_damaged", u64::from(health.head), Remedy::Reset);
        for table in &health.tables {
            let (code, remedy) = match *table {
                1 => ("credentials_missing", Remedy::AskIssuersAgain),
                2 => ("copies_missing", Remedy::AskIssuersAgain),
                3 => ("history_missing", Remedy::Know),
                _ => ("records_missing", Remedy::Know),
            };
            note(code, 1, remedy);
        }
        let keys = self.keys();
        for (table, code, remedy) in [
            (rows::CREDENTIALS, "credentials_damaged", Remedy::AskIssuersAgain),
            (rows::COPIES, "copies_damaged", Remedy::AskIssuersAgain),
            (rows::RECORDS, "records_damaged", Remedy::Know),
            (rows::OPEN_RECORDS, "records_damaged", Remedy::Know),
            (rows::DEVICE_KEYS, "records_damaged", Remedy::Know),
        ] {
            if keys.user().is_err() && !rows::OPEN.contains(&table) {
                continue;
            }
            let mut damaged = 0_u64;
            for head in self.read(rid_flow::ports::Read::Heads(table, None)).await? {
                let row = self.each(rid_flow::ports::Read::Get(head.key), |_| Ok(())).await?;
                damaged = damaged.saturating_add(u64::from(row.first().is_some_and(|(_, read)| read.is_err())));
            }
            note(code, damaged, remedy);
        }
        if keys.user().is_ok()
            && !health.head
            && let ChainVerdict::Broken { seq } = self.verify_history().await?
        {
            note("history_broken", seq.0, Remedy::Know);
        }
        let doors = self.doors().await;
        if let Ok(doors) = doors {
            note("biometric_lost", u64::from(doors.biometric_lost), Remedy::UnlockOtherwise);
            note("pin_locked", u64::from(doors.pin && doors.pin_tries_left == 0), Remedy::UnlockOtherwise);
            note("no_pin", u64::from(doors.device), Remedy::Know);
        }
        Ok(found)
    }
}
