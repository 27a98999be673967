//! The first field in which two transcripts differ, and the usual cause.
use std::{borrow::Cow, fmt};

use rid_mdoc::transcript::Transcript;
use rid_wire::{
    cbor::{CborError, Decoder, Encoder, ItemType, Limits, Tagged, Value},
    hex,
};
use serde_json::{Value as Json, json};

/// The bytes shown on each side of the difference.
const AROUND: usize = 8;
/// The nesting of tags 24 that is searched: an engagement holds its key in one.
const NESTED: u8 = 2;
const NULL: &[u8] = &[0xf6];

/// The first difference of two transcripts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    field: &'static str,
    /// Offset in that field.
    offset: usize,
    ours: String,
    theirs: String,
    /// The usual cause.
    cause: Option<&'static str>,
}

/// The other side's transcript. Only its outer form is checked: a malformed member is reported as the difference.
pub(crate) struct Expected {
    /// SessionTranscriptBytes, or the bytes in its place.
    whole: Vec<u8>,
    array: Vec<u8>,
    /// As encoded.
    members: [Vec<u8>; 3],
}

impl Expected {
    /// The array of three (definite lengths): bare, in tag 24, or in a byte string that lacks its tag 24.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, CborError> {
        let mut reader = Decoder::new(bytes, Limits::ONLINE)?.definite();
        let (whole, array) = match reader.peek()? {
            ItemType::Tag => {
                let tagged = Tagged::parse(bytes, Limits::ONLINE)?;
                (tagged.outer.to_vec(), tagged.inner)
            }
            ItemType::Bytes => {
                let content = reader.definite_bytes()?;
                reader.finish()?;
                (bytes.to_vec(), content)
            }
            _ => {
                let mut encoder = Encoder::new();
                encoder.tagged(bytes);
                (encoder.finish(), bytes)
            }
        };
        let members = elements(array)?;
        match <[Vec<u8>; 3]>::try_from(members) {
            Ok(members) => Ok(Self { whole, array: array.to_vec(), members }),
            Err(members) if members.len() < 3 => Err(CborError::MissingMember),
            Err(_) => Err(CborError::UnexpectedType),
        }
    }
}

/// The elements of an array as encoded.
fn elements(array: &[u8]) -> Result<Vec<Vec<u8>>, CborError> {
    let mut reader = Decoder::new(array, Limits::ONLINE)?.definite();
    let mut found = Vec::new();
    reader.array(|reader, _| -> Result<(), CborError> {
        let start = reader.position();
        reader.skip()?;
        found.push(array.get(start..reader.position()).unwrap_or_default().to_vec());
        Ok(())
    })?;
    reader.finish()?;
    Ok(found)
}

/// `None` if the transcripts are equal byte for byte.
pub(crate) fn first_difference(ours: &Transcript, theirs: &Expected) -> Option<Difference> {
    let parts = ours.parts();
    let [engagement, reader_key, handover] = &theirs.members;
    let members: [(_, &[u8], &[u8]); 5] = [
        ("DeviceEngagementBytes", parts.device_engagement.unwrap_or(NULL), engagement),
        ("EReaderKeyBytes", parts.e_reader_key.unwrap_or(NULL), reader_key),
        ("Handover", parts.handover, handover),
        // The members are equal, but the array has another encoding or tag.
        ("SessionTranscript", ours.as_bytes(), &theirs.array),
        ("SessionTranscriptBytes", &ours.tagged(), &theirs.whole),
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
    match field {
        "Handover" if ours == NULL => Some("theirs is not null: was the engagement read by NFC there, or online?"),
        "Handover" if theirs == NULL => Some("theirs is null: was it taken for a QR code there?"),
        "Handover" => Some(handover_cause(ours, theirs)),
        "SessionTranscript" => Some("the same members, another encoding of the array"),
        "SessionTranscriptBytes" if kind(theirs) == Some(ItemType::Bytes) => Some("tag 24 is missing there"),
        "SessionTranscriptBytes" => Some("the same array, another encoding of tag 24 or its length"),
        _ if theirs == NULL => Some("theirs is null, as for OpenID4VP"),
        _ => member_cause(field, ours, theirs),
    }
}

fn handover_cause(ours: &[u8], theirs: &[u8]) -> &'static str {
    match (elements(ours).as_deref(), elements(theirs).as_deref()) {
        (Ok([one, none]), Ok([other, _])) if one == other && none == NULL => {
            "theirs has a Handover Request: was the handover negotiated? Give --handover-request"
        }
        (Ok([one, _]), Ok([other, none])) if one == other && none == NULL => {
            "theirs has no Handover Request: was the handover taken for static there?"
        }
        (_, Ok([_, _])) => "other NDEF messages: whole messages are taken, as written and read, without their length",
        _ => "theirs is not [Hs, Hr or null]: is it of another kind of handover?",
    }
}

