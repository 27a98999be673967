//! Recognises input that is not the kind of capture it was given as.
use rid_crypto::x509::Certificate;
use rid_wire::cbor::{CborError, Decoder, Limits, Tagged};

use crate::args::CaptureKind;

/// Says what the file is and what to do about it. `None` if it is not recognised. `file` has at least the first bytes
/// of the file, `capture` the bytes decoded from it.
pub(crate) fn of(file: &[u8], capture: &[u8], kind: CaptureKind) -> Option<&'static str> {
    let is_jwt = file.trim_ascii_start().starts_with(b"eyJ");
    if is_jwt || kind == CaptureKind::SdJwt {
        return of_text(file).or_else(|| of_jwt(capture, is_jwt, kind));
    }
    of_text(file)
        .or_else(|| of_cbor(capture, kind))
        .or_else(|| Certificate::parse(capture).is_ok().then_some("this is a certificate: give it with --trust"))
        // Text that was decoded is a capture, even if it is malformed.
        .or_else(|| capture.starts_with(file).then(|| of_other_text(file)).flatten())
}

const JSON: &str = "this is JSON: of a vp_token, give the value of the credential alone, without quotes (a DeviceResponse in base64url)";

fn of_text(file: &[u8]) -> Option<&'static str> {
    if [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| file.starts_with(mark)) {
        return Some("the file begins with a byte order mark (BOM): save it as plain text without one");
    }
    match file.trim_ascii_start() {
        [b'0', b'x' | b'X', ..] => Some("the text begins with 0x: give the hexadecimal digits alone"),
        [b'"', ..] => Some(JSON),
        [b'{' | b'[', rest @ ..] if is_json(rest) => Some(JSON),
        pem if pem.starts_with(b"-----BEGIN") => Some("this is PEM: a certificate is given with --trust"),
        png if png.starts_with(b"\x89PNG") => {
            Some("this is a picture: `rid inspect` reads a QR code, and `rid verify` judges the messages after it")
        }
        qr if qr.starts_with(b"mdoc:") => {
            Some("this is the text of a QR code: `rid inspect` shows it, and `rid verify` judges the messages after it")
        }
        _ => None,
    }
}

/// The text of an SD-JWT given as a message in CBOR, and the reverse.
fn of_jwt(capture: &[u8], is_jwt: bool, kind: CaptureKind) -> Option<&'static str> {
    match (kind, is_jwt) {
        (CaptureKind::SdJwt, false) => {
            Some("an SD-JWT is text that begins with eyJ: judge an mdoc with another --kind")
        }
        (CaptureKind::SdJwt, true) if capture.contains(&b'~') => None,
        (CaptureKind::SdJwt, true) => Some(
            "this is a JWT without `~`: an SD-JWT is JWT~disclosure~...~, with a KB-JWT at the end if it was presented",
        ),
        _ => Some("this is a JWT or an SD-JWT: judge an SD-JWT with --kind sd-jwt"),
    }
}

/// Text that nothing else recognised. A single character may be CBOR, and the end may be inside a character.
fn of_other_text(file: &[u8]) -> Option<&'static str> {
    let text = match std::str::from_utf8(file) {
        Ok(text) => text,
        Err(error) => {
            std::str::from_utf8(file.get(..error.valid_up_to())?).ok().filter(|_| error.error_len().is_none())?
        }
    };
    let printable = |c: char| !c.is_control() || c.is_ascii_whitespace();
    let is_text = text.trim().chars().count() > 1 && text.chars().all(printable);
    is_text.then_some("this is text, but neither hexadecimal, base64 nor base64url of CBOR")
}

/// Whether the text after a bracket continues as JSON.
fn is_json(rest: &[u8]) -> bool {
    matches!(rest.trim_ascii_start().first(), Some(b'"' | b'{' | b'[' | b'}' | b']'))
}

fn of_cbor(capture: &[u8], kind: CaptureKind) -> Option<&'static str> {
    match Tagged::parse(capture, Limits::ONLINE) {
        Ok(wrapped) => of_message(wrapped.inner, kind)
            .or(Some("this is wrapped in a byte string (tag 24): give the content of the byte string alone")),
        Err(_) => of_message(capture, kind),
    }
}

fn of_message(capture: &[u8], kind: CaptureKind) -> Option<&'static str> {
    let names = member_names(capture).ok()?;
    let has = |name: &str| names.iter().any(|known| known == name);
    match kind {
        CaptureKind::DeviceResponse if has("issuerAuth") => {
            Some("this is an IssuerSigned, not a DeviceResponse: judge it with --kind issuer-signed")
        }
        CaptureKind::DeviceResponse if has("docType") && has("issuerSigned") => Some(
            "this is one Document: a DeviceResponse is {version, documents: [Document], status}; give the whole response",
        ),
        CaptureKind::IssuerSigned if has("documents") => {
            Some("this is a DeviceResponse, not an IssuerSigned: judge it with --kind device-response")
        }
        CaptureKind::IssuerSigned if has("issuerSigned") => {
            Some("this is one Document: give its member issuerSigned alone, or the whole response as device-response")
        }
        CaptureKind::DeviceRequest if has("documents") => {
            Some("this is a DeviceResponse, not a DeviceRequest: judge it with --kind device-response")
        }
        CaptureKind::DeviceRequest if has("issuerAuth") || has("issuerSigned") => Some(
            "this is what a wallet answers, not a DeviceRequest: judge it with --kind issuer-signed or device-response",
        ),
        CaptureKind::DeviceRequest if has("itemsRequest") => {
            Some("this is one docRequest: a DeviceRequest is {version, docRequests: [...]}; give the whole request")
        }
        CaptureKind::DeviceRequest if has("eReaderKey") => {
            Some("this is a SessionEstablishment: decrypt its data, which is the DeviceRequest")
        }
        CaptureKind::DeviceResponse | CaptureKind::IssuerSigned if has("docRequests") => Some(
            "this is a DeviceRequest, which a reader sends: judge it with --kind device-request, or give it with --asked",
        ),
        _ => None,
    }
}

