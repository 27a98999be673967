//! `rid transcript`: the byte strings of a SessionTranscript with their hashes, and the first difference from another
//! one.
mod compare;
mod online;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rid_crypto::sha256;
use rid_mdoc::{engagement::Engagement, session::SessionEstablishment, transcript::Transcript};
use rid_wire::{
    Code,
    cbor::{CborError, Decoder, Encoder, ItemType, Limits, Tagged},
    cose, hex,
};
use serde_json::{Value, json};

use self::compare::{Difference, Expected};
use crate::{
    failure::{EXIT_FAILED, Failure},
    home, input, qr, verdict,
};

/// Print every byte string and hash that goes into a SessionTranscript (ISO/IEC 18013-5, 9.1.5.1).
///
/// If wallet and reader derive different keys, or a device signature fails, their transcripts differ. Build yours from
/// the captured messages, give the other side's with --expect, and the command names the first field that differs. All
/// bytes are used as received: nothing is decoded and encoded again.
#[derive(Args)]
#[command(
    after_help = "Files: raw CBOR, hex, base64 or base64url. The engagement may also be the text of the QR code (mdoc:...) or its PNG; \
    the reader key a COSE_Key, EReaderKeyBytes, or the whole SessionEstablishment message.\n\n  \
    rid transcript qr --engagement qr.png --reader-key establishment.cbor --expect theirs.cbor\n  \
    rid transcript nfc --engagement de.hex --reader-key key.hex --handover-select hs.hex --handover-request hr.hex\n\n\
    Exit: 0 printed (and equal to --expect), 1 it differs or an input is malformed (by name), 64 a wrong call or unreadable file."
)]
pub(crate) struct TranscriptArguments {
    /// The way the engagement was transferred
    #[arg(value_enum)]
    pub(crate) handover: HandoverKind,
    /// DeviceEngagement: bytes, tag 24, `mdoc:` text or QR PNG
    #[arg(long, value_name = "FILE", required_if_eq_any([("handover", "qr"), ("handover", "nfc")]))]
    pub(crate) engagement: Option<PathBuf>,
    /// EReaderKey: COSE_Key, EReaderKeyBytes or SessionEstablishment
    #[arg(long, value_name = "FILE", required_if_eq_any([("handover", "qr"), ("handover", "nfc")]))]
    pub(crate) reader_key: Option<PathBuf>,
    /// NFC: the Handover Select message
    #[arg(long, value_name = "FILE")]
    pub(crate) handover_select: Option<PathBuf>,
    /// NFC: the Handover Request message (negotiated handover only)
    #[arg(long, value_name = "FILE")]
    pub(crate) handover_request: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) online: online::OnlineArguments,
    /// Compare with this SessionTranscript; exit 1 and name the first field that differs
    #[arg(long, value_name = "FILE")]
    pub(crate) expect: Option<PathBuf>,
    /// Write SessionTranscriptBytes
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HandoverKind {
    /// QR code: the handover is null
    Qr,
    /// NFC: the handover is [Hs, Hr or null]
    Nfc,
    /// OpenID4VP by link or QR code: needs --client-id, --nonce and --response-uri
    Openid4vp,
    /// OpenID4VP over the Digital Credentials API: needs --origin and --nonce
    DcApi,
    /// ISO/IEC TS 18013-7 Annex C (`org-iso-mdoc`): needs --origin and --encryption-info
    AnnexC,
}

/// One byte string with the name the standard gives it.
struct Field {
    name: &'static str,
    what: &'static str,
    bytes: Vec<u8>,
}

pub(crate) fn run(arguments: &TranscriptArguments) -> Result<u8, Failure> {
    if let Some(out) = &arguments.out {
        home::check_out("--out", out, arguments.force)?;
    }
    let (fields, transcript) = match arguments.handover {
        HandoverKind::Qr | HandoverKind::Nfc => in_proximity(arguments)?,
        HandoverKind::Openid4vp | HandoverKind::DcApi | HandoverKind::AnnexC => online::transcript(arguments)?,
    };
    let expected = arguments.expect.as_deref().map(expected).transpose()?;
    let difference = expected.as_ref().map(|theirs| compare::first_difference(&transcript, theirs));
    if let Some(path) = &arguments.out {
        home::write(path, &transcript.tagged())?;
    }
    let text = if arguments.json {
        format!("{:#}\n", to_json(&fields, &transcript, difference.as_ref()))
    } else {
        for_people(&fields, &transcript, difference.as_ref())
    };
    verdict::write_out(&text)?;
    Ok(if matches!(difference, Some(Some(_))) { EXIT_FAILED } else { 0 })
}

