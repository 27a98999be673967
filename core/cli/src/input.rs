//! Reads inputs of the command line: captures in four encodings, certificates, keys, times.
use std::{io::Write, path::Path};

use rid_crypto::{
    AgreementKey, PublicKey,
    x509::{Bundle, Certificate},
};
use rid_mdoc::transcript::Transcript;
use rid_wire::{Timestamp, base64, cbor::Limits, hex};

use crate::failure::Failure;

/// The largest file that is read: the online limit in hexadecimal, with room for white space.
const MAX_FILE: u64 = 16 << 20;

/// The bytes of a file.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |error| Failure::file(path, error);
    if std::fs::metadata(path).map_err(fail)?.len() > MAX_FILE {
        return Err(Failure::usage(format!("{}: larger than 16 MiB", path.display())));
    }
    std::fs::read(path).map_err(fail)
}

/// A capture: raw CBOR, hex, base64 or base64url. In text forms white space is ignored.
pub(crate) fn capture(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(decode_capture(file(path)?))
}

/// If the whole file decodes as text, it is text; otherwise it is raw. This is safe in the order hex, base64url,
/// base64, raw: a CBOR map, array or tag 24 never starts with a letter or digit that would make all of it valid text.
pub(crate) fn decode_capture(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&bytes) else { return bytes };
    let compact: String = text.split_ascii_whitespace().collect();
    if compact.is_empty() {
        return bytes;
    }
    if let Ok(decoded) = hex::decode(&compact) {
        return decoded;
    }
    if let Ok(decoded) = base64::decode_url(compact.trim_end_matches('=')) {
        return decoded;
    }
    if let Ok(decoded) = base64::decode_standard(&compact) {
        return decoded;
    }
    match base64::decode_standard(&padded(&compact)) {
        Ok(decoded) => decoded,
        Err(_) => bytes,
    }
}

fn padded(text: &str) -> String {
    let missing = (4 - text.len() % 4) % 4;
    format!("{text}{}", "=".repeat(missing))
}

/// A transcript: the array of three, bare or in tag 24.
pub(crate) fn transcript(path: &Path) -> Result<Transcript, Failure> {
    let bytes = capture(path)?;
    Transcript::received(&bytes, Limits::ONLINE)
        .map_err(|error| Failure::usage(format!("{}: no SessionTranscript: {}", path.display(), error.code())))
}

/// Reads the certificates of one file: PEM (one or more) or DER, also as hex or base64 of DER. If some are readable,
/// the others are reported on stderr and skipped.
pub(crate) fn certificates(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let bytes = file(path)?;
    let bundle = Bundle::parse(&bytes)
        .or_else(|error| Bundle::parse(&decode_capture(bytes)).map_err(|_| error))
        .map_err(|error| Failure::usage(format!("{}: no certificate: {}", path.display(), error.code())))?;
    for (place, error) in &bundle.unreadable {
        let text = format!("warning: {}: certificate {place} is not used: {}\n", path.display(), error.code());
        // If stderr is closed, the warning is lost.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
    Ok(bundle.certificates)
}

/// The text of a JWK: a file, or the JSON itself.
pub(crate) fn jwk(flag: &str, argument: &str) -> Result<String, Failure> {
    if argument.trim_start().starts_with('{') {
        return Ok(argument.into());
    }
    let path = Path::new(argument);
    String::from_utf8(file(path)?).map_err(|_| Failure::usage(format!("{flag} {argument}: not text, so no JWK")))
}

/// A public key as JWK: a file, or the JSON itself.
pub(crate) fn public_jwk(argument: &str) -> Result<PublicKey, Failure> {
    let text = jwk("--trust-key", argument)?;
    PublicKey::from_jwk(&text).map_err(|error| Failure::usage(format!("--trust-key: no public JWK: {}", error.code())))
}

/// A private key as JWK: a file, or the JSON itself.
pub(crate) fn private_jwk(argument: &str) -> Result<AgreementKey, Failure> {
    let text = jwk("--reader-key", argument)?;
    AgreementKey::from_jwk(&text)
        .map_err(|error| Failure::usage(format!("--reader-key: no private JWK: {}", error.code())))
}

/// The time to judge at: the argument, or now.
pub(crate) fn time(argument: Option<&str>) -> Result<Timestamp, Failure> {
    match argument {
        Some(text) => Timestamp::parse_rfc3339(text)
            .map_err(|_| Failure::usage(format!("--at {text}: not an RFC 3339 time, e.g. 2026-11-22T10:00:00Z"))),
        None => now(),
    }
}

/// The wall clock of the system.
pub(crate) fn now() -> Result<Timestamp, Failure> {
    use rid_flow::ports::Clock;
    rid_shell::SystemClock::new().now().map_err(|_| Failure::core("clock", rid_wire::Code::new("clock")))
}
