//! Recovery codes as people type them.
use proptest::prelude::*;
use rid_flow::fake::SeededRng;

use super::*;

fn of(bytes: [u8; RecoveryCode::LEN]) -> RecoveryCode {
    RecoveryCode(Secret::filled(|out| *out = bytes))
}

fn refused(text: &str) -> bool {
    matches!(RecoveryCode::parse(text), Err(RecoveryError::CodeForm))
}

#[test]
fn written_as_crockford_has_it() {
    assert_eq!(of([0; 15]).to_text().as_str(), "00000-00000-00000-00000-00000");
    // All ones: 1 + α + … + α²³ times 31, and the same by hand in the field.
    let text = of([0xff; 15]).to_text();
    assert!(text.starts_with("ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZ") && text.len() == 29, "{}", text.as_str());
    // Five bits each, the first bits first.
    let counting = [0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf, 0x84, 0x65, 0x3a, 0x56, 0xd7];
    assert!(of(counting).to_text().starts_with("01234-56789-ABCDE-FGHJK-MNPQ"), "{}", of(counting).to_text().as_str());
}

#[test]
fn made_of_all_its_randomness() {
    let (one, other) = (RecoveryCode::make(&mut SeededRng::new(1)), RecoveryCode::make(&mut SeededRng::new(2)));
    assert!(one.expose() != other.expose());
    assert!(one.to_text() != other.to_text());
    assert_eq!(format!("{one:?}"), "RecoveryCode");
}

#[test]
fn read_as_people_type_it() {
    let code = of([0x00, 0x42, 0x10, 0x84, 0x21, 0xff, 0x07, 0x5a, 0x99, 0x01, 0x3c, 0x77, 0xe0, 0x08, 0x4f]);
    let text = code.to_text();
    let plain = text.replace('-', "");
    for typed in [
        plain.clone(),
        text.to_lowercase(),
        text.replace('-', " "),
        text.replace('-', "–"),
        text.replace('-', "\u{a0}"),
        format!("  {} \r\n", text.as_str()),
        plain.chars().map(|c| format!("{c}- ")).collect(),
        text.replace('0', "O").replace('1', "I"),
        text.replace('0', "o").replace('1', "l"),
    ] {
        assert!(RecoveryCode::parse(&typed).unwrap().expose() == code.expose(), "{typed}");
    }
}

#[test]
fn neg_k26_code_form() {
    let plain = of([7; 15]).to_text().replace('-', "");
    assert!(plain.contains('0'));
    assert_eq!(RecoveryError::CodeForm.code().as_str(), "backup_code_form");
    assert!(refused(""));
    assert!(refused("-----"));
    for cut in 0..plain.len() {
        assert!(refused(&plain.chars().take(cut).collect::<String>()), "{cut}");
    }
    for more in ["0", "U", "*", "é", "\0", "00000"] {
        assert!(refused(&format!("{plain}{more}")) && refused(&format!("{more}{plain}")), "{more:?}");
    }
    // No character of the alphabet, though it may look like one: U, a Cyrillic O, a full-width zero, NUL.
    for foreign in ["U", "\u{41e}", "\u{ff10}", "\0", "*", "_"] {
        assert!(refused(&plain.replacen('0', foreign, 1)), "{foreign:?}");
    }
    assert!(refused(&"A".repeat(1 << 20)));
}

/// Every wrong character at every place, and every two that changed places.
#[test]
fn neg_k26_code_mistyped() {
    let code = RecoveryCode::make(&mut SeededRng::new(3));
    let plain: Vec<u8> = code.to_text().replace('-', "").into_bytes();
    let typed = |symbols: &[u8]| String::from_utf8(symbols.to_vec()).unwrap();
    assert!(!refused(&typed(&plain)));
    for place in 0..plain.len() {
        for wrong in ALPHABET.iter().filter(|c| **c != plain[place]) {
            let mut symbols = plain.clone();
            symbols[place] = *wrong;
            assert!(refused(&typed(&symbols)));
        }
        for other in (0..place).filter(|other| plain[*other] != plain[place]) {
            let mut symbols = plain.clone();
            symbols.swap(place, other);
            assert!(refused(&typed(&symbols)));
        }
    }
}

proptest! {
    #[test]
    fn round_trip(bytes: [u8; RecoveryCode::LEN]) {
        let text = of(bytes).to_text();
        prop_assert!(text.len() == 29 && text.capacity() == 29);
        prop_assert!(RecoveryCode::parse(&text).unwrap().expose() == &bytes);
    }

    #[test]
    fn neg_k26_code_never_panics(text: String) {
        let _ = RecoveryCode::parse(&text);
    }
}
