//! Base64, hexadecimal, JSON and time.
#![allow(clippy::expect_used, reason = "helpers of tests")]

use proptest::prelude::*;
use rid_wire::{
    FullDate, TimeError, Timestamp, base64, hex,
    json::{JsonError, Value},
};

#[test]
fn rfc_4648_examples() {
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64::decode_standard(text), Ok(bytes.into()));
        let url = text.trim_end_matches('=');
        assert_eq!(base64::encode_url(bytes.as_bytes()), url);
        assert_eq!(base64::decode_url(url), Ok(bytes.into()));
    }
    assert_eq!(base64::decode_url("-_-_"), Ok(vec![0xfb, 0xff, 0xbf]));
    assert_eq!(base64::decode_standard("+/+/"), Ok(vec![0xfb, 0xff, 0xbf]));
}

#[test]
fn base64_is_strict() {
    for text in ["A", "AAAAA", "Zh", "Zm9vYh", "Zm9", "Zg==", "Zm8=", "Zm 8", "Zm8\n", "+/+/", "Zg\u{e9}", "=", "AA=A"]
    {
        assert!(base64::decode_url(text).is_err(), "{text}");
    }
    for text in [
        "Zg", "Zg=", "Zm8", "Zm8==", "Zm9v=", "Zm9v====", "====", "=", "Zh==", "Zm9=", "Z===", "-_-_", "Zg==Zg==",
        "Zg==\n",
    ] {
        assert!(base64::decode_standard(text).is_err(), "{text}");
    }
}

#[test]
fn hexadecimal() {
    assert_eq!(hex::decode("00fFAb"), Ok(vec![0, 255, 171]));
    for text in ["0", "0g", "0x00", " 00", "00 ", "\u{e9}0", "+1"] {
        assert!(hex::decode(text).is_err(), "{text}");
    }
}

fn parse(text: &str) -> Result<Value, JsonError> {
    Value::parse(text, 1 << 20)
}

#[test]
fn json_reads() {
    let value =
        parse(" {\"a\" : [ 1 , -2.5e1, true,false,null ] ,\"\\u0062\\n\":\"\\ud83d\\ude00\\/\u{e9}\u{7f}\" }\r\n\t")
            .expect("JSON");
    let numbers = [Value::Integer(1), Value::Float(-25.0), Value::Bool(true), Value::Bool(false), Value::Null];
    assert_eq!(value.member("a"), Some(&Value::Array(numbers.into())));
    assert_eq!(value.member("b\n").and_then(Value::as_str), Some("\u{1f600}/\u{e9}\u{7f}"));
    assert_eq!((value.member("c"), value.as_str(), Value::Null.member("a")), (None, None, None));
    assert_eq!(parse("-9223372036854775808"), Ok(Value::Integer(i64::MIN)));
    assert_eq!(parse("9223372036854775808"), Ok(Value::Float(9_223_372_036_854_775_808.0)));
    assert_eq!(parse("1.0"), Ok(Value::Float(1.0)));
    assert_eq!(parse("[]"), Ok(Value::Array(vec![])));
    assert_eq!(parse("{}"), Ok(Value::Object(vec![])));
}

#[test]
fn json_refuses() {
    for text in [
        "",
        " ",
        "nul",
        "nullx",
        "tru",
        "True",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "--1",
        "[",
        "]",
        "[1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "'a'",
        "\"",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\n\"",
        "\"\n\"",
        "\"\t\"",
        "\"\0\"",
        "1 1",
        "{} {}",
        "\u{feff}1",
        "/**/1",
        "\u{a0}1",
        "\"\\u+123\"",
    ] {
        assert_eq!(parse(text), Err(JsonError::Invalid), "{text:?}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text:?}");
    }
    // serde_json keeps the text if another crate of the build enables its feature `arbitrary_precision`.
    assert_eq!(parse("1e999"), Err(JsonError::Invalid));
    assert_eq!(parse("{\"a\":1,\"b\":2,\"\\u0061\":1}"), Err(JsonError::DuplicateKey));
    assert_eq!(parse("[{\"a\":{\"a\":1}},{\"a\":1}]").map(|_| ()), Ok(()));
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(parse(&nested(32)).map(|_| ()), Ok(()));
    assert_eq!(parse(&nested(33)), Err(JsonError::TooDeep));
    assert_eq!(parse(&"{\"a\":".repeat(100_000)), Err(JsonError::TooDeep));
    assert_eq!(Value::parse("1234", 3), Err(JsonError::TooLarge));
    assert_eq!(Value::parse("1234", 4), Ok(Value::Integer(1234)));
    assert_eq!(JsonError::DuplicateKey.code().as_str(), "json_duplicate_key");
}

#[test]
fn neg_b10_tdate() {
    for (text, unix, fraction) in [
        ("1970-01-01T00:00:00Z", 0, false),
        ("2024-02-29T12:34:56Z", 1_709_210_096, false),
        ("2024-02-29T12:34:56.999Z", 1_709_210_096, true),
        ("2024-02-29T12:34:56.0Z", 1_709_210_096, true),
        ("1969-12-31T23:59:59Z", -1, false),
        ("0000-01-01T00:00:00Z", -62_167_219_200, false),
        ("9999-12-31T23:59:59Z", 253_402_300_799, false),
    ] {
        assert_eq!(Timestamp::parse_tdate(text), Ok((Timestamp::from_unix(unix), fraction)), "{text}");
        assert_eq!(Timestamp::parse_rfc3339(text), Ok(Timestamp::from_unix(unix)), "{text}");
    }
    for text in [
        "2024-01-01T00:00:00z",
        "2024-01-01t00:00:00Z",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00:00+00:00",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00+04:00",
        "2024-01-01T00:00:00-00:00",
        "2024-01-01T23:59:60Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-1-01T00:00:00Z",
        "24-01-01T00:00:00Z",
        "02024-01-01T00:00:00Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00,5Z",
        "2024-01-01T00:00Z",
        "2024-01-01",
        "",
        " 2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00Z ",
        "2024-01-01T00:00:00ZZ",
        "-024-01-01T00:00:00Z",
        "2024-01-01T00:00:0\u{661}Z",
    ] {
        assert_eq!(Timestamp::parse_tdate(text), Err(TimeError), "{text}");
    }
}

