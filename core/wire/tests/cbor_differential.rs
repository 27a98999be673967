//! The CBOR decoder and encoder against `ciborium` as an independent judge, over generated and damaged items.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use ciborium::Value as Theirs;
use proptest::prelude::*;
use rid_wire::cbor::{CborError, Decoder, Encoder, Key, Limits, Value};

/// A key that both implementations accept in a map.
fn key() -> impl Strategy<Value = Theirs> {
    prop_oneof![
        any::<i64>().prop_map(Theirs::from),
        (-30_i64..30).prop_map(Theirs::from),
        any::<u64>().prop_map(Theirs::from),
        prop::collection::vec(any::<u8>(), 0..6).prop_map(Theirs::Bytes),
        ".{0,6}".prop_map(Theirs::Text),
    ]
}

/// Any item without NaN, bignum tags and duplicate keys.
fn item() -> impl Strategy<Value = Theirs> {
    let leaf = prop_oneof![
        key(),
        any::<bool>().prop_map(Theirs::Bool),
        Just(Theirs::Null),
        any::<f32>().prop_filter("no NaN", |float| !float.is_nan()).prop_map(|float| Theirs::Float(float.into())),
        prop::num::f64::NORMAL.prop_map(Theirs::Float),
        prop::collection::vec(any::<u8>(), 20..300).prop_map(Theirs::Bytes),
    ];
    leaf.prop_recursive(5, 60, 24, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Theirs::Array),
            (4_u64..100_000, inner.clone()).prop_map(|(tag, value)| Theirs::Tag(tag, Box::new(value))),
            prop::collection::vec((key(), inner), 0..24).prop_map(|mut entries| {
                let mut seen = Vec::new();
                entries.retain(|(key, _)| {
                    !seen.contains(key) && {
                        seen.push(key.clone());
                        true
                    }
                });
                Theirs::Map(entries)
            }),
        ]
    })
}

fn encoded(value: &Theirs) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("memory");
    bytes
}

/// Their value of the whole input, if they read it as one item.
fn their_reading(mut input: &[u8]) -> Option<Theirs> {
    let value = ciborium::from_reader(&mut input).ok()?;
    input.is_empty().then_some(value)
}

/// Our value as theirs; `None` for values they lack or read differently (simple values, bignums).
fn in_their_terms(value: &Value<'_>) -> Option<Theirs> {
    Some(match value {
        Value::Array(elements) => Theirs::Array(elements.iter().map(in_their_terms).collect::<Option<_>>()?),
        Value::Bool(value) => Theirs::Bool(*value),
        Value::Bytes(bytes) => Theirs::Bytes(bytes.to_vec()),
        Value::Float(float) if float.is_nan() => return None,
        Value::Float(float) => Theirs::Float(*float),
        Value::Map(entries) => {
            let pair = |(key, value): &(_, _)| Some((in_their_terms(key)?, in_their_terms(value)?));
            Theirs::Map(entries.iter().map(pair).collect::<Option<_>>()?)
        }
        Value::Nint(n) => Theirs::Integer(ciborium::value::Integer::try_from(-1 - i128::from(*n)).ok()?),
        Value::Null => Theirs::Null,
        Value::Tag(2 | 3, _) | Value::Simple(_) | Value::Undefined => return None,
        Value::Tag(tag, inner) => Theirs::Tag(*tag, Box::new(in_their_terms(inner)?)),
        Value::Text(text) => Theirs::Text(text.to_string()),
        Value::Uint(value) => Theirs::from(*value),
    })
}

