//! PEM of certificates (RFC 7468).
use alloc::{string::String, vec::Vec};

use rid_wire::base64;

use super::X509Error;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// The largest file in bytes, and the most blocks.
const MAX_LEN: usize = 1 << 20;
const MAX_BLOCKS: usize = 100;

/// The DER of each block, or `None` if its text is not base64 or has no end. Text around the blocks is skipped; a block
/// of another kind is refused.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Option<Vec<u8>>>, X509Error> {
    if bytes.len() > MAX_LEN {
        return Err(X509Error::Form);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| X509Error::Form)?;
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim_end) {
        match (&mut open, line) {
            (_, BEGIN) => {
                blocks.extend(open.replace(String::new()).map(|_| None));
            }
            (Some(digits), END) => {
                blocks.push(base64::decode_standard(digits).ok());
                open = None;
            }
            (_, line) if line.starts_with("-----") => return Err(X509Error::Form),
            (Some(digits), line) => digits.push_str(line),
            (None, _) => {}
        }
    }
    blocks.extend(open.map(|_| None));
    if (1..=MAX_BLOCKS).contains(&blocks.len()) { Ok(blocks) } else { Err(X509Error::Form) }
}

pub(super) fn write(der: &[u8]) -> String {
    let mut text = String::from(BEGIN);
    let digits = base64::encode_url(der);
    let padding = digits.len().next_multiple_of(4).saturating_sub(digits.len());
    let standard = digits.chars().map(|digit| match digit {
        '-' => '+',
        '_' => '/',
        digit => digit,
    });
    for (index, digit) in standard.chain(core::iter::repeat_n('=', padding)).enumerate() {
        if index.is_multiple_of(64) {
            text.push('\n');
        }
        text.push(digit);
    }
    text.push('\n');
    text.push_str(END);
    text.push('\n');
    text
}
