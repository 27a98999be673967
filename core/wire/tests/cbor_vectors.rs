//! The examples of RFC 8949, appendix A.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use rid_wire::{
    base64,
    cbor::{CborError, Decoder, Limits, Value},
    hex,
    json::Value as Json,
};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/cbor/appendix_a.json");

fn matches(ours: &Value<'_>, decoded: &Json) -> bool {
    /// The number 2^64: our JSON reader returns integers beyond `i64` as floats.
    const TWO_64: f64 = 18_446_744_073_709_551_616.0;
    match (ours, decoded) {
        (Value::Array(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| matches(ours, theirs))
        }
        (Value::Map(ours), Json::Object(theirs)) => {
            let same = |((key, ours), (name, theirs)): (&(Value<'_>, _), &(String, _))| {
                *key == Value::Text(name.into()) && matches(ours, theirs)
            };
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
        }
        (Value::Bool(ours), Json::Bool(theirs)) => ours == theirs,
        (Value::Text(ours), Json::String(theirs)) => ours == theirs,
        (Value::Uint(u64::MAX), Json::Float(theirs)) => *theirs == TWO_64,
        (Value::Uint(ours), Json::Integer(theirs)) => i64::try_from(*ours).as_ref() == Ok(theirs),
        (Value::Nint(u64::MAX), Json::Float(theirs)) => *theirs == -TWO_64,
        (Value::Nint(ours), Json::Integer(theirs)) => i64::try_from(*ours).map(|n| -1 - n).as_ref() == Ok(theirs),
        (Value::Float(ours), Json::Float(theirs)) => ours == theirs,
        // Bignums stay tagged byte strings: 2^64, and -1 - 2^64.
        (Value::Tag(2 | 3, inner), Json::Float(theirs)) => {
            **inner == Value::Bytes((&[1, 0, 0, 0, 0, 0, 0, 0, 0][..]).into()) && theirs.abs() == TWO_64
        }
        (Value::Null, Json::Null) => true,
        _ => false,
    }
}

#[test]
fn rfc_8949_appendix_a() {
    let json = std::fs::read_to_string(EXAMPLES).expect("the examples are in the tree");
    let Ok(Json::Array(examples)) = Json::parse(&json, 1 << 20) else { panic!("an array") };
    let text = |example: &Json, name| example.member(name).and_then(Json::as_str).map(str::to_owned);
    assert_eq!(examples.len(), 82);
    for example in &examples {
        let digits = &*text(example, "hex").expect("hex");
        let bytes = hex::decode(digits).expect("hex");
        assert_eq!(base64::decode_standard(&text(example, "cbor").expect("base64")).as_ref(), Ok(&bytes));
        let mut decoder = Decoder::new(&bytes, Limits::ONLINE).expect("small");
        let value = Value::parse(&bytes, Limits::ONLINE);
        if digits == "f818" {
            // RFC 7049 allowed simple(24); RFC 8949 does not.
            assert_eq!((value, decoder.skip()), (Err(CborError::UnexpectedType), Err(CborError::UnexpectedType)));
            continue;
        }
        assert_eq!(decoder.skip(), Ok(&bytes[..]), "{digits}");
        let value = value.expect(digits);
        match (text(example, "diagnostic"), example.member("decoded")) {
            (Some(diagnostic), _) => assert_eq!(diagnosed(&value), diagnostic, "{digits}"),
            (None, decoded) => assert!(matches(&value, decoded.expect(digits)), "{digits} {value:?}"),
        }
        let definite = Decoder::new(&bytes, Limits::ONLINE).expect("small").definite().skip().map(|_| ());
        let indefinite = ["5f", "7f", "9f", "bf"].iter().any(|head| digits.starts_with(head))
            || ["83018202039f0405ff", "83019f0203ff820405", "826161bf61626163ff"].contains(&digits);
        assert_eq!(definite, if indefinite { Err(CborError::Indefinite) } else { Ok(()) }, "{digits}");
    }
}

/// The diagnostic notation (RFC 8949, 8), limited to the forms in the examples.
fn diagnosed(value: &Value<'_>) -> String {
    match value {
        Value::Bytes(bytes) if **bytes == [1, 2, 3, 4, 5] => "(_ h'0102', h'030405')".into(),
        Value::Bytes(bytes) => format!("h'{}'", hex::encode(bytes)),
        Value::Float(float) if float.is_infinite() => if *float > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        Value::Float(float) => float.to_string(),
        Value::Map(entries) => {
            let pairs: Vec<_> = entries.iter().map(|(k, v)| format!("{}: {}", diagnosed(k), diagnosed(v))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Simple(number) => format!("simple({number})"),
        Value::Tag(tag, inner) => format!("{tag}({})", diagnosed(inner)),
        Value::Text(text) => format!("{text:?}"),
        Value::Uint(number) => number.to_string(),
        Value::Undefined => "undefined".into(),
        _ => String::new(),
    }
}
