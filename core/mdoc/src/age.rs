//! `age_over_NN` (18013-5, 7.2.5; std-M48): the nearest match, and the limit on requests.

/// Most `age_over_NN` elements of one namespace in a request. With more, a reader could narrow down the date of birth.
pub const MAX_REQUESTED: usize = 2;

/// Reads the `NN` of an `age_over_NN` identifier: two ASCII digits.
#[must_use]
pub fn age_over(identifier: &str) -> Option<u8> {
    let digits = identifier.strip_prefix("age_over_")?;
    match digits.as_bytes() {
        // `parse` alone would accept "+1".
        [tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => digits.parse().ok(),
        _ => None,
    }
}

/// Returns true if `age_over_{attested} = over` answers `age_over_{wanted}`: the same age, a true for a higher age, or
/// a false for a lower one.
#[must_use]
pub const fn answers(wanted: u8, attested: u8, over: bool) -> bool {
    if over { attested >= wanted } else { attested <= wanted }
}

/// Chooses the attested age that answers a request for `wanted`: the exact one, else the smallest higher `NN` that is
/// true, else the largest lower `NN` that is false. `attested` may be in any order.
#[must_use]
pub fn nearest(wanted: u8, attested: &[(u8, bool)]) -> Option<u8> {
    let ages = |holds: bool| attested.iter().filter(move |(_, over)| *over == holds).map(|(age, _)| *age);
    if attested.iter().any(|(age, _)| *age == wanted) {
        return Some(wanted);
    }
    ages(true).filter(|age| *age > wanted).min().or_else(|| ages(false).filter(|age| *age < wanted).max())
}
