//! The key envelope beside the database: which keys of the secure area wrap what, the PIN's try counter, and a copy of
//! the head's counters, all of it under a MAC whose key only the secure area can bring back.
//!
//! ```text
//! device key ──derive──► wraps OPEN: look-up index, master keys of locked-readable rows
//! device slot ─┐
//! PIN slot     ├─derive─► each wraps KEK ─► wraps PORTABLE: credentials, history, and OPEN again
//! biometric   ─┘            ▲               with the device key's other half wraps BOUND: copies, records
//! recovery slots ──HKDF─────┘
//! ```
use rid_crypto::{Argon2Cost, constant_time_eq, hmac_sha256};
use rid_flow::ports::{KeyId, Layout};
use rid_wire::cbor::{CborError, Decoder, Encoder, Key, Limits};

use crate::{VaultError, keys::OpenKeys, rows::head::Counters};

/// The newest version this code writes.
pub(crate) const NEWEST: Layout = Layout::NEWEST;

/// An unlock method that needs nothing but a key of the secure area.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeySlot {
    pub(crate) key: KeyId,
    pub(crate) wrapped: Vec<u8>,
}

/// The PIN's: a secret to be guessed at, and a key of the secure area that answers for each guess.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PinSlot {
    pub(crate) key: KeyId,
    pub(crate) salt: [u8; 16],
    pub(crate) cost: Argon2Cost,
    pub(crate) wrapped: Vec<u8>,
    /// Keys of the secure area that count tries; none where it is software.
    pub(crate) tickets: Vec<KeyId>,
}

impl PinSlot {
    pub(crate) fn keys(&self) -> Vec<KeyId> {
        [std::slice::from_ref(&self.key), &self.tickets].concat()
    }
}

/// A recovery code's: 120 random bits need neither hardware nor stretching.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CodeSlot {
    pub(crate) salt: [u8; 16],
    pub(crate) wrapped: Vec<u8>,
}

/// Each unlock method wraps the person's key (KEK).
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Slots {
    /// Only until a PIN is set.
    pub(crate) device: Option<KeySlot>,
    pub(crate) pin: Option<PinSlot>,
    pub(crate) biometric: Option<KeySlot>,
    pub(crate) recovery: Option<CodeSlot>,
    /// A new code that was not confirmed yet; the old one stays until it is.
    pub(crate) unconfirmed: Option<CodeSlot>,
}

/// The envelope.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) version: u64,
    pub(crate) store_id: [u8; 16],
    pub(crate) device_key: KeyId,
    /// First bytes of a MAC under the device's wrapping key: another device is told from damage by it.
    pub(crate) key_check: [u8; 8],
    /// The keys of the open store, under the device's key.
    pub(crate) open: Vec<u8>,
    /// The same under the person's key.
    pub(crate) portable_open: Vec<u8>,
    /// The portable keys, under the person's key.
    pub(crate) user: Vec<u8>,
    /// The bound keys, under the person's key and the device's together.
    pub(crate) bound: Vec<u8>,
    pub(crate) slots: Slots,
    /// Wrong PINs since the last right one.
    pub(crate) tries: u32,
    /// When the present wait began: milliseconds since the device's boot.
    pub(crate) tried: u64,
    /// Counters of the head as they were when this was written.
    pub(crate) counters: Counters,
    /// Keys of the secure area that wrap nothing any more, to be deleted.
    pub(crate) retired: Vec<KeyId>,
    /// The biometric key died; the unlock method was taken away.
    pub(crate) biometric_lost: bool,
    /// A wipe was begun: nothing but completing it is left.
    pub(crate) wiping: bool,
    /// What replaces this once the rows are of the next version.
    pub(crate) next: Option<Vec<u8>>,
}

/// A parsed envelope whose MAC is still to be checked.
pub(crate) struct Sealed {
    pub(crate) envelope: Envelope,
    body: Vec<u8>,
    mac: Vec<u8>,
}

impl Sealed {
    /// Checks the MAC: only now is anything in it to be believed.
    pub(crate) fn checked(self, keys: &OpenKeys) -> Result<Envelope, VaultError> {
        if constant_time_eq(&hmac_sha256(keys.envelope_key(), &[&self.body]), &self.mac) {
            Ok(self.envelope)
        } else {
            Err(VaultError::EnvelopeCorrupt)
        }
    }
}

/// Reads the outside; nothing in it is authenticated yet.
pub(crate) fn parse(bytes: &[u8]) -> Result<Sealed, VaultError> {
    let (mut version, mut body, mut mac) = (None, None, None);
    let mut read = || {
        let mut reader = Decoder::new(bytes, Limits::PROXIMITY)?.definite();
        reader.map(|reader, name| {
            match name {
                Key::Uint(1) => version = Some(reader.uint()?),
                Key::Uint(2) => body = Some(reader.bytes()?.into_owned()),
                Key::Uint(3) => mac = Some(reader.bytes()?.into_owned()),
                _ => {}
            }
            Ok::<_, CborError>(())
        })?;
        reader.finish()
    };
    read().map_err(|_| VaultError::EnvelopeCorrupt)?;
    match (version, body, mac) {
        (Some(version), Some(body), Some(mac)) => {
            let envelope = Envelope::parse(version, &body)?;
            Ok(Sealed { envelope, body, mac })
        }
        // Of a later form: its version says so.
        (Some(version), ..) if version > NEWEST.0.into() => Err(VaultError::SchemaNewer),
        _ => Err(VaultError::EnvelopeCorrupt),
    }
}

