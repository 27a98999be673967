//! What is sealed: its length in four bytes, version 1 as an array, zeros to the next size of a file.
//!
//! The numbers are of the recovery file and stay, whatever the rows of the store become.
use rid_claims::CredentialType;
use rid_flow::{HistoryDraft, HistoryOutcome, Record, RecordKey};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, Encoder},
};
use zeroize::Zeroizing;

use super::{LIMITS, MAX_BYTES, Recovery, RecoveryError, ReissueEntry};
use crate::rows::encode::{
    array_of,
    credential::read_source,
    draft::{self, outcome, outcome_number, room_of_text},
    list, number, optional, text,
};

/// The one kind of record that goes in. The kind itself is not written, so no file can bring another.
pub(crate) const SETTINGS: &str = "settings";
const LENGTH: usize = 4;
/// The smallest payload; up to [`STEP`] the sizes double, from there they grow by it.
const LEAST: usize = 4 << 10;
const STEP: usize = 64 << 10;
/// Most reissue, and most settings: no person has so many, and each becomes a row of the store.
pub(super) const MOST_NAMED: usize = 4096;

pub(super) fn write(recovery: &Recovery) -> Result<Zeroizing<Vec<u8>>, RecoveryError> {
    if recovery.settings.iter().any(|record| record.key.kind != SETTINGS) {
        return Err(RecoveryError::Content);
    }
    let history = newest(recovery);
    let room = room(recovery, history);
    if room > MAX_BYTES || recovery.reissue.len().max(recovery.settings.len()) > MOST_NAMED {
        return Err(RecoveryError::TooLarge);
    }
    pad(&encode(recovery, history, room))
}

pub(super) fn read(plain: &[u8]) -> Result<Recovery, RecoveryError> {
    // Whatever is wrong here was sealed so: it is no fault of the file's way.
    decode(unpad(plain).ok_or(RecoveryError::Form)?).map_err(|_| RecoveryError::Form)
}

pub(super) fn encode(recovery: &Recovery, history: &[(bool, HistoryDraft)], room: usize) -> Zeroizing<Vec<u8>> {
    // Room for all of it at once: what grows leaves copies behind.
    let mut writer = Encoder::with_capacity(room);
    writer.array(4).int(recovery.made.unix()).array(recovery.reissue.len());
    for entry in &recovery.reissue {
        write_recipe(&mut writer, entry);
    }
    writer.array(history.len());
    for (imported, entry) in history {
        writer.array(3).boolean(*imported).uint(outcome_number(entry.outcome));
        draft::write(&mut writer, entry);
    }
    writer.array(recovery.settings.len());
    for Record { key, bytes } in &recovery.settings {
        writer.array(2).text(&key.name).bytes(bytes);
    }
    Zeroizing::new(writer.finish())
}

fn decode(bytes: &[u8]) -> Result<Recovery, CborError> {
    let mut made = Timestamp::from_unix(0);
    let (mut reissue, mut history, mut settings) = (Vec::new(), Vec::new(), Vec::new());
    let mut reader = Decoder::new(bytes, LIMITS)?.definite();
    array_of::<4>(&mut reader, |reader, at| {
        match at {
            0 => made = Timestamp::from_unix(reader.int()?),
            1 => reissue = list(reader, entry)?,
            2 => history = list(reader, event)?,
            _ => settings = list(reader, setting)?,
        }
        Ok(())
    })?;
    reader.finish()?;
    if reissue.len().max(settings.len()) > MOST_NAMED {
        return Err(CborError::TooLarge);
    }
    Ok(Recovery { reissue, history, settings, made })
}

/// `[issuer, [issuer URL, configuration id] / null, credential type, copies]`.
pub(crate) fn write_recipe(encoder: &mut Encoder, entry: &ReissueEntry) {
    encoder.array(4).text(&entry.issuer);
    match &entry.source {
        Some(source) => encoder.array(2).text(&source.issuer_url).text(&source.configuration_id),
        None => encoder.null(),
    };
    entry.credential_type.encode(encoder);
    encoder.uint(entry.copies.into());
}

