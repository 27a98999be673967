//! The recovery code: what a person keeps on paper, and what seals the recovery file (neg-K26).
use rid_crypto::{CryptoRng, Secret};
use zeroize::Zeroizing;

use crate::RecoveryError;

#[cfg(test)]
mod tests;

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Five bytes are eight characters.
const DATA: usize = RecoveryCode::LEN / 5 * 8;
const GROUP: usize = 5;
const GROUPS: usize = (DATA + 1) / GROUP;

/// 120 random bits, written as 24 characters of Crockford's base 32 and a check character in five groups of five
/// (neg-K26). Wiped on drop; not clonable, printable or comparable.
pub struct RecoveryCode(Secret<{ RecoveryCode::LEN }>);

impl RecoveryCode {
    /// Bytes of data.
    pub const LEN: usize = 15;

    /// A fresh code.
    #[must_use]
    pub fn make(rng: &mut dyn CryptoRng) -> Self {
        Self(Secret::filled(|bytes| rng.fill_bytes(bytes)))
    }

    /// Reads what a person typed: also in lower case, with blanks and dashes anywhere, O for 0, I and L for 1. One
    /// wrong character, or two that changed places, are always noticed.
    ///
    /// # Errors
    /// [`RecoveryError::CodeForm`].
    pub fn parse(text: &str) -> Result<Self, RecoveryError> {
        let mut symbols = Zeroizing::new([0; DATA]);
        let mut typed = text.chars().filter(|c| !is_separator(*c));
        let mut next = || typed.next().and_then(value).ok_or(RecoveryError::CodeForm);
        for symbol in symbols.iter_mut() {
            *symbol = next()?;
        }
        let check = next()?;
        if typed.next().is_some() || check != check_symbol(symbols.as_slice()) {
            return Err(RecoveryError::CodeForm);
        }
        Ok(Self(Secret::filled(|bytes| {
            for (five, eight) in bytes.chunks_exact_mut(5).zip(symbols.chunks_exact(8)) {
                let bits = eight.iter().fold(0_u64, |bits, symbol| bits << 5 | u64::from(*symbol));
                five.iter_mut().zip(bits.to_be_bytes().into_iter().skip(3)).for_each(|(to, from)| *to = from);
            }
        })))
    }

    /// A second handle to the same code, until it is confirmed.
    pub(crate) fn again(&self) -> Self {
        Self(Secret::filled(|bytes| bytes.copy_from_slice(self.expose())))
    }

    /// The data, for the one call that derives a key of it.
    #[must_use]
    pub fn expose(&self) -> &[u8; Self::LEN] {
        self.0.expose()
    }

    /// As it is shown to the person, once: five groups of five with dashes between.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut symbols = Zeroizing::new([0; DATA + 1]);
        let (data, check) = symbols.split_at_mut(DATA);
        for (five, eight) in self.expose().chunks_exact(5).zip(data.chunks_exact_mut(8)) {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            eight.iter_mut().zip((0..8).rev()).for_each(|(symbol, place)| *symbol = low_five(bits >> (5 * place)));
        }
        let sum = check_symbol(data);
        check.iter_mut().for_each(|symbol| *symbol = sum);

        // Room for all of it at once: what grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(DATA + GROUPS));
        for (at, group) in symbols.chunks(GROUP).enumerate() {
            if at > 0 {
                text.push('-');
            }
            text.extend(group.iter().filter_map(|symbol| ALPHABET.get(usize::from(*symbol))).map(|c| char::from(*c)));
        }
        text
    }
}

impl core::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RecoveryCode")
    }
}

/// Whether this is the code's last group, or all of it, as a person types it.
pub(crate) fn matches_part(code: &RecoveryCode, typed: &str) -> bool {
    let symbols = |text: &str| -> Zeroizing<Vec<Option<u8>>> {
        Zeroizing::new(text.chars().filter(|c| !is_separator(*c)).map(value).collect())
    };
    let (whole, typed) = (symbols(&code.to_text()), symbols(typed));
    let last = whole.len().saturating_sub(GROUP);
    *typed == *whole || whole.get(last..) == Some(typed.as_slice())
}

/// Blanks and the dashes that keyboards put in by themselves.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// The five bits of a character.
fn value(typed: char) -> Option<u8> {
    let wanted = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let at = ALPHABET.iter().position(|c| char::from(*c) == wanted)?;
    u8::try_from(at).ok()
}

/// The check character: the sum of αⁱ·cᵢ over the places i = 1 to 24 in GF(2⁵), α a root of x⁵ + x² + 1. α has order
/// 31, so every place has a weight of its own and the check character's is 1: that is why every single error and every
/// swap is seen. Crockford's own check needs five signs more (`*~$=U`), which nobody wants to type.
fn check_symbol(data: &[u8]) -> u8 {
    data.iter().rev().fold(0, |sum, symbol| times_alpha(sum ^ symbol))
}

const fn times_alpha(element: u8) -> u8 {
    let shifted = element << 1;
    if shifted & 0b10_0000 == 0 { shifted } else { shifted ^ 0b10_0101 }
}

fn low_five(bits: u64) -> u8 {
    bits.to_be_bytes().last().map_or(0, |byte| byte & 0b1_1111)
}