impl Envelope {
    /// With its MAC.
    pub(crate) fn seal(&self, keys: &OpenKeys) -> Vec<u8> {
        let body = self.body();
        let mac = hmac_sha256(keys.envelope_key(), &[&body]);
        self.outer(&body, &mac)
    }

    /// The marker of a wipe of a store whose keys cannot be had has no MAC: whoever finds it takes the files and no
    /// key.
    pub(crate) fn seal_without_keys(&self) -> Vec<u8> {
        self.outer(&self.body(), &[])
    }

    fn outer(&self, body: &[u8], mac: &[u8]) -> Vec<u8> {
        let mut writer = Encoder::new();
        writer.map(3).uint(1).uint(self.version).uint(2).bytes(body).uint(3).bytes(mac);
        writer.finish()
    }

    /// One with no slot and no wrapped key: nothing that opens anything.
    pub(crate) fn bare(version: u64, store_id: [u8; 16], device_key: KeyId) -> Self {
        Self {
            version,
            store_id,
            device_key,
            key_check: [0; 8],
            open: Vec::new(),
            portable_open: Vec::new(),
            user: Vec::new(),
            bound: Vec::new(),
            slots: Slots::default(),
            tries: 0,
            tried: 0,
            counters: Counters::default(),
            retired: Vec::new(),
            biometric_lost: false,
            wiping: false,
            next: None,
        }
    }

    /// The marker of a wipe: no slot; what is still to be deleted; and what the device's key wraps, which is the last
    /// to go, so that until then the marker's MAC can be checked. It opens nothing about the person.
    pub(crate) fn wiping(&self, retired: Vec<KeyId>) -> Self {
        let Self { version, store_id, device_key, key_check, open, .. } = self.clone();
        Self { key_check, open, retired, wiping: true, ..Self::bare(version, store_id, device_key) }
    }

    /// Every key of the secure area this envelope names.
    pub(crate) fn area_keys(&self) -> Vec<KeyId> {
        let Slots { device, pin, biometric, .. } = &self.slots;
        let mut keys = vec![self.device_key.clone()];
        keys.extend(device.iter().chain(biometric).map(|slot| slot.key.clone()));
        keys.extend(pin.iter().flat_map(PinSlot::keys));
        keys.extend(self.retired.iter().cloned());
        keys.sort();
        keys.dedup();
        keys
    }

    fn body(&self) -> Vec<u8> {
        let Slots { device, pin, biometric, recovery, unconfirmed } = &self.slots;
        let mut writer = Encoder::new();
        writer.map(17).uint(1).uint(self.version).uint(2).bytes(&self.store_id).uint(3).text(&self.device_key.0);
        writer.uint(4).bytes(&self.key_check).uint(5).bytes(&self.open).uint(6).bytes(&self.user);
        key_slot(writer.uint(7), device.as_ref());
        pin_slot(writer.uint(8), pin.as_ref());
        key_slot(writer.uint(9), biometric.as_ref());
        code_slot(writer.uint(10), recovery.as_ref());
        writer.uint(11).array(4).uint(self.tries.into()).uint(self.tried);
        writer.boolean(self.biometric_lost).boolean(self.wiping);
        self.counters.write(writer.uint(12));
        writer.uint(13).array(self.retired.len());
        for key in &self.retired {
            writer.text(&key.0);
        }
        writer.uint(14);
        match &self.next {
            Some(next) => writer.bytes(next),
            None => writer.null(),
        };
        writer.uint(15).bytes(&self.portable_open).uint(16).bytes(&self.bound);
        code_slot(writer.uint(17), unconfirmed.as_ref());
        writer.finish()
    }

