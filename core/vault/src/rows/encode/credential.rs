//! The row of a credential: its metadata, and the use of its copies so far.
use rid_claims::{
    ClaimPath, CredentialId, CredentialSummary, CredentialType, IssuanceSource, ReusePolicy, StatusReference,
};
use rid_flow::{CopyId, Credential, VerifierId, ports::StorageError};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, Encoder, Limits},
};

use super::{array_of, exact, list, number, optional, read_map, text};

const VERSION: u64 = 1;

/// The stored metadata of a credential: names, no values.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialMeta {
    /// What lists and matching need.
    pub summary: CredentialSummary,
    /// The claims that it has.
    pub claims: ClaimNames,
    /// The place where it can be fetched again, if known.
    pub source: Option<IssuanceSource>,
    /// The status reference of its first copy, if it has one.
    pub status: Option<StatusReference>,
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

/// The claims of a credential, still encoded: a list does not parse them.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimNames(Vec<u8>);

impl ClaimNames {
    fn of(claims: &[ClaimPath]) -> Self {
        let mut encoder = Encoder::new();
        encoder.array(claims.len());
        for claim in claims {
            claim.encode(&mut encoder);
        }
        Self(encoder.finish())
    }

    /// The paths.
    ///
    /// # Errors
    /// [`StorageError::Damaged`], never for what this code wrote.
    pub fn read(&self) -> Result<Vec<ClaimPath>, StorageError> {
        let read = || {
            let mut decoder = Decoder::new(&self.0, Limits::ONLINE)?;
            let claims = list(&mut decoder, ClaimPath::decode)?;
            decoder.finish()?;
            Ok::<_, CborError>(claims)
        };
        read().map_err(|_| StorageError::Damaged)
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
            summary: CredentialSummary {
                id: credential.id.clone(),
                credential_type: credential.credential_type.clone(),
                subject: credential.subject.clone(),
                issuer: credential.issuer.clone(),
                signed: credential.signed,
                valid_from: credential.valid_from,
                valid_until: credential.valid_until,
                reuse: credential.reuse,
                copies_left: copies,
                copies_total: copies,
            },
            claims: ClaimNames::of(&credential.claims),
            source: credential.source.clone(),
            status: credential.status.clone(),
            uses: Vec::new(),
        }
    }
}

pub(crate) fn encode(meta: &CredentialMeta) -> Vec<u8> {
    let CredentialMeta { summary, claims, source, status, uses } = meta;
    let mut encoder = Encoder::new();
    let optional = [summary.subject.is_some(), source.is_some(), status.is_some()];
    encoder.map(12 + optional.into_iter().filter(|is_there| *is_there).count()).uint(0).uint(VERSION);
    encoder.uint(1).text(&summary.id.0);
    summary.credential_type.encode(encoder.uint(2));
    encoder.uint(3).text(&summary.issuer);
    if let Some(subject) = &summary.subject {
        encoder.uint(4).text(subject.expose());
    }
    encoder.uint(5).int(summary.signed.unix()).uint(6).int(summary.valid_from.unix());
    encoder.uint(7).int(summary.valid_until.unix());
    // A byte string: a list skips it without parsing.
    encoder.uint(8).bytes(&claims.0);
    encoder.uint(9).uint(summary.copies_left.into()).uint(10).uint(summary.copies_total.into());
    write_reuse(encoder.uint(11), summary.reuse);
    write_uses(encoder.uint(12), uses, summary.reuse);
    if let Some(IssuanceSource { issuer_url, configuration_id }) = source {
        encoder.uint(13).array(2).text(issuer_url).text(configuration_id);
    }
    if let Some(StatusReference { uri, index }) = status {
        encoder.uint(14).array(2).text(uri).uint(*index);
    }
    encoder.finish()
}

fn write_uses(encoder: &mut Encoder, uses: &[CopyUse], reuse: ReusePolicy) {
    encoder.array(uses.len());
    for CopyUse { copy, uses, since, verifier } in uses {
        encoder.array(if reuse == ReusePolicy::Once { 1 } else { 4 }).text(&copy.0);
        if reuse == ReusePolicy::Once {
            continue;
        }
        encoder.uint((*uses).into());
        match since {
            Some(since) => encoder.int(since.unix()),
            None => encoder.null(),
        };
        match verifier {
            Some(verifier) => encoder.bytes(&verifier.0),
            None => encoder.null(),
        };
    }
}

pub(crate) fn decode(bytes: &[u8]) -> Result<CredentialMeta, StorageError> {
    let zero = Timestamp::from_unix(0);
    let mut summary = CredentialSummary {
        id: CredentialId(String::new()),
        credential_type: CredentialType::mdoc(""),
        subject: None,
        issuer: String::new(),
        signed: zero,
        valid_from: zero,
        valid_until: zero,
        reuse: ReusePolicy::Once,
        copies_left: 0,
        copies_total: 0,
    };
    let (mut credential_type, mut claims, mut uses) = (None, ClaimNames::of(&[]), Vec::new());
    let (mut source, mut status) = (None, None);
    read_map(bytes, VERSION, |decoder, key| {
        match key {
            1 => summary.id = CredentialId(text(decoder)?),
            2 => credential_type = Some(CredentialType::decode(decoder)?),
            3 => summary.issuer = text(decoder)?,
            4 => summary.subject = Some(text(decoder)?.into()),
            5 => summary.signed = Timestamp::from_unix(decoder.int()?),
            6 => summary.valid_from = Timestamp::from_unix(decoder.int()?),
            7 => summary.valid_until = Timestamp::from_unix(decoder.int()?),
            8 => claims = ClaimNames(decoder.definite_bytes()?.to_vec()),
            9 => summary.copies_left = number(decoder)?,
            10 => summary.copies_total = number(decoder)?,
            11 => summary.reuse = read_reuse(decoder)?,
            12 => uses = list(decoder, read_use)?,
            13 => source = Some(read_source(decoder)?),
            14 => status = Some(read_status(decoder)?),
            _ => {}
        }
        Ok(())
    })?;
    summary.credential_type = credential_type.ok_or(StorageError::Damaged)?;
    Ok(CredentialMeta { summary, claims, source, status, uses })
}

pub(crate) fn read_source(decoder: &mut Decoder<'_>) -> Result<IssuanceSource, CborError> {
    let mut source = IssuanceSource { issuer_url: String::new(), configuration_id: String::new() };
    array_of::<2>(decoder, |decoder, at| {
        match at {
            0 => source.issuer_url = text(decoder)?,
            _ => source.configuration_id = text(decoder)?,
        }
        Ok(())
    })?;
    Ok(source)
}

fn read_status(decoder: &mut Decoder<'_>) -> Result<StatusReference, CborError> {
    let mut status = StatusReference { uri: String::new(), index: 0 };
    array_of::<2>(decoder, |decoder, at| {
        match at {
            0 => status.uri = text(decoder)?,
            _ => status.index = decoder.uint()?,
        }
        Ok(())
    })?;
    Ok(status)
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
            2 => used.since = optional(reader, |reader| Ok(Timestamp::from_unix(reader.int()?)))?,
            _ => used.verifier = optional(reader, |reader| Ok(VerifierId(exact(reader)?)))?,
        }
        Ok::<_, CborError>(())
    })?;
    Ok(used)
}
