//! The guarantees of the CBOR cursor.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::borrow::Cow;

use rid_wire::cbor::{CborError, Decoder, Encoder, ItemType, Key, Limits, Value};

fn decoder(input: &[u8]) -> Decoder<'_> {
    Decoder::new(input, Limits::ONLINE).expect("small")
}

type Done = Result<(), CborError>;

#[test]
fn a_large_string_is_borrowed() {
    let mut encoder = Encoder::new();
    encoder.bytes(&vec![7; 1 << 20]);
    let bytes = encoder.finish();
    let skipped = decoder(&bytes).skip().expect("one item");
    assert_eq!((skipped.as_ptr(), skipped.len()), (bytes.as_ptr(), bytes.len()));
    let read = decoder(&bytes).bytes().expect("one item");
    assert!(matches!(read, Cow::Borrowed(content) if content.as_ptr() == bytes[5..].as_ptr()));
}

#[test]
fn unread_elements_are_skipped_and_checked() {
    let mut cursor = decoder(b"\x83\x01\x82\x02\x03\x61a");
    assert_eq!(cursor.array(|_, _| -> Done { Ok(()) }), Ok(3));
    assert_eq!(cursor.finish(), Ok(()));
    assert_eq!(decoder(b"\x81\x61\xff").array(|_, _| -> Done { Ok(()) }), Err(CborError::InvalidText));
    assert_eq!(decoder(b"\xa1\x00\xa2\x00\x00\x00\x00").map(|_, _| -> Done { Ok(()) }), Err(CborError::DuplicateKey));
    // After a tag read without its item, the item is skipped with it.
    let mut cursor = decoder(b"\x82\xc1\x18\x2a\x05");
    let mut last = 0;
    let count = cursor.array(|decoder, index| -> Done {
        if index == 0 { decoder.expect_tag(1) } else { decoder.uint().map(|value| last = value) }
    });
    assert_eq!((count, last), (Ok(2), 5));
    assert_eq!(decoder(b"\x9f\xc1\xff").array(|decoder, _| decoder.expect_tag(1)), Err(CborError::UnexpectedType));
}

#[test]
fn another_type_is_left_unread() {
    let mut cursor = decoder(b"\x61a");
    assert_eq!(cursor.uint(), Err(CborError::UnexpectedType));
    assert_eq!(cursor.bytes(), Err(CborError::UnexpectedType));
    assert_eq!(cursor.boolean(), Err(CborError::UnexpectedType));
    assert_eq!(cursor.float(), Err(CborError::UnexpectedType));
    assert_eq!(cursor.expect_tag(0), Err(CborError::UnexpectedType));
    assert_eq!(cursor.take_tag(0), Ok(false));
    assert_eq!(cursor.take_null(), Ok(false));
    assert_eq!(cursor.array(|_, _| -> Done { Ok(()) }), Err(CborError::UnexpectedType));
    assert_eq!(cursor.map(|_, _| -> Done { Ok(()) }), Err(CborError::UnexpectedType));
    assert_eq!(cursor.position(), 0);
    assert_eq!(cursor.text().as_deref(), Ok("a"));
    assert_eq!(cursor.position(), 2);
    assert_eq!(cursor.text(), Err(CborError::Truncated));
    assert_eq!(cursor.take_null(), Err(CborError::Truncated));
    assert_eq!(cursor.take_tag(0), Err(CborError::Truncated));
}

#[test]
fn errors_of_a_closure_pass_through() {
    #[derive(Debug, PartialEq)]
    enum Mine {
        Cbor(CborError),
        Seven,
    }
    impl From<CborError> for Mine {
        fn from(error: CborError) -> Self {
            Self::Cbor(error)
        }
    }
    let seven = |decoder: &mut Decoder<'_>, _: usize| if decoder.uint()? == 7 { Err(Mine::Seven) } else { Ok(()) };
    assert_eq!(decoder(b"\x82\x00\x07").array(seven), Err(Mine::Seven));
    assert_eq!(decoder(b"\x82\x00").array(seven), Err(Mine::Cbor(CborError::Truncated)));
}

#[test]
fn strings_in_chunks() {
    assert_eq!(decoder(b"\x5f\x41a\x40\x42bc\xff").bytes().as_deref(), Ok(&b"abc"[..]));
    assert_eq!(decoder(b"\x7f\x61a\x60\x62bc\xff").text().as_deref(), Ok("abc"));
    assert_eq!(decoder(b"\x7f\xff").text().as_deref(), Ok(""));
    let mut keys = Vec::new();
    let count = decoder(b"\xa2\x7f\x61a\x61b\xff\x01\x5f\x41c\xff\x02").map(|_, key| -> Done {
        keys.push(key.clone());
        Ok(())
    });
    assert_eq!(count, Ok(2));
    assert_eq!(keys, [Key::Text("ab".into()), Key::Bytes(b"c".into())]);
}

#[test]
fn kinds() {
    for (input, kind) in [
        (&b"\x00"[..], ItemType::Uint),
        (b"\x20", ItemType::Nint),
        (b"\x5f", ItemType::Bytes),
        (b"\x60", ItemType::Text),
        (b"\x80", ItemType::Array),
        (b"\xbf", ItemType::Map),
        (b"\xc0", ItemType::Tag),
        (b"\xf4", ItemType::Bool),
        (b"\xf6", ItemType::Null),
        (b"\xf7", ItemType::Undefined),
        (b"\xf0", ItemType::Simple),
        (b"\xf8\x20", ItemType::Simple),
        (b"\xf9\x00\x00", ItemType::Float),
        (b"\xfb\0\0\0\0\0\0\0\0", ItemType::Float),
    ] {
        assert_eq!(decoder(input).peek(), Ok(kind));
    }
}

#[test]
fn a_tag_needs_its_item() {
    let mut cursor = decoder(b"\xc1");
    assert_eq!(cursor.take_tag(1), Ok(true));
    assert_eq!(cursor.finish(), Err(CborError::Truncated));
}

#[test]
fn the_writer_writes_the_shortest_heads() {
    for (value, head) in [
        (0, &[0x00][..]),
        (23, &[0x17]),
        (24, &[0x18, 24]),
        (255, &[0x18, 255]),
        (256, &[0x19, 1, 0]),
        (65_535, &[0x19, 255, 255]),
        (65_536, &[0x1a, 0, 1, 0, 0]),
        (4_294_967_296, &[0x1b, 0, 0, 0, 1, 0, 0, 0, 0]),
    ] {
        let mut encoder = Encoder::new();
        encoder.uint(value);
        assert_eq!(encoder.finish(), head);
    }
    let mut encoder = Encoder::new();
    encoder.array(3).int(i64::MIN).bytes_of(&[b"a", b"", b"bc"]).raw(b"\xf5");
    assert_eq!(encoder.finish(), b"\x83\x3b\x7f\xff\xff\xff\xff\xff\xff\xff\x43abc\xf5");
}

#[test]
fn half_floats_are_exact() {
    for bits in 0..=u16::MAX {
        let [high, low] = bits.to_be_bytes();
        let bytes = [0xf9, high, low];
        let Ok(Value::Float(ours)) = Value::parse(&bytes, Limits::ONLINE) else { panic!("a float") };
        let theirs: f64 = ciborium::from_reader(&bytes[..]).expect("a float");
        assert!(
            ours == theirs && ours.is_sign_negative() == theirs.is_sign_negative() || ours.is_nan() && theirs.is_nan()
        );
    }
}
