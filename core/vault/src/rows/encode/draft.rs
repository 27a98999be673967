//! The content of a history entry, the same in a row of the store and in a recovery file.
//!
//! ```text
//! draft   = [1, id (16), event, at, party / null, [* [credential type, path, retained]], reason]
//! party   = [name, organisation / null, country / null, basis, key (32) or client id or origin]
//! ```
use rid_claims::{ClaimKey, ClaimPath, CredentialType};
use rid_flow::{HistoryDraft, HistoryElement, HistoryEventType, HistoryId, HistoryOutcome, ports::StorageError};
use rid_trust::{Party, PartyBasis};
use rid_wire::{
    Timestamp,
    cbor::{CborError, Decoder, Encoder, Limits},
};

use super::{array_of, exact, list, optional, text};

const VERSION: u64 = 1;

/// The leaf of the chain is made of this: all of a draft but its outcome.
pub(crate) fn encode(entry: &HistoryDraft) -> Vec<u8> {
    let mut encoder = Encoder::new();
    write(&mut encoder, entry);
    encoder.finish()
}

pub(crate) fn parse(content: &[u8], outcome: HistoryOutcome) -> Result<HistoryDraft, StorageError> {
    let read = || {
        let mut decoder = Decoder::new(content, Limits::ONLINE)?;
        let entry = read(&mut decoder)?;
        decoder.finish()?;
        Ok::<_, CborError>(entry)
    };
    read().map(|entry| HistoryDraft { outcome, ..entry }).map_err(|_| StorageError::Damaged)
}

pub(crate) fn write(encoder: &mut Encoder, entry: &HistoryDraft) {
    encoder.array(7).uint(VERSION).bytes(&entry.id.0).uint(event_number(entry.event)).int(entry.at.unix());
    match &entry.peer {
        Some(party) => write_party(encoder, party),
        None => _ = encoder.null(),
    }
    encoder.array(entry.elements.len());
    for element in &entry.elements {
        element.credential_type.encode(encoder.array(3));
        element.path.encode(encoder);
        encoder.boolean(element.retained);
    }
    encoder.text(&entry.reason);
}

/// Reads an entry; its outcome is `Started` until the caller sets it.
pub(crate) fn read(decoder: &mut Decoder<'_>) -> Result<HistoryDraft, CborError> {
    let mut entry = HistoryDraft {
        id: HistoryId([0; 16]),
        event: HistoryEventType::Presentation,
        outcome: HistoryOutcome::Started,
        at: Timestamp::from_unix(0),
        peer: None,
        elements: Vec::new(),
        reason: String::new(),
    };
    array_of::<7>(decoder, |decoder, at| {
        match at {
            0 if decoder.uint()? != VERSION => return Err(CborError::UnexpectedType),
            0 => {}
            1 => entry.id = HistoryId(exact(decoder)?),
            2 => entry.event = event(decoder.uint()?)?,
            3 => entry.at = Timestamp::from_unix(decoder.int()?),
            4 => entry.peer = optional(decoder, read_party)?,
            5 => entry.elements = list(decoder, read_element)?,
            _ => entry.reason = text(decoder)?,
        }
        Ok(())
    })?;
    Ok(entry)
}

fn read_element(decoder: &mut Decoder<'_>) -> Result<HistoryElement, CborError> {
    let (mut credential_type, mut path, mut retained) = (None, ClaimPath::default(), false);
    array_of::<3>(decoder, |decoder, at| {
        match at {
            0 => credential_type = Some(CredentialType::decode(decoder)?),
            1 => path = ClaimPath::decode(decoder)?,
            _ => retained = decoder.boolean()?,
        }
        Ok(())
    })?;
    Ok(HistoryElement { credential_type: credential_type.ok_or(CborError::MissingMember)?, path, retained })
}

fn write_party(encoder: &mut Encoder, party: &Party) {
    encoder.array(5).text(&party.name);
    for text in [&party.organization, &party.country] {
        match text {
            Some(text) => encoder.text(text),
            None => encoder.null(),
        };
    }
    match &party.basis {
        PartyBasis::Certificate { key } => encoder.uint(1).bytes(key),
        PartyBasis::ClientId { id } => encoder.uint(2).text(id),
        PartyBasis::Origin { origin } => encoder.uint(3).text(origin),
    };
}

