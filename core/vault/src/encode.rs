//! What stands inside the rows, as versioned CBOR maps.
use rid_flow::{
    Copy, CopyId, Credential, CredentialId, History, HistoryDraft, HistoryId, HistoryKind, HistoryOutcome, HistorySeq,
    NewCopy, Record, RecordKey,
    ports::{KeyId, StorageError},
};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Key, Limits, Reader, Writer},
};

const VERSION: u64 = 1;

/// What lists show of a credential: names, no values.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialMeta {
    /// Identifier.
    pub id: CredentialId,
    /// `mso_mdoc` or `dc+sd-jwt`.
    pub format: String,
    /// docType or vct.
    pub kind: String,
    /// Whose data it is, if not the holder's.
    pub subject: Option<String>,
    /// Issuer's name.
    pub issuer: String,
    /// When it was signed.
    pub signed: Timestamp,
    /// First second of technical validity.
    pub valid_from: Timestamp,
    /// Last second of technical validity.
    pub valid_until: Timestamp,
    /// Names of the elements held.
    pub elements: Vec<(String, Vec<String>)>,
    /// One-time copies left.
    pub copies_left: u32,
    /// Copies received.
    pub copies_total: u32,
}

impl core::fmt::Debug for CredentialMeta {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CredentialMeta")
    }
}

impl From<&Credential> for CredentialMeta {
    fn from(credential: &Credential) -> Self {
        let copies = u32::try_from(credential.copies.len()).unwrap_or(u32::MAX);
        Self {
            id: credential.id.clone(),
            format: credential.format.clone(),
            kind: credential.kind.clone(),
            subject: credential.subject.clone(),
            issuer: credential.issuer.clone(),
            signed: credential.signed,
            valid_from: credential.valid_from,
            valid_until: credential.valid_until,
            elements: credential.elements.clone(),
            copies_left: copies,
            copies_total: copies,
        }
    }
}

/// Counters of the store.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    /// Place of the last history row.
    pub(crate) last_seq: u64,
    /// Number of commits.
    pub(crate) commits: u64,
}

pub(crate) fn head(head: &Head) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.map(3).uint(0).uint(VERSION).uint(1).uint(head.last_seq).uint(2).uint(head.commits);
    writer.finish()
}

