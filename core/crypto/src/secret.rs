use alloc::boxed::Box;

use zeroize::Zeroize;

/// `N` secret bytes: wiped on drop; not clonable, printable or comparable.
///
/// The bytes lie on the heap from the first moment, so a secret that is moved leaves no copy behind (neg-N04).
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Takes the bytes over; the caller's array is wiped.
    pub fn take(bytes: &mut [u8; N]) -> Self {
        let secret = Self::filled(|own| own.copy_from_slice(bytes));
        bytes.zeroize();
        secret
    }

    /// Fills a secret in place.
    pub fn filled(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self(Box::new([0; N]));
        fill(&mut secret.0);
        secret
    }

    /// Fills a secret in place, or drops it wiped.
    pub(crate) fn try_filled<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self(Box::new([0; N]));
        fill(&mut secret.0).map(|()| secret)
    }

    /// The bytes, for the one call that needs them.
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
