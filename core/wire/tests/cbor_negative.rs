//! Hostile CBOR: each case is refused with its named code (neg-A).
#![allow(clippy::expect_used, reason = "helpers of tests")]

use rid_wire::cbor::{CborError, Decoder, Encoder, ItemType, Limits, Tagged, Value};

/// Skips the input and reads it as a tree: both must give the same result.
fn judge(input: &[u8]) -> Result<(), CborError> {
    let skipped = skip(Decoder::new(input, Limits::ONLINE)?);
    let read = Value::parse(input, Limits::ONLINE).map(|_| ());
    assert_eq!(skipped, read, "{input:02x?}");
    skipped
}

fn skip(mut decoder: Decoder<'_>) -> Result<(), CborError> {
    decoder.skip()?;
    decoder.finish()
}

fn definite(input: &[u8]) -> Result<(), CborError> {
    skip(Decoder::new(input, Limits::ONLINE)?.definite())
}

fn decoder(input: &[u8]) -> Decoder<'_> {
    Decoder::new(input, Limits::ONLINE).expect("small")
}

fn code(result: Result<(), CborError>) -> &'static str {
    result.map_or_else(|error| error.code().as_str(), |()| "accepted")
}

fn nested(levels: usize, around: &[u8]) -> Vec<u8> {
    let mut bytes = around.repeat(levels);
    bytes.push(0);
    bytes
}

#[test]
fn neg_a01_depth() {
    assert_eq!(code(judge(&nested(100_000, &[0x81]))), "cbor_too_deep");
    for around in [&[0x81][..], &[0xa1, 0x00], &[0xc1], &[0xd8, 0x18], &[0x81, 0xc1], &[0xc1, 0xa1, 0x01]] {
        let levels = around.iter().filter(|byte| **byte & 0x80 != 0).count();
        assert_eq!(code(judge(&nested(32 / levels, around))), "accepted", "{around:02x?}");
        assert_eq!(code(judge(&nested(32 / levels + 1, around))), "cbor_too_deep", "{around:02x?}");
    }
    // Indefinite arrays and maps count like definite ones.
    let mut open = vec![0x9f; 33];
    open.extend(vec![0xff; 33]);
    assert_eq!(code(judge(&open)), "cbor_too_deep");
    assert_eq!(code(judge(&open[1..65])), "accepted");
}

#[test]
fn neg_a01_depth_through_closures() {
    fn descend(decoder: &mut Decoder<'_>) -> Result<(), CborError> {
        match decoder.peek()? {
            ItemType::Array => decoder.array(|decoder, _| descend(decoder)).map(|_| ()),
            ItemType::Map => decoder.map(|decoder, _| descend(decoder)).map(|_| ()),
            ItemType::Tag => {
                decoder.expect_tag(1)?;
                descend(decoder)
            }
            _ => decoder.skip().map(|_| ()),
        }
    }
    for around in [&[0x81][..], &[0xa1, 0x00], &[0xc1]] {
        assert_eq!(code(descend(&mut decoder(&nested(32, around)))), "accepted");
        assert_eq!(code(descend(&mut decoder(&nested(100_000, around)))), "cbor_too_deep");
    }
    // A tag's level ends with its item: many siblings are not deep.
    let siblings = [&[0x98, 100][..], &[0xc1, 0x80].repeat(100)].concat();
    assert_eq!(code(descend(&mut decoder(&siblings))), "accepted");
    assert_eq!(code(judge(&siblings)), "accepted");
}

