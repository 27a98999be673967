//! What keeps a store whole: new keys, migration, the end.
pub(crate) mod migrate;
pub(crate) mod rotate;
pub(crate) mod sweep;
pub(crate) mod wipe;