/// Writes an item with our encoder.
fn write(encoder: &mut Encoder, value: &Theirs) {
    match value {
        Theirs::Array(elements) => {
            encoder.array(elements.len());
            elements.iter().for_each(|element| write(encoder, element));
        }
        Theirs::Bool(value) => _ = encoder.boolean(*value),
        Theirs::Bytes(bytes) => _ = encoder.bytes(bytes),
        Theirs::Integer(integer) => match (u64::try_from(*integer), i64::try_from(*integer)) {
            (Ok(value), _) => _ = encoder.uint(value),
            (_, Ok(value)) => _ = encoder.int(value),
            _ => _ = encoder.raw(&encoded(value)),
        },
        Theirs::Map(entries) => {
            encoder.map(entries.len());
            for (key, value) in entries {
                write(encoder, key);
                write(encoder, value);
            }
        }
        Theirs::Null => _ = encoder.null(),
        Theirs::Tag(tag, inner) => {
            encoder.tag(*tag);
            write(encoder, inner);
        }
        Theirs::Text(text) => _ = encoder.text(text),
        _ => _ = encoder.raw(&encoded(value)),
    }
}

/// Writes in any allowed encoding, as `taste` chooses: longer heads, indefinite lengths, chunks.
fn write_loosely(bytes: &mut Vec<u8>, value: &Theirs, taste: &mut impl Iterator<Item = u8>) {
    let taste_now = taste.next().unwrap_or(0);
    let indefinite = taste_now & 1 == 1;
    match value {
        Theirs::Array(elements) => {
            open(bytes, 4, elements.len(), taste_now);
            elements.iter().for_each(|element| write_loosely(bytes, element, taste));
            bytes.extend(indefinite.then_some(0xff));
        }
        Theirs::Map(entries) => {
            open(bytes, 5, entries.len(), taste_now);
            for (key, value) in entries {
                write_loosely(bytes, key, taste);
                write_loosely(bytes, value, taste);
            }
            bytes.extend(indefinite.then_some(0xff));
        }
        Theirs::Tag(tag, inner) => {
            long_head(bytes, 6, *tag, taste_now);
            write_loosely(bytes, inner, taste);
        }
        Theirs::Integer(integer) => {
            let value = i128::from(*integer);
            let (major, argument) = if value < 0 { (1, -1 - value) } else { (0, value) };
            long_head(bytes, major, u64::try_from(argument).expect("64 bits"), taste_now);
        }
        Theirs::Bytes(content) => string(bytes, 2, content.chunks(3), content.len(), taste_now),
        Theirs::Text(text) => {
            let parts: Vec<String> = text.chars().map(String::from).collect();
            string(bytes, 3, parts.iter().map(String::as_bytes), text.len(), taste_now);
        }
        _ => bytes.extend(encoded(value)),
    }
}

fn open(bytes: &mut Vec<u8>, major: u8, count: usize, taste: u8) {
    if taste & 1 == 1 { bytes.push(major << 5 | 31) } else { long_head(bytes, major, count as u64, taste) }
}

fn string<'a>(bytes: &mut Vec<u8>, major: u8, parts: impl Iterator<Item = &'a [u8]>, length: usize, taste: u8) {
    open(bytes, major, length, taste);
    for part in parts {
        if taste & 1 == 1 {
            long_head(bytes, major, part.len() as u64, taste);
        }
        bytes.extend(part);
    }
    bytes.extend((taste & 1 == 1).then_some(0xff));
}

/// Writes a head of 9 bytes, of 5 bytes if that suffices, or the shortest.
fn long_head(bytes: &mut Vec<u8>, major: u8, argument: u64, taste: u8) {
    match (taste & 6, u32::try_from(argument)) {
        (2, _) => {
            bytes.push(major << 5 | 27);
            bytes.extend(argument.to_be_bytes());
        }
        (4, Ok(argument)) => {
            bytes.push(major << 5 | 26);
            bytes.extend(argument.to_be_bytes());
        }
        _ => {
            let mut encoder = Encoder::new();
            encoder.tag(argument);
            let mut head = encoder.finish();
            head.iter_mut().take(1).for_each(|first| *first = *first & 0x1f | major << 5);
            bytes.extend(head);
        }
    }
}