fn entry(decoder: &mut Decoder<'_>) -> Result<ReissueEntry, CborError> {
    let mut entry =
        ReissueEntry { issuer: String::new(), source: None, credential_type: CredentialType::mdoc(""), copies: 0 };
    array_of::<4>(decoder, |decoder, at| {
        match at {
            0 => entry.issuer = text(decoder)?,
            1 => entry.source = optional(decoder, read_source)?,
            2 => entry.credential_type = CredentialType::decode(decoder)?,
            _ => entry.copies = number(decoder)?,
        }
        Ok(())
    })?;
    Ok(entry)
}

fn event(decoder: &mut Decoder<'_>) -> Result<(bool, HistoryDraft), CborError> {
    let (mut imported, mut ended, mut entry) = (false, HistoryOutcome::Started, None);
    array_of::<3>(decoder, |decoder, at| {
        match at {
            0 => imported = decoder.boolean()?,
            1 => ended = outcome(decoder.uint()?)?,
            _ => entry = Some(draft::read(decoder)?),
        }
        Ok(())
    })?;
    let entry = entry.ok_or(CborError::MissingMember)?;
    Ok((imported, HistoryDraft { outcome: ended, ..entry }))
}

fn setting(reader: &mut Decoder<'_>) -> Result<Record, CborError> {
    let mut record = Record { key: RecordKey { kind: SETTINGS.into(), name: String::new() }, bytes: Vec::new() };
    array_of::<2>(reader, |reader, at| {
        match at {
            0 => record.key.name = text(reader)?,
            _ => record.bytes = reader.definite_bytes()?.to_vec(),
        }
        Ok(())
    })?;
    Ok(record)
}

/// Most bytes of payload: what [`pad`] adds, the header and the tag go in beside it.
const MOST: usize = MAX_BYTES - STEP - LENGTH;

/// As much of the history as there is room for: without the oldest, by their encoded size.
fn newest(recovery: &Recovery) -> &[(bool, HistoryDraft)] {
    let mut size = room_beside(recovery);
    let fits = |(_, draft): &&(bool, HistoryDraft)| {
        size = size.saturating_add(room_of(draft));
        size <= MOST
    };
    let kept = recovery.history.iter().rev().take_while(fits).count();
    recovery.history.get(recovery.history.len().saturating_sub(kept)..).unwrap_or_default()
}

/// Never less than what will be written.
pub(super) fn room(recovery: &Recovery, history: &[(bool, HistoryDraft)]) -> usize {
    history.iter().map(|(_, draft)| room_of(draft)).fold(room_beside(recovery), usize::saturating_add)
}

/// All but the history.
fn room_beside(recovery: &Recovery) -> usize {
    let reissue = recovery.reissue.iter().map(|entry| {
        let source = entry.source.as_ref();
        let url = source.map_or(0, |source| room_of_text(&source.issuer_url));
        let configuration = source.map_or(0, |source| room_of_text(&source.configuration_id));
        let texts = [url, configuration, room_of_text(&entry.issuer), room_of_text(&entry.credential_type.id)];
        texts.into_iter().fold(22, usize::saturating_add)
    });
    let settings = recovery.settings.iter().map(|record| {
        let bytes = draft::head(record.bytes.len()).saturating_add(record.bytes.len());
        room_of_text(&record.key.name).saturating_add(bytes).saturating_add(1)
    });
    // The whole has four heads and a time.
    reissue.chain(settings).fold(64, usize::saturating_add)
}

/// An entry of the history: beside the draft an array, a boolean and the outcome.
fn room_of(entry: &HistoryDraft) -> usize {
    draft::room_of(entry).saturating_add(3)
}

/// To the next size, so that a file tells little of how much there is.
pub(super) fn pad(payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, RecoveryError> {
    let length = u32::try_from(payload.len()).map_err(|_| RecoveryError::TooLarge)?;
    let least = payload.len().saturating_add(LENGTH).max(LEAST);
    let size = if least > STEP { least.next_multiple_of(STEP) } else { least.next_power_of_two() };
    let mut padded = Zeroizing::new(Vec::with_capacity(size));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(payload);
    padded.resize(size, 0);
    Ok(padded)
}

fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let (length, rest) = padded.split_first_chunk::<LENGTH>()?;
    let (payload, zeros) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    zeros.iter().all(|byte| *byte == 0).then_some(payload)
}
