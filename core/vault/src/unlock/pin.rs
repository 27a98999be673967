//! The PIN of the wallet and which ones are refused (neg-L05).
use rid_crypto::Secret;
use rid_wire::Code;

mod weak;

#[cfg(test)]
mod tests;

/// Why a PIN was not taken. Blame: the person who chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum PinError {
    /// Not six to twelve ASCII digits.
    Form,
    /// Among the first that others would try.
    Weak,
}

impl PinError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Form => "pin_form",
            Self::Weak => "pin_weak",
        })
    }
}

/// A PIN: six to twelve ASCII digits (neg-L05). Wiped on drop; not clonable, printable or comparable: it is checked
/// only by the key that comes of it (neg-L06).
pub struct Pin {
    digits: Secret<{ Pin::MAX }>,
    len: usize,
}

impl Pin {
    /// Fewest digits.
    pub const MIN: usize = 6;
    /// Most digits.
    pub const MAX: usize = 12;

    /// Takes what a person typed; nothing is trimmed or mapped, so digits of other scripts are refused.
    ///
    /// # Errors
    /// [`PinError::Form`].
    pub fn parse(bytes: &[u8]) -> Result<Self, PinError> {
        let len = bytes.len();
        if !(Self::MIN..=Self::MAX).contains(&len) || !bytes.iter().all(u8::is_ascii_digit) {
            return Err(PinError::Form);
        }
        let digits = Secret::filled(|digits| digits.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from));
        Ok(Self { digits, len })
    }

    /// Whether a new PIN is none of those that others would try first (neg-L05; FitCEM: weak ones are refused). Refused
    /// are one or two different digits, steps (123456, 890123, 135791), repeated blocks (123123, 112233), mirrors
    /// (123321), pairs that count (101112), threes that are a run, a line of the keypad or one digit (147258, 123789,
    /// 000111), walks round the keypad's rim, what is among the most common besides, and `hints`: dates as YYYYMMDD (a
    /// birth date) in any order, whole or in parts, and other numbers a stranger may know, such as the document's. In
    /// longer PINs each is refused where fewer than six digits stand beside it.
    ///
    /// Without hints, 7 848 of the 10⁶ PINs of six digits are refused (0.8 %); a hinted date refuses up to 18 more.
    ///
    /// # Errors
    /// [`PinError::Weak`].
    pub fn check_strength(&self, hints: &[impl AsRef<[u8]>]) -> Result<(), PinError> {
        let pin = self.expose();
        let weak = weak::pattern(pin) || hints.iter().any(|hint| weak::hinted(pin, hint.as_ref()));
        if weak { Err(PinError::Weak) } else { Ok(()) }
    }

    /// The digits as ASCII, for the one call that derives a key of them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.digits.expose().get(..self.len).unwrap_or_default()
    }
}

impl core::fmt::Debug for Pin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Pin")
    }
}
