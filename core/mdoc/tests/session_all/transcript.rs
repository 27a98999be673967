//! Building and reading of the SessionTranscript.
use rid_mdoc::transcript::Transcript;
use rid_wire::cbor::Limits;

use crate::{annex_d, annex_d_transcript};

const LIMITS: Limits = Limits::PROXIMITY;

fn code(bytes: &[u8]) -> &'static str {
    Transcript::received(bytes, LIMITS).map_or_else(|error| error.code().as_str(), |_| "accepted")
}

#[test]
fn std_m41_qr() {
    let engagement = annex_d("DEVICE_ENGAGEMENT");
    let key = annex_d("E_DEVICE_KEY_BYTES");
    let transcript = Transcript::qr(&engagement, &key);
    let expected = [b"\x83\xd8\x18\x58\x74", &engagement[..], &key[..], b"\xf6"].concat();
    assert_eq!(transcript.as_bytes(), expected);
    let parts = transcript.parts();
    assert_eq!(parts.device_engagement.map(|bytes| &bytes[4..]), Some(&engagement[..]));
    assert_eq!((parts.e_reader_key, parts.handover), (Some(&key[..]), &b"\xf6"[..]));
}

#[test]
fn std_m41_nfc_static_handover() {
    let transcript = Transcript::nfc(b"\xa0", b"\xd8\x18\x41\xa0", b"select", None);
    assert_eq!(transcript.as_bytes(), b"\x83\xd8\x18\x41\xa0\xd8\x18\x41\xa0\x82\x46select\xf6");
    assert_eq!(transcript.parts().handover, b"\x82\x46select\xf6");
}

#[test]
fn std_m41_received_is_as_built() {
    let built = annex_d_transcript();
    let array = Transcript::received(built.as_bytes(), LIMITS).expect("the array");
    assert!(array == built);
    assert_eq!(array.tagged(), annex_d("SESSION_TRANSCRIPT_BYTES"));
    assert_eq!(array.parts(), built.parts());
}

#[test]
fn std_m41_any_handover_and_nulls() {
    let online = b"\x83\xf6\xf6\x82\x71OpenID4VPHandover\x41\x01";
    let transcript = Transcript::received(online, LIMITS).expect("valid");
    let parts = transcript.parts();
    assert_eq!((parts.device_engagement, parts.e_reader_key), (None, None));
    assert_eq!(parts.handover, &online[3..]);
}

/// Heads that are longer than necessary are kept, also those of the tag-24 form.
#[test]
fn neg_c07_used_as_received() {
    let array = b"\x98\x03\xf6\xd8\x18\x58\x01\xa0\xf6";
    let transcript = Transcript::received(array, LIMITS).expect("valid");
    assert_eq!(transcript.as_bytes(), array);
    assert_eq!(transcript.parts().e_reader_key, Some(&b"\xd8\x18\x58\x01\xa0"[..]));
    let tagged = [b"\xd8\x18\x59\x00\x09", &array[..]].concat();
    let transcript = Transcript::received(&tagged, LIMITS).expect("valid");
    assert_eq!((transcript.as_bytes(), transcript.tagged()), (&array[..], tagged.clone()));
    assert_eq!(transcript.digest(), rid_crypto::sha256(&[&tagged]));
}

#[test]
fn neg_a_malformed() {
    for (bytes, expected) in [
        (&b"\x83\xf6\xf6\xf6"[..], "accepted"),
        (b"\x83\xf6\xf6\xf6\x00", "cbor_trailing"),
        (b"\x82\xf6\xf6", "cbor_missing_member"),
        (b"\x84\xf6\xf6\xf6\xf6", "cbor_unexpected_type"),
        (b"\xa0", "cbor_unexpected_type"),
        (b"\x83\xf6\xf6", "cbor_truncated"),
        (b"\x83\x41\xa0\xf6\xf6", "cbor_tag24_expected"),
        (b"\x83\xd8\x18\x41\xff\xf6\xf6", "cbor_tag24_invalid"),
        (b"\x83\xf6\xd8\x18\xd8\x18\x41\xa0\xf6", "cbor_tag24_expected"),
        (b"\xd8\x18\x44\x83\xf6\xf6\xf6", "accepted"),
        (b"\xd8\x18\xd8\x18\x44\x83\xf6\xf6\xf6", "cbor_tag24_expected"),
        (b"\xc1\x44\x83\xf6\xf6\xf6", "cbor_tag24_expected"),
        (b"", "cbor_truncated"),
    ] {
        assert_eq!(code(bytes), expected, "{bytes:02x?}");
    }
    assert_eq!(code(&vec![0; (1 << 20) + 1]), "input_too_large");
}

#[test]
fn neg_a05_indefinite() {
    for bytes in [
        &b"\x9f\xf6\xf6\xf6\xff"[..],
        b"\x83\xf6\xf6\x9f\xff",
        b"\x83\xf6\xf6\x81\x5f\x41\x00\xff",
        b"\x83\xd8\x18\x42\xbf\xff\xf6\xf6",
        b"\x83\xf6\xd8\x18\x5f\x41\xa0\xff\xf6",
    ] {
        assert_eq!(code(bytes), "cbor_indefinite", "{bytes:02x?}");
    }
}
