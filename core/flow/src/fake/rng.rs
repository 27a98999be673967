//! Randomness from a seed.
use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use rid_crypto::sha256;

/// Randomness that is none: the same seed gives the same bytes, SHA-256 over seed and counter. For tests only.
pub struct SeededRng {
    seed: u64,
    counter: u64,
    block: [u8; 32],
    left: usize,
}

impl SeededRng {
    /// From a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, counter: 0, block: [0; 32], left: 0 }
    }

    fn byte(&mut self) -> u8 {
        if self.left == 0 {
            let (seed, counter) = (self.seed.to_be_bytes(), self.counter.to_be_bytes());
            self.block = sha256(&[b"rid-seeded-rng", &seed, &counter]);
            self.counter = self.counter.wrapping_add(1);
            self.left = self.block.len();
        }
        self.left -= 1;
        self.block.get(self.left).copied().unwrap_or_default()
    }
}

impl TryRng for SeededRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.fill_with(|| self.byte());
        Ok(())
    }
}

impl TryCryptoRng for SeededRng {}
