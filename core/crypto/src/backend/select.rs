use core::sync::atomic::{AtomicBool, Ordering};

use super::ring;

/// The library that serves signatures and ephemeral keys. Everything else is served by RustCrypto.
///
/// The choice is one for the whole process, and the default is `ring` where it is built. The results differ only where
/// randomness goes in: `ring` draws nonces and ephemeral keys from the operating system, RustCrypto takes all of them from
/// the caller's generator (ADR 0012).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The portable reference: with a seeded generator, equal inputs give equal bytes.
    RustCrypto,
    /// `ring`, several times faster.
    Ring,
}

/// Set where the reference was asked for.
static REFERENCE: AtomicBool = AtomicBool::new(false);

impl Backend {
    /// The backends of this build.
    pub const AVAILABLE: &'static [Self] =
        if ring::IS_BUILT { &[Self::RustCrypto, Self::Ring] } else { &[Self::RustCrypto] };

    /// The backend in use.
    #[must_use]
    pub fn selected() -> Self {
        if ring::IS_BUILT && !REFERENCE.load(Ordering::Relaxed) { Self::Ring } else { Self::RustCrypto }
    }

    /// Uses this backend from now on. A key that exists keeps the backend it was made with. Without effect where `ring` is
    /// not built.
    ///
    /// For programs at their start, simulators and tests. A wrong choice costs time or repeatability, never security.
    pub fn select(self) {
        REFERENCE.store(self == Self::RustCrypto, Ordering::Relaxed);
    }
}
