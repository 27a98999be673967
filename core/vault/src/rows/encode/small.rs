//! Copies, small records, and the names of device keys.
use rid_flow::{
    Copy, CopyId, CredentialId, NewCopy, Record, RecordKey,
    ports::{KeyId, StorageError},
};
use rid_wire::cbor::{CborError, Encoder};
use zeroize::Zeroizing;

use super::read_map;

const VERSION: u64 = 1;

pub(crate) fn copy(credential: &CredentialId, id: &CopyId, copy: &NewCopy) -> Vec<u8> {
    let mut writer = Encoder::new();
    writer.map(5).uint(0).uint(VERSION).uint(1).text(&credential.0).uint(2).text(&id.0);
    writer.uint(3).text(&copy.key.0).uint(4).bytes(&copy.bytes);
    writer.finish()
}

pub(crate) fn read_copy(bytes: &[u8]) -> Result<Copy, StorageError> {
    let mut copy = Copy {
        credential: CredentialId(String::new()),
        id: CopyId(String::new()),
        key: KeyId(String::new()),
        bytes: Vec::new(),
        consumed: false,
    };
    read_map(bytes, VERSION, |reader, key| {
        match key {
            1 => copy.credential = CredentialId(reader.text()?.into_owned()),
            2 => copy.id = CopyId(reader.text()?.into_owned()),
            3 => copy.key = KeyId(reader.text()?.into_owned()),
            4 => copy.bytes = reader.bytes()?.into_owned(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(copy)
}

/// Wiped when done with; room for all of it at once, since what grows leaves copies behind.
pub(crate) fn record(record: &Record) -> Zeroizing<Vec<u8>> {
    let RecordKey { kind, name } = &record.key;
    // StoredEnvelope them heads and numbers.
    let room = [kind.len(), name.len(), record.bytes.len()].into_iter().fold(64, usize::saturating_add);
    let mut writer = Encoder::with_capacity(room);
    writer.map(4).uint(0).uint(VERSION).uint(1).text(kind).uint(2).text(name).uint(3).bytes(&record.bytes);
    Zeroizing::new(writer.finish())
}

/// A record to be taken apart by who read it, which [`Record`] is not: the bytes are the reader's to wipe.
pub(crate) struct ReadRecord {
    pub(crate) key: RecordKey,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn read_record(bytes: &[u8]) -> Result<ReadRecord, StorageError> {
    let mut record = ReadRecord { key: RecordKey { kind: String::new(), name: String::new() }, bytes: Vec::new() };
    read_map(bytes, VERSION, |reader, key| {
        match key {
            1 => record.key.kind = reader.text()?.into_owned(),
            2 => record.key.name = reader.text()?.into_owned(),
            3 => record.bytes = reader.bytes()?.into_owned(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(record)
}

/// The device keys of a credential's copies, as they were when it came.
pub(crate) fn device_keys(credential: &CredentialId, keys: &[KeyId]) -> Vec<u8> {
    let mut writer = Encoder::new();
    writer.map(3).uint(0).uint(VERSION).uint(1).text(&credential.0).uint(2).array(keys.len());
    for key in keys {
        writer.text(&key.0);
    }
    writer.finish()
}

pub(crate) fn read_device_keys(bytes: &[u8]) -> Result<(CredentialId, Vec<KeyId>), StorageError> {
    let (mut credential, mut keys) = (CredentialId(String::new()), Vec::new());
    read_map(bytes, VERSION, |reader, key| {
        match key {
            1 => credential = CredentialId(reader.text()?.into_owned()),
            2 => {
                reader.array(|reader, _| {
                    keys.push(KeyId(reader.text()?.into_owned()));
                    Ok::<_, CborError>(())
                })?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok((credential, keys))
}