fn in_proximity(arguments: &TranscriptArguments) -> Result<(Vec<Field>, Transcript), Failure> {
    let (Some(engagement_file), Some(key_file)) = (&arguments.engagement, &arguments.reader_key) else {
        return Err(Failure::usage("give --engagement and --reader-key"));
    };
    online::refuse_in_proximity(&arguments.online)?;
    let nfc = handover(arguments)?;
    let engagement = engagement(engagement_file, arguments.handover)?;
    let reader_key = reader_key(key_file)?;
    let transcript = transcript(&engagement, &reader_key, nfc.as_ref())?;
    Ok((fields(&engagement.bare, &reader_key, nfc.as_ref(), &transcript), transcript))
}

/// The NDEF messages of NFC. A QR code has none.
type Ndef = (Vec<u8>, Option<Vec<u8>>);

fn handover(arguments: &TranscriptArguments) -> Result<Option<Ndef>, Failure> {
    match (arguments.handover, &arguments.handover_select, &arguments.handover_request) {
        (HandoverKind::Qr, None, None) => Ok(None),
        (HandoverKind::Qr, _, _) => Err(Failure::usage("a QR code has no handover messages: its handover is null")),
        (HandoverKind::Openid4vp | HandoverKind::DcApi | HandoverKind::AnnexC, ..) => Ok(None),
        (HandoverKind::Nfc, None, _) => Err(Failure::usage("nfc needs --handover-select")),
        (HandoverKind::Nfc, Some(select), request) => {
            Ok(Some((input::capture(select)?, request.as_deref().map(input::capture).transpose()?)))
        }
    }
}

fn malformed(code: Code, what: &'static str) -> Failure {
    Failure::core(what, code)
}

/// DeviceEngagement as received.
struct Received {
    bare: Vec<u8>,
    /// The tag-24 item, if the engagement was in one.
    tagged: Option<Vec<u8>>,
}

fn transcript(engagement: &Received, reader_key: &[u8], nfc: Option<&Ndef>) -> Result<Transcript, Failure> {
    let Received { bare, tagged } = engagement;
    let made = match nfc {
        None => Transcript::qr(bare, reader_key),
        Some((select, request)) => Transcript::nfc(bare, reader_key, select, request.as_deref()),
    };
    match tagged {
        // A tag 24 with another encoding than ours is kept as received.
        Some(tagged) if made.parts().device_engagement != Some(tagged) => {
            let mut encoder = Encoder::new();
            encoder.array(3).raw(tagged).raw(reader_key).raw(made.parts().handover);
            Transcript::received(&encoder.finish(), Limits::ONLINE)
                .map_err(|error| malformed(error.code(), "--engagement"))
        }
        _ => Ok(made),
    }
}

fn engagement(path: &Path, handover: HandoverKind) -> Result<Received, Failure> {
    let fail = |code| malformed(code, "--engagement");
    let bytes = input::file(path)?;
    let text = std::str::from_utf8(&bytes).ok().map(str::trim).filter(|text| text.starts_with("mdoc:"));
    let text = match text {
        Some(text) => Some(text.to_owned()),
        None if bytes.starts_with(b"\x89PNG") => Some(qr::read(path)?),
        None => None,
    };
    if let Some(text) = text {
        let engagement = Engagement::parse_qr(&text).map_err(|error| fail(error.code()))?;
        return Ok(Received { bare: engagement.as_bytes().to_vec(), tagged: None });
    }
    let bytes = input::decode_capture(bytes);
    let tagged = is_tagged(&bytes).map_err(|error| fail(error.code()))?;
    let bare = if tagged { content(&bytes).map_err(|error| fail(error.code()))? } else { bytes.clone() };
    let parsed = match handover {
        // The handover message may have carried the UUID of the BLE method.
        HandoverKind::Nfc => Engagement::parse_nfc(&bare),
        _ => Engagement::parse(&bare),
    };
    parsed.map_err(|error| fail(error.code()))?;
    Ok(Received { bare, tagged: tagged.then_some(bytes) })
}

/// EReaderKeyBytes (tag 24) as received; a bare COSE_Key is wrapped.
fn reader_key(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = input::capture(path)?;
    let fail = |code| malformed(code, "--reader-key");
    if is_message(&bytes) {
        let message = SessionEstablishment::parse(&bytes, Limits::ONLINE).map_err(|error| fail(error.code()))?;
        return Ok(message.e_reader_key_bytes.to_vec());
    }
    let tagged = is_tagged(&bytes).map_err(|error| fail(error.code()))?;
    let key = if tagged { content(&bytes).map_err(|error| fail(error.code()))? } else { bytes.clone() };
    check_key(&key).map_err(|error| fail(error.code()))?;
    if tagged {
        return Ok(bytes);
    }
    let mut encoder = Encoder::new();
    encoder.tagged(&key);
    Ok(encoder.finish())
}

