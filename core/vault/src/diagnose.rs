//! What is wrong with a store, what a person can do about it, and the repair.
pub(crate) mod examine;
pub(crate) mod health;
pub(crate) mod repair;
