//! Object identifiers, as the content of their DER element.
use alloc::string::String;
use core::fmt::Write;

use super::der::DerError;

pub(crate) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
pub(crate) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
pub(crate) const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
pub(crate) const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
pub(crate) const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
pub(crate) const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
pub(crate) const ECDSA_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];

pub(crate) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
pub(crate) const COUNTRY: &[u8] = &[0x55, 0x04, 0x06];
pub(crate) const STATE: &[u8] = &[0x55, 0x04, 0x08];
pub(crate) const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

pub(crate) const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 0x0e];
pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
pub(crate) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
pub(crate) const ISSUER_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x12];
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
pub(crate) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
pub(crate) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
pub(crate) const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 0x23];
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];

/// The dotted text of an identifier. Arcs over 64 bits are refused.
pub(crate) fn dotted(content: &[u8]) -> Result<String, DerError> {
    // The last byte of an arc has its top bit clear.
    if content.last().is_none_or(|last| *last >= 0x80) {
        return Err(DerError);
    }
    let mut text = String::new();
    for arc in content.split_inclusive(|byte| *byte < 0x80) {
        // A leading 0x80 would be a leading zero.
        if arc.first() == Some(&0x80) || arc.len() > 9 {
            return Err(DerError);
        }
        let value = arc.iter().fold(0_u64, |value, byte| (value << 7) | u64::from(byte & 0x7f));
        let written = match (text.is_empty(), value) {
            (true, 0..40) => write!(text, "0.{value}"),
            (true, 40..80) => write!(text, "1.{}", value.wrapping_sub(40)),
            (true, _) => write!(text, "2.{}", value.wrapping_sub(80)),
            (false, _) => write!(text, ".{value}"),
        };
        written.map_err(|_| DerError)?;
    }
    Ok(text)
}
