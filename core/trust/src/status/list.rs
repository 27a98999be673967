//! The list itself: bits, and the status at an index.
use alloc::vec::Vec;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use rid_wire::Timestamp;

use super::StatusError;

/// Most bytes of a decompressed list: 16 million credentials at two bits. A smaller stream cannot cost more memory.
const MAX_BYTES: usize = 4 << 20;

/// The status of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is valid (0).
    Valid,
    /// It is revoked for good (1).
    Revoked,
    /// It is suspended for now (2).
    Suspended,
    /// A status that has no meaning here: application specific, or not assigned. It is not valid.
    Other(u8),
}

impl Status {
    const fn of(value: u8) -> Self {
        match value {
            0 => Self::Valid,
            1 => Self::Revoked,
            2 => Self::Suspended,
            other => Self::Other(other),
        }
    }
}

/// A verified list.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList {
    pub(super) bits: u8,
    pub(super) bytes: Vec<u8>,
    pub(super) issued: Timestamp,
    pub(super) expires: Option<Timestamp>,
    pub(super) ttl: Option<u64>,
}

impl StatusList {
    /// The status at an index. Entries fill each byte from its lowest bits.
    ///
    /// # Errors
    /// [`StatusError::Index`] beyond the list.
    pub fn status(&self, index: u64) -> Result<Status, StatusError> {
        let per_byte = u64::from(8_u8.checked_div(self.bits).ok_or(StatusError::Form)?);
        let place = index.checked_div(per_byte).and_then(|place| usize::try_from(place).ok());
        let byte = place.and_then(|place| self.bytes.get(place)).ok_or(StatusError::Index)?;
        let position = u8::try_from(index.checked_rem(per_byte).unwrap_or_default()).unwrap_or_default();
        let shifted = byte >> position.saturating_mul(self.bits);
        let mask = u8::MAX >> 8_u8.saturating_sub(self.bits);
        Ok(Status::of(shifted & mask))
    }

    /// The time at which the issuer made the list: the status is known as of then.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }

    /// The time until which a list that was fetched at `fetched` may be used again: the earlier of `exp` and `ttl`.
    /// `None` if it has neither.
    #[must_use]
    pub fn fresh_until(&self, fetched: Timestamp) -> Option<Timestamp> {
        let ttl = self.ttl.map(|ttl| fetched.plus_seconds(i64::try_from(ttl).unwrap_or(i64::MAX)));
        match (self.expires, ttl) {
            (Some(expires), Some(ttl)) => Some(expires.min(ttl)),
            (one, other) => one.or(other),
        }
    }
}

/// Checks `bits` and decompresses the list.
pub(super) fn decode(bits: u64, compressed: &[u8]) -> Result<(u8, Vec<u8>), StatusError> {
    let bits = u8::try_from(bits).ok().filter(|bits| [1, 2, 4, 8].contains(bits)).ok_or(StatusError::Form)?;
    let bytes = decompress_to_vec_zlib_with_limit(compressed, MAX_BYTES).map_err(|_| StatusError::List)?;
    Ok((bits, bytes))
}

rid_wire::closed_debug!(StatusList);
