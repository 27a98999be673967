//! Text and bytes about a person.
use alloc::{string::String, vec::Vec};
use core::fmt;

use zeroize::Zeroize;

/// Text about a person. It is wiped on drop, and `Debug` and `Display` print no content.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateText(String);

/// Bytes about a person (a portrait). They are wiped on drop, and `Debug` prints no content.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateBytes(Vec<u8>);

impl PrivateText {
    /// The text, for display.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PrivateBytes {
    /// The bytes, for display.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<String> for PrivateText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<PrivateText> for String {
    fn from(mut text: PrivateText) -> Self {
        core::mem::take(&mut text.0)
    }
}

impl From<Vec<u8>> for PrivateBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<PrivateBytes> for Vec<u8> {
    fn from(mut bytes: PrivateBytes) -> Self {
        core::mem::take(&mut bytes.0)
    }
}

impl Drop for PrivateText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for PrivateBytes {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for PrivateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateText")
    }
}

impl fmt::Debug for PrivateBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateBytes")
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// A value that is passed on is moved, so that no copy remains to be wiped; a kept value is wiped (neg-N04).
    #[test]
    fn private_values_are_moved_without_a_copy() {
        let text = PrivateText::from(String::from("Canary-Surname-Of-Nobody"));
        let place = text.expose().as_ptr();
        let text = String::from(text);
        assert_eq!((text.as_str(), text.as_ptr()), ("Canary-Surname-Of-Nobody", place));

        let bytes = PrivateBytes::from(alloc::vec![0xff, 0xd8, 0xff]);
        let place = bytes.expose().as_ptr();
        let bytes = Vec::from(bytes);
        assert_eq!((bytes.as_slice(), bytes.as_ptr()), ([0xff, 0xd8, 0xff].as_slice(), place));

        assert!(core::mem::needs_drop::<PrivateText>() && core::mem::needs_drop::<PrivateBytes>());
        let (text, bytes) = (PrivateText::from(text), PrivateBytes::from(bytes));
        assert_eq!(format!("{text:?} {bytes:?}"), "PrivateText PrivateBytes");
    }
}
