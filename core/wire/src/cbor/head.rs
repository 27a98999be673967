//! The head of a CBOR item.
use super::CborError;

/// Major types (RFC 8949, 3.1).
pub(super) const UINT: u8 = 0;
pub(super) const NINT: u8 = 1;
pub(super) const BYTES: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const ARRAY: u8 = 4;
pub(super) const MAP: u8 = 5;
pub(super) const TAG: u8 = 6;
pub(super) const SIMPLE: u8 = 7;

/// Ends an item of indefinite length.
pub(super) const BREAK: u8 = 0xff;

/// The additional information of an item of indefinite length.
const INDEFINITE: u8 = 31;

/// The type of the next item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemType {
    /// Major type 0.
    Uint,
    /// Major type 1.
    Nint,
    /// Major type 2.
    Bytes,
    /// Major type 3.
    Text,
    /// Major type 4.
    Array,
    /// Major type 5.
    Map,
    /// Major type 6.
    Tag,
    /// The value `false` or `true`.
    Bool,
    /// The value `null`.
    Null,
    /// The value `undefined`.
    Undefined,
    /// Another simple value.
    Simple,
    /// A half, single or double float.
    Float,
}

/// The head of an item: its major type, its additional information and its argument.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) major: u8,
    pub(super) info: u8,
    pub(super) argument: u64,
}

impl Head {
    /// Reads the head at `pos` in any encoding, not only the shortest (neg-A08), and returns where it ends. A reserved
    /// head or a stray break is [`CborError::UnexpectedType`].
    pub(super) fn read(input: &[u8], pos: usize) -> Result<(Self, usize), CborError> {
        let first = *input.get(pos).ok_or(CborError::Truncated)?;
        let (major, info) = (first >> 5, first & 0x1f);
        let start = pos.saturating_add(1);
        let width = match info {
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            28..=30 => return Err(CborError::UnexpectedType),
            INDEFINITE if !(BYTES..=MAP).contains(&major) => return Err(CborError::UnexpectedType),
            _ => return Ok((Self { major, info, argument: u64::from(info) }, start)),
        };
        let end = start.saturating_add(width);
        let bytes = input.get(start..end).ok_or(CborError::Truncated)?;
        let argument = bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        // RFC 8949, 3.3: a simple value below 32 has only the short encoding.
        if major == SIMPLE && width == 1 && argument < 32 {
            return Err(CborError::UnexpectedType);
        }
        Ok((Self { major, info, argument }, end))
    }

    pub(super) const fn is_indefinite(self) -> bool {
        self.info == INDEFINITE
    }

    pub(super) const fn item_type(self) -> ItemType {
        match (self.major, self.info) {
            (UINT, _) => ItemType::Uint,
            (NINT, _) => ItemType::Nint,
            (BYTES, _) => ItemType::Bytes,
            (TEXT, _) => ItemType::Text,
            (ARRAY, _) => ItemType::Array,
            (MAP, _) => ItemType::Map,
            (TAG, _) => ItemType::Tag,
            (_, 20 | 21) => ItemType::Bool,
            (_, 22) => ItemType::Null,
            (_, 23) => ItemType::Undefined,
            (_, 25..=27) => ItemType::Float,
            _ => ItemType::Simple,
        }
    }

    /// The value of a float of any width.
    pub(super) fn float(self) -> f64 {
        match (self.info, u32::try_from(self.argument)) {
            (25, Ok(bits)) => half(bits),
            (26, Ok(bits)) => f64::from(f32::from_bits(bits)),
            _ => f64::from_bits(self.argument),
        }
    }
}

/// Widens a half float (RFC 8949, appendix D): sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u32) -> f64 {
    let sign = (bits & 0x8000) << 16;
    let fraction = bits & 0x3ff;
    let single = match (bits >> 10) & 0x1f {
        // Subnormal: fraction times 2^-24, exact in a single.
        0 => f32::from_bits(sign | 0x3f80_0000) * (f32::from_bits(0x3380_0000) * f32_of(fraction)),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        exponent => f32::from_bits(sign | (exponent.saturating_add(112) << 23) | (fraction << 13)),
    };
    f64::from(single)
}

fn f32_of(number: u32) -> f32 {
    u16::try_from(number).map_or(0.0, f32::from)
}
