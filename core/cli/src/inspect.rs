//! `rid inspect`: shows the content of a file as a tree.
mod certificate;
mod check;
mod cose;
mod decoder;
mod der;
mod enrolment;
mod item;
mod kind;
mod mdoc;
mod mso;
mod outline;
mod session;
mod tree;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use rid_crypto::x509::Certificate;
use rid_mdoc::{MdocError, engagement::Engagement};
use rid_wire::{
    Code, base64,
    cbor::{CborError, Value},
};
use serde_json::{Value as Json, json};

use crate::{
    failure::{EXIT_FAILED, Failure},
    input, qr, verdict,
};
use decoder::{Decoder, Problem};
use item::well_formed;
use kind::Kind;
use tree::Tree;

/// Decode a file into a readable tree: its kind, its content, and what is wrong with it.
///
/// Known kinds: DeviceEngagement (CBOR, the text `mdoc:...`, or a PNG of the QR code), SessionEstablishment and
/// SessionData, DeviceRequest, DeviceResponse, IssuerSigned, MobileSecurityObject, parts of these, SessionTranscript,
/// COSE_Sign1, COSE_Mac0, COSE_Key, the enrolment messages of spec/enrolment.md, and X.509 certificates (PEM or DER).
/// The kind is recognised by structure, with or without tag 24; any other CBOR is outlined. The first line names the
/// kind.
///
/// Element values, salts, signatures and all other byte strings are redacted, so that a tree can go into a bug report.
/// It keeps names, versions, protocol numbers, validity dates and certificates. --show prints the values (byte strings
/// in hex, cut at 64 bytes). Private keys are never printed.
///
/// If a file is malformed, or a wallet or verifier would refuse it, the exit code is 1 and stderr has the stable name
/// of the error (spec/errors.md), with the byte offset in the decoded input if it is known. If the CBOR is well-formed,
/// the tree is printed as well. Digests are checked, and issuer signatures with the key of their own certificate.
/// Trust, device authentication and the current time are checked by `rid verify`.
#[derive(Args)]
#[command(after_help = "Examples:\n  rid inspect response.cbor              what was answered, without values\n  \
    rid inspect qr.png                     which connection a QR code offers\n  \
    rid inspect request.hex --json         who asks for what, for machines\n  \
    rid inspect iaca.pem                   subject, validity, key usage\n  \
    rid inspect issuer-signed.b64 --show   a credential with its values\n\n\
    Exit: 0 decoded, 1 malformed or refused by name, 64 the file cannot be read.")]
pub(crate) struct InspectArguments {
    /// Raw CBOR or DER, hex, base64, base64url, PEM, `mdoc:` text or a PNG; white space around text is ignored
    pub(crate) file: PathBuf,
    /// Print values too; private keys stay hidden
    #[arg(long)]
    pub(crate) show: bool,
    /// Print JSON for machines (errors too, on stderr)
    #[arg(long)]
    pub(crate) json: bool,
}

/// The result of an inspection.
struct Inspected {
    kind: &'static str,
    source: &'static str,
    /// Whether the item was in a byte string with tag 24.
    tagged: bool,
    /// True if its kind can hold redacted values.
    veiled: bool,
    bytes: usize,
    /// `None` if nothing could be decoded.
    tree: Option<Tree>,
    problems: Vec<Problem>,
}

pub(crate) fn run(arguments: &InspectArguments) -> Result<u8, Failure> {
    let inspected = inspect(&arguments.file, arguments.show)?;
    if let Some(tree) = &inspected.tree {
        let text = if arguments.json { format!("{:#}\n", inspected.to_json(tree)) } else { inspected.to_text(tree) };
        verdict::write_out(&text)?;
    }
    inspected.print_problems(arguments.json);
    Ok(if inspected.problems.is_empty() { 0 } else { EXIT_FAILED })
}

/// A larger file is refused unread: the online limit in hexadecimal, with room for white space.
const LARGEST: u64 = 16 << 20;

/// Tries PNG, `mdoc:` text, PEM, DER and CBOR, in this order.
fn inspect(path: &Path, show: bool) -> Result<Inspected, Failure> {
    if std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > LARGEST) {
        return Ok(Inspected::refused("file", CborError::TooLarge.code()));
    }
    let raw = input::file(path)?;
    if raw.starts_with(b"\x89PNG") {
        return Ok(inspect_qr(&qr::read(path)?, show));
    }
    if let Ok(text) = std::str::from_utf8(&raw) {
        let text = text.trim();
        if text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mdoc:")) {
            return Ok(inspect_qr(text, show));
        }
        if text.contains("-----BEGIN ") {
            return Ok(inspect_certificates(&raw));
        }
    }
    let bytes = input::decode_capture(raw);
    // As CBOR this byte alone is the number -17, so a longer input is DER.
    if bytes.len() > 1 && bytes.first() == Some(&der::SEQUENCE) {
        return Ok(inspect_certificates(&bytes));
    }
    Ok(inspect_cbor(&bytes, show, None))
}

