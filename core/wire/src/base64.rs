//! Reads and writes base64url without padding (RFC 4648, 5) and standard base64, strictly: no white space, no padding
//! in base64url, zero trailing bits.
use alloc::{string::String, vec::Vec};

const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text is not strict base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("base64_invalid")]
pub struct Base64Error;

/// Decodes base64url without padding.
///
/// # Errors
/// [`Base64Error`].
pub fn decode_url(text: &str) -> Result<Vec<u8>, Base64Error> {
    decode(text.as_bytes(), *b"-_")
}

/// Encodes as base64url without padding.
#[must_use]
pub fn encode_url(bytes: &[u8]) -> String {
    bytes.chunks(3).flat_map(encode_group).collect()
}

/// Decodes standard base64 (RFC 4648, 4), which must be padded.
///
/// # Errors
/// [`Base64Error`].
pub fn decode_standard(text: &str) -> Result<Vec<u8>, Base64Error> {
    if !text.len().is_multiple_of(4) {
        return Err(Base64Error);
    }
    let digits = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let padding = text.len().saturating_sub(digits.len());
    // The padding must match the digits: "QQ==", never "QQQ==".
    if digits.len().saturating_add(padding) != digits.len().next_multiple_of(4) {
        return Err(Base64Error);
    }
    decode(digits.as_bytes(), *b"+/")
}

/// Encodes as standard base64 with padding.
#[must_use]
pub fn encode_standard(bytes: &[u8]) -> String {
    let mut text = encode_url(bytes).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn encode_group(group: &[u8]) -> impl Iterator<Item = char> + use<> {
    let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
    let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
    let digits = group.len().saturating_add(1);
    [18, 12, 6, 0].into_iter().take(digits).filter_map(move |shift: u32| {
        let index = usize::try_from(bits.wrapping_shr(shift) & 0x3f).ok()?;
        URL.get(index).copied().map(char::from)
    })
}

/// Decodes digits without padding; `last` holds the digits 62 and 63 of the alphabet.
fn decode(digits: &[u8], last: [u8; 2]) -> Result<Vec<u8>, Base64Error> {
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for place in 0..4 {
            let value = group.get(place).map_or(Ok(0), |digit| value(*digit, last))?;
            bits = (bits << 6) | u32::from(value);
        }
        let [_, first, second, third] = bits.to_be_bytes();
        // A single digit is less than a byte; the unused bits of the last digit must be zero.
        match group.len() {
            2 if second == 0 && third == 0 => bytes.push(first),
            3 if third == 0 => bytes.extend([first, second]),
            4 => bytes.extend([first, second, third]),
            _ => return Err(Base64Error),
        }
    }
    Ok(bytes)
}

fn value(digit: u8, [plus, slash]: [u8; 2]) -> Result<u8, Base64Error> {
    let (first, offset) = match digit {
        b'A'..=b'Z' => (b'A', 0),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        _ if digit == plus => (digit, 62),
        _ if digit == slash => (digit, 63),
        _ => return Err(Base64Error),
    };
    Ok(digit.wrapping_sub(first).wrapping_add(offset))
}
