//! The unlock methods: the device alone until a PIN is set; then PIN, biometrics, recovery code.
pub(crate) mod attempt;
pub(crate) mod pin;

use rid_crypto::Secret;
use rid_flow::ports::{KeyId, SecureAreaError, UserAuth};

use crate::{
    Pin, RecoveryCode, Vault, VaultError,
    commit::change_lock::Held,
    keys::envelope::PinSlot,
    keys::slots::{Kind, Slots, open_code},
    unlock::attempt::FREE_TRIES,
};

/// How the person's keys came into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnlockMethod {
    /// A key that only opens to the person's finger or face.
    Biometric,
    /// The device alone: no PIN is set yet.
    Device,
    /// The PIN.
    Pin,
    /// The recovery code.
    Recovery,
}

/// Which unlock methods there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnlockState {
    /// The device alone opens: a PIN should be set.
    pub device: bool,
    /// A PIN is set.
    pub pin: bool,
    /// Wrong PINs left before the first wait.
    pub pin_tries_left: u32,
    /// Seconds until a PIN is taken again; 0: now.
    pub pin_wait: u64,
    /// Biometrics open.
    pub biometric: bool,
    /// The biometric key was deleted by a change of biometrics; it can be made again.
    pub biometric_lost: bool,
    /// A recovery code opens.
    pub recovery: bool,
}

impl Vault {
    /// Which unlock methods there are. Reads nothing of the database.
    #[must_use]
    pub fn unlock_state(&self) -> UnlockState {
        let envelope = self.envelope();
        let slots = &envelope.slots;
        UnlockState {
            device: slots.device.is_some(),
            pin: slots.pin.is_some(),
            pin_tries_left: FREE_TRIES.saturating_sub(envelope.tries),
            pin_wait: self.waits.left(&envelope),
            biometric: slots.biometric.is_some(),
            biometric_lost: envelope.biometric_lost,
            recovery: slots.recovery.is_some() || slots.unconfirmed.is_some(),
        }
    }

    /// Unlocks by the device alone while no PIN is set, else by biometrics.
    ///
    /// # Errors
    /// [`VaultError::PinRequired`] where neither is; as [`Self::unlock_with_biometrics`].
    pub async fn unlock(&self) -> Result<(), VaultError> {
        let mark = self.lock_mark();
        let envelope = self.envelope();
        match &envelope.slots.device {
            Some(slot) => {
                let kek = self.slots().open_key(Kind::Device, slot).await?.ok_or(VaultError::WrongKey)?;
                self.enter(kek, UnlockMethod::Device, mark).await
            }
            None if envelope.slots.biometric.is_some() => self.unlock_with_biometrics().await,
            None => Err(VaultError::PinRequired),
        }
    }

    /// Unlocks by PIN. The try is counted, durably, before anything is compared; it needs nothing of the database.
    ///
    /// # Errors
    /// [`VaultError::PinWrong`], [`VaultError::PinWait`], [`VaultError::PinNotSet`]; those of storage and secure area.
    pub async fn unlock_with_pin(&self, pin: &Pin) -> Result<(), VaultError> {
        let mark = self.lock_mark();
        let held = self.hold().await;
        let kek = self.try_pin(&held, pin).await?;
        self.enter_held(&held, kek, UnlockMethod::Pin, mark).await
    }

    /// Unlocks by the biometric key.
    ///
    /// # Errors
    /// [`VaultError::BiometricNotSet`]; [`VaultError::UserAuthRequired`] when the platform let the key be asked without
    /// the person; [`SecureAreaError::Invalidated`] when biometrics changed: the method is removed and the PIN opens
    /// (neg-K12).
    pub async fn unlock_with_biometrics(&self) -> Result<(), VaultError> {
        let mark = self.lock_mark();
        let envelope = self.envelope();
        let slot = envelope.slots.biometric.as_ref().ok_or(VaultError::BiometricNotSet)?;
        let kek = match self.slots().open_key(Kind::Biometric, slot).await {
            Ok(kek) => kek.ok_or(VaultError::WrongKey)?,
            Err(VaultError::SecureArea(SecureAreaError::Locked)) => return Err(VaultError::UserAuthRequired),
            Err(VaultError::SecureArea(error @ (SecureAreaError::Invalidated | SecureAreaError::NotFound))) => {
                self.lose_biometrics(&slot.key).await;
                return Err(error.into());
            }
            Err(error) => return Err(error),
        };
        self.enter(kek, UnlockMethod::Biometric, mark).await
    }

    /// Unlocks by the recovery code, on this device. A new code opens from the moment it is made, the old one until the
    /// new is confirmed.
    ///
    /// # Errors
    /// [`VaultError::RecoveryNotSet`]; [`crate::RecoveryError::WrongCode`].
    pub async fn unlock_with_recovery_code(&self, code: &RecoveryCode) -> Result<(), VaultError> {
        let mark = self.lock_mark();
        let kek = self.try_code(code)?;
        self.enter(kek, UnlockMethod::Recovery, mark).await
    }

    /// Sets the PIN: the first one, or a new one after an unlock by biometrics or the recovery code. `hints` are dates
    /// of birth (digits, year first) that the PIN must not repeat.
    ///
    /// # Errors
    /// [`VaultError::PinRequired`] after an unlock by PIN; [`VaultError::Pin`]; [`VaultError::Locked`].
    pub async fn set_pin(&self, pin: &Pin, hints: &[String]) -> Result<(), VaultError> {
        let held = self.hold().await;
        if self.unlocked_by() == Some(UnlockMethod::Pin) {
            return Err(VaultError::PinRequired);
        }
        self.put_pin(&held, pin, hints).await
    }