/// The cause in DeviceEngagementBytes or EReaderKeyBytes. `ours` has its tag 24.
fn member_cause(field: &str, ours: &[u8], theirs: &[u8]) -> Option<&'static str> {
    let ours = content(ours)?;
    let Some(inner) = content(theirs) else {
        let bare = Decoder::new(theirs, Limits::ONLINE).and_then(|mut reader| reader.bytes());
        return Some(match bare {
            Ok(bytes) if bytes == ours => "tag 24 is missing there: a byte string only",
            Ok(bytes) if same_value(ours, &bytes) => "tag 24 is missing there, and the value is encoded again",
            _ if theirs == ours => "bare there: tag 24 and its byte string are missing",
            _ if same_value(ours, theirs) => "bare there, without tag 24, and encoded again",
            _ if kind(theirs) == Some(ItemType::Tag) => {
                "theirs is not one tag 24 with one CBOR item: is it tagged twice there?"
            }
            _ => "theirs is not in tag 24",
        });
    };
    Some(if inner == ours {
        "the same content, another encoding of tag 24 or its length: take the bytes as received"
    } else if same_value(ours, inner) {
        "the same value, encoded again: take the bytes as received"
    } else if field == "EReaderKeyBytes" {
        "another key: is it of this session?"
    } else {
        "another engagement: is it of this session?"
    })
}

fn content(bytes: &[u8]) -> Option<&[u8]> {
    Tagged::parse(bytes, Limits::ONLINE).ok().map(|tagged| tagged.inner)
}

fn kind(bytes: &[u8]) -> Option<ItemType> {
    Decoder::new(bytes, Limits::ONLINE).and_then(|reader| reader.peek()).ok()
}

/// Whether two encodings have the same value, ignoring the order of members and the form of heads.
fn same_value(ours: &[u8], theirs: &[u8]) -> bool {
    let read = |bytes| Value::parse(bytes, Limits::ONLINE).map(|value| sorted(value, NESTED));
    matches!((read(ours), read(theirs)), (Ok(ours), Ok(theirs)) if ours == theirs)
}

/// Sorts the members of every map, also inside up to `nested` tags 24.
fn sorted(value: Value<'_>, nested: u8) -> Value<'_> {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(|item| sorted(item, nested)).collect()),
        Value::Map(members) => {
            let mut members: Vec<_> =
                members.into_iter().map(|(key, value)| (sorted(key, nested), sorted(value, nested))).collect();
            members.sort_by_cached_key(|(key, _)| order(key));
            Value::Map(members)
        }
        Value::Tag(24, inner) => Value::Tag(24, Box::new(sorted_content(*inner, nested))),
        other => other,
    }
}

/// Orders the possible keys of a map: numbers, byte strings and text.
fn order(key: &Value<'_>) -> (u8, Vec<u8>) {
    match key {
        Value::Uint(number) => (0, number.to_be_bytes().to_vec()),
        Value::Nint(number) => (1, number.to_be_bytes().to_vec()),
        Value::Bytes(bytes) => (2, bytes.to_vec()),
        Value::Text(text) => (3, text.as_bytes().to_vec()),
        _ => (4, Vec::new()),
    }
}

fn sorted_content(value: Value<'_>, nested: u8) -> Value<'_> {
    let (Value::Bytes(Cow::Borrowed(bytes)), Some(deeper)) = (&value, nested.checked_sub(1)) else { return value };
    Value::parse(bytes, Limits::ONLINE).map_or(value, |content| sorted(content, deeper))
}

impl Difference {
    pub(crate) fn to_json(&self) -> Json {
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