fn inspect_qr(text: &str, show: bool) -> Inspected {
    let encoded = text.strip_prefix("mdoc:").and_then(|encoded| base64::decode_url(encoded).ok());
    match encoded {
        Some(bytes) => {
            let mut inspected = inspect_cbor(&bytes, show, Some(Kind::Engagement));
            let refused = Engagement::parse_qr(text).err().filter(|_| inspected.problems.is_empty());
            inspected.problems.extend(refused.map(|error| Problem {
                code: error.code(),
                what: Kind::Engagement.name().into(),
                offset: None,
            }));
            inspected
        }
        None => Inspected::refused("`mdoc:` and base64url without padding", MdocError::Engagement.code()),
    }
}

fn inspect_certificates(bytes: &[u8]) -> Inspected {
    const NAME: &str = "X.509 certificate";
    let tree = match Certificate::parse_pem_or_der(bytes).as_deref() {
        Ok([one]) => certificate::tree(one),
        Ok(several) => Tree::List(several.iter().map(certificate::tree).collect()),
        Err(error) => return Inspected::refused(NAME, error.code()),
    };
    Inspected { tree: Some(tree), ..Inspected::new(NAME, "RFC 5280; ISO/IEC 18013-5, Annex B", bytes.len()) }
}

/// `expected` overrides the kind that the structure suggests.
fn inspect_cbor(bytes: &[u8], show: bool, expected: Option<Kind>) -> Inspected {
    let mut inspected = Inspected::new(Kind::Cbor.name(), Kind::Cbor.source(), bytes.len());
    inspected.veiled = !show;
    let mut decoder = Decoder::new(bytes, show, outline::outline);
    match well_formed(bytes) {
        Err((error, offset)) => decoder.problem(error.code(), "CBOR", Some(offset)),
        Ok(value) => {
            // A QR code holds the engagement without tag 24.
            let content = if expected.is_none() { content(&value) } else { None };
            let inner = content.and_then(|bytes| well_formed(bytes).ok().map(|value| (bytes, value)));
            let (bytes, item) = inner.as_ref().map_or((bytes, &value), |(bytes, value)| (*bytes, value));
            let kind = expected.unwrap_or_else(|| Kind::of(item));
            inspected.kind = kind.name();
            inspected.source = kind.source();
            inspected.tagged = inner.is_some();
            inspected.tree = Some(kind.walk()(&mut decoder, item));
            // A problem found by the walk has an offset, so it is not reported a second time.
            let found: Vec<Code> = decoder.problems.iter().map(|problem| problem.code).collect();
            let mut walked = std::mem::take(&mut decoder.problems);
            check::refusals(&mut decoder, kind, bytes);
            walked.extend(decoder.problems.drain(..).filter(|problem| !found.contains(&problem.code)));
            decoder.problems = walked;
        }
    }
    inspected.problems = decoder.problems;
    inspected
}

/// The content of tag 24.
fn content<'v>(value: &'v Value<'_>) -> Option<&'v [u8]> {
    match value {
        Value::Tag(24, inner) => match inner.as_ref() {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        },
        _ => None,
    }
}

impl Inspected {
    const fn new(kind: &'static str, source: &'static str, bytes: usize) -> Self {
        Self { kind, source, tagged: false, veiled: false, bytes, tree: None, problems: Vec::new() }
    }

    /// An input that could not be decoded.
    fn refused(what: &'static str, code: Code) -> Self {
        let problem = Problem { code, what: what.into(), offset: None };
        Self { problems: vec![problem], ..Self::new(what, "", 0) }
    }

    fn to_text(&self, tree: &Tree) -> String {
        let tagged = if self.tagged { ", in tag 24" } else { "" };
        let hint = if self.veiled { "Values are redacted; --show prints them.\n" } else { "" };
        format!("{} ({}){tagged}, {} bytes\n{hint}\n{}", self.kind, self.source, self.bytes, tree.to_lines())
    }

    fn to_json(&self, tree: &Tree) -> Json {
        json!({
            "kind": self.kind,
            "source": self.source,
            "tag24": self.tagged,
            "bytes": self.bytes,
            "redacted": self.veiled,
            "tree": tree.to_json(),
            "problems": self.problems.iter().map(Problem::to_json).collect::<Vec<_>>(),
        })
    }

    fn print_problems(&self, json: bool) {
        let mut stderr = std::io::stderr();
        for problem in &self.problems {
            let offset = problem.offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
            let line = match json {
                true => problem.to_json().to_string(),
                false => format!("rid: {}: {}{offset}", problem.what, problem.code),
            };
            // If stderr is closed, there is nowhere to report.
            let _ = writeln!(stderr, "{line}");
        }
    }
}

impl Problem {
    fn to_json(&self) -> Json {
        json!({"error": self.code.as_str(), "what": self.what, "offset": self.offset})
    }
}