#[test]
fn rfc_3339_zones() {
    for (text, same) in [
        ("2024-03-01T01:00:00+04:00", "2024-02-29T21:00:00Z"),
        ("2024-02-29T21:00:00-05:30", "2024-03-01T02:30:00Z"),
        ("2024-02-29t21:00:00.5z", "2024-02-29T21:00:00Z"),
    ] {
        assert_eq!(Timestamp::parse_rfc3339(text).map(Timestamp::to_tdate).as_deref(), Ok(same));
    }
    for text in [
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+0400",
        "2024-01-01T00:00:00",
    ] {
        assert_eq!(Timestamp::parse_rfc3339(text), Err(TimeError), "{text}");
    }
}

#[test]
fn days() {
    let day = |text: &str| FullDate::parse(text).expect("a day");
    for (from, to, years) in [
        ("2000-06-15", "2018-06-14", 17),
        ("2000-06-15", "2018-06-15", 18),
        ("2004-02-29", "2022-02-28", 17),
        ("2004-02-29", "2022-03-01", 18),
        ("2000-06-15", "2000-06-15", 0),
        ("2000-06-15", "2000-06-14", -1),
    ] {
        assert_eq!(day(from).years_until(day(to)), years);
    }
    for text in ["2024-02-30", "2024-2-01", "20240201", "2024-02-01T", "", "+024-01-01"] {
        assert_eq!(FullDate::parse(text), Err(TimeError));
    }
    assert_eq!(FullDate::new(10_000, 1, 1), Err(TimeError));
    assert_eq!(Timestamp::from_unix(i64::MAX).to_tdate(), "9999-12-31T23:59:59Z");
    assert_eq!(Timestamp::from_unix(i64::MIN).to_tdate(), "0000-01-01T00:00:00Z");
    assert_eq!(Timestamp::from_unix(i64::MIN).day_start().unix(), i64::MIN);
    assert_eq!(Timestamp::from_unix(i64::MAX).plus_days(i64::MAX).unix(), i64::MAX);
}

#[test]
fn every_day_of_ten_thousand_years() {
    let mut time = Timestamp::parse_tdate("0000-01-01T00:00:00Z").expect("a time").0;
    let mut count = 0;
    for year in 0..10_000 {
        for month in 1..=12 {
            for day in 1..=31 {
                let Ok(date) = FullDate::new(year, month, day) else { continue };
                assert_eq!((date.start(), time.plus_seconds(86_399).date()), (time, date));
                time = time.plus_days(1);
                count += 1;
            }
        }
    }
    assert_eq!((count, time.unix()), (3_652_425, 253_402_300_800));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_through_text(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert_eq!(hex::decode(&hex::encode(&bytes)), Ok(bytes.clone()));
        let text = base64::encode_url(&bytes);
        prop_assert_eq!(base64::decode_url(&text), Ok(bytes.clone()));
        let standard = text.replace('-', "+").replace('_', "/") + ["", "==", "="][bytes.len() % 3];
        prop_assert_eq!(base64::decode_standard(&standard), Ok(bytes));
    }

    #[test]
    fn different_texts_decode_differently(text in "[A-Za-z0-9_-]{0,9}") {
        if let Ok(bytes) = base64::decode_url(&text) {
            prop_assert_eq!(base64::encode_url(&bytes), text);
        }
    }

    #[test]
    fn times_through_text(unix in -62_167_219_200_i64..=253_402_300_799) {
        let time = Timestamp::from_unix(unix);
        prop_assert_eq!(Timestamp::parse_tdate(&time.to_tdate()), Ok((time, false)));
        prop_assert_eq!(time.day_start(), time.date().start());
        prop_assert_eq!(FullDate::parse(&time.date().to_string()), Ok(time.date()));
        let (year, month, day) = time.date().parts();
        prop_assert_eq!(FullDate::new(year, month, day), Ok(time.date()));
    }

    #[test]
    fn any_text_is_judged_as_by_serde_json(text in "[\\[\\]{}:,\"a1e.\\-\\\\u0 tn]{0,12}") {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match parse(&text) {
            Ok(_) => prop_assert!(theirs.is_ok()),
            Err(JsonError::DuplicateKey) => {}
            // Our reader refuses numbers beyond the range of a double, as tested above.
            Err(_) => prop_assert!(theirs.is_err() || text.contains('e')),
        }
    }

    #[test]
    fn any_text_never_panics(text in any::<String>()) {
        _ = (parse(&text), hex::decode(&text), base64::decode_url(&text), base64::decode_standard(&text));
        _ = (Timestamp::parse_tdate(&text), Timestamp::parse_rfc3339(&text), FullDate::parse(&text));
    }

    #[test]
    fn strings_written_by_serde_json_are_read(text in any::<String>()) {
        let written = serde_json::to_string(&text).expect("writes");
        prop_assert_eq!(parse(&written), Ok(Value::String(text)));
    }
}
