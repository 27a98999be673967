//! Reads and writes `COSE_Key`.
use alloc::{borrow::Cow, vec::Vec};

use super::CoseError;
use crate::cbor::{CborError, Decoder, Encoder, ItemType};

/// A `COSE_Key` (RFC 9052, 7) of one of the two key types used here. The point is *not* checked: `rid-crypto` does
/// that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// Key type 2: curve number and affine coordinates, with y in full or as a sign bit.
    Ec2 {
        /// COSE curve number (1 P-256, 2 P-384, 3 P-521).
        crv: i64,
        /// The x coordinate, as received.
        x: Cow<'a, [u8]>,
        /// The y coordinate, as received; `None` if only the sign bit was given.
        y: Option<Cow<'a, [u8]>>,
        /// The sign bit of a compressed point.
        sign: Option<bool>,
    },
    /// Key type 1: curve number (6 is Ed25519) and the public key.
    Okp {
        /// COSE curve number.
        crv: i64,
        /// The public key, as received.
        x: Cow<'a, [u8]>,
    },
}

impl<'a> Key<'a> {
    /// Reads one `COSE_Key`. A private member (`d`, label -4) is refused; unknown members are ignored.
    ///
    /// # Errors
    /// [`CoseError::KeyInvalid`], [`CoseError::Cbor`].
    pub fn read(decoder: &mut Decoder<'a>) -> Result<Self, CoseError> {
        let mut members = Members::default();
        decoder.map(|decoder, key| -> Result<(), CoseError> {
            match key.as_int() {
                Some(KTY) => members.kty = read_int(decoder)?,
                Some(CRV) => members.crv = read_int(decoder)?,
                Some(X) => members.x = read_bytes(decoder)?,
                Some(Y) => match decoder.peek()? {
                    ItemType::Bool => members.sign = Some(decoder.boolean()?),
                    _ => members.y = read_bytes(decoder)?,
                },
                Some(D) => return Err(CoseError::KeyInvalid),
                _ => {}
            }
            Ok(())
        })?;
        match members {
            Members { kty: Some(EC2), crv: Some(crv), x: Some(x), y, sign } if y.is_some() || sign.is_some() => {
                Ok(Self::Ec2 { crv, x, y, sign })
            }
            Members { kty: Some(OKP), crv: Some(crv), x: Some(x), .. } => Ok(Self::Okp { crv, x }),
            _ => Err(CoseError::KeyInvalid),
        }
    }

    /// Encodes the required members only, in the order 1, -1, -2, -3.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        match self {
            Self::Ec2 { crv, x, y, sign } => {
                let has_y = y.is_some() || sign.is_some();
                encoder.map(if has_y { 4 } else { 3 }).int(KTY).int(EC2).int(CRV).int(*crv).int(X).bytes(x);
                match (y, sign) {
                    (Some(y), _) => encoder.int(Y).bytes(y),
                    (None, Some(sign)) => encoder.int(Y).boolean(*sign),
                    (None, None) => &mut encoder,
                };
            }
            Self::Okp { crv, x } => {
                encoder.map(3).int(KTY).int(OKP).int(CRV).int(*crv).int(X).bytes(x);
            }
        }
        encoder.finish()
    }
}

/// Labels of RFC 9052 (7.1) and RFC 9053 (7.1, 7.2).
const KTY: i64 = 1;
const CRV: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const D: i64 = -4;

/// Key types.
const OKP: i64 = 1;
const EC2: i64 = 2;

#[derive(Default)]
struct Members<'a> {
    kty: Option<i64>,
    crv: Option<i64>,
    x: Option<Cow<'a, [u8]>>,
    y: Option<Cow<'a, [u8]>>,
    sign: Option<bool>,
}

fn read_int(decoder: &mut Decoder<'_>) -> Result<Option<i64>, CoseError> {
    decoder.int().map(Some).map_err(blame_key)
}

fn read_bytes<'a>(decoder: &mut Decoder<'a>) -> Result<Option<Cow<'a, [u8]>>, CoseError> {
    decoder.bytes().map(Some).map_err(blame_key)
}

fn blame_key(error: CborError) -> CoseError {
    match error {
        CborError::UnexpectedType => CoseError::KeyInvalid,
        _ => CoseError::Cbor(error),
    }
}