/// Reads everything through closures, as a typed decoder would.
fn walk(decoder: &mut Decoder<'_>) -> Result<(), CborError> {
    use rid_wire::cbor::ItemType;
    match decoder.peek()? {
        ItemType::Array => {
            decoder.array(|decoder, index| if index % 3 == 2 { Ok(()) } else { walk(decoder) }).map(|_| ())
        }
        ItemType::Map => {
            let odd = |key: &Key<'_>| matches!(key, Key::Uint(value) if value % 3 == 2);
            decoder.map(|decoder, key| if odd(key) { Ok(()) } else { walk(decoder) }).map(|_| ())
        }
        ItemType::Bytes => decoder.bytes().map(|_| ()),
        ItemType::Text => decoder.text().map(|_| ()),
        _ => decoder.skip().map(|_| ()),
    }
}

/// Checks that our three ways of reading agree, and agree with theirs where both accept the input.
fn compare(input: &[u8]) -> Result<(), TestCaseError> {
    let read = Value::parse(input, Limits::ONLINE);
    let mut skipping = Decoder::new(input, Limits::ONLINE).expect("small");
    let skipped = skipping.skip().and_then(|bytes| skipping.clone().finish().map(|()| bytes));
    let mut walking = Decoder::new(input, Limits::ONLINE).expect("small");
    let walked = walk(&mut walking).and_then(|()| walking.finish());
    prop_assert_eq!(read.as_ref().map(|_| input), skipped.as_ref().copied());
    prop_assert_eq!(read.as_ref().map(|_| ()), walked.as_ref().map(|_| ()));
    let theirs = their_reading(input);
    match read {
        Ok(value) => {
            if let Some(ours) = in_their_terms(&value) {
                prop_assert_eq!(Some(ours), theirs);
            }
        }
        Err(CborError::Truncated | CborError::InvalidText | CborError::Trailing) => prop_assert_eq!(None, theirs),
        Err(_) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ciborium_output_is_read(value in item()) {
        let bytes = encoded(&value);
        let ours = Value::parse(&bytes, Limits::ONLINE);
        prop_assert_eq!(ours.as_ref().ok().and_then(in_their_terms), Some(value));
        let mut definite = Decoder::new(&bytes, Limits::ONLINE).expect("small").definite();
        prop_assert_eq!(definite.skip(), Ok(&bytes[..]));
    }

    #[test]
    fn our_output_is_read_by_ciborium(value in item()) {
        let mut encoder = Encoder::new();
        write(&mut encoder, &value);
        let bytes = encoder.finish();
        prop_assert_eq!(&bytes, &encoded(&value));
        prop_assert_eq!(their_reading(&bytes), Some(value));
    }

    #[test]
    fn neg_a08_all_encodings_read_the_same(value in item(), taste in prop::collection::vec(any::<u8>(), 40)) {
        let mut bytes = Vec::new();
        write_loosely(&mut bytes, &value, &mut taste.iter().copied().cycle());
        let ours = Value::parse(&bytes, Limits::ONLINE);
        prop_assert_eq!(ours.as_ref().ok().and_then(in_their_terms), Some(value));
        compare(&bytes)?;
    }

    #[test]
    fn damaged_items_are_judged_alike(value in item(), taste in prop::collection::vec(any::<u8>(), 40), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = Vec::new();
        write_loosely(&mut bytes, &value, &mut taste.iter().copied().cycle());
        let at = at.index(bytes.len());
        compare(&bytes[..at])?;
        bytes[at] = with;
        compare(&bytes)?;
    }

    #[test]
    fn any_bytes_are_judged_alike(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        compare(&bytes)?;
        let mut decoder = Decoder::new(&bytes, Limits::PROXIMITY).expect("small");
        _ = decoder.clone().tagged();
        _ = rid_wire::cose::Sign1::read(&mut decoder.clone());
        _ = rid_wire::cose::Key::read(&mut decoder);
    }
}
