//! The first field in which two transcripts differ, and what usually makes it differ.
use std::fmt;

use rid_mdoc::transcript::Transcript;
use rid_wire::{
    cbor::{Kind, Limits, Reader, Tagged},
    hex,
};
use serde_json::{Value, json};

/// Bytes shown on each side of the place.
const AROUND: usize = 8;

/// Where two transcripts part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    field: &'static str,
    /// Offset in that field.
    offset: usize,
    ours: String,
    theirs: String,
    /// What usually makes it so.
    cause: Option<&'static str>,
}

/// `None`: they are equal byte for byte.
pub(crate) fn first_difference(ours: &Transcript, theirs: &Transcript) -> Option<Difference> {
    let (our_parts, their_parts) = (ours.parts(), theirs.parts());
    let null: &[u8] = &[0xf6];
    let members = [
        (
            "DeviceEngagementBytes",
            our_parts.device_engagement.unwrap_or(null),
            their_parts.device_engagement.unwrap_or(null),
        ),
        ("EReaderKeyBytes", our_parts.e_reader_key.unwrap_or(null), their_parts.e_reader_key.unwrap_or(null)),
        ("Handover", our_parts.handover, their_parts.handover),
        // Equal members in an array of another encoding, or under another tag.
        ("SessionTranscript", ours.as_bytes(), theirs.as_bytes()),
        ("SessionTranscriptBytes", &ours.tagged(), &theirs.tagged()),
    ];
    let (field, ours, theirs) = members.into_iter().find(|(_, ours, theirs)| ours != theirs)?;
    let offset = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    Some(Difference {
        field,
        offset,
        ours: around(ours, offset),
        theirs: around(theirs, offset),
        cause: cause(field, ours, theirs),
    })
}

fn around(bytes: &[u8], offset: usize) -> String {
    let begin = offset.saturating_sub(AROUND);
    let end = bytes.len().min(offset.saturating_add(AROUND));
    let before = if begin > 0 { "…" } else { "" };
    let after = if end < bytes.len() { "…" } else { "" };
    format!("{before}{}{after}", hex::encode(bytes.get(begin..end).unwrap_or_default()))
}

fn cause(field: &str, ours: &[u8], theirs: &[u8]) -> Option<&'static str> {
    let inner = |bytes| Tagged::parse(bytes, Limits::ONLINE).map(|tagged: Tagged<'_>| tagged.inner).unwrap_or_default();
    let null = |bytes: &[u8]| bytes == [0xf6];
    match field {
        "Handover" if null(ours) => Some("theirs is not null: was the engagement read by NFC there, or online?"),
        "Handover" if null(theirs) => Some("theirs is null: was it taken for a QR code there?"),
        "Handover" => Some("other NDEF messages: whole messages are taken, as written and read, without their length"),
        "DeviceEngagementBytes" | "EReaderKeyBytes" if null(theirs) => Some("theirs is null, as for OpenID4VP"),
        "DeviceEngagementBytes" | "EReaderKeyBytes" => {
            let (ours, theirs) = (inner(ours), inner(theirs));
            if same_value(ours, theirs) {
                Some("the same value, encoded again: take the bytes as received")
            } else if theirs.starts_with(&[0xd8, 0x18]) || ours.starts_with(&[0xd8, 0x18]) {
                Some("tag 24 twice")
            } else if field == "EReaderKeyBytes" {
                Some("another key: is it of this session?")
            } else {
                Some("another engagement: is it of this session?")
            }
        }
        "SessionTranscript" | "SessionTranscriptBytes" => Some("the same members, another encoding round them"),
        _ => None,
    }
}

/// Whether two encodings hold the same top-level members in some order.
fn same_value(ours: &[u8], theirs: &[u8]) -> bool {
    match (members(ours), members(theirs)) {
        (Some(mut ours), Some(mut theirs)) => {
            ours.sort();
            theirs.sort();
            ours == theirs
        }
        _ => false,
    }
}

/// Keys and values of a map as encoded, if it is one.
fn members(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut reader = Reader::new(bytes, Limits::ONLINE).ok()?;
    if reader.peek().ok()? != Kind::Map {
        return None;
    }
    let mut found = Vec::new();
    let read = reader.map(|reader, key| -> Result<(), rid_wire::cbor::CborError> {
        found.push((format!("{key:?}"), reader.skip()?.to_vec()));
        Ok(())
    });
    read.ok().map(|_| found)
}

impl Difference {
    pub(crate) fn to_json(&self) -> Value {
        json!({"field": self.field, "offset": self.offset, "ours": self.ours, "theirs": self.theirs, "cause": self.cause})
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "DIFFERS first in {}, at byte {}\n  ours   {}\n  theirs {}",
            self.field, self.offset, self.ours, self.theirs
        )?;
        self.cause.map_or(Ok(()), |cause| write!(f, "\n  {cause}"))
    }
}
