//! What keeps a store whole: looking for faults and naming remedies, repair, new keys, migration, the end.
pub(crate) mod examine;
pub(crate) mod migrate;
pub(crate) mod repair;
pub(crate) mod rotate;
pub(crate) mod sweep;
pub(crate) mod wipe;