    /// Changes the PIN. A wrong old one counts as a try.
    ///
    /// # Errors
    /// As [`Self::unlock_with_pin`] and [`Self::set_pin`].
    pub async fn change_pin(&self, old: &Pin, new: &Pin, hints: &[String]) -> Result<(), VaultError> {
        let mark = self.lock_mark();
        let held = self.hold().await;
        new.check_strength(hints)?;
        let kek = self.try_pin(&held, old).await?;
        if self.is_locked() {
            self.set_user_keys(self.envelope().unwrap_user(kek, Some(&self.half))?, UnlockMethod::Pin, mark)?;
        }
        self.put_pin(&held, new, hints).await
    }

    /// Makes a biometric key and its slot; an earlier one is replaced.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; those of the secure area.
    pub async fn enable_biometrics(&self) -> Result<(), VaultError> {
        let held = self.hold().await;
        let user = self.keys().user()?.clone();
        let key = self.method_key(UserAuth::BiometricCurrentSet).await?;
        let mut rng = (self.rng)();
        let sealed = self.slots().seal_key(Kind::Biometric, key.clone(), &user.kek, &mut *rng).await;
        drop(rng);
        // The person may have cancelled.
        let slot = self.or_discarded(key, sealed).await?;
        let mut envelope = self.envelope();
        envelope.retired.extend(envelope.slots.biometric.replace(slot).map(|slot| slot.key));
        envelope.biometric_lost = false;
        self.restructure(&held, envelope).await
    }

    /// Removes the biometric method.
    ///
    /// # Errors
    /// [`VaultError::Locked`], [`VaultError::Storage`].
    pub async fn disable_biometrics(&self) -> Result<(), VaultError> {
        let held = self.hold().await;
        self.keys().user()?;
        let mut envelope = self.envelope();
        envelope.retired.extend(envelope.slots.biometric.take().map(|slot| slot.key));
        envelope.biometric_lost = false;
        self.restructure(&held, envelope).await
    }

    /// The person's key by a recovery code.
    pub(crate) fn try_code(&self, code: &RecoveryCode) -> Result<Secret<32>, VaultError> {
        let envelope = self.envelope();
        let slots = [envelope.slots.unconfirmed.as_ref(), envelope.slots.recovery.as_ref()];
        if slots.iter().all(Option::is_none) {
            return Err(VaultError::RecoveryNotSet);
        }
        let opened = slots.into_iter().flatten().find_map(|slot| open_code(&envelope.store_id, slot, code));
        opened.ok_or(crate::RecoveryError::WrongCode.into())
    }

    async fn put_pin(&self, held: &Held<'_>, pin: &Pin, hints: &[String]) -> Result<(), VaultError> {
        let user = self.keys().user()?.clone();
        pin.check_strength(hints)?;
        // Each PIN has a key of its own: with the key the earlier PIN is void, in every old envelope too.
        let key = self.method_key(UserAuth::None).await?;
        let mut rng = (self.rng)();
        let sealed = self.slots().seal_pin(key.clone(), pin.expose(), &user.kek, &mut *rng).await;
        drop(rng);
        let mut slot = self.or_discarded(key, sealed).await?;
        slot.tickets = self.first_tickets(&slot.key).await?;
        let mut envelope = self.envelope();
        envelope.retired.extend(envelope.slots.pin.replace(slot).iter().flat_map(PinSlot::keys));
        envelope.retired.extend(envelope.slots.device.take().map(|slot| slot.key));
        envelope.tries = 0;
        let first = self.envelope().slots.pin.is_none();
        self.restructure(held, envelope).await?;
        if first && !self.envelope().retired.is_empty() {
            // With the key that the device alone opens still there, an older envelope could undo the PIN: that is not
            // acknowledged.
            return Err(SecureAreaError::Unavailable.into());
        }
        // Whoever set it knows it: the next one is set by whoever knows this one.
        self.change_user_keys(|_, method| *method = UnlockMethod::Pin);
        Ok(())
    }

    async fn lose_biometrics(&self, key: &KeyId) {
        let held = self.hold().await;
        let mut envelope = self.envelope();
        // One that was made again meanwhile stays.
        let Some(slot) = envelope.slots.biometric.take_if(|slot| slot.key == *key) else { return };
        envelope.retired.push(slot.key);
        envelope.biometric_lost = true;
        // If it cannot be written the method fails again next time.
        let _ = self.restructure(&held, envelope).await;
    }

    async fn enter(&self, kek: Secret<32>, method: UnlockMethod, mark: u64) -> Result<(), VaultError> {
        let held = self.hold().await;
        self.enter_held(&held, kek, method, mark).await
    }

    /// By the present envelope: a rotation may have changed it while the method was asked. What waited for the person's
    /// keys is done.
    async fn enter_held(
        &self,
        held: &Held<'_>,
        kek: Secret<32>,
        method: UnlockMethod,
        mark: u64,
    ) -> Result<(), VaultError> {
        self.set_user_keys(self.envelope().unwrap_user(kek, Some(&self.half))?, method, mark)?;
        // None of it is owed to the caller: what cannot be done now is done at the next unlocking.
        if self.refused().is_none() {
            if self.is_rotating() {
                let _ = self.finish_rotation(held).await;
            }
            if self.checks_keys {
                let _ = self.sweep_used_keys(held).await;
            }
            let _ = self.renew(held).await;
        }
        Ok(())
    }

    pub(crate) fn slots(&self) -> Slots<'_> {
        Slots { area: &self.area, store_id: self.stored().envelope.store_id }
    }
}
