//! Which PINs others would try first. Everything is ASCII digits.
use zeroize::Zeroizing;

/// Rows, columns and diagonals of the keypad; each also backwards.
const LINES: [&[u8; 3]; 8] = [b"123", b"456", b"789", b"147", b"258", b"369", b"159", b"357"];

/// Three times round the rim of the keypad.
const RIM: &[u8] = b"123698741236987412369874";

/// Common ones that no rule finds: corners, the long column, counting by two or by hundreds, both ends to the middle,
/// constants, number words of chats, and the days a whole country knows (28 May 1918, 18 October 1991, 20 January 1990,
/// 8 November and 27 September 2020). The ten most common of all (Markert et al., IEEE S&P 2020) fall to the rules.
pub(super) const COMMON: [&[u8; 6]; 32] = [
    b"025802", b"081120", b"085208", b"100200", b"100300", b"102938", b"112358", b"123580", b"124578", b"124816",
    b"131420", b"134679", b"135246", b"135790", b"141592", b"142857", b"161803", b"181091", b"192837", b"200190",
    b"246810", b"246813", b"258025", b"270920", b"271828", b"280518", b"314159", b"365247", b"520131", b"564738",
    b"852085", b"867530",
];

/// Fewest digits that must stand beside what is known of a PIN.
const BESIDE: usize = 6;

/// Whether anyone would think of it.
pub(super) fn pattern(pin: &[u8]) -> bool {
    rules(pin) || COMMON.iter().any(|common| known(pin, 6, |part| part == common.as_slice()))
}

/// Whether someone who knows this number would: in it, of it, or, for a date as YYYYMMDD, of its parts in any order.
pub(super) fn hinted(pin: &[u8], hint: &[u8]) -> bool {
    let mut digits = Zeroizing::new(Vec::with_capacity(hint.len()));
    digits.extend(hint.iter().filter(|byte| byte.is_ascii_digit()));
    let number = |number: &[u8]| known(pin, 6, |part| occurs(part, number));
    number(&digits) || dates(&digits).iter().any(|date| number(date))
}

pub(super) fn rules(pin: &[u8]) -> bool {
    let backwards = |part: &[u8]| RIM.windows(part.len()).any(|window| window.iter().rev().eq(part));
    few_digits(pin)
        || steps(pin)
        || blocks(pin)
        || pin.iter().eq(pin.iter().rev())
        || counting_pairs(pin)
        || pin.chunks_exact(3).all(easy_three)
        || known(pin, 6, |part| occurs(part, RIM) || backwards(part))
}

/// Whether some part of at least `least` digits is as asked, with fewer than six digits beside it.
fn known(pin: &[u8], least: usize, asked: impl FnMut(&[u8]) -> bool) -> bool {
    let size = least.max(pin.len().saturating_sub(BESIDE - 1));
    pin.windows(size).any(asked)
}

fn occurs(part: &[u8], number: &[u8]) -> bool {
    number.windows(part.len()).any(|window| window == part)
}

/// One or two different digits.
fn few_digits(pin: &[u8]) -> bool {
    let first = pin.first();
    let second = pin.iter().find(|digit| Some(*digit) != first);
    pin.iter().all(|digit| Some(digit) == first || Some(digit) == second)
}

/// Every digit as far from the one before, counting on from 9 to 0: five in steps of one, or six in any.
fn steps(pin: &[u8]) -> bool {
    let step = |part: &[u8]| {
        let mut steps = part.windows(2).map(|pair| match pair {
            [before, after] => (after + 10 - before) % 10,
            _ => 0,
        });
        let first = steps.next();
        steps.all(|step| Some(step) == first).then_some(first).flatten()
    };
    known(pin, 5, |part| matches!(step(part), Some(0 | 1 | 9))) || known(pin, 6, |part| step(part).is_some())
}

/// A block again and again, or every digit as often in a row.
fn blocks(pin: &[u8]) -> bool {
    let sizes = 2..=pin.len() / 2;
    let repeated = |size: &usize| pin.iter().zip(pin.iter().skip(*size)).all(|(before, after)| before == after);
    let in_row = |size: &usize| pin.len().is_multiple_of(*size) && pin.chunks(*size).all(same);
    sizes.into_iter().any(|size| repeated(&size) || in_row(&size))
}

/// Numbers of two digits that count up or down.
fn counting_pairs(pin: &[u8]) -> bool {
    let mut pairs = pin.chunks_exact(2).map(|pair| match pair {
        [tens, ones] => (tens - b'0') * 10 + (ones - b'0'),
        _ => 0,
    });
    let mut before = pairs.next().unwrap_or_default();
    let mut steps = pairs.map(|pair| (pair + 100 - core::mem::replace(&mut before, pair)) % 100);
    let first = steps.next();
    let counts = matches!(first, Some(1 | 2 | 5 | 10 | 11 | 89 | 90 | 95 | 98 | 99));
    pin.len().is_multiple_of(2) && counts && steps.all(|step| Some(step) == first)
}

fn easy_three(three: &[u8]) -> bool {
    let line = |line: &[u8; 3]| three == line || three.iter().rev().eq(line);
    let run = |up: u8| three.windows(2).all(|pair| matches!(pair, [before, after] if (after + 10 - before) % 10 == up));
    same(three) || run(1) || run(9) || LINES.into_iter().any(line)
}

fn same(part: &[u8]) -> bool {
    part.iter().all(|digit| Some(digit) == part.first())
}

/// The orders in which a person may write a date YYYYMMDD, with the year in two or four digits, and without day or
/// month.
pub(super) fn dates(date: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let (Some(year), Some(short), Some(month), Some(day), 8) =
        (date.get(..4), date.get(2..4), date.get(4..6), date.get(6..), date.len())
    else {
        return Vec::new();
    };
    let mut orders = Vec::new();
    for year in [year, short] {
        for parts in [
            [day, month, year],
            [month, day, year],
            [year, month, day],
            [year, day, month],
            [day, year, month],
            [month, year, day],
            [&[], month, year],
            [&[], year, month],
            [&[], day, year],
            [&[], year, day],
        ] {
            orders.push(Zeroizing::new(parts.concat()));
        }
    }
    orders
}
