//! Parsing and encoding of the DeviceRequest.
use rid_mdoc::{
    MdocError,
    request::{DocRequestToSend, ItemsRequest, RequestedElement, RequestedNamespace, UnverifiedRequest, encode},
    request_info::UseCase,
};
use rid_wire::cbor::{Encoder, Limits};

use crate::annex_d;

const LIMITS: Limits = Limits::PROXIMITY;

fn code(bytes: &[u8]) -> &'static str {
    UnverifiedRequest::parse(bytes, LIMITS).map_or_else(|error| error.code().as_str(), |_| "accepted")
}

fn element(identifier: &str) -> RequestedElement {
    RequestedElement { identifier: identifier.into(), intent_to_retain: false }
}

fn items(doc_type: &str, namespaces: &[(&str, &[&str])]) -> ItemsRequest {
    let namespaces = namespaces.iter().map(|(namespace, elements)| RequestedNamespace {
        namespace: (*namespace).into(),
        elements: elements.iter().map(|identifier| element(identifier)).collect(),
    });
    ItemsRequest { doc_type: doc_type.into(), namespaces: namespaces.collect() }
}

/// An unsigned request for these items.
fn request(items: &[ItemsRequest]) -> Vec<u8> {
    let send = |items: &ItemsRequest| DocRequestToSend { items_request_bytes: items.encode(), reader_auth: None };
    encode(&items.iter().map(send).collect::<Vec<_>>())
}

/// A request around an encoded ItemsRequest.
fn request_of(items_request: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.tagged(items_request);
    encode(&[DocRequestToSend { items_request_bytes: encoder.finish(), reader_auth: None }])
}

#[test]
fn std_m43_several_documents() {
    let asked = [items("a", &[("n", &["x", "y"]), ("m", &["x"])]), items("b", &[("n", &["x"])])];
    let bytes = request(&asked);
    let parsed = UnverifiedRequest::parse(&bytes, LIMITS).expect("valid");
    assert!(parsed.doc_requests.iter().map(|doc_request| &doc_request.items).eq(&asked));
    assert!(parsed.doc_requests.iter().all(|doc_request| doc_request.reader_auth.is_none()));
}

#[test]
fn neg_c13_repeated_a_thousand_times() {
    let bytes = request(&[items("a", &[("n", &["x"; 1_000])])]);
    assert_eq!(UnverifiedRequest::parse(&bytes, LIMITS).err(), Some(MdocError::RequestDuplicate));
    assert_eq!(code(&bytes), "request_duplicate");
    assert_eq!(code(&request(&[items("a", &[("n", &["x"]), ("n", &["y"])])])), "request_duplicate");
    // The same element in another namespace or document is another element.
    assert_eq!(
        code(&request(&[items("a", &[("n", &["x"]), ("m", &["x"])]), items("b", &[("n", &["x"])])])),
        "accepted"
    );
}

#[test]
fn neg_c13_a_thousand_unicode_forms() {
    let invisible = |number: u32| (0..10).map(move |bit| if number >> bit & 1 == 1 { '\u{200b}' } else { '\u{2060}' });
    let forms: Vec<String> = (0..1_000).map(|number| "age".chars().chain(invisible(number)).collect()).collect();
    let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
    assert_eq!(code(&request(&[items("a", &[("n", &forms)])])), "request_duplicate");
}

#[test]
fn neg_c13_unicode_forms() {
    for (one, other) in [
        ("family_name", "family\u{200d}_name"),
        ("family_name", "\u{feff}family_name"),
        ("family_name", "ｆamily＿name"),
        ("family_name", "fam\u{301}ily_name"),
        ("né", "ne\u{301}"),
        ("soyadı_ğ", "soyadı_g\u{306}"),
        ("\u{130}d", "I\u{307}d"),
        ("Å", "\u{212b}"),
        ("K", "\u{212a}"),
    ] {
        assert_eq!(code(&request(&[items("a", &[("n", &[one, other])])])), "request_duplicate", "{one} {other}");
        assert_eq!(code(&request(&[items("a", &[(one, &["x"]), (other, &["x"])])])), "request_duplicate", "{one}");
        let documents = [items(one, &[("n", &["x"])]), items(other, &[("n", &["x"])])];
        assert_eq!(code(&request(&documents)), "request_duplicate", "{one}");
    }
    let different: &[&str] =
        &["birth_date", "birth_place", "birthdate", "i", "ı", "ə", "e", "age_over_18", "age_over_81"];
    assert_eq!(code(&request(&[items("a", &[("n", different)])])), "accepted");
}

