//! Text of others on its way to a screen or into the history: it stays on one line and shows every character it has.
use alloc::{format, string::String};

use rid_claims::{ClaimPath, CredentialType};
use rid_crypto::sha256;
use rid_trust::{Party, PartyBasis};
use rid_wire::hex;

/// Longest text that is shown, in bytes.
pub const MAX_SHOWN: usize = 128;

/// Bytes of the SHA-256 that marks a text that was cut.
const MARK: usize = 8;

/// A document type, namespace or identifier as it may be shown. Visible ASCII of at most 128 bytes, which is all that
/// the standards use, stays as it is. Any other character is written as `\u{...}`; a longer text is cut, and ends
/// with `~` and the first bytes of its SHA-256. A text that was made so does not change again.
#[must_use]
pub fn identifier(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if c.is_ascii_graphic() {
            shown.push(c)
        } else {
            shown.extend(c.escape_unicode())
        }
        if shown.len() > MAX_SHOWN {
            // ASCII alone is in it, so every byte is a boundary.
            shown.truncate(MAX_SHOWN - 1 - 2 * MARK);
            shown.push('~');
            shown.push_str(&hex::encode(sha256(&[text.as_bytes()]).get(..MARK).unwrap_or_default()));
            return shown;
        }
    }
    shown
}

/// A credential type as it may be displayed.
#[must_use]
pub fn credential_type(credential_type: &CredentialType) -> CredentialType {
    CredentialType { format: credential_type.format, id: identifier(&credential_type.id) }
}

/// A claim path as it may be displayed.
#[must_use]
pub fn path(path: &ClaimPath) -> ClaimPath {
    path.map_names(identifier)
}

/// A name from a certificate as it may be shown: letters of any script, at most 128 bytes; characters that end a
/// line, turn it round or cannot be seen are replaced by U+FFFD.
#[must_use]
pub fn name(text: &str) -> String {
    let mut shown = String::new();
    for c in text.trim().chars() {
        let c = if is_hostile(c) { char::REPLACEMENT_CHARACTER } else { c };
        if shown.len() + c.len_utf8() > MAX_SHOWN - ELLIPSIS.len_utf8() {
            shown.push(ELLIPSIS);
            return shown;
        }
        shown.push(c);
    }
    shown
}

/// A verified party as it may be displayed. Its name is never blank (neg-C39): without one it is the organisation,
/// otherwise the identifier by which the party is recognised.
#[must_use]
pub fn party(party: &Party) -> Party {
    let readable = |text: &Option<String>| text.as_deref().filter(|text| !is_blank(text)).map(name);
    let organization = readable(&party.organization);
    let recognised_by = || match &party.basis {
        PartyBasis::Certificate { key } => format!("sha256:{}", hex::encode(key.get(..16).unwrap_or_default())),
        PartyBasis::ClientId { id } => identifier(id),
        PartyBasis::Origin { origin } => identifier(origin),
    };
    Party {
        name: readable(&Some(party.name.clone())).or_else(|| organization.clone()).unwrap_or_else(recognised_by),
        country: party.country.as_deref().map(name),
        organization,
        basis: party.basis.clone(),
    }
}

/// Whether a name shows nothing that can be read.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(|c| c.is_alphanumeric() && !is_hostile(c))
}

const ELLIPSIS: char = '…';

/// Controls, ends of lines, directions, joiners, fillers and other characters that cannot be seen.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn neg_c39_identifiers_are_visible_ascii_of_at_most_128_bytes() {
        for plain in ["org.iso.18013.5.1.mDL", "age_over_18", "urn:eu:x/y#z", "\\"] {
            assert_eq!(identifier(plain), plain);
        }
        assert_eq!(identifier("a\nb"), "a\\u{a}b");
        assert_eq!(identifier("eman\u{202e}txt.exe"), "eman\\u{202e}txt.exe");
        assert_eq!(identifier("fam\u{456}ly name"), "fam\\u{456}ly\\u{20}name");
        let long = "x".repeat(10_000);
        for text in [&long, &"\u{202e}".repeat(100), &"x".repeat(129), &("x".repeat(127) + "\n")] {
            let shown = identifier(text);
            assert_eq!(shown.len(), MAX_SHOWN);
            assert!(shown.chars().all(|c| c.is_ascii_graphic()));
            assert_eq!(identifier(&shown), shown);
        }
        assert_eq!(identifier(&"x".repeat(128)), "x".repeat(128));
        assert_ne!(identifier(&long), identifier(&(long.clone() + "y")));
    }

    #[test]
    fn neg_c39_names_stay_on_their_line() {
        assert_eq!(name(" Ədliyyə Nazirliyi "), "Ədliyyə Nazirliyi");
        assert_eq!(name("Bank\nVerified: yes"), "Bank\u{fffd}Verified: yes");
        assert_eq!(name("\u{202e}knaB\u{2066}"), "\u{fffd}knaB\u{fffd}");
        let shown = name(&"ə".repeat(10_000));
        assert!(shown.len() <= MAX_SHOWN && shown.ends_with('…'));
        assert_eq!(name("Bank").to_string(), "Bank");
    }

    #[test]
    fn neg_c39_a_blank_name_is_recognised() {
        for blank in ["", " ", "\u{200b}", "\u{3164}", "\u{2800}\u{ad}", "...", "\u{202e}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        assert!(!is_blank("B") && !is_blank("银行") && !is_blank("7"));
    }
}
