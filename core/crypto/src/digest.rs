//! SHA-2, and comparison in constant time.
use subtle::ConstantTimeEq;

use crate::{
    DigestAlgorithm,
    backend::{Active, Library},
};

/// A digest of 32, 48 or 64 bytes, without allocation.
#[derive(Clone, Copy)]
pub struct Digest {
    bytes: [u8; 64],
    len: usize,
}

impl DigestAlgorithm {
    /// Hashes the concatenation of the parts.
    #[must_use]
    pub fn digest(self, parts: &[&[u8]]) -> Digest {
        match self {
            Self::Sha256 => Digest::of(&Active::sha256(parts)),
            Self::Sha384 => Digest::of(&Active::sha384(parts)),
            Self::Sha512 => Digest::of(&Active::sha512(parts)),
        }
    }
}

impl Digest {
    /// The bytes of the digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    /// Compares in constant time. A different length is unequal.
    #[must_use]
    pub fn equals(&self, other: &[u8]) -> bool {
        constant_time_eq(self.as_bytes(), other)
    }

    /// Copies a hash of at most 64 bytes.
    fn of(hash: &[u8]) -> Self {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
        Self { bytes, len: hash.len() }
    }
}

/// Hashes the concatenation of the parts with SHA-256.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    Active::sha256(parts)
}

/// Compares in constant time. Inputs of different lengths are unequal without a comparison.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && bool::from(a.ct_eq(b))
}
