//! Bytes that are wiped on drop.
use alloc::boxed::Box;

use zeroize::Zeroize;

/// `N` secret bytes. They are wiped on drop, and cannot be cloned, printed or compared.
///
/// The bytes are on the heap from the start, so moving a secret leaves no copy (neg-N04).
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Copies the bytes and wipes the caller's array.
    pub fn take(bytes: &mut [u8; N]) -> Self {
        let secret = Self::filled(|own| own.copy_from_slice(bytes));
        bytes.zeroize();
        secret
    }

    /// Makes a secret and fills it in place.
    pub fn filled(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self(Box::new([0; N]));
        fill(&mut secret.0);
        secret
    }

    /// Makes a secret and fills it in place. If that fails, the bytes are wiped.
    pub(crate) fn try_filled<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self(Box::new([0; N]));
        fill(&mut secret.0).map(|()| secret)
    }

    /// The bytes. Expose them only for the one call that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> core::fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret")
    }
}