    fn parse(version: u64, body: &[u8]) -> Result<Self, VaultError> {
        let mut envelope = Self::bare(version, [0; 16], KeyId(String::new()));
        let mut named = 0_u32;
        let mut stated = None;
        let mut read = || {
            let mut reader = Decoder::new(body, Limits::PROXIMITY)?.definite();
            reader.map(|reader, name| {
                let Key::Uint(name) = *name else { return Err(CborError::UnexpectedType) };
                named |= 1_u32.checked_shl(u32::try_from(name).unwrap_or(u32::MAX)).unwrap_or(0);
                match name {
                    1 => stated = Some(reader.uint()?),
                    2 => envelope.store_id = exact(reader)?,
                    3 => envelope.device_key = KeyId(reader.text()?.into_owned()),
                    4 => envelope.key_check = exact(reader)?,
                    5 => envelope.open = reader.bytes()?.into_owned(),
                    6 => envelope.user = reader.bytes()?.into_owned(),
                    7 => envelope.slots.device = read_key_slot(reader)?,
                    8 => envelope.slots.pin = read_pin_slot(reader)?,
                    9 => envelope.slots.biometric = read_key_slot(reader)?,
                    10 => envelope.slots.recovery = read_code_slot(reader)?,
                    11 => {
                        reader.array(|reader, at| {
                            match at {
                                0 => {
                                    envelope.tries =
                                        u32::try_from(reader.uint()?).map_err(|_| CborError::UnexpectedType)?
                                }
                                1 => envelope.tried = reader.uint()?,
                                2 => envelope.biometric_lost = reader.boolean()?,
                                _ => envelope.wiping = reader.boolean()?,
                            }
                            Ok::<_, CborError>(())
                        })?;
                    }
                    12 => envelope.counters = Counters::read(reader)?,
                    13 => {
                        reader.array(|reader, _| {
                            envelope.retired.push(KeyId(reader.text()?.into_owned()));
                            Ok::<_, CborError>(())
                        })?;
                    }
                    14 => envelope.next = if reader.take_null()? { None } else { Some(reader.bytes()?.into_owned()) },
                    15 => envelope.portable_open = reader.bytes()?.into_owned(),
                    16 => envelope.bound = reader.bytes()?.into_owned(),
                    17 => envelope.slots.unconfirmed = read_code_slot(reader)?,
                    _ => {}
                }
                Ok(())
            })?;
            reader.finish()
        };
        read().map_err(|_| VaultError::EnvelopeCorrupt)?;
        // Members 1 to 17 are all there, and the version is inside the MAC too.
        if named & 0x3fffe != 0x3fffe || stated != Some(version) {
            return Err(VaultError::EnvelopeCorrupt);
        }
        Ok(envelope)
    }
}

fn key_slot(writer: &mut Encoder, slot: Option<&KeySlot>) {
    match slot {
        Some(slot) => writer.array(2).text(&slot.key.0).bytes(&slot.wrapped),
        None => writer.null(),
    };
}

fn pin_slot(writer: &mut Encoder, slot: Option<&PinSlot>) {
    let Some(PinSlot { key, salt, cost, wrapped, tickets }) = slot else {
        writer.null();
        return;
    };
    writer.array(7).text(&key.0).bytes(salt).uint(cost.memory_kib.into()).uint(cost.passes.into());
    writer.uint(cost.lanes.into()).bytes(wrapped).array(tickets.len());
    for ticket in tickets {
        writer.text(&ticket.0);
    }
}

fn read_key_slot(reader: &mut Decoder<'_>) -> Result<Option<KeySlot>, CborError> {
    if reader.take_null()? {
        return Ok(None);
    }
    let mut slot = KeySlot { key: KeyId(String::new()), wrapped: Vec::new() };
    reader.array(|reader, at| {
        match at {
            0 => slot.key = KeyId(reader.text()?.into_owned()),
            _ => slot.wrapped = reader.bytes()?.into_owned(),
        }
        Ok::<_, CborError>(())
    })?;
    Ok(Some(slot))
}

fn read_pin_slot(reader: &mut Decoder<'_>) -> Result<Option<PinSlot>, CborError> {
    if reader.take_null()? {
        return Ok(None);
    }
    let (mut key, mut salt, mut numbers) = (KeyId(String::new()), [0; 16], [0_u32; 3]);
    let (mut wrapped, mut tickets) = (Vec::new(), Vec::new());
    reader.array(|reader, at| {
        match at {
            0 => key = KeyId(reader.text()?.into_owned()),
            1 => salt = exact(reader)?,
            2..=4 => {
                let number = u32::try_from(reader.uint()?).map_err(|_| CborError::UnexpectedType)?;
                if let Some(place) = numbers.get_mut(at - 2) {
                    *place = number;
                }
            }
            5 => wrapped = reader.bytes()?.into_owned(),
            _ => {
                reader.array(|reader, _| {
                    tickets.push(KeyId(reader.text()?.into_owned()));
                    Ok::<_, CborError>(())
                })?;
            }
        }
        Ok::<_, CborError>(())
    })?;
    let [memory_kib, passes, lanes] = numbers;
    Ok(Some(PinSlot { key, salt, cost: Argon2Cost { memory_kib, passes, lanes }, wrapped, tickets }))
}

fn code_slot(writer: &mut Encoder, slot: Option<&CodeSlot>) {
    match slot {
        Some(CodeSlot { salt, wrapped }) => writer.array(2).bytes(salt).bytes(wrapped),
        None => writer.null(),
    };
}

fn read_code_slot(reader: &mut Decoder<'_>) -> Result<Option<CodeSlot>, CborError> {
    if reader.take_null()? {
        return Ok(None);
    }
    let mut slot = CodeSlot { salt: [0; 16], wrapped: Vec::new() };
    reader.array(|reader, at| {
        match at {
            0 => slot.salt = exact(reader)?,
            _ => slot.wrapped = reader.bytes()?.into_owned(),
        }
        Ok::<_, CborError>(())
    })?;
    Ok(Some(slot))
}

fn exact<const N: usize>(reader: &mut Decoder<'_>) -> Result<[u8; N], CborError> {
    reader.definite_bytes()?.try_into().map_err(|_| CborError::UnexpectedType)
}