#[test]
fn neg_c33_repeated_document_type_and_names_of_other_case_are_allowed() {
    let twice = request(&[items("a", &[("n", &["x"])]), items("a", &[("n", &["x"])])]);
    assert_eq!(UnverifiedRequest::parse(&twice, LIMITS).expect("valid").doc_requests.len(), 2);
    for (one, other) in
        [("family_name", "Family_Name"), ("x", "X"), ("\u{259}", "\u{18f}"), ("i", "I"), ("k", "\u{212a}")]
    {
        assert_eq!(code(&request(&[items("a", &[("n", &[one, other])])])), "accepted", "{one} {other}");
        assert_eq!(code(&request(&[items("a", &[(one, &["x"]), (other, &["x"])])])), "accepted", "{one} {other}");
        assert_eq!(code(&request(&[items(one, &[("n", &["x"])]), items(other, &[("n", &["x"])])])), "accepted");
    }
}

/// A request for one element of each of two documents, with these further members.
fn with_members(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.map(2 + members.len()).text("version").text("1.1").text("docRequests").array(2);
    for doc_type in ["a", "b"] {
        encoder.map(1).text("itemsRequest").raw(&items(doc_type, &[("n", &["x"])]).encode());
    }
    for (name, value) in members {
        encoder.text(name).raw(value);
    }
    encoder.finish()
}

fn encoded(write: impl FnOnce(&mut Encoder)) -> Vec<u8> {
    let mut encoder = Encoder::new();
    write(&mut encoder);
    encoder.finish()
}

/// A deviceRequestInfo with these use cases.
fn info(use_cases: &[u8]) -> Vec<u8> {
    let inner = encoded(|w| _ = w.map(2).text("useCases").raw(use_cases).text("future").null());
    encoded(|w| _ = w.tagged(&inner))
}

#[test]
fn std_s50_use_cases_and_document_sets_are_parsed() {
    let use_case = encoded(|w| {
        w.array(1).map(4).text("mandatory").boolean(true).text("new").uint(1);
        w.text("documentSets").array(2).array(2).uint(0).uint(1).array(1).uint(1);
        w.text("purposeHints").map(1).text("org.iso.jtc1.sc17").int(-1);
    });
    let member = info(&use_case);
    let bytes = with_members(&[("deviceRequestInfo", &member)]);
    let parsed = UnverifiedRequest::parse(&bytes, LIMITS).expect("valid");
    let read = parsed.info.expect("there");
    assert_eq!(read.bytes, member);
    let expected = UseCase {
        mandatory: true,
        document_sets: vec![vec![0, 1], vec![1]],
        purpose_hints: vec![("org.iso.jtc1.sc17".into(), -1)],
    };
    assert_eq!(read.use_cases, Ok(vec![expected]));
}

#[test]
fn std_s50_malformed_device_request_info_is_ignored() {
    let sets = |sets: &[u8]| {
        info(&encoded(|w| _ = w.array(1).map(2).text("mandatory").boolean(true).text("documentSets").raw(sets)))
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("not tagged", encoded(|w| _ = w.map(0))),
        ("no map inside", encoded(|w| _ = w.tagged(&[0x80]))),
        ("no use case", info(&[0x80])),
        ("mandatory is missing", info(b"\x81\xa1\x6cdocumentSets\x81\x81\x00")),
        ("no sets", sets(&[0x80])),
        ("an empty set", sets(&[0x81, 0x80])),
        ("a position of no document", sets(&[0x81, 0x81, 2])),
        ("a text for a position", sets(&[0x81, 0x81, 0x61, b'0'])),
        ("many positions", sets(&[&[0x81, 0x98, 33], &[0; 33][..]].concat())),
    ];
    for (name, member) in cases {
        let bytes = with_members(&[("deviceRequestInfo", &member)]);
        let parsed = UnverifiedRequest::parse(&bytes, LIMITS).expect(name);
        assert_eq!(parsed.info.map(|info| info.use_cases), Some(Err(MdocError::RequestInfo)), "{name}");
    }
    assert_eq!(MdocError::RequestInfo.code().as_str(), "request_info_invalid");
    let null = with_members(&[("deviceRequestInfo", &[0xf6])]);
    let parsed = UnverifiedRequest::parse(&null, LIMITS).expect("null");
    assert_eq!(parsed.info.map(|info| info.use_cases), Some(Ok(vec![])));
}

