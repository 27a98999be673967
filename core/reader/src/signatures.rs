//! The memory of certificate signatures that readings share.
use std::sync::{Mutex, PoisonError};

use rid_crypto::x509::{KnownSignatures, SignatureMemory, Signed};

/// Remembers which certificates an anchor's key signed, so that a signer that is met again costs one signature check
/// less. It is bounded, and no verdict depends on it. A server gives one to all its trust stores:
/// [`rid_trust::TrustStore::with_memory`].
#[derive(Default)]
pub struct SignatureCache {
    known: Mutex<KnownSignatures>,
}

impl SignatureMemory for SignatureCache {
    fn knows(&self, pair: &Signed) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).knows(pair)
    }

    fn learn(&self, pair: Signed) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).learn(pair);
    }
}
