//! The choice of library for signatures and ephemeral keys.
use core::sync::atomic::{AtomicBool, Ordering};

use super::ring;

/// The library that serves signatures and ephemeral keys. RustCrypto serves everything else.
///
/// The choice holds for the whole process. The default is `ring` if it is built. Results differ only where randomness
/// is used: `ring` takes nonces and ephemeral keys from the operating system, RustCrypto takes them from the caller's
/// generator (ADR 0012).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The portable reference. With a seeded generator, equal input gives equal bytes.
    RustCrypto,
    /// The library `ring`, several times faster.
    Ring,
}

/// True if the reference was selected.
static REFERENCE: AtomicBool = AtomicBool::new(false);

impl Backend {
    /// The libraries of this build.
    pub const AVAILABLE: &'static [Self] =
        if ring::IS_BUILT { &[Self::RustCrypto, Self::Ring] } else { &[Self::RustCrypto] };

    /// The library in use.
    #[must_use]
    pub fn selected() -> Self {
        if ring::IS_BUILT && !REFERENCE.load(Ordering::Relaxed) { Self::Ring } else { Self::RustCrypto }
    }

    /// Selects this library from now on. Existing keys keep the library that made them. Without `ring` in the build
    /// this does nothing.
    ///
    /// Call it at the start of a program, a simulation or a test. A wrong choice costs time or reproducibility, never
    /// security.
    pub fn select(self) {
        REFERENCE.store(self == Self::RustCrypto, Ordering::Relaxed);
    }
}