/// The text keys of a map.
fn member_names(bytes: &[u8]) -> Result<Vec<String>, CborError> {
    let mut names = Vec::new();
    Decoder::new(bytes, Limits::ONLINE)?.map(|reader, key| -> Result<(), CborError> {
        names.extend(key.as_text().map(str::to_owned));
        reader.skip().map(|_| ())
    })?;
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One entry of a map: a short text key and an empty map.
    fn map(names: &[&str]) -> Vec<u8> {
        let mut bytes = vec![0xa0 + u8::try_from(names.len()).unwrap()];
        for name in names {
            bytes.push(0x60 + u8::try_from(name.len()).unwrap());
            bytes.extend(name.as_bytes());
            bytes.push(0xa0);
        }
        bytes
    }

    fn wrapped(inner: &[u8]) -> Vec<u8> {
        let mut encoder = rid_wire::cbor::Encoder::new();
        encoder.tagged(inner);
        encoder.finish()
    }

    #[test]
    fn neg_t05_input_of_another_kind_is_named() {
        use CaptureKind::{DeviceRequest, DeviceResponse, IssuerSigned, SdJwt};
        for (file, kind, named) in [
            (b"\xef\xbb\xbfa3".to_vec(), DeviceResponse, Some("BOM")),
            (b"\xff\xfea\x003\x00".to_vec(), DeviceResponse, Some("BOM")),
            (b" 0xa3".to_vec(), DeviceResponse, Some("0x")),
            (b"{\"vp_token\": {\"mdl\": [\"o2d\"]}}".to_vec(), DeviceResponse, Some("vp_token")),
            (b"[\n \"o2d\"]".to_vec(), IssuerSigned, Some("vp_token")),
            (b"-----BEGIN CERTIFICATE-----".to_vec(), DeviceResponse, Some("PEM")),
            (map(&["nameSpaces", "issuerAuth"]), DeviceResponse, Some("IssuerSigned")),
            (map(&["docType", "issuerSigned", "deviceSigned"]), DeviceResponse, Some("one Document")),
            (map(&["docType", "issuerSigned"]), IssuerSigned, Some("one Document")),
            (map(&["version", "documents", "status"]), IssuerSigned, Some("DeviceResponse")),
            (map(&["version", "docRequests"]), DeviceResponse, Some("DeviceRequest")),
            (map(&["version", "docRequests"]), DeviceRequest, None),
            (map(&["version", "documents", "status"]), DeviceRequest, Some("DeviceResponse")),
            (map(&["nameSpaces", "issuerAuth"]), DeviceRequest, Some("wallet answers")),
            (map(&["docType", "issuerSigned"]), DeviceRequest, Some("wallet answers")),
            (map(&["itemsRequest", "readerAuth"]), DeviceRequest, Some("one docRequest")),
            (map(&["eReaderKey", "data"]), DeviceRequest, Some("SessionEstablishment")),
            (b"mdoc:owBj".to_vec(), DeviceResponse, Some("QR code")),
            (b"\x89PNG\r\n\x1a\n".to_vec(), DeviceRequest, Some("picture")),
            (b"the response of Tuesday".to_vec(), IssuerSigned, Some("text")),
            ("cut inside a letter: \u{259}".as_bytes()[..22].to_vec(), DeviceResponse, Some("text")),
            (map(&["version", "documents", "status"]), DeviceResponse, None),
            (map(&["nameSpaces", "issuerAuth"]), IssuerSigned, None),
            (wrapped(&map(&["nameSpaces", "issuerAuth"])), IssuerSigned, Some("tag 24")),
            (wrapped(&map(&["nameSpaces", "issuerAuth"])), DeviceResponse, Some("IssuerSigned")),
            (b"eyJhbGciOi.e30.AA~".to_vec(), DeviceResponse, Some("--kind sd-jwt")),
            (b"eyJhbGciOi.e30.AA".to_vec(), SdJwt, Some("without `~`")),
            (b"eyJhbGciOi.e30.AA~".to_vec(), SdJwt, None),
            (b"a16161".to_vec(), SdJwt, Some("another --kind")),
            (b"{\"vp_token\": {}}".to_vec(), SdJwt, Some("vp_token")),
            (Vec::new(), DeviceResponse, None),
            (b"\x7b\x00\x00".to_vec(), DeviceResponse, None),
        ] {
            let hint = of(&file, &file, kind);
            assert_eq!(hint.is_some(), named.is_some(), "{file:?} {hint:?}");
            assert!(named.is_none_or(|named| hint.unwrap().contains(named)), "{file:?} {hint:?}");
        }
        assert_eq!(of(b"a16161", &[0xa1, 0x61, 0x61], DeviceResponse), None, "hexadecimal text of malformed CBOR");
    }
}
