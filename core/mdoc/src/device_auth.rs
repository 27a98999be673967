//! Device authentication (18013-5, 9.1.3; std-M46): the bytes that the device key signs or MACs.
use alloc::vec::Vec;

use rid_crypto::{Secret, SharedSecret, hkdf_sha256, hmac_sha256};
use rid_wire::{
    cbor::Encoder,
    cose::{mac_structure, protected_header, sig_structure},
};

use crate::transcript::Transcript;

/// The COSE algorithm of deviceMac: HMAC 256/256 (18013-5, 9.1.3.5).
pub const MAC_ALG: i64 = 5;

/// Encodes DeviceAuthenticationBytes: `#6.24(bstr .cbor ["DeviceAuthentication", SessionTranscript, DocType,
/// DeviceNameSpacesBytes])`. `device_namespaces` is the whole DeviceNameSpacesBytes (tag 24).
#[must_use]
pub fn device_authentication_bytes(transcript: &Transcript, doc_type: &str, device_namespaces: &[u8]) -> Vec<u8> {
    let mut head = Encoder::new();
    head.array(4).text("DeviceAuthentication");
    let mut text = Encoder::new();
    text.text(doc_type);
    let mut encoder = Encoder::new();
    encoder.tag(24).bytes_of(&[&head.finish(), transcript.as_bytes(), &text.finish(), device_namespaces]);
    encoder.finish()
}

/// The `Sig_structure` that the device key signs with `alg` (COSE number), payload detached.
#[must_use]
pub fn signature_to_be_signed(alg: i64, device_authentication: &[u8]) -> Vec<u8> {
    let mut structure = sig_structure(&protected_header(alg), &[], device_authentication.len());
    structure.extend_from_slice(device_authentication);
    structure
}

/// Derives EMacKey: HKDF-SHA-256 of the static-ephemeral secret, salt SHA-256(SessionTranscriptBytes), info `EMacKey`.
#[must_use]
pub fn derive_mac_key(secret: &SharedSecret, transcript: &Transcript) -> Secret<32> {
    hkdf_sha256(secret.expose(), &transcript.digest(), b"EMacKey")
}

/// The deviceMac tag (HMAC 256/256) over the detached DeviceAuthenticationBytes.
#[must_use]
pub fn mac_tag(key: &Secret<32>, device_authentication: &[u8]) -> [u8; 32] {
    let prefix = mac_structure(&protected_header(MAC_ALG), &[], device_authentication.len());
    hmac_sha256(key.expose(), &[&prefix, device_authentication])
}
