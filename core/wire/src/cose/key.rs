use alloc::{borrow::Cow, vec::Vec};

use super::CoseError;
use crate::cbor::Reader;

/// `COSE_Key` (RFC 9052, 7) of the two families used here. Points are *not* checked: that is `rid-crypto`'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// kty 2: curve number and affine coordinates, y uncompressed or a sign bit.
    Ec2 {
        /// COSE curve number (1 P-256, 2 P-384, 3 P-521).
        crv: i64,
        /// x, as received.
        x: Cow<'a, [u8]>,
        /// y, as received; `None` when only the sign bit was given.
        y: Option<Cow<'a, [u8]>>,
        /// The sign bit of a compressed point.
        sign: Option<bool>,
    },
    /// kty 1: curve number (6 Ed25519) and the public key.
    Okp {
        /// COSE curve number.
        crv: i64,
        /// x, as received.
        x: Cow<'a, [u8]>,
    },
}

impl<'a> Key<'a> {
    /// Reads one `COSE_Key`. Private members (`d`, label -4) are refused; unknown members are ignored.
    ///
    /// # Errors
    /// [`CoseError::KeyInvalid`], [`CoseError::Cbor`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, CoseError> {
        todo!()
    }

    /// Encodes the key with the required members only, in the order 1, -1, -2, -3.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        todo!()
    }
}
