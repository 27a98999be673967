//! What lists show of a credential, and how far its copies are used.
use rid_claims::ReusePolicy;
use rid_flow::{CopyId, Credential, CredentialId, VerifierId, ports::StorageError};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, Encoder, Key, Limits},
};

use super::{exact, number, read_map};

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
    pub elements: ElementNames,
    /// How its copies are used up.
    pub reuse: ReusePolicy,
    /// Copies left that were never shown; all of them where they are shown in turn.
    pub copies_left: u32,
    /// Copies received.
    pub copies_total: u32,
    /// The copies that are left: a copy's row that is not among them was used, and is of an earlier time.
    pub(crate) uses: Vec<CopyUse>,
}

/// How a copy that may be shown again was used so far.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CopyUse {
    pub(crate) copy: CopyId,
    pub(crate) uses: u32,
    /// First use.
    pub(crate) since: Option<Timestamp>,
    /// The verifier it is kept for.
    pub(crate) verifier: Option<VerifierId>,
}

/// Names of elements by namespace, as they are stored: lists do not want them, only who is asked for them does.
#[derive(Clone, PartialEq, Eq)]
pub struct ElementNames(Vec<u8>);

impl ElementNames {
    fn of(elements: &[(String, Vec<String>)]) -> Self {
        let mut writer = Encoder::new();
        writer.map(elements.len());
        for (namespace, names) in elements {
            writer.text(namespace).array(names.len());
            for name in names {
                writer.text(name);
            }
        }
        Self(writer.finish())
    }

    /// Namespace and identifiers.
    ///
    /// # Errors
    /// [`StorageError::Damaged`], never for what this code wrote.
    pub fn read(&self) -> Result<Vec<(String, Vec<String>)>, StorageError> {
        let mut elements = Vec::new();
        let mut read = || {
            let mut reader = Decoder::new(&self.0, Limits::ONLINE)?;
            reader.map(|reader, namespace| {
                let Key::Text(namespace) = namespace else { return Err(CborError::UnexpectedType) };
                let mut names = Vec::new();
                reader.array(|reader, _| {
                    names.push(reader.text()?.into_owned());
                    Ok::<_, CborError>(())
                })?;
                elements.push((namespace.to_string(), names));
                Ok(())
            })?;
            reader.finish()
        };
        read().map_err(|_| StorageError::Damaged)?;
        Ok(elements)
    }
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
            elements: ElementNames::of(&credential.elements),
            reuse: credential.reuse,
            copies_left: copies,
            copies_total: copies,
            uses: Vec::new(),
        }
    }
}

pub(crate) fn encode(meta: &CredentialMeta) -> Vec<u8> {
    let mut writer = Encoder::new();
    writer.map(13 + usize::from(meta.subject.is_some())).uint(0).uint(VERSION);
    writer.uint(1).text(&meta.id.0).uint(2).text(&meta.format).uint(3).text(&meta.kind).uint(5).text(&meta.issuer);
    writer.uint(6).int(meta.signed.unix()).uint(7).int(meta.valid_from.unix()).uint(8).int(meta.valid_until.unix());
    // A byte string: a list skips it without parsing.
    writer.uint(9).bytes(&meta.elements.0);
    writer.uint(10).uint(meta.copies_left.into()).uint(11).uint(meta.copies_total.into());
    if let Some(subject) = &meta.subject {
        writer.uint(4).text(subject);
    }
    write_reuse(writer.uint(12), meta.reuse);
    writer.uint(13).array(meta.uses.len());
    for CopyUse { copy, uses, since, verifier } in &meta.uses {
        writer.array(if meta.reuse == ReusePolicy::Once { 1 } else { 4 }).text(&copy.0);
        if meta.reuse == ReusePolicy::Once {
            continue;
        }
        writer.uint((*uses).into());
        match since {
            Some(since) => writer.int(since.unix()),
            None => writer.null(),
        };
        match verifier {
            Some(verifier) => writer.bytes(&verifier.0),
            None => writer.null(),
        };
    }
    writer.finish()
}

pub(crate) fn decode(bytes: &[u8]) -> Result<CredentialMeta, StorageError> {
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
        elements: ElementNames::of(&[]),
        reuse: ReusePolicy::Once,
        copies_left: 0,
        copies_total: 0,
        uses: Vec::new(),
    };
    read_map(bytes, VERSION, |reader, key| {
        match key {
            1 => meta.id = CredentialId(reader.text()?.into_owned()),
            2 => meta.format = reader.text()?.into_owned(),
            3 => meta.kind = reader.text()?.into_owned(),
            4 => meta.subject = Some(reader.text()?.into_owned()),
            5 => meta.issuer = reader.text()?.into_owned(),
            6 => meta.signed = Timestamp::from_unix(reader.int()?),
            7 => meta.valid_from = Timestamp::from_unix(reader.int()?),
            8 => meta.valid_until = Timestamp::from_unix(reader.int()?),
            9 => meta.elements = ElementNames(reader.definite_bytes()?.to_vec()),
            10 => meta.copies_left = number(reader)?,
            11 => meta.copies_total = number(reader)?,
            12 => meta.reuse = read_reuse(reader)?,
            13 => {
                reader.array(|reader, _| {
                    meta.uses.push(read_use(reader)?);
                    Ok::<_, CborError>(())
                })?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(meta)
}

fn write_reuse(writer: &mut Encoder, reuse: ReusePolicy) {
    match reuse {
        ReusePolicy::Once => writer.array(1).uint(0),
        ReusePolicy::Limited { seconds } => writer.array(2).uint(1).uint(seconds.into()),
        ReusePolicy::PerVerifier => writer.array(1).uint(2),
        ReusePolicy::Rotate => writer.array(1).uint(3),
    };
}

fn read_reuse(reader: &mut Decoder<'_>) -> Result<ReusePolicy, CborError> {
    let mut reuse = ReusePolicy::Once;
    reader.array(|reader, at| {
        let value = number(reader)?;
        reuse = match (at, value, reuse) {
            (0, 0, _) => ReusePolicy::Once,
            (0, 1, _) => ReusePolicy::Limited { seconds: 0 },
            (0, 2, _) => ReusePolicy::PerVerifier,
            (0, 3, _) => ReusePolicy::Rotate,
            (1, seconds, ReusePolicy::Limited { .. }) => ReusePolicy::Limited { seconds },
            _ => return Err(CborError::UnexpectedType),
        };
        Ok(())
    })?;
    Ok(reuse)
}

fn read_use(reader: &mut Decoder<'_>) -> Result<CopyUse, CborError> {
    let mut used = CopyUse { copy: CopyId(String::new()), uses: 0, since: None, verifier: None };
    reader.array(|reader, at| {
        match at {
            0 => used.copy = CopyId(reader.text()?.into_owned()),
            1 => used.uses = number(reader)?,
            2 => used.since = if reader.take_null()? { None } else { Some(Timestamp::from_unix(reader.int()?)) },
            _ => used.verifier = if reader.take_null()? { None } else { Some(VerifierId(exact(reader)?)) },
        }
        Ok::<_, CborError>(())
    })?;
    Ok(used)
}