#[test]
fn neg_c34_malformed_reader_auth_does_not_refuse_the_request() {
    let unprotected = b"\x84\x40\xa0\xf6\x40".to_vec();
    let kid_as_text = b"\x84\x43\xa1\x01\x26\xa1\x04\x61k\xf6\x40".to_vec();
    for (reader_auth, expected) in [
        (unprotected, Some("cose_alg_unprotected")),
        (kid_as_text, Some("cbor_unexpected_type")),
        (vec![0x01], Some("cbor_unexpected_type")),
        (vec![0x80], Some("cbor_unexpected_type")),
        (vec![0xf6], None),
    ] {
        let signed = DocRequestToSend {
            items_request_bytes: items("a", &[("n", &["x"])]).encode(),
            reader_auth: Some(reader_auth.clone()),
        };
        let bytes = encode(&[signed]);
        let parsed = UnverifiedRequest::parse(&bytes, LIMITS).expect("valid");
        let found = parsed.doc_requests[0].reader_auth.as_ref().map(|auth| auth.as_ref().expect_err("no signature"));
        assert_eq!(found.map(|error| error.code().as_str()), expected);
        let list = [&[0x81][..], &reader_auth].concat();
        let bytes = with_members(&[("readerAuthAll", &list)]);
        let parsed = UnverifiedRequest::parse(&bytes, LIMITS).expect("valid");
        let found = parsed.reader_auth_all.first().map(|auth| auth.as_ref().expect_err("no signature"));
        assert_eq!(found.map(|error| error.code().as_str()), expected);
    }
    let five = [0x85, 1, 1, 1, 1, 1];
    assert_eq!(code(&with_members(&[("readerAuthAll", &five)])), "mdoc_too_many");
}

/// Only repeated namespaces and elements are `request_duplicate`.
#[test]
fn neg_a03_other_duplicates() {
    let doc_type = b"\x67docType\x61a";
    let names = b"\x6anameSpaces\xa1\x61n\xa1\x61x\xf4";
    let info = b"\x6brequestInfo\xa2\x01\x02\x01\x02";
    assert_eq!(code(&request_of(&[b"\xa2", &doc_type[..], names].concat())), "accepted");
    assert_eq!(code(&request_of(&[b"\xa3", &doc_type[..], doc_type, names].concat())), "cbor_duplicate_key");
    assert_eq!(code(&request_of(&[b"\xa3", &doc_type[..], names, names].concat())), "cbor_duplicate_key");
    assert_eq!(code(&request_of(&[b"\xa3", &doc_type[..], names, info].concat())), "cbor_duplicate_key");
    assert_eq!(code(b"\xa2\x67version\x631.0\x67version\x631.0"), "cbor_duplicate_key");
}

