//! Replaces `ring.rs` in builds without `ring`: every call is left to the reference.
use alloc::vec::Vec;
use core::convert::Infallible;

use zeroize::Zeroizing;

use super::Public;
use crate::{CryptoError, DigestAlgorithm};

pub(super) const IS_BUILT: bool = false;

pub(crate) fn verify(_: &Public, _: DigestAlgorithm, _: &[&[u8]], _: &[u8]) -> Option<Result<(), CryptoError>> {
    None
}

pub(crate) struct Signing(Infallible);

impl Signing {
    pub(crate) fn new(_: &[u8; 32], _: &Public) -> Option<Self> {
        None
    }

    pub(crate) fn sign(&self, _: &[&[u8]]) -> Option<[u8; 64]> {
        match self.0 {}
    }
}

pub(crate) struct Ephemeral(Infallible);

impl Ephemeral {
    pub(crate) fn make() -> Option<Self> {
        None
    }

    pub(crate) fn point(&self) -> Option<[u8; 65]> {
        match self.0 {}
    }

    pub(crate) fn agree(self, _: &Public) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match self.0 {}
    }
}
