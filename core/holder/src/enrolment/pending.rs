//! The record of an enrolment that waits for its answer.
use alloc::{string::String, vec::Vec};

use rid_crypto::{Curve, PublicKey};
use rid_flow::{Record, RecordKey, ports::KeyId};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, Encoder, Limits},
    hex,
};

use super::RECORD_KIND;

/// Days a pending enrolment may be answered.
pub const PENDING_DAYS: i64 = 30;

/// Name of the format; another one is not read.
const FORMAT: &str = "rid-pending-enrolment-1";

/// A pending enrolment as the vault keeps it:
/// `{1: "rid-pending-enrolment-1", 2: id bstr, 3: begun (Unix seconds),
/// 4: [* {1: kind tstr, 2: [* {1: key id tstr, 2: SEC1 bstr}]}]}`.
/// Before the keys are made, their lists are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEnrolment {
    /// The enrolment's id.
    pub id: [u8; 16],
    /// When it was begun.
    pub begun: Timestamp,
    /// Document types with their keys.
    pub kinds: Vec<(String, Vec<(KeyId, PublicKey)>)>,
}

/// The vault's name of a pending enrolment.
#[must_use]
pub fn record_key(id: &[u8; 16]) -> RecordKey {
    RecordKey { kind: String::from(RECORD_KIND), name: hex::encode(id) }
}

impl PendingEnrolment {
    /// Encodes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder.map(4).uint(1).text(FORMAT).uint(2).bytes(&self.id).uint(3).int(self.begun.unix());
        encoder.uint(4).array(self.kinds.len());
        for (kind, keys) in &self.kinds {
            encoder.map(2).uint(1).text(kind).uint(2).array(keys.len());
            for (id, public) in keys {
                encoder.map(2).uint(1).text(&id.0).uint(2).bytes(&public.to_bytes());
            }
        }
        encoder.finish()
    }

    /// Parses a record of this format.
    ///
    /// # Errors
    /// [`CborError`]; blame: the store.
    pub fn parse(bytes: &[u8]) -> Result<Self, CborError> {
        let mut reader = Decoder::new(bytes, Limits::PROXIMITY)?.definite();
        let (mut format, mut id, mut begun, mut kinds) = (false, None, None, None);
        reader.map(|reader, key| -> Result<(), CborError> {
            match key.as_int() {
                Some(1) => format = reader.text()? == FORMAT,
                Some(2) => id = <[u8; 16]>::try_from(reader.bytes()?.as_ref()).ok(),
                Some(3) => begun = Some(Timestamp::from_unix(reader.int()?)),
                Some(4) => kinds = Some(read_list(reader, read_kind)?),
                _ => {}
            }
            Ok(())
        })?;
        reader.finish()?;
        match (format, id, begun, kinds) {
            (true, Some(id), Some(begun), Some(kinds)) => Ok(Self { id, begun, kinds }),
            _ => Err(CborError::MissingMember),
        }
    }

    /// The record to be stored.
    #[must_use]
    pub fn to_record(&self) -> Record {
        Record { key: record_key(&self.id), bytes: self.encode() }
    }

    /// Whether it may no longer be answered, and its keys may go.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now > self.begun.plus_days(PENDING_DAYS)
    }

    /// All keys made for it.
    pub fn keys(&self) -> impl Iterator<Item = &KeyId> {
        self.kinds.iter().flat_map(|(_, keys)| keys.iter().map(|(id, _)| id))
    }
}

fn read_list<'a, T>(
    reader: &mut Decoder<'a>,
    mut read: impl FnMut(&mut Decoder<'a>) -> Result<T, CborError>,
) -> Result<Vec<T>, CborError> {
    let mut list = Vec::new();
    reader.array(|reader, _| -> Result<(), CborError> {
        list.push(read(reader)?);
        Ok(())
    })?;
    Ok(list)
}

fn read_kind(reader: &mut Decoder<'_>) -> Result<(String, Vec<(KeyId, PublicKey)>), CborError> {
    let (mut kind, mut keys) = (None, None);
    reader.map(|reader, key| -> Result<(), CborError> {
        match key.as_int() {
            Some(1) => kind = Some(reader.text()?.into_owned()),
            Some(2) => keys = Some(read_list(reader, read_key)?),
            _ => {}
        }
        Ok(())
    })?;
    kind.zip(keys).ok_or(CborError::MissingMember)
}

fn read_key(reader: &mut Decoder<'_>) -> Result<(KeyId, PublicKey), CborError> {
    let (mut id, mut public) = (None, None);
    reader.map(|reader, key| -> Result<(), CborError> {
        match key.as_int() {
            Some(1) => id = Some(KeyId(reader.text()?.into_owned())),
            Some(2) => public = PublicKey::from_sec1(Curve::P256, &reader.bytes()?).ok(),
            _ => {}
        }
        Ok(())
    })?;
    id.zip(public).ok_or(CborError::MissingMember)
}
