//! Time and randomness of one step.
use rid_crypto::CryptoRng;
use rid_wire::Timestamp;

/// Monotonic milliseconds since some instant of this boot; for every time-out. A wall-clock jump never ends a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uptime(u64);

impl Uptime {
    /// From milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Later by seconds, saturating.
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}

/// What a machine may know of the world at one step.
pub struct Env<'a> {
    /// Wall clock, for validity only.
    pub now: Timestamp,
    /// Monotonic clock, for time-outs only.
    pub uptime: Uptime,
    /// The only source of randomness, but for the nonces and ephemeral keys of `rid_crypto::Backend::Ring` (ADR 0012).
    pub rng: &'a mut dyn CryptoRng,
}
