//! What a record says is wiped with it (neg-N03).
use rid_crypto::CryptoRng;
use rid_flow::{
    Changes, Record,
    fake::{
        SeededRng,
        memory::{Needle, sweep},
    },
};
use zeroize::Zeroizing;

use crate::world::*;

#[test]
fn neg_n03_of_a_record_that_was_written_nothing_is_left_in_memory() {
    let mut content = Zeroizing::new(vec![0; 600]);
    let rng: &mut dyn CryptoRng = &mut SeededRng::new(1601);
    rng.fill_bytes(&mut content);
    // Of its middle: an allocator writes over the beginning of what it takes back.
    let needle = Needle::of(&content[100..164]);
    let record = Record { key: key("enrolment", "pending"), bytes: content.to_vec() };
    drop(content);
    assert_eq!(sweep(&[&needle]), Some(vec![1]), "what is in use is seen");
    let vault = World::new(1601).open();
    commit(&vault, Changes { put: vec![record.clone()], ..Changes::default() });
    drop(record);
    assert_eq!(sweep(&[&needle]), Some(vec![0]));
}
