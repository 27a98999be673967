//! Lists that must not be empty.
/// Returns the same list if it is not empty. A rule over an empty list would hold for every repository.
///
/// # Panics
/// If the list is empty. `what` says what was searched.
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
    fn list_with_an_entry_is_returned() {
        assert_eq!(nonempty("numbers", vec![1, 2]), [1, 2]);
    }

    #[test]
    #[should_panic(expected = "nothing was found: sources")]
    fn neg_t07_empty_list_fails_the_test() {
        let _ = nonempty::<String>("sources", Vec::new());
    }
}