#[test]
fn std_m43_number_of_documents_and_elements_is_limited() {
    let many: Vec<ItemsRequest> = (0..33).map(|n| items(&format!("d{n}"), &[("n", &["x"])])).collect();
    assert_eq!(code(&request(&many[..32])), "accepted");
    assert_eq!(code(&request(&many)), "mdoc_too_many");
    let names: Vec<String> = (0..257).map(|n| format!("x{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let half = items("a", &[("n", &names[..256])]);
    assert_eq!(code(&request(&[half.clone(), items("b", &[("n", &names[..256])])])), "accepted");
    assert_eq!(code(&request(&[half, items("b", &[("n", &names)])])), "mdoc_too_many");
}

#[test]
fn std_m43_version() {
    let valid = request(&[items("a", &[("n", &["x"])])]);
    for (version, expected) in [
        ("1.0", "accepted"),
        ("1.1", "accepted"),
        ("2.0", "mdoc_version"),
        ("0.9", "mdoc_version"),
        ("1.a", "mdoc_version"),
        ("1,0", "mdoc_version"),
    ] {
        assert_eq!(code(&crate::replaced(&valid, b"1.0", version.as_bytes())), expected, "{version}");
    }
    // The version is judged first, because other versions may have another structure.
    assert_eq!(code(b"\xa2\x6bdocRequests\x05\x67version\x632.0"), "mdoc_version");
}

#[test]
fn std_s50_unknown_members() {
    let mut items_request = Encoder::new();
    items_request.map(4).text("docType").text("a").text("new").null();
    items_request.text("nameSpaces").map(1).text("n").map(1).text("x").boolean(true);
    items_request.text("requestInfo").map(1).text("uniqueDocSetRequired").boolean(true);
    let mut encoder = Encoder::new();
    encoder.map(4).text("version").text("1.1").text("deviceRequestInfo").raw(b"\xd8\x18\x41\xa0");
    encoder.text("docRequests").array(1).map(2).text("itemsRequest").tagged(&items_request.finish()).int(7).null();
    encoder.text("readerAuthAll").array(1).raw(&annex_d("READER_AUTH"));
    let bytes = encoder.finish();
    let parsed = UnverifiedRequest::parse(&bytes, LIMITS).expect("valid");
    assert_eq!(parsed.version, "1.1");
    assert_eq!(parsed.doc_requests[0].request_info, Some(&b"\xa1\x74uniqueDocSetRequired\xf5"[..]));
    assert!(parsed.doc_requests[0].items.namespaces[0].elements[0].intent_to_retain);
}

#[test]
fn neg_a_identifiers() {
    for nul in [items("a\0", &[("n", &["x"])]), items("a", &[("\0n", &["x"])]), items("a", &[("n", &["x\0y"])])] {
        assert_eq!(code(&request(&[nul])), "cbor_invalid_text");
    }
    let head = b"\xa2\x67docType\x61a\x6anameSpaces";
    for (names, expected) in [
        (&b"\xa1\x61n\xa1\x61x\xf5"[..], "accepted"),
        (b"\xa1\x61n\xa1\x61x\x01", "cbor_unexpected_type"),
        (b"\xa1\x61n\xa1\x01\xf5", "cbor_unexpected_type"),
        (b"\xa1\x41n\xa1\x61x\xf5", "cbor_unexpected_type"),
        (b"\xa1\x61n\x81\x61x", "cbor_unexpected_type"),
        (b"\xa1\x61n\xa0", "cbor_missing_member"),
        (b"\xa0", "cbor_missing_member"),
        (b"\xa1\x61n\xbf\x61x\xf5\xff", "cbor_indefinite"),
        (b"\xa1\x7f\x61n\xff\xa1\x61x\xf5", "cbor_indefinite"),
    ] {
        assert_eq!(code(&request_of(&[head, names].concat())), expected, "{names:02x?}");
    }
}

#[test]
fn neg_a_malformed() {
    let valid = annex_d("DEVICE_REQUEST");
    assert_eq!(code(&valid), "accepted");
    assert_eq!(code(&[&valid[..], &[0]].concat()), "cbor_trailing");
    assert_eq!(code(&valid[..valid.len() - 1]), "cbor_truncated");
    assert_eq!(code(&request(&[])), "cbor_missing_member");
    assert_eq!(code(b"\xa1\x67version\x631.0"), "cbor_missing_member");
    assert_eq!(code(b"\xa1\x6bdocRequests\x80"), "cbor_missing_member");
    assert_eq!(code(b"\xa2\x67version\x631.0\x6bdocRequests\x81\xa0"), "cbor_missing_member");
    assert_eq!(code(&request_of(b"\xa1\x67docType\x61a")), "cbor_missing_member");
    assert_eq!(code(&request_of(b"\x00")), "cbor_unexpected_type");
    assert_eq!(code(&request_of(b"\xff")), "cbor_tag24_invalid");
    let untagged = encode(&[DocRequestToSend { items_request_bytes: b"\x41\xa0".into(), reader_auth: None }]);
    assert_eq!(code(&untagged), "cbor_tag24_expected");
    let small = Limits { max_bytes: 100, ..LIMITS };
    assert_eq!(UnverifiedRequest::parse(&valid, small).expect_err("large").code().as_str(), "input_too_large");
}