fn read_party(decoder: &mut Decoder<'_>) -> Result<Party, CborError> {
    let (mut name, mut organization, mut country, mut number) = (String::new(), None, None, 0);
    let mut basis = None;
    array_of::<5>(decoder, |decoder, at| {
        match at {
            0 => name = text(decoder)?,
            1 => organization = optional(decoder, text)?,
            2 => country = optional(decoder, text)?,
            3 => number = decoder.uint()?,
            _ => {
                basis = Some(match number {
                    1 => PartyBasis::Certificate { key: exact(decoder)? },
                    2 => PartyBasis::ClientId { id: text(decoder)? },
                    3 => PartyBasis::Origin { origin: text(decoder)? },
                    _ => return Err(CborError::UnexpectedType),
                });
            }
        }
        Ok(())
    })?;
    Ok(Party { name, organization, country, basis: basis.ok_or(CborError::MissingMember)? })
}

const fn event_number(event: HistoryEventType) -> u64 {
    match event {
        HistoryEventType::Presentation => 1,
        HistoryEventType::Issuance => 2,
        HistoryEventType::Deletion => 3,
        HistoryEventType::SignIn => 4,
    }
}

const fn event(number: u64) -> Result<HistoryEventType, CborError> {
    Ok(match number {
        1 => HistoryEventType::Presentation,
        2 => HistoryEventType::Issuance,
        3 => HistoryEventType::Deletion,
        4 => HistoryEventType::SignIn,
        _ => return Err(CborError::UnexpectedType),
    })
}

pub(crate) const fn outcome_number(outcome: HistoryOutcome) -> u64 {
    match outcome {
        HistoryOutcome::Started => 1,
        HistoryOutcome::Finished => 2,
        HistoryOutcome::Refused => 3,
        HistoryOutcome::Failed => 4,
        HistoryOutcome::UnknownDelivery => 5,
    }
}

pub(crate) const fn outcome(number: u64) -> Result<HistoryOutcome, CborError> {
    Ok(match number {
        1 => HistoryOutcome::Started,
        2 => HistoryOutcome::Finished,
        3 => HistoryOutcome::Refused,
        4 => HistoryOutcome::Failed,
        5 => HistoryOutcome::UnknownDelivery,
        _ => return Err(CborError::UnexpectedType),
    })
}

/// The encoded size of an entry, or a little more.
pub(crate) fn room_of(entry: &HistoryDraft) -> usize {
    let step = |step: &ClaimKey| match step {
        ClaimKey::Name { name } => room_of_text(name),
        ClaimKey::Every | ClaimKey::Index { .. } => 5,
    };
    let element = |element: &HistoryElement| {
        let path = element.path.steps.iter().map(step).fold(head(element.path.steps.len()), usize::saturating_add);
        path.saturating_add(room_of_text(&element.credential_type.id)).saturating_add(13)
    };
    let party = |party: &Party| {
        let basis = match &party.basis {
            PartyBasis::Certificate { .. } => 34,
            PartyBasis::ClientId { id: text } | PartyBasis::Origin { origin: text } => room_of_text(text),
        };
        let texts = [Some(&party.name), party.organization.as_ref(), party.country.as_ref()];
        texts
            .into_iter()
            .map(|text| text.map_or(1, |text| room_of_text(text)))
            .fold(basis, usize::saturating_add)
            .saturating_add(2)
    };
    // An array, the version, an identifier, the event and a time.
    let stored = 1 + 1 + 17 + 1 + 9 + head(entry.elements.len());
    let peer = entry.peer.as_ref().map_or(1, party);
    entry
        .elements
        .iter()
        .map(element)
        .fold(room_of_text(&entry.reason), usize::saturating_add)
        .saturating_add(peer)
        .saturating_add(stored)
}

/// The encoded size of a text.
pub(crate) const fn room_of_text(text: &str) -> usize {
    head(text.len()).saturating_add(text.len())
}

/// The size of the head of a string or array of this length (RFC 8949, 3).
pub(crate) const fn head(length: usize) -> usize {
    match length {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}
