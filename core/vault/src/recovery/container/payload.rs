//! What is sealed: its length in four bytes, version 1 as an array, zeros to the next size of a file.
//!
//! The numbers are of the container and stay, whatever the rows of the store become.
use rid_flow::{HistoryDraft, HistoryId, HistoryKind, HistoryOutcome, Record, RecordKey};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, Encoder},
};
use zeroize::Zeroizing;

use super::{ContainerError, LIMITS, MAX_BYTES, Recipe, Recovery};

/// The one kind of record that goes in. The kind itself is not written, so no file can bring another.
pub(crate) const SETTINGS: &str = "settings";
const LENGTH: usize = 4;
/// The smallest payload; up to [`STEP`] the sizes double, from there they grow by it.
const LEAST: usize = 4 << 10;
const STEP: usize = 64 << 10;
/// Most recipes, and most settings: no person has so many, and each becomes a row of the store.
pub(super) const MOST_NAMED: usize = 4096;

pub(super) fn write(recovery: &Recovery) -> Result<Zeroizing<Vec<u8>>, ContainerError> {
    if recovery.settings.iter().any(|record| record.key.kind != SETTINGS) {
        return Err(ContainerError::Content);
    }
    let history = newest(recovery);
    let room = room(recovery, history);
    if room > MAX_BYTES || recovery.recipes.len().max(recovery.settings.len()) > MOST_NAMED {
        return Err(ContainerError::TooLarge);
    }
    pad(&encode(recovery, history, room))
}

pub(super) fn read(plain: &[u8]) -> Result<Recovery, ContainerError> {
    // Whatever is wrong here was sealed so: it is no fault of the file's way.
    decode(unpad(plain).ok_or(ContainerError::Form)?).map_err(|_| ContainerError::Form)
}

pub(super) fn encode(recovery: &Recovery, history: &[(bool, HistoryDraft)], room: usize) -> Zeroizing<Vec<u8>> {
    // Room for all of it at once: what grows leaves copies behind.
    let mut writer = Encoder::with_capacity(room);
    writer.array(4).int(recovery.made.unix()).array(recovery.recipes.len());
    for Recipe { issuer, format, kind, copies } in &recovery.recipes {
        writer.array(4).text(issuer).text(format).text(kind).uint((*copies).into());
    }
    writer.array(history.len());
    for (imported, draft) in history {
        let HistoryDraft { id, kind, outcome, at, peer, peer_verified, elements, reason } = draft;
        writer.array(9).boolean(*imported).bytes(&id.0).uint(kind_number(*kind)).uint(outcome_number(*outcome));
        writer.int(at.unix()).text(peer).boolean(*peer_verified).array(elements.len());
        for (kind, namespace, identifier, retained) in elements {
            writer.array(4).text(kind).text(namespace).text(identifier).boolean(*retained);
        }
        writer.text(reason);
    }
    writer.array(recovery.settings.len());
    for Record { key, bytes } in &recovery.settings {
        writer.array(2).text(&key.name).bytes(bytes);
    }
    Zeroizing::new(writer.finish())
}

fn decode(bytes: &[u8]) -> Result<Recovery, CborError> {
    let mut made = Timestamp::from_unix(0);
    let (mut recipes, mut history, mut settings) = (Vec::new(), Vec::new(), Vec::new());
    let mut reader = Decoder::new(bytes, LIMITS)?.definite();
    array_of::<4>(&mut reader, |reader, at| {
        match at {
            0 => made = Timestamp::from_unix(reader.int()?),
            1 => recipes = list(reader, recipe)?,
            2 => history = list(reader, event)?,
            _ => settings = list(reader, setting)?,
        }
        Ok(())
    })?;
    reader.finish()?;
    if recipes.len().max(settings.len()) > MOST_NAMED {
        return Err(CborError::TooLarge);
    }
    Ok(Recovery { recipes, history, settings, made })
}

fn recipe(reader: &mut Decoder<'_>) -> Result<Recipe, CborError> {
    let mut recipe = Recipe { issuer: String::new(), format: String::new(), kind: String::new(), copies: 0 };
    array_of::<4>(reader, |reader, at| {
        match at {
            0 => recipe.issuer = text(reader)?,
            1 => recipe.format = text(reader)?,
            2 => recipe.kind = text(reader)?,
            _ => recipe.copies = u32::try_from(reader.uint()?).map_err(|_| CborError::UnexpectedType)?,
        }
        Ok(())
    })?;
    Ok(recipe)
}