pub(crate) fn read_head(bytes: &[u8]) -> Result<Head, StorageError> {
    let mut head = Head::default();
    read_map(bytes, |reader, key| {
        match key {
            1 => head.last_seq = reader.uint()?,
            2 => head.commits = reader.uint()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(head)
}

pub(crate) fn credential(meta: &CredentialMeta) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.map(11 + usize::from(meta.subject.is_some())).uint(0).uint(VERSION);
    writer.uint(1).text(&meta.id.0).uint(2).text(&meta.format).uint(3).text(&meta.kind).uint(5).text(&meta.issuer);
    writer.uint(6).int(meta.signed.unix()).uint(7).int(meta.valid_from.unix()).uint(8).int(meta.valid_until.unix());
    writer.uint(9).map(meta.elements.len());
    for (namespace, names) in &meta.elements {
        writer.text(namespace).array(names.len());
        for name in names {
            writer.text(name);
        }
    }
    writer.uint(10).uint(meta.copies_left.into()).uint(11).uint(meta.copies_total.into());
    if let Some(subject) = &meta.subject {
        writer.uint(4).text(subject);
    }
    writer.finish()
}

pub(crate) fn read_credential(bytes: &[u8]) -> Result<CredentialMeta, StorageError> {
    let zero = Timestamp::from_unix(0);
    let mut meta = CredentialMeta {
        id: CredentialId(String::new()),
        format: String::new(),
        kind: String::new(),
        subject: None,
        issuer: String::new(),
        signed: zero,
        valid_from: zero,
        valid_until: zero,
        elements: Vec::new(),
        copies_left: 0,
        copies_total: 0,
    };
    read_map(bytes, |reader, key| {
        match key {
            1 => meta.id = CredentialId(reader.text()?.into_owned()),
            2 => meta.format = reader.text()?.into_owned(),
            3 => meta.kind = reader.text()?.into_owned(),
            4 => meta.subject = Some(reader.text()?.into_owned()),
            5 => meta.issuer = reader.text()?.into_owned(),
            6 => meta.signed = Timestamp::from_unix(reader.int()?),
            7 => meta.valid_from = Timestamp::from_unix(reader.int()?),
            8 => meta.valid_until = Timestamp::from_unix(reader.int()?),
            9 => {
                reader.map(|reader, namespace| {
                    let Key::Text(namespace) = namespace else { return Err(CborError::UnexpectedType) };
                    let mut names = Vec::new();
                    reader.array(|reader, _| {
                        names.push(reader.text()?.into_owned());
                        Ok::<_, CborError>(())
                    })?;
                    meta.elements.push((namespace.to_string(), names));
                    Ok(())
                })?;
            }
            10 => meta.copies_left = number(reader)?,
            11 => meta.copies_total = number(reader)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(meta)
}

pub(crate) fn copy(credential: &CredentialId, id: &CopyId, copy: &NewCopy) -> Vec<u8> {
    let mut writer = Writer::new();
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
    };
    read_map(bytes, |reader, key| {
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

pub(crate) fn history(row: &History) -> Vec<u8> {
    let entry = &row.entry;
    let mut writer = Writer::new();
    writer.map(10).uint(0).uint(VERSION).uint(1).uint(row.seq.0).uint(2).bytes(&entry.id.0);
    writer
        .uint(3)
        .uint(kind_number(entry.kind))
        .uint(4)
        .uint(outcome_number(entry.outcome))
        .uint(5)
        .int(entry.at.unix());
    writer.uint(6).text(&entry.peer).uint(7).boolean(entry.peer_verified).uint(8).array(entry.elements.len());
    for (kind, namespace, identifier, retained) in &entry.elements {
        writer.array(4).text(kind).text(namespace).text(identifier).boolean(*retained);
    }
    writer.uint(9).text(&entry.reason);
    writer.finish()
}

pub(crate) fn read_history(bytes: &[u8]) -> Result<History, StorageError> {
    let mut row = History {
        seq: HistorySeq(0),
        entry: HistoryDraft {
            id: HistoryId([0; 16]),
            kind: HistoryKind::Presentation,
            outcome: HistoryOutcome::Started,
            at: Timestamp::from_unix(0),
            peer: String::new(),
            peer_verified: false,
            elements: Vec::new(),
            reason: String::new(),
        },
    };
    let entry = &mut row.entry;
    let seq = &mut row.seq;
    read_map(bytes, |reader, key| {
        match key {
            1 => *seq = HistorySeq(reader.uint()?),
            2 => {
                entry.id = HistoryId(reader.bytes()?.as_ref().try_into().map_err(|_| CborError::UnexpectedType)?);
            }
            3 => entry.kind = kind(reader.uint()?)?,
            4 => entry.outcome = outcome(reader.uint()?)?,
            5 => entry.at = Timestamp::from_unix(reader.int()?),
            6 => entry.peer = reader.text()?.into_owned(),
            7 => entry.peer_verified = reader.boolean()?,
            8 => {
                reader.array(|reader, _| {
                    entry.elements.push(element(reader)?);
                    Ok::<_, CborError>(())
                })?;
            }
            9 => entry.reason = reader.text()?.into_owned(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(row)
}

pub(crate) fn record(record: &Record) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.map(4).uint(0).uint(VERSION).uint(1).text(&record.key.kind).uint(2).text(&record.key.name);
    writer.uint(3).bytes(&record.bytes);
    writer.finish()
}

pub(crate) fn read_record(bytes: &[u8]) -> Result<Record, StorageError> {
    let mut record = Record { key: RecordKey { kind: String::new(), name: String::new() }, bytes: Vec::new() };
    read_map(bytes, |reader, key| {
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

fn element(reader: &mut Reader<'_>) -> Result<(String, String, String, bool), CborError> {
    let (mut texts, mut retained) = (Vec::new(), false);
    reader.array(|reader, at| {
        match at {
            0..=2 => texts.push(reader.text()?.into_owned()),
            _ => retained = reader.boolean()?,
        }
        Ok::<_, CborError>(())
    })?;
    let [kind, namespace, identifier] = <[String; 3]>::try_from(texts).map_err(|_| CborError::UnexpectedType)?;
    Ok((kind, namespace, identifier, retained))
}

fn read_map(
    bytes: &[u8],
    mut member: impl FnMut(&mut Reader<'_>, u64) -> Result<(), CborError>,
) -> Result<(), StorageError> {
    let mut read = || {
        let mut reader = Reader::new(bytes, Limits::ONLINE)?;
        reader.map(|reader, key| match key {
            Key::Uint(0) if reader.uint()? > VERSION => Err(CborError::UnexpectedType),
            Key::Uint(0) => Ok(()),
            Key::Uint(key) => member(reader, *key),
            _ => Err(CborError::UnexpectedType),
        })?;
        reader.finish()
    };
    read().map_err(|_| StorageError::Damaged)
}

fn number(reader: &mut Reader<'_>) -> Result<u32, CborError> {
    u32::try_from(reader.uint()?).map_err(|_| CborError::UnexpectedType)
}

const fn kind_number(kind: HistoryKind) -> u64 {
    match kind {
        HistoryKind::Presentation => 1,
        HistoryKind::Issuance => 2,
        HistoryKind::Deletion => 3,
        HistoryKind::SignIn => 4,
    }
}

const fn kind(number: u64) -> Result<HistoryKind, CborError> {
    Ok(match number {
        1 => HistoryKind::Presentation,
        2 => HistoryKind::Issuance,
        3 => HistoryKind::Deletion,
        4 => HistoryKind::SignIn,
        _ => return Err(CborError::UnexpectedType),
    })
}

const fn outcome_number(outcome: HistoryOutcome) -> u64 {
    match outcome {
        HistoryOutcome::Started => 1,
        HistoryOutcome::Finished => 2,
        HistoryOutcome::Refused => 3,
        HistoryOutcome::Failed => 4,
        HistoryOutcome::UnknownDelivery => 5,
    }
}

const fn outcome(number: u64) -> Result<HistoryOutcome, CborError> {
    Ok(match number {
        1 => HistoryOutcome::Started,
        2 => HistoryOutcome::Finished,
        3 => HistoryOutcome::Refused,
        4 => HistoryOutcome::Failed,
        5 => HistoryOutcome::UnknownDelivery,
        _ => return Err(CborError::UnexpectedType),
    })
}
