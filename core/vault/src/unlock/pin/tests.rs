//! Form and strength of PINs.
use std::collections::BTreeSet;

use super::*;

const NONE: &[&str] = &[];

fn check(pin: &str, hints: &[&str]) -> Result<(), PinError> {
    Pin::parse(pin.as_bytes()).unwrap().check_strength(hints)
}

#[test]
fn neg_l05_form() {
    for wrong in [
        "",
        "0",
        "1234",
        "48192",
        "4819203847561",
        &"7".repeat(64),
        "48192a",
        "48192 ",
        " 481920",
        "48-19-20",
        "+481920",
        "481920\n",
        "48192\0",
        "\0\0\0\0\0\0",
        "٤٨١٩٢٠",
        "۴۸۱۹۲۰",
        "４８１９２０",
        "४८१९२०",
        "481.92",
        "letter",
    ] {
        assert_eq!(Pin::parse(wrong.as_bytes()).unwrap_err(), PinError::Form, "{wrong:?}");
    }
    assert_eq!(Pin::parse(&[0xff; 6]).unwrap_err(), PinError::Form);
    assert_eq!(Pin::parse(&[b'7'; 1 << 20]).unwrap_err(), PinError::Form);
    assert_eq!(PinError::Form.code().as_str(), "pin_form");
    for right in ["481920", "4819203", "481920384756"] {
        assert_eq!(Pin::parse(right.as_bytes()).unwrap().expose(), right.as_bytes());
    }
}

#[test]
fn neg_l05_weak() {
    for weak in [
        // The ten most common of Markert et al., "This PIN Can Be Easily Guessed", IEEE S&P 2020.
        "000000",
        "111111",
        "112233",
        "121212",
        "123123",
        "123456",
        "159753",
        "654321",
        "666666",
        "789456",
        // Steps, also past nine; all but one in a row.
        "012345",
        "890123",
        "210987",
        "098765",
        "135791",
        "864208",
        "123459",
        "912345",
        "555557",
        // Blocks, pairs, mirrors, one or two digits.
        "101010",
        "482482",
        "448822",
        "999111",
        "123321",
        "482284",
        "100001",
        "777077",
        // Counting, lines of the keypad, its rim.
        "101112",
        "131211",
        "102030",
        "908070",
        "147258",
        "963852",
        "357159",
        "123789",
        "456789",
        "147896",
        "236987",
        "000111",
        // Common besides.
        "142536",
        "135790",
        "246810",
        "314159",
        "258025",
        "280518",
        // Longer ones.
        "1234567",
        "12345678",
        "87654321",
        "11223344",
        "12341234",
        "147258369",
        "789456123",
        "1234567890",
        "0123456789",
        "098765432109",
        "123456123456",
        "111122223333",
        "12345048",
        "28051848",
        "31415926",
        "14789632",
    ] {
        assert_eq!(check(weak, NONE), Err(PinError::Weak), "{weak}");
    }
    assert_eq!(PinError::Weak.code().as_str(), "pin_weak");
    for fair in ["481920", "739154", "502817", "190388", "48192038", "7391540286", "481920384756", "123456093154"] {
        assert_eq!(check(fair, NONE), Ok(()), "{fair}");
    }
}

#[test]
fn neg_l05_birth_date() {
    for born in ["19880314", "1988-03-14"] {
        for weak in [
            "140388",
            "880314",
            "031488",
            "881403",
            "148803",
            "038814",
            "198803",
            "031988",
            "198814",
            "141988",
            "14031988",
            "19880314",
            "03141988",
            "1403198",
            "19140388",
            "140388012",
            "01403880",
            "140319",
            "880314880314",
            "14031988739",
        ] {
            assert_eq!(check(weak, &[born]), Err(PinError::Weak), "{weak}");
            assert_eq!(check(weak, &["20010101", born]), Err(PinError::Weak), "{weak}");
        }
        // Another date, and a date beside six digits of its own.
        for fair in ["150388", "140389", "739154140388"] {
            assert_eq!(check(fair, &[born]), Ok(()), "{fair}");
        }
    }
    assert_eq!(check("140388", NONE), Ok(()));
}

#[test]
fn neg_l05_number_a_stranger_knows() {
    for weak in ["739154", "391548", "154820", "7391548", "73915401"] {
        assert_eq!(check(weak, &["AZE 73915 4820"]), Err(PinError::Weak), "{weak}");
    }
    // Nothing to be known of it.
    for hint in ["", "born", "7391", "1988", "\u{661}\u{669}\u{668}\u{668}"] {
        assert_eq!(check("739154", &[hint]), Ok(()), "{hint}");
    }
}

/// The figures of [`Pin::check_strength`]: the weak ones are refused, the rest is left to people.
#[test]
fn neg_l05_how_many_are_refused() {
    let mut pin = *b"000000";
    let mut refused = 0_u32;
    for number in 0..1_000_000_u32 {
        let mut rest = number;
        for digit in pin.iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap();
            rest /= 10;
        }
        refused += u32::from(weak::pattern(&pin));
    }
    let mut by_date = 0;
    for (year, month, day) in
        [1971, 1988, 2004].into_iter().flat_map(|y| (1..=12).flat_map(move |m| (1..=31).map(move |d| (y, m, d))))
    {
        let date = format!("{year}{month:02}{day:02}");
        let orders = weak::dates(date.as_bytes());
        let parts: BTreeSet<&[u8]> = orders.iter().flat_map(|order| order.windows(6)).collect();
        by_date = by_date.max(parts.into_iter().filter(|part| !weak::pattern(part)).count());
    }
    assert_eq!((refused, by_date), (7_848, 18));
    assert!(refused < 30_000);
}

/// A common PIN that a rule finds needs no line of its own.
#[test]
fn the_list_holds_what_the_rules_do_not_find() {
    let found: Vec<&str> = weak::COMMON
        .iter()
        .filter(|pin| weak::rules(pin.as_slice()))
        .map(|pin| str::from_utf8(*pin).unwrap())
        .collect();
    assert_eq!(found, Vec::<&str>::new());
    assert!(weak::COMMON.is_sorted());
}

#[test]
fn a_pin_is_not_printed() {
    let pin = Pin::parse(b"481920").unwrap();
    assert_eq!(format!("{pin:?} {:?} {}", PinError::Weak, PinError::Form), "Pin Weak pin_form");
}
