//! This library is empty: the runner of `tests/vectors/INDEX` is the test `vectors` of this package.