#[test]
fn neg_a03_duplicate_keys() {
    for input in [
        &b"\xa2\x61a\x00\x61a\x00"[..],
        b"\xa2\x01\x00\x01\x00",
        b"\xa2\x20\x00\x38\x00\x00",             // -1 in two encodings
        b"\xa2\x01\x00\x1b\0\0\0\0\0\0\0\x01\0", // 1 in two encodings
        b"\xa2\x42ab\x00\x42ab\x00",
        b"\xa2\x61a\x00\x78\x01a\x00",
        b"\xa2\x62ab\x00\x7f\x61a\x61b\xff\x00", // "ab" whole and in chunks
        b"\xa2\x5f\x40\x42ab\xff\x00\x5f\x41a\x41b\xff\x00",
        b"\xbf\x61a\x00\x61a\x00\xff",
        b"\x81\xa1\x00\xa2\x61a\x00\x61a\x00",
        b"\xc1\xa2\x61a\x00\x61a\x00",
    ] {
        assert_eq!(code(judge(input)), "cbor_duplicate_key", "{input:02x?}");
    }
    // Keys of different types or values are different keys.
    for input in [
        &b"\xa2\x61a\x00\x41a\x00"[..],
        b"\xa2\x01\x00\x20\x00",
        b"\xa2\x00\x00\x20\x00",
        b"\xa2\x60\x00\x7f\x61a\xff\x00",
    ] {
        assert_eq!(code(judge(input)), "accepted", "{input:02x?}");
    }
}

#[test]
fn neg_a03_duplicate_keys_of_large_maps() {
    for size in [15_u64, 16, 17, 18, 300, 5_000] {
        for again in [0, 1, size / 2, size - 2, size - 1, size] {
            let mut encoder = Encoder::new();
            encoder.map(usize::try_from(size + 1).expect("small"));
            for key in (0..size).rev() {
                encoder.uint(key).null();
            }
            encoder.uint(again).null();
            let expected = if again < size { "cbor_duplicate_key" } else { "accepted" };
            assert_eq!(code(judge(&encoder.finish())), expected, "{again} of {size}");
        }
    }
}

#[test]
fn neg_a03_the_second_value_is_never_seen() {
    let mut seen = Vec::new();
    let result = decoder(b"\xa2\x61a\x01\x61a\x02").map(|decoder, _| -> Result<(), CborError> {
        seen.push(decoder.uint()?);
        Ok(())
    });
    assert_eq!((result, seen), (Err(CborError::DuplicateKey), vec![1]));
}

#[test]
fn neg_a05_indefinite_lengths() {
    for input in [
        &b"\x9f\xff"[..],
        b"\xbf\xff",
        b"\x5f\xff",
        b"\x7f\xff",
        b"\x81\x9f\xff",
        b"\xa1\x01\x7f\x61a\xff",
        b"\xa1\x5f\xff\x01",
        b"\xc1\x9f\xff",
    ] {
        assert_eq!(code(judge(input)), "accepted", "{input:02x?}");
        assert_eq!(code(definite(input)), "cbor_indefinite", "{input:02x?}");
    }
    // The decoder over a tag 24 is always definite.
    let bytes = b"\xd8\x18\x44\x81\x9f\x00\xff";
    let tagged = Tagged::parse(bytes, Limits::ONLINE).expect("well-formed");
    assert_eq!(tagged.decoder().skip(), Err(CborError::Indefinite));
    assert_eq!(decoder(b"\x5f\x41a\xff").definite_bytes(), Err(CborError::Indefinite));
    // A break is never an item.
    assert_eq!(code(definite(b"\xff")), "cbor_unexpected_type");
}

#[test]
fn neg_a06_counts_beyond_the_input() {
    for input in [
        &b"\x9b\0\0\0\x01\0\0\0\x000123456789"[..],
        b"\xbb\0\0\0\x01\0\0\0\x000123456789",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xbb\x80\0\0\0\0\0\0\0",
        b"\x82\x00",
        b"\xa1\x00",
        b"\xa2\x00\x00\x01",
        b"\x9f\x00",
        b"\xbf\x00\x00",
        b"\xbf",
        b"\x5f\x41a",
        b"\xc1",
        b"\x19\x00",
        b"\xf8",
        b"\xfa\x00\x00\x00",
        b"",
    ] {
        assert_eq!(code(judge(input)), "cbor_truncated", "{input:02x?}");
    }
}

