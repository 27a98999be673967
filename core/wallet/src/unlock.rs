//! Locking and unlocking: PIN, biometrics, recovery code; and what is left when no door opens.
use std::sync::Arc;

use rid_claims::{ClaimPath, ClaimValue, PrivateText};
use rid_flow::ports::Storage;
use rid_holder::format::HeldElement;
use rid_vault::{Pin, RecoveryCode, VaultError};
use zeroize::Zeroizing;

use crate::{
    Wallet, WalletError,
    view::{LockState, UnlockMethod, UnlockState},
};

/// The element whose digits a PIN must not repeat (neg-L05).
const BIRTH_DATE: &str = "birth_date";

impl Wallet {
    /// Whether personal data can be read.
    #[must_use]
    pub fn lock_state(&self) -> LockState {
        if self.vault.is_locked() { LockState::Locked } else { LockState::Unlocked }
    }

    /// Which doors there are, and how many tries are left.
    ///
    /// # Errors
    /// None yet: nothing of the database is read.
    #[expect(
        clippy::unused_async,
        reason = "a method of the facade; what it asks may be asked of the platform one day"
    )]
    pub async fn unlock_state(&self) -> Result<UnlockState, WalletError> {
        let unlock = self.vault.unlock_state();
        Ok(UnlockState {
            state: self.lock_state(),
            unlocked_by: self.vault.unlocked_by().map(unlock_method),
            needs_pin: unlock.device,
            pin_tries_left: unlock.pin_tries_left,
            biometric: unlock.biometric,
            biometric_lost: unlock.biometric_lost,
            recovery: unlock.recovery,
            pin_wait: unlock.pin_wait,
        })
    }

    /// Drops the keys of personal data from memory.
    pub fn lock(&self) {
        self.vault.lock();
    }

    /// Unlocks without a secret: by the device alone while no PIN is set, else by biometrics.
    ///
    /// # Errors
    /// [`WalletError::Cancelled`]; [`WalletError::Locked`] where only a PIN or code opens; [`WalletError::BadInput`]
    /// (`user_auth_required`: the platform let the biometric key be asked without the person);
    /// [`WalletError::StorageDamaged`].
    pub async fn unlock(&self) -> Result<(), WalletError> {
        match self.vault.unlock().await {
            Err(VaultError::PinRequired) => return Err(WalletError::Locked),
            unlocked => unlocked?,
        }
        self.catch_up().await;
        Ok(())
    }

    /// Unlocks by PIN (ASCII digits). The try is counted before anything is compared; after five wrong ones each
    /// further one has a wait before it.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`pin_form`, `pin_wrong`, `pin_wait`, `pin_not_set`), [`WalletError::StorageDamaged`].
    pub async fn unlock_with_pin(&self, pin: Vec<u8>) -> Result<(), WalletError> {
        self.vault.unlock_with_pin(&parse(pin)?).await?;
        self.catch_up().await;
        Ok(())
    }

    /// Unlocks by the recovery code, on this device.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`backup_code_form`, `backup_wrong_code`, `recovery_not_set`),
    /// [`WalletError::StorageDamaged`].
    pub async fn unlock_with_recovery_code(&self, code: String) -> Result<(), WalletError> {
        self.vault.unlock_with_recovery_code(&parse_code(code)?).await?;
        self.catch_up().await;
        Ok(())
    }

    /// Sets the first PIN, or a new one after unlocking by biometrics or recovery code. From then on the device alone
    /// opens nothing.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`pin_form`, `pin_weak`, `pin_required`), [`WalletError::Locked`],
    /// [`WalletError::StorageDamaged`].
    pub async fn set_pin(&self, pin: Vec<u8>) -> Result<(), WalletError> {
        let pin = parse(pin)?;
        let hints = self.birth_dates().await;
        Ok(self.vault.set_pin(&pin, &hints).await?)
    }

    /// Changes the PIN; a wrong old one counts as a try.
    ///
    /// # Errors
    /// As [`Wallet::unlock_with_pin`] and [`Wallet::set_pin`].
    pub async fn change_pin(&self, old: Vec<u8>, new: Vec<u8>) -> Result<(), WalletError> {
        let (old, new) = (parse(old)?, parse(new)?);
        if self.vault.is_locked() {
            // What the new one must not repeat can only be read then.
            self.vault.unlock_with_pin(&old).await?;
        }
        let hints = self.birth_dates().await;
        Ok(self.vault.change_pin(&old, &new, &hints).await?)
    }

    /// Lets biometrics open the wallet; also re-creates a lost biometric key.
    ///
    /// # Errors
    /// [`WalletError::Cancelled`], [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn enable_biometrics(&self) -> Result<(), WalletError> {
        Ok(self.vault.enable_biometrics().await?)
    }

    /// Biometrics open it no longer.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::StorageDamaged`].
    pub async fn disable_biometrics(&self) -> Result<(), WalletError> {
        Ok(self.vault.disable_biometrics().await?)
    }

    /// Makes a recovery code, to be shown and written down once. Where a PIN is set it is asked for. An earlier code
    /// stays valid until [`Self::confirm_recovery_code`].
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`pin_required` and as [`Wallet::unlock_with_pin`]), [`WalletError::Locked`],
    /// [`WalletError::StorageDamaged`].
    pub async fn make_recovery_code(&self, pin: Option<Vec<u8>>) -> Result<PrivateText, WalletError> {
        let pin = pin.map(parse).transpose()?;
        let code = self.vault.make_recovery_code(pin.as_ref()).await?;
        Ok(String::from(code.to_text().as_str()).into())
    }

    /// Ends the earlier recovery code: the person typed the last five characters of the new one, or all of it.
    ///
    /// # Errors
    /// [`WalletError::BadInput`] (`backup_wrong_code`; `recovery_not_set` where none waits),
    /// [`WalletError::StorageDamaged`].
    pub async fn confirm_recovery_code(&self, typed: String) -> Result<(), WalletError> {
        let typed = Zeroizing::new(typed);
        Ok(self.vault.confirm_recovery_code(&typed).await?)
    }

    /// Moves aside the store of a wallet that no unlock method opens. It deletes nothing. The next opening makes an
    /// empty store.
    ///
    /// # Errors
    /// [`WalletError::Misuse`] when it is open elsewhere, [`WalletError::StorageDamaged`].
    pub async fn reset(storage: Arc<dyn Storage>) -> Result<(), WalletError> {
        storage.set_aside().await?;
        Ok(storage.close().await?)
    }

    /// Digits of the dates of birth in what is held, as far as it can be read.
    async fn birth_dates(&self) -> Vec<String> {
        let mut dates = Vec::new();
        let Ok(listing) = self.vault.credentials().await else { return dates };
        for meta in listing.credentials {
            let Ok(claims) = meta.claims.read() else { continue };
            if !claims.iter().any(is_birth_date) {
                continue;
            }
            let Ok(Some(bytes)) = self.vault.copy_for_display(&meta.summary.id).await else { continue };
            let Ok(elements) = self.read_copy(&bytes, &meta.summary.credential_type) else { continue };
            for HeldElement { path, value, .. } in elements {
                if is_birth_date(&path) {
                    dates.extend(dates_in(&value));
                }
            }
        }
        dates
    }
}

