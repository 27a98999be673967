//! Matching of `age_over_NN`.
use proptest::prelude::*;
use rid_mdoc::age::{age_over, nearest};

#[test]
fn std_m48_two_digits_exactly() {
    assert_eq!(age_over("age_over_18"), Some(18));
    assert_eq!(age_over("age_over_00"), Some(0));
    assert_eq!(age_over("age_over_99"), Some(99));
    for other in
        ["age_over_1", "age_over_018", "age_over_+1", "age_over_1x", "age_over_١٨", "Age_over_18", "age_over_", ""]
    {
        assert_eq!(age_over(other), None, "{other}");
    }
}

#[test]
fn std_m48_nearest_match() {
    let attested = [(65, false), (18, true), (23, false), (16, true), (21, true)];
    for (wanted, answer) in [
        // Exact, true or false.
        (18, Some(18)),
        (23, Some(23)),
        // The smallest true one above.
        (17, Some(18)),
        (19, Some(21)),
        (1, Some(16)),
        // None true above: the largest false one below.
        (30, Some(23)),
        (70, Some(65)),
        // None of these.
        (22, None),
    ] {
        assert_eq!(nearest(wanted, &attested), answer, "{wanted}");
    }
    assert_eq!(nearest(18, &[]), None);
}

proptest! {
    /// An answer implies the requested age: a true from above, a false from below.
    #[test]
    fn std_m48_an_answer_implies(wanted in 0_u8..100, age in 0_u8..100, ages in prop::collection::vec(0_u8..100, 0..6)) {
        let attested: Vec<_> = ages.iter().map(|attested| (*attested, age >= *attested)).collect();
        let implied = attested.iter().filter(|(at, over)| if *over { *at >= wanted } else { *at <= wanted });
        match nearest(wanted, &attested) {
            Some(answer) => prop_assert!(implied.clone().any(|(at, _)| *at == answer)),
            None => prop_assert_eq!(implied.count(), 0),
        }
    }
}