#[test]
fn neg_a07_string_lengths_beyond_the_input() {
    for input in [
        &b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff"[..],
        b"\x5b\x80\0\0\0\0\0\0\0",
        b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff00",
        b"\x5a\xff\xff\xff\xff",
        b"\x42a",
        b"\xa1\x5b\xff\xff\xff\xff\xff\xff\xff\xf8\x00",
        b"\x5f\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        assert_eq!(code(judge(input)), "cbor_truncated", "{input:02x?}");
        assert!(decoder(input).tagged().is_err());
    }
    assert_eq!(decoder(b"\xd8\x18\x5b\xff\xff\xff\xff\xff\xff\xff\xff").tagged(), Err(CborError::Truncated));
}

#[test]
fn neg_a08_longer_heads_are_accepted() {
    let bytes = b"\xb9\x00\x02\x1b\0\0\0\0\0\0\0\x02\x98\x01\x18\x00\x19\x00\x01\x58\x01a";
    let mut decoder = decoder(bytes);
    assert_eq!(decoder.skip(), Ok(&bytes[..]));
    let value = Value::parse(bytes, Limits::ONLINE).expect("accepted");
    let Value::Map(entries) = value else { panic!("a map") };
    assert_eq!(entries[0], (Value::Uint(2), Value::Array(vec![Value::Uint(0)])));
    let tagged = Tagged::parse(b"\xd9\x00\x18\x58\x01\x00", Limits::ONLINE).expect("accepted");
    assert_eq!((tagged.outer, tagged.inner), (&b"\xd9\x00\x18\x58\x01\x00"[..], &b"\x00"[..]));
}

#[test]
fn neg_a09_trailing_bytes() {
    for input in [&b"\x00\x00"[..], b"\x80\xff", b"\x9f\xff\xff", b"\x41a\x00"] {
        assert_eq!(code(judge(input)), "cbor_trailing", "{input:02x?}");
    }
    assert_eq!(Tagged::parse(b"\xd8\x18\x41\x00\x00", Limits::ONLINE), Err(CborError::Trailing));
}

#[test]
fn neg_a10_tag_24_content() {
    for content in [&b""[..], b"\x82\x00", b"\x00\x00", b"\xff", b"\x1c", b"\x61\xff", b"\x9f", b"\xa1\xf6\x00"] {
        let mut encoder = Encoder::new();
        encoder.tagged(content);
        assert_eq!(decoder(&encoder.finish()).tagged(), Err(CborError::Tag24Invalid), "{content:02x?}");
    }
    assert_eq!(decoder(b"\xd8\x18\x00").tagged(), Err(CborError::Tag24Invalid));
    assert_eq!(decoder(b"\xd8\x18\x61a").tagged(), Err(CborError::Tag24Invalid));
    assert_eq!(decoder(b"\xd8\x18\x5f\x41\x00\xff").tagged(), Err(CborError::Indefinite));
    let mut duplicate = Encoder::new();
    duplicate.tagged(b"\xa2\x00\x00\x00\x00");
    assert_eq!(decoder(&duplicate.finish()).tagged(), Err(CborError::DuplicateKey));
    let mut deep = Encoder::new();
    deep.tagged(&nested(33, &[0x81]));
    assert_eq!(decoder(&deep.finish()).tagged(), Err(CborError::TooDeep));
}

#[test]
fn neg_a11_tag_24_missing_or_doubled() {
    for input in [
        &b"\x41\x00"[..],
        b"\xa0",
        b"\xd8\x19\x41\x00",
        b"\xd8\x18\xd8\x18\x41\x00",
        b"\xd8\x18\x44\xd8\x18\x41\x00",
        b"\xd8\x18\x45\xd9\x00\x18\x41\x00",
        b"\xd8\x18\x4b\xdb\0\0\0\0\0\0\0\x18\x41\x00",
    ] {
        assert_eq!(decoder(input).tagged(), Err(CborError::Tag24Expected), "{input:02x?}");
    }
    // A tag 24 deeper inside is allowed.
    assert!(decoder(b"\xd8\x18\x45\x81\xd8\x18\x41\x00").tagged().is_ok());
}

