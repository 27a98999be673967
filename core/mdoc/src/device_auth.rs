//! Device authentication (18013-5, 9.1.3; std-M46): what the device key signs or MACs.
use alloc::vec::Vec;

use rid_crypto::{Secret, SharedSecret};

use crate::transcript::Transcript;

/// DeviceAuthenticationBytes: `#6.24(bstr .cbor ["DeviceAuthentication", SessionTranscript, DocType, DeviceNameSpacesBytes])`.
/// `device_namespaces` is the whole DeviceNameSpacesBytes (tag 24).
#[must_use]
pub fn device_authentication_bytes(transcript: &Transcript, doc_type: &str, device_namespaces: &[u8]) -> Vec<u8> {
    todo!()
}

/// The `Sig_structure` the device key signs with `alg` (COSE number), payload detached.
#[must_use]
pub fn signature_to_be_signed(alg: i64, device_authentication: &[u8]) -> Vec<u8> {
    todo!()
}

/// EMacKey: HKDF-SHA-256 of the static-ephemeral secret, salt SHA-256(SessionTranscriptBytes), info `EMacKey`.
#[must_use]
pub fn derive_mac_key(secret: &SharedSecret, transcript: &Transcript) -> Secret<32> {
    todo!()
}

/// The deviceMac tag (HMAC 256/256) over the detached DeviceAuthenticationBytes.
#[must_use]
pub fn mac_tag(key: &Secret<32>, device_authentication: &[u8]) -> [u8; 32] {
    todo!()
}
