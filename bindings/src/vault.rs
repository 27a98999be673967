//! The wallet's unlock methods, its history's export, recovery, damage and end.
use std::{path::Path, sync::Arc};

use rid_shell::SqliteStorage;

use crate::{
    area::{AppArea, SecureArea},
    boundary::guard_async,
    types::{ExaminationReport, HistoryCheck, PrivateText, RecoveryResult, RepairLoss, RidError, UnlockState},
    wallet::Wallet,
};

#[uniffi::export]
impl Wallet {
    /// Whether it is locked, by which methods it opens, and how many tries are left.
    pub async fn unlock_state(&self) -> Result<UnlockState, RidError> {
        guard_async("wallet.unlock_state", self.core().unlock_state()).await
    }

    /// Unlocks by PIN (six to twelve ASCII digits). The try is counted before anything is compared; after five wrong
    /// ones each further one has a wait before it.
    pub async fn unlock_with_pin(&self, pin: Vec<u8>) -> Result<(), RidError> {
        guard_async("wallet.unlock_with_pin", self.core().unlock_with_pin(pin)).await
    }

    /// Unlocks by the recovery code, on this device.
    pub async fn unlock_with_recovery_code(&self, code: PrivateText) -> Result<(), RidError> {
        guard_async("wallet.unlock_with_recovery_code", self.core().unlock_with_recovery_code(code.into())).await
    }

    /// Sets the first PIN, or a new one after unlocking by biometrics or recovery code. From then on the device alone
    /// opens nothing.
    pub async fn set_pin(&self, pin: Vec<u8>) -> Result<(), RidError> {
        guard_async("wallet.set_pin", self.core().set_pin(pin)).await
    }

    /// Changes the PIN; a wrong old one counts as a try.
    pub async fn change_pin(&self, old: Vec<u8>, new: Vec<u8>) -> Result<(), RidError> {
        guard_async("wallet.change_pin", self.core().change_pin(old, new)).await
    }

    /// Lets biometrics open the wallet; also replaces a biometric key that is lost.
    pub async fn enable_biometrics(&self) -> Result<(), RidError> {
        guard_async("wallet.enable_biometrics", self.core().enable_biometrics()).await
    }

    /// Biometrics do not open it any more.
    pub async fn disable_biometrics(&self) -> Result<(), RidError> {
        guard_async("wallet.disable_biometrics", self.core().disable_biometrics()).await
    }

    /// Makes a recovery code, to be shown and written down once. Where a PIN is set it is asked for. An earlier code
    /// stays valid until `confirm_recovery_code`.
    pub async fn make_recovery_code(&self, pin: Option<Vec<u8>>) -> Result<PrivateText, RidError> {
        guard_async("wallet.make_recovery_code", self.core().make_recovery_code(pin)).await
    }

    /// Ends the earlier recovery code: the person typed the last five characters of the new one, or all of it.
    pub async fn confirm_recovery_code(&self, typed: PrivateText) -> Result<(), RidError> {
        guard_async("wallet.confirm_recovery_code", self.core().confirm_recovery_code(typed.into())).await
    }

    /// Imports what the recovery code of another wallet opens of its files, where its device or keys are lost.
    pub async fn recover_from(&self, folder: String, code: PrivateText) -> Result<RecoveryResult, RidError> {
        let storage = Arc::new(SqliteStorage::new(Path::new(&folder)));
        guard_async("wallet.recover_from", self.core().recover_from(storage, code.into())).await
    }

    /// A container for another device, sealed by the recovery code: what to ask issuers for again, the history,
    /// settings. Never a key or token.
    pub async fn export_recovery(&self, code: PrivateText) -> Result<Vec<u8>, RidError> {
        guard_async("wallet.export_recovery", self.core().export_recovery(code.into())).await
    }

    /// Imports a container, all of it or nothing. The same container adds nothing the second time.
    pub async fn import_recovery(&self, code: PrivateText, container: Vec<u8>) -> Result<RecoveryResult, RidError> {
        guard_async("wallet.import_recovery", self.core().import_recovery(code.into(), container)).await
    }

    /// Walks the chain of the whole history: whether anything was taken out, put in or altered.
    pub async fn check_history(&self) -> Result<HistoryCheck, RidError> {
        guard_async("wallet.check_history", self.core().check_history()).await
    }

    /// Deletes what one row says. A tombstone remains in its place.
    pub async fn delete_history(&self, seq: u64) -> Result<(), RidError> {
        guard_async("wallet.delete_history", self.core().delete_history(seq)).await
    }

    /// The whole history as JSON lines with a chain of hashes (spec/history.md). Personal data: hand it only to the
    /// person.
    pub async fn export_history(&self) -> Result<PrivateText, RidError> {
        guard_async("wallet.export_history", async { Ok::<_, RidError>(self.core().export_history().await?.into()) })
            .await
    }

    /// Seals everything under new keys. Unlock methods, PIN and code stay. Refused where a row is missing.
    pub async fn rotate_keys(&self) -> Result<(), RidError> {
        guard_async("wallet.rotate_keys", self.core().rotate_keys()).await
    }

    /// Copies what can be read into a new database and writes the loss into the history; the present files are moved
    /// aside.
    pub async fn repair(&self) -> Result<RepairLoss, RidError> {
        guard_async("wallet.repair", self.core().repair()).await
    }

    /// Whether no document, copy or entry is missing, too many or of an earlier time. Opens none of them: cheap enough
    /// for every list.
    pub async fn is_whole(&self) -> Result<bool, RidError> {
        guard_async("wallet.is_whole", self.core().is_whole()).await
    }

    /// What is wrong with the store, and what can be done. Changes nothing.
    pub async fn examine(&self) -> Result<ExaminationReport, RidError> {
        guard_async("wallet.examine", self.core().examine()).await
    }

    /// Destroys everything: keys first, then files. The wallet is closed then. After a process exit the next opening
    /// completes it.
    pub async fn wipe(&self) -> Result<(), RidError> {
        guard_async("wallet.wipe", self.core().wipe()).await
    }
}

/// Destroys the wallet in `folder` whether or not it opens.
#[uniffi::export]
pub async fn wipe_wallet(folder: String, secure_area: Arc<dyn SecureArea>) -> Result<(), RidError> {
    guard_async("wipe_wallet", async move {
        let storage = Arc::new(SqliteStorage::new(Path::new(&folder)));
        rid_wallet::Wallet::wipe_unopened(storage, Arc::new(AppArea(secure_area))).await
    })
    .await
}

/// Moves the files of a wallet that no unlock method opens aside; deletes nothing. The next opening starts over.
#[uniffi::export]
pub async fn reset_wallet(folder: String) -> Result<(), RidError> {
    guard_async("reset_wallet", async move {
        rid_wallet::Wallet::reset(Arc::new(SqliteStorage::new(Path::new(&folder)))).await
    })
    .await
}
