//! Taking along, turning keys, looking for damage, wiping.
use std::sync::Arc;

use rid_flow::ports::{SecureArea, Storage};
use rid_vault::{Finding, Imported, ReissueEntry, Remedy, Repaired};

use crate::{
    Wallet, WalletError,
    unlock::parse_code,
    view::{DocumentToReissue, ExaminationReport, RecoveryResult, RemedyKind, RepairLoss, StoreFinding},
};

impl Wallet {
    /// A container for another device, sealed by the recovery code: what to ask issuers for again, the history,
    /// settings. Never a key or token.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`backup_wrong_code`, `recovery_not_set`), [`WalletError::Locked`],
    /// [`WalletError::StorageDamaged`].
    pub async fn export_recovery(&self, code: String) -> Result<Vec<u8>, WalletError> {
        let at = self.now()?;
        self.settle().await;
        Ok(self.vault.export_recovery(&parse_code(code)?, at).await?)
    }

    /// Takes a container in, all of it or nothing; taken in twice it adds nothing.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`backup_…`, `input_too_large`), [`WalletError::Locked`],
    /// [`WalletError::StorageDamaged`].
    pub async fn import_recovery(&self, code: String, container: Vec<u8>) -> Result<RecoveryResult, WalletError> {
        Ok(self.recovered(self.vault.import_recovery(&parse_code(code)?, &container).await?))
    }

    fn recovered(&self, brought: Imported) -> RecoveryResult {
        let document = |entry: ReissueEntry| DocumentToReissue {
            name: self.kind_name(&entry.credential_type),
            issuer: entry.issuer,
            format: entry.credential_type.format.as_str().into(),
            kind: entry.credential_type.id,
            copies: entry.copies,
        };
        RecoveryResult {
            to_reissue: brought.reissue.into_iter().map(document).collect(),
            history: brought.history,
            settings: brought.settings,
        }
    }

    /// Seals everything under new keys. Doors, PIN and code stay.
    ///
    /// # Errors
    /// [`WalletError::Locked`]; [`WalletError::StorageDamaged`] where a row is missing: nothing was begun; those of
    /// storage and secure area: what was begun goes on at the next unlocking.
    pub async fn rotate_keys(&self) -> Result<(), WalletError> {
        Ok(self.vault.rotate_keys().await?)
    }

    /// Copies what can be read into a new database and writes the loss into the history; the present files are moved
    /// aside. Where they are of an earlier time no copy is kept, since each may have been used.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::StorageDamaged`]: then nothing has changed.
    pub async fn repair(&self) -> Result<RepairLoss, WalletError> {
        let Repaired { copies, credentials, history, records } = self.vault.repair(self.now()?).await?;
        Ok(RepairLoss { copies, credentials, history, records })
    }

    /// Imports what the files of another store give to its recovery code: one whose device or keys are gone. Changes
    /// nothing there.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`backup_wrong_code`, `recovery_not_set`), [`WalletError::Locked`],
    /// [`WalletError::StorageDamaged`].
    pub async fn recover_from(&self, storage: Arc<dyn Storage>, code: String) -> Result<RecoveryResult, WalletError> {
        let recovery = rid_vault::recover(storage, &parse_code(code)?).await?;
        Ok(self.recovered(self.vault.import(&recovery).await?))
    }

    /// Whether no table lacks a row, has one too many, or one of an earlier time. Opens no row: what stands in them
    /// [`Self::examine`] looks at.
    ///
    /// # Errors
    /// [`WalletError::StorageDamaged`].
    pub async fn is_whole(&self) -> Result<bool, WalletError> {
        Ok(self.vault.health().await?.is_whole())
    }

    /// What is wrong with the store, and what can be done. Changes nothing.
    ///
    /// # Errors
    /// [`WalletError::StorageDamaged`].
    pub async fn examine(&self) -> Result<ExaminationReport, WalletError> {
        let found = self.vault.examine().await?;
        let finding = |Finding { code, count, remedy }| StoreFinding { code, count, remedy: remedy_kind(remedy) };
        Ok(ExaminationReport { findings: found.findings.into_iter().map(finding).collect(), locked: found.locked })
    }

    /// Destroys everything: keys first, then files. The wallet is closed then; cut off by a death it is completed at
    /// the next opening.
    ///
    /// # Errors
    /// [`WalletError::StorageDamaged`]; what was begun is completed at the next opening.
    pub async fn wipe(&self) -> Result<(), WalletError> {
        Ok(self.vault.wipe().await?)
    }

    /// The same for a store that does not open.
    ///
    /// # Errors
    /// As [`Wallet::wipe`]; [`WalletError::Misuse`] when it is open elsewhere.
    pub async fn wipe_unopened(storage: Arc<dyn Storage>, area: Arc<dyn SecureArea>) -> Result<(), WalletError> {
        Ok(rid_vault::wipe(storage, area).await?)
    }
}

pub(crate) const fn remedy_kind(remedy: Remedy) -> RemedyKind {
    match remedy {
        Remedy::AskIssuersAgain => RemedyKind::AskIssuersAgain,
        Remedy::CloseOther => RemedyKind::CloseOther,
        Remedy::FreeDisk => RemedyKind::FreeDisk,
        Remedy::Know => RemedyKind::Know,
        Remedy::Repair => RemedyKind::Repair,
        Remedy::Reset => RemedyKind::Reset,
        Remedy::TryAgain => RemedyKind::TryAgain,
        Remedy::UnlockOtherwise => RemedyKind::UnlockOtherwise,
        Remedy::Update => RemedyKind::Update,
    }
}
