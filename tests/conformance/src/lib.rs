//! Nothing to link: the runner of `tests/vectors/INDEX` is `tests/vectors` of this package.