#[test]
fn neg_a12_text() {
    for input in [
        &b"\x61\xff"[..],
        b"\x62\xc3\x28",
        b"\x63\xed\xa0\x80", // a surrogate
        b"\x62\xc0\x80",     // an overlong NUL
        b"\xa1\x61\x80\x00",
        b"\x7f\x61\xc3\x61\xbc\xff", // a character cut in two by chunks
        b"\x81\xa1\x00\x61\xff",
    ] {
        assert_eq!(code(judge(input)), "cbor_invalid_text", "{input:02x?}");
    }
    assert_eq!(code(judge(b"\x63a\0b")), "accepted");
    assert_eq!(decoder(b"\x63a\0b").identifier(), Err(CborError::InvalidText));
    assert_eq!(decoder(b"\x7f\x61a\x61\0\xff").identifier(), Err(CborError::InvalidText));
    assert_eq!(decoder(b"\x63a.b").identifier().as_deref(), Ok("a.b"));
}

#[test]
fn neg_a13_map_keys_of_other_types() {
    for key in [
        &b"\xf9\x7e\x00"[..],
        b"\xfa\x7f\xc0\x00\x01",
        b"\xfb\x3f\xf0\0\0\0\0\0\0",
        b"\xf7",
        b"\xf8\xff",
        b"\xf6",
        b"\xf5",
        b"\x80",
        b"\xa0",
        b"\xc1\x00",
        b"\xd8\x18\x41\x00",
        b"\xc2\x41\x01",
        b"\xff",
        b"\x1c",
    ] {
        let input = [b"\xa1", key, b"\x00"].concat();
        assert_eq!(code(judge(&input)), "cbor_unexpected_type", "{input:02x?}");
    }
}

#[test]
fn neg_a13_reserved_heads() {
    for input in [
        &b"\x1c"[..],
        b"\x1d",
        b"\x1e",
        b"\x1f",
        b"\x3c",
        b"\x3f",
        b"\x5c",
        b"\x7d",
        b"\x9e",
        b"\xbc",
        b"\xdc",
        b"\xdf",
        b"\xfc",
        b"\xfd",
        b"\xfe",
        b"\xff",
        b"\xf8\x00",
        b"\xf8\x14",
        b"\xf8\x18",
        b"\xf8\x1f",
        b"\x81\xff",
        b"\xa1\x00\xff",
        b"\xc1\xff",
        b"\xbf\x00\xff",
        b"\x9f\xc1\xff",
        b"\x5f\x61a\xff",
        b"\x7f\x41a\xff",
        b"\x5f\x5f\x41a\xff\xff",
        b"\x7f\x7f\xff\xff",
        b"\x5f\x00\xff",
    ] {
        assert_eq!(code(judge(input)), "cbor_unexpected_type", "{input:02x?}");
    }
}

#[test]
fn neg_a14_bignums_are_not_integers() {
    for input in [&b"\xc2\x41\x01"[..], b"\xc3\x41\x01", b"\xf9\x3c\x00", b"\xf5", b"\x61\x31"] {
        assert_eq!(decoder(input).uint(), Err(CborError::UnexpectedType), "{input:02x?}");
        assert_eq!(decoder(input).int(), Err(CborError::UnexpectedType), "{input:02x?}");
    }
    assert_eq!(decoder(b"\x20").uint(), Err(CborError::UnexpectedType));
    assert_eq!(decoder(b"\x1b\x80\0\0\0\0\0\0\0").int(), Err(CborError::UnexpectedType));
    assert_eq!(decoder(b"\x3b\x80\0\0\0\0\0\0\0").int(), Err(CborError::UnexpectedType));
    assert_eq!(decoder(b"\x3b\x7f\xff\xff\xff\xff\xff\xff\xff").int(), Ok(i64::MIN));
    assert_eq!(decoder(b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff").uint(), Ok(u64::MAX));
}

#[test]
fn neg_a15_large_input() {
    let mut large = vec![0x5a, 0x04, 0, 0, 0];
    large.resize(large.len() + (64 << 20), 0);
    for limits in [Limits::PROXIMITY, Limits::ONLINE] {
        assert_eq!(Value::parse(&large, limits).err().map(|error| error.code().as_str()), Some("input_too_large"));
        assert!(Decoder::new(&large[..limits.max_bytes], limits).is_ok());
        assert!(Decoder::new(&large[..limits.max_bytes + 1], limits).is_err());
    }
}
