//! Lists that must not be empty.
/// The same list, which must not be empty: a rule over nothing holds whatever the repository contains.
///
/// # Panics
/// When the list is empty; `what` says what was searched for.
#[must_use]
#[track_caller]
#[expect(clippy::panic, reason = "an empty list would let every rule pass")]
pub fn nonempty<T>(what: &str, found: Vec<T>) -> Vec<T> {
    if found.is_empty() {
        panic!("nothing was found: {what}");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_with_an_entry_stays_as_it_is() {
        assert_eq!(nonempty("numbers", vec![1, 2]), [1, 2]);
    }

    #[test]
    #[should_panic(expected = "nothing was found: sources")]
    fn neg_t07_an_empty_list_fails_the_test() {
        let _ = nonempty::<String>("sources", Vec::new());
    }
}
