//! Reads and writes hexadecimal: writes lower case, reads both cases.
use alloc::{string::String, vec::Vec};

/// The text is not hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("hex_invalid")]
pub struct HexError;

/// Decodes an even number of digits.
///
/// # Errors
/// [`HexError`].
pub fn decode(text: &str) -> Result<Vec<u8>, HexError> {
    let (pairs, rest) = text.as_bytes().as_chunks();
    if !rest.is_empty() {
        return Err(HexError);
    }
    pairs.iter().map(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?)).collect::<Option<_>>().ok_or(HexError)
}

/// Encodes in lower case.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