fn check_key(bytes: &[u8]) -> Result<(), cose::CoseError> {
    let mut reader = Decoder::new(bytes, Limits::ONLINE)?;
    cose::Key::read(&mut reader)?;
    Ok(reader.finish()?)
}

/// Whether it has a member of the session messages, which a COSE_Key never has.
fn is_message(bytes: &[u8]) -> bool {
    let mut named = false;
    let _ = Decoder::new(bytes, Limits::ONLINE).and_then(|mut reader| {
        reader.map(|_, key| -> Result<(), CborError> {
            named |= matches!(key.as_text(), Some("eReaderKey" | "data" | "status"));
            Ok(())
        })
    });
    named
}

fn is_tagged(bytes: &[u8]) -> Result<bool, CborError> {
    Ok(Decoder::new(bytes, Limits::ONLINE)?.peek()? == ItemType::Tag)
}

fn content(bytes: &[u8]) -> Result<Vec<u8>, CborError> {
    Tagged::parse(bytes, Limits::ONLINE).map(|tagged| tagged.inner.to_vec())
}

fn expected(path: &Path) -> Result<Expected, Failure> {
    Expected::read(&input::capture(path)?).map_err(|error| malformed(error.code(), "--expect"))
}

fn fields(engagement: &[u8], reader_key: &[u8], nfc: Option<&Ndef>, transcript: &Transcript) -> Vec<Field> {
    let parts = transcript.parts();
    let owned = |bytes: Option<&[u8]>| bytes.unwrap_or_default().to_vec();
    let mut fields = vec![
        Field { name: "DeviceEngagement", what: "as received", bytes: engagement.to_vec() },
        Field { name: "DeviceEngagementBytes", what: "tag 24 round it", bytes: owned(parts.device_engagement) },
        Field { name: "EReaderKey", what: "the COSE_Key", bytes: content(reader_key).unwrap_or_default() },
        Field { name: "EReaderKeyBytes", what: "tag 24 round it", bytes: owned(parts.e_reader_key) },
    ];
    if let Some((select, request)) = nfc {
        fields.push(Field { name: "Hs", what: "Handover Select message", bytes: select.clone() });
        if let Some(request) = request {
            fields.push(Field { name: "Hr", what: "Handover Request message", bytes: request.clone() });
        }
    }
    let handover = if nfc.is_some() { "[Hs, Hr or null]" } else { "null: a QR code" };
    fields.push(Field { name: "Handover", what: handover, bytes: parts.handover.to_vec() });
    fields.push(Field {
        name: "SessionTranscript",
        what: "the array of the three",
        bytes: transcript.as_bytes().to_vec(),
    });
    fields.push(Field { name: "SessionTranscriptBytes", what: "tag 24 round it", bytes: transcript.tagged() });
    fields
}

fn for_people(fields: &[Field], transcript: &Transcript, difference: Option<&Option<Difference>>) -> String {
    let mut text = String::new();
    for Field { name, what, bytes } in fields {
        text.push_str(&format!(
            "{name} ({what}, {} B)\n  {}\n  SHA-256 {}\n",
            bytes.len(),
            hex::encode(bytes),
            hex::encode(&sha256(&[bytes]))
        ));
    }
    text.push_str(&format!("Salt of the session keys: {}\n", hex::encode(&transcript.digest())));
    match difference {
        None => {}
        Some(None) => text.push_str("Equal to the expected transcript.\n"),
        Some(Some(difference)) => text.push_str(&format!("{difference}\n")),
    }
    text
}

fn to_json(fields: &[Field], transcript: &Transcript, difference: Option<&Option<Difference>>) -> Value {
    let rows: Vec<Value> = fields
        .iter()
        .map(|field| {
            json!({
                "name": field.name, "length": field.bytes.len(), "hex": hex::encode(&field.bytes),
                "sha256": hex::encode(&sha256(&[&field.bytes])),
            })
        })
        .collect();
    let mut all = json!({"fields": rows, "salt": hex::encode(&transcript.digest())});
    if let (Some(difference), Some(object)) = (difference, all.as_object_mut()) {
        object.insert("equal".into(), difference.is_none().into());
        object.insert("difference".into(), difference.as_ref().map_or(Value::Null, Difference::to_json));
    }
    all
}