/// Digits of the dates in a value: the element is a date in one document, a date with its precision in another.
fn dates_in(value: &ClaimValue) -> Vec<String> {
    match value {
        ClaimValue::Date { text } | ClaimValue::Text { text } => {
            vec![text.expose().chars().filter(char::is_ascii_digit).take(8).collect()]
        }
        ClaimValue::Entries { entries } => entries.iter().flat_map(|entry| dates_in(&entry.value)).collect(),
        _ => Vec::new(),
    }
}

fn parse(pin: Vec<u8>) -> Result<Pin, WalletError> {
    let pin = Zeroizing::new(pin);
    Pin::parse(&pin).map_err(|error| WalletError::BadInput { code: error.code() })
}

pub(crate) fn parse_code(code: String) -> Result<RecoveryCode, WalletError> {
    let code = Zeroizing::new(code);
    RecoveryCode::parse(&code).map_err(|error| WalletError::BadInput { code: error.code() })
}

const fn unlock_method(method: rid_vault::UnlockMethod) -> UnlockMethod {
    match method {
        rid_vault::UnlockMethod::Biometric => UnlockMethod::Biometric,
        rid_vault::UnlockMethod::Device => UnlockMethod::Device,
        rid_vault::UnlockMethod::Pin => UnlockMethod::Pin,
        rid_vault::UnlockMethod::Recovery => UnlockMethod::Recovery,
    }
}

/// Returns true for a claim whose last name is that of the date of birth, in whichever format.
fn is_birth_date(path: &ClaimPath) -> bool {
    path.name() == Some(BIRTH_DATE)
}
