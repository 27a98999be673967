//! The doors to the person's keys: none but the device until a PIN is set; then PIN, biometrics, recovery code.
use rid_crypto::Secret;
use rid_flow::ports::{KeyId, SecureAreaError, UserAuth};

use crate::{
    Pin, RecoveryCode, Vault, VaultError,
    envelope::SecretSlot,
    head::Head,
    latch::Held,
    open::unwrap_user,
    slots::{Kind, Slots, stretch},
};

/// Wrong PINs before the PIN is locked (neg-L01).
const MAX_TRIES: u32 = 5;

/// How the person's keys came into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A key that only opens to the person's finger or face.
    Biometric,
    /// The device alone: no PIN is set yet.
    Device,
    /// The PIN.
    Pin,
    /// The recovery code.
    Recovery,
}

/// Which doors there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doors {
    /// The device alone opens: a PIN should be set.
    pub device: bool,
    /// A PIN is set.
    pub pin: bool,
    /// Tries left before the PIN is locked; 0: locked.
    pub pin_tries_left: u32,
    /// Biometrics open.
    pub biometric: bool,
    /// The biometric key died with a change of biometrics; it can be made anew.
    pub biometric_lost: bool,
    /// A recovery code opens.
    pub recovery: bool,
}

impl Vault {
    /// Which doors there are.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn doors(&self) -> Result<Doors, VaultError> {
        let envelope = self.envelope();
        let tries = envelope.counted(&self.read_head().await?.0);
        let slots = &envelope.slots;
        Ok(Doors {
            device: slots.device.is_some(),
            pin: slots.pin.is_some(),
            pin_tries_left: MAX_TRIES.saturating_sub(tries),
            biometric: slots.biometric.is_some(),
            biometric_lost: envelope.biometric_lost,
            recovery: slots.recovery.is_some(),
        })
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
                self.enter_in_turn(kek, Door::Device, mark).await
            }
            None if envelope.slots.biometric.is_some() => self.unlock_with_biometrics().await,
            None => Err(VaultError::PinRequired),
        }
    }

    /// Unlocks by PIN. The try is counted, durably and in both files, before anything is compared.
    ///
    /// # Errors
    /// [`VaultError::PinWrong`], [`VaultError::PinLocked`], [`VaultError::PinNotSet`]; those of storage and secure area.
    pub async fn unlock_with_pin(&self, pin: &Pin) -> Result<(), VaultError> {
        let mark = self.lock_mark();
        let held = self.hold().await;
        let kek = self.try_pin(&held, pin).await?;
        self.enter(&held, kek, Door::Pin, mark)?;
        drop(held);
        self.entered().await;
        Ok(())
    }

    /// Unlocks by the biometric key.
    ///
    /// # Errors
    /// [`VaultError::BiometricNotSet`]; [`VaultError::UserAuthRequired`] when the platform let the key be asked without the person;
    /// [`SecureAreaError::Invalidated`] when biometrics changed: the door is then taken away and the PIN opens (neg-K12).
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
        self.enter_in_turn(kek, Door::Biometric, mark).await
    }

    /// Unlocks by the recovery code, on this device.
    ///
    /// # Errors
    /// [`VaultError::RecoveryNotSet`]; [`crate::ContainerError::WrongCode`].
    pub async fn unlock_with_recovery_code(&self, code: &RecoveryCode) -> Result<(), VaultError> {
        let mark = self.lock_mark();
        let envelope = self.envelope();
        let slot = envelope.slots.recovery.as_ref().ok_or(VaultError::RecoveryNotSet)?;
        let kek = self.slots().open_secret(Kind::Recovery, slot, code.expose()).await?;
        let kek = kek.ok_or(crate::ContainerError::WrongCode)?;
        self.enter_in_turn(kek, Door::Recovery, mark).await
    }

    /// Sets the PIN: the first one, or a new one by who came in by biometrics or the recovery code. `hints` are dates of birth
    /// (digits, year first) that the PIN must not repeat.
    ///
    /// # Errors
    /// [`VaultError::PinRequired`] for who came in by the PIN; [`VaultError::Pin`]; [`VaultError::Locked`].
    pub async fn set_pin(&self, pin: &Pin, hints: &[String]) -> Result<(), VaultError> {
        let held = self.hold().await;
        if self.unlocked_by() == Some(Door::Pin) {
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
            self.enter(&held, kek, Door::Pin, mark)?;
        }
        self.put_pin(&held, new, hints).await
    }

    /// Makes a biometric key and its door; an earlier one is given up.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; those of the secure area.
    pub async fn enable_biometrics(&self) -> Result<(), VaultError> {
        let held = self.hold().await;
        let user = self.keys().user()?.clone();
        let key = self.door_key(UserAuth::BiometricCurrentSet).await?;
        let mut rng = (self.rng)();
        let sealed = self.slots().seal_key(Kind::Biometric, key.clone(), &user.kek, &mut *rng).await;
        drop(rng);
        // The person may have turned away.
        let slot = self.or_given_up(key, sealed).await?;
        let mut envelope = self.envelope();
        envelope.retired.extend(envelope.slots.biometric.replace(slot).map(|slot| slot.key));
        envelope.biometric_lost = false;
        self.restructure(&held, envelope).await
    }

    /// Takes the biometric door away.
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

    /// Makes a recovery code, to be shown once; an earlier one is void.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; those of storage and secure area.
    pub async fn make_recovery_code(&self) -> Result<RecoveryCode, VaultError> {
        let held = self.hold().await;
        let user = self.keys().user()?.clone();
        let code = RecoveryCode::make(&mut *(self.rng)());
        let mut envelope = self.envelope();
        let slot = self.secret_door(Kind::Recovery, code.expose(), &user.kek).await?;
        let device = envelope.device_key.clone();
        let earlier = envelope.slots.recovery.replace(slot).map(|slot| slot.key);
        envelope.retired.extend(earlier.filter(|key| *key != device));
        self.restructure(&held, envelope).await?;
        Ok(code)
    }

    /// Whether this is the store's code.
    pub(crate) async fn check_recovery_code(&self, code: &RecoveryCode) -> Result<(), VaultError> {
        let envelope = self.envelope();
        let slot = envelope.slots.recovery.as_ref().ok_or(VaultError::RecoveryNotSet)?;
        let kek = self.slots().open_secret(Kind::Recovery, slot, code.expose()).await?;
        kek.map(drop).ok_or(crate::ContainerError::WrongCode.into())
    }

    async fn put_pin(&self, held: &Held<'_>, pin: &Pin, hints: &[String]) -> Result<(), VaultError> {
        let user = self.keys().user()?.clone();
        pin.check_strength(hints)?;
        let mut envelope = self.envelope();
        let slot = self.secret_door(Kind::Pin, pin.expose(), &user.kek).await?;
        envelope.retired.extend(envelope.slots.pin.replace(slot).map(|slot| slot.key));
        // The device alone opens no longer: its key dies, and with it every old envelope that still had this door.
        envelope.retired.extend(envelope.slots.device.take().map(|slot| slot.key));
        envelope.tries = 0;
        self.write_structure(held, envelope).await?;
        // Whoever set it knows it: the next one is set by who knows this one.
        self.change_user_keys(|_, door| *door = Door::Pin);
        Ok(())
    }

    /// A door to a PIN or a code, with a key of its own for each: with it the earlier one dies, in every old envelope too.
    async fn secret_door(&self, kind: Kind, known: &[u8], kek: &Secret<32>) -> Result<SecretSlot, VaultError> {
        let key = self.door_key(UserAuth::None).await?;
        let mut rng = (self.rng)();
        let sealed = self.slots().seal_secret(kind, key.clone(), known, kek, &mut *rng).await;
        drop(rng);
        self.or_given_up(key, sealed).await
    }

    /// Counts the try, then compares.
    async fn try_pin(&self, held: &Held<'_>, pin: &Pin) -> Result<Secret<32>, VaultError> {
        let mut envelope = self.envelope();
        let slot = envelope.slots.pin.clone().ok_or(VaultError::PinNotSet)?;
        let (head, _) = self.read_head().await?;
        let tries = envelope.counted(&head);
        if tries >= MAX_TRIES {
            return Err(VaultError::PinLocked);
        }
        // Before anything is counted: a device short of memory has not guessed.
        let stretched = stretch(pin.expose(), &slot.salt, slot.cost)?;
        let (before, tries) = (tries, tries.saturating_add(1));
        envelope.tries = tries;
        envelope.counters = head.counters;
        self.write_envelope(held, envelope, false).await?;
        let head = self.commit_head(|head| head.tries = tries).await?;
        let opened = self.slots().open_stretched(Kind::Pin, &slot, &stretched).await;
        if let Err(VaultError::SecureArea(error)) = opened {
            // The chip did not answer: nothing was compared, and a chip that fails must not lock the person out. Cut off before this
            // is written, the try stays counted.
            self.uncount(held, &head, before).await;
            return Err(error.into());
        }
        let Some(kek) = opened? else {
            let left = MAX_TRIES.saturating_sub(tries);
            return Err(if left == 0 { VaultError::PinLocked } else { VaultError::PinWrong { left } });
        };
        let mut envelope = self.envelope();
        envelope.tries = 0;
        envelope.counters = head.counters;
        // A right PIN that cannot be written down stays counted as a try; it opens all the same.
        if self.write_envelope(held, envelope, false).await.is_ok() {
            let _ = self.commit_head(|head| head.tries = 0).await;
        }
        Ok(kek)
    }

    /// Takes a try back that compared nothing, in both files or in neither.
    async fn uncount(&self, held: &Held<'_>, head: &Head, tries: u32) {
        let mut envelope = self.envelope();
        envelope.tries = tries;
        envelope.counters = head.counters;
        if self.write_envelope(held, envelope, false).await.is_ok() {
            let _ = self.commit_head(|head| head.tries = tries).await;
        }
    }

    async fn lose_biometrics(&self, key: &KeyId) {
        let held = self.hold().await;
        let mut envelope = self.envelope();
        // Made anew meanwhile: that one lives.
        let Some(slot) = envelope.slots.biometric.take_if(|slot| slot.key == *key) else { return };
        envelope.retired.push(slot.key);
        envelope.biometric_lost = true;
        // If it cannot be written the door fails again next time.
        let _ = self.restructure(&held, envelope).await;
    }

    /// By the envelope of now: a rotation may have changed it while the door was opened.
    fn enter(&self, _held: &Held<'_>, kek: Secret<32>, door: Door, mark: u64) -> Result<(), VaultError> {
        self.set_user_keys(unwrap_user(&self.envelope(), kek)?, door, mark)
    }

    async fn enter_in_turn(&self, kek: Secret<32>, door: Door, mark: u64) -> Result<(), VaultError> {
        let held = self.hold().await;
        self.enter(&held, kek, door, mark)?;
        drop(held);
        self.entered().await;
        Ok(())
    }

    /// What waits for the person's keys: a rotation that was cut off; and the copy of the counters is renewed.
    async fn entered(&self) {
        // Neither is owed to who unlocks: what cannot be done now is done at the next occasion.
        if self.is_rotating() {
            let _ = self.finish_rotation().await;
        }
        let held = self.hold().await;
        let _ = self.renew(&held).await;
    }

    pub(crate) fn slots(&self) -> Slots<'_> {
        Slots { area: &self.area, store_id: self.beside().envelope.store_id }
    }
}
