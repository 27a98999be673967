//! `age_over_NN` (18013-5, 7.2.5; std-M48): nearest match, and the cap on requests.

/// Reads `NN` of an `age_over_NN` identifier: two ASCII digits.
#[must_use]
pub fn age_over(identifier: &str) -> Option<u8> {
    todo!()
}

/// Chooses the attested age that answers a request for `wanted`: the exact one; else the smallest `NN >= wanted` that is
/// true; else the largest `NN <= wanted` that is false; else nothing. `attested` in any order.
#[must_use]
pub fn nearest(wanted: u8, attested: &[(u8, bool)]) -> Option<u8> {
    todo!()
}