fn event(reader: &mut Decoder<'_>) -> Result<(bool, HistoryDraft), CborError> {
    let mut imported = false;
    let mut draft = HistoryDraft {
        id: HistoryId([0; 16]),
        kind: HistoryKind::Presentation,
        outcome: HistoryOutcome::Started,
        at: Timestamp::from_unix(0),
        peer: String::new(),
        peer_verified: false,
        elements: Vec::new(),
        reason: String::new(),
    };
    array_of::<9>(reader, |reader, at| {
        match at {
            0 => imported = reader.boolean()?,
            1 => draft.id = HistoryId(reader.definite_bytes()?.try_into().map_err(|_| CborError::UnexpectedType)?),
            2 => draft.kind = numbered(&KINDS, kind_number, reader.uint()?)?,
            3 => draft.outcome = numbered(&OUTCOMES, outcome_number, reader.uint()?)?,
            4 => draft.at = Timestamp::from_unix(reader.int()?),
            5 => draft.peer = text(reader)?,
            6 => draft.peer_verified = reader.boolean()?,
            7 => draft.elements = list(reader, element)?,
            _ => draft.reason = text(reader)?,
        }
        Ok(())
    })?;
    Ok((imported, draft))
}

fn element(reader: &mut Decoder<'_>) -> Result<(String, String, String, bool), CborError> {
    let mut element = (String::new(), String::new(), String::new(), false);
    array_of::<4>(reader, |reader, at| {
        match at {
            0 => element.0 = text(reader)?,
            1 => element.1 = text(reader)?,
            2 => element.2 = text(reader)?,
            _ => element.3 = reader.boolean()?,
        }
        Ok(())
    })?;
    Ok(element)
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

fn text(reader: &mut Decoder<'_>) -> Result<String, CborError> {
    Ok(reader.text()?.into_owned())
}

fn list<'a, T>(
    reader: &mut Decoder<'a>,
    item: impl Fn(&mut Decoder<'a>) -> Result<T, CborError>,
) -> Result<Vec<T>, CborError> {
    let mut items = Vec::new();
    reader.array(|reader, _| {
        items.push(item(reader)?);
        Ok::<_, CborError>(())
    })?;
    Ok(items)
}

/// An array of exactly so many items.
fn array_of<'a, const N: usize>(
    reader: &mut Decoder<'a>,
    mut item: impl FnMut(&mut Decoder<'a>, usize) -> Result<(), CborError>,
) -> Result<(), CborError> {
    let count = reader.array(|reader, at| if at < N { item(reader, at) } else { Err(CborError::UnexpectedType) })?;
    if count == N { Ok(()) } else { Err(CborError::MissingMember) }
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
    let recipes =
        recovery.recipes.iter().map(|r| texts(&[&r.issuer, &r.format, &r.kind]).saturating_add(MOST_OF_A_HEAD));
    let settings = recovery.settings.iter().map(|r| texts(&[&r.key.name]).saturating_add(string(r.bytes.len())));
    // Each of them is an array of its own; the whole has four heads and a time.
    recipes.chain(settings).fold(64, |sum, size| sum.saturating_add(size).saturating_add(1))
}

/// A row: beside its texts an array, two booleans, an identifier, two small numbers, a time and the head of its elements.
fn room_of(draft: &HistoryDraft) -> usize {
    let elements = draft.elements.iter().map(|(a, b, c, _)| texts(&[a, b, c]).saturating_add(2));
    let beside = 1 + 2 + 17 + 2 + MOST_OF_A_HEAD + head(draft.elements.len());
    elements.fold(texts(&[&draft.peer, &draft.reason]).saturating_add(beside), usize::saturating_add)
}

fn texts(texts: &[&str]) -> usize {
    texts.iter().map(|text| string(text.len())).fold(0, usize::saturating_add)
}

const fn string(length: usize) -> usize {
    head(length).saturating_add(length)
}

const MOST_OF_A_HEAD: usize = 9;

/// What the length of a string or array takes (RFC 8949, 3).
const fn head(length: usize) -> usize {
    match length {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => MOST_OF_A_HEAD,
    }
}

/// To the next size, so that a file tells little of how much there is.
pub(super) fn pad(payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, ContainerError> {
    let length = u32::try_from(payload.len()).map_err(|_| ContainerError::TooLarge)?;
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

const KINDS: [HistoryKind; 4] =
    [HistoryKind::Presentation, HistoryKind::Issuance, HistoryKind::Deletion, HistoryKind::SignIn];

const OUTCOMES: [HistoryOutcome; 5] = [
    HistoryOutcome::Started,
    HistoryOutcome::Finished,
    HistoryOutcome::Refused,
    HistoryOutcome::Failed,
    HistoryOutcome::UnknownDelivery,
];

const fn kind_number(kind: HistoryKind) -> u64 {
    match kind {
        HistoryKind::Presentation => 1,
        HistoryKind::Issuance => 2,
        HistoryKind::Deletion => 3,
        HistoryKind::SignIn => 4,
    }
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

fn numbered<T: Copy>(all: &[T], number_of: impl Fn(T) -> u64, number: u64) -> Result<T, CborError> {
    all.iter().copied().find(|value| number_of(*value) == number).ok_or(CborError::UnexpectedType)
}
