//! rid
fn main() {}
