//! Splitting and joining of BLE chunks.
use proptest::prelude::*;
use rid_mdoc::chunk::{Assembler, ChunkError, split};

fn assemble(chunks: &[Vec<u8>], max_bytes: usize) -> Result<Option<Vec<u8>>, ChunkError> {
    let mut assembler = Assembler::new(max_bytes);
    let (last, first) = chunks.split_last().expect("at least one");
    for chunk in first {
        assert_eq!(assembler.push(chunk)?, None);
        assert!(assembler.is_midway());
    }
    let message = assembler.push(last);
    assert!(!assembler.is_midway());
    message
}

#[test]
fn std_m47_first_byte_and_length() {
    let message: Vec<u8> = (0..40).collect();
    let chunks = split(&message, 23).expect("an MTU");
    assert_eq!(chunks.iter().map(|chunk| (chunk[0], chunk.len())).collect::<Vec<_>>(), [(1, 20), (1, 20), (0, 3)]);
    // A message that fills its last chunk exactly.
    assert_eq!(split(&message[..19], 23).map(|chunks| chunks.len()), Ok(1));
    assert_eq!(split(&[], 517), Ok(vec![vec![0]]));
    assert_eq!(assemble(&[vec![0]], 0), Ok(Some(vec![])));
}

#[test]
fn std_m47_every_mtu() {
    let message: Vec<u8> = (0..2_000_u32).map(|byte| (byte % 251) as u8).collect();
    for mtu in (23..=600).chain([u16::MAX]) {
        let chunks = split(&message, mtu).expect("an MTU");
        let longest = (usize::from(mtu) - 3).min(512);
        assert_eq!(chunks.iter().map(Vec::len).max(), Some(longest), "{mtu}");
        assert_eq!(assemble(&chunks, message.len()).as_ref(), Ok(&Some(message.clone())), "{mtu}");
    }
    for mtu in [0, 3, 22] {
        assert_eq!(split(&message, mtu).map_err(|error| error.code().as_str()), Err("transport_mtu"));
    }
}

#[test]
fn neg_c14_malformed_chunk_is_refused() {
    for wrong in [&[][..], &[2], &[0xff, 1], &[1]] {
        let mut assembler = Assembler::new(8);
        assert_eq!(assembler.push(&[1, 7]), Ok(None));
        assert_eq!(assembler.push(wrong).map_err(|error| error.code().as_str()), Err("transport_limit"), "{wrong:?}");
        assert!(!assembler.is_midway(), "what was collected is gone");
    }
}

#[test]
fn neg_c14_over_the_limit() {
    let mut assembler = Assembler::new(4);
    assert_eq!(assembler.push(&[1, 1, 2]), Ok(None));
    assert_eq!(assembler.push(&[1, 3, 4]), Ok(None));
    assert_eq!(assembler.push(&[0, 5]), Err(ChunkError::Limit));
    assert_eq!(assembler.push(&[0, 1, 2, 3, 4]), Ok(Some(vec![1, 2, 3, 4])), "a new message");
    assert_eq!(assembler.push(&[0, 1, 2, 3, 4, 5]), Err(ChunkError::Limit));
}

/// Chunks are not numbered, so a wrong order is undetected here; the tag of the joined message refuses it.
#[test]
fn neg_c14_out_of_order() {
    let mut chunks = split(&(0..40).collect::<Vec<u8>>(), 23).expect("an MTU");
    chunks.swap(1, 2);
    let mut assembler = Assembler::new(64);
    assert_eq!(assembler.push(&chunks[0]), Ok(None));
    assert_eq!(assembler.push(&chunks[1]).map(|message| message.map(|message| message.len())), Ok(Some(21)));
    assert_eq!(assembler.push(&chunks[2]), Ok(None));
    assert!(assembler.is_midway(), "the timer ends it");
}

proptest! {
    #[test]
    fn std_m47_round_trip(message in prop::collection::vec(any::<u8>(), 0..3_000), mtu in 23_u16..=600) {
        let chunks = split(&message, mtu).expect("an MTU");
        prop_assert_eq!(assemble(&chunks, message.len()), Ok(Some(message)));
    }

    #[test]
    fn neg_c14_never_more_than_the_limit(
        chunks in prop::collection::vec(prop::collection::vec(0_u8..4, 0..9), 0..50),
        max_bytes in 0_usize..40,
    ) {
        let mut assembler = Assembler::new(max_bytes);
        for chunk in chunks {
            if let Ok(Some(message)) = assembler.push(&chunk) {
                prop_assert!(message.len() <= max_bytes);
            }
        }
    }
}
