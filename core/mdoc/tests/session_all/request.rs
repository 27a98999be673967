use rid_mdoc::{
    MdocError,
    request::{DocRequestToSend, ItemsRequest, RequestedElement, RequestedNamespace, UnverifiedRequest, encode},
};
use rid_wire::cbor::{Limits, Writer};

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

/// A request for these, unsigned.
fn request(items: &[ItemsRequest]) -> Vec<u8> {
    let send = |items: &ItemsRequest| DocRequestToSend { items_request_bytes: items.encode(), reader_auth: None };
    encode(&items.iter().map(send).collect::<Vec<_>>())
}

/// A request around an encoded ItemsRequest.
fn request_of(items_request: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.tagged(items_request);
    encode(&[DocRequestToSend { items_request_bytes: writer.finish(), reader_auth: None }])
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
    assert_eq!(code(&request(&[items("a", &[("n", &["x"])]), items("a", &[("m", &["x"])])])), "request_duplicate");
    // The same element in two namespaces, or of two documents, is another element.
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
        ("family_name", "Family_Name"),
        ("family_name", "family\u{200d}_name"),
        ("family_name", "\u{feff}family_name"),
        ("family_name", "ｆamily＿name"),
        ("family_name", "fam\u{301}ily_name"),
        ("né", "ne\u{301}"),
        ("soyadı_ğ", "soyadı_g\u{306}"),
        ("\u{130}d", "i\u{307}d"),
        ("Å", "\u{212b}"),
        ("k", "\u{212a}"),
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

/// Only namespaces and elements are `request_duplicate`.
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
fn std_m43_how_much() {
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
    // The version is judged first: what follows may be laid out otherwise.
    assert_eq!(code(b"\xa2\x6bdocRequests\x05\x67version\x632.0"), "mdoc_version");
}

#[test]
fn std_s50_unknown_members() {
    let mut items_request = Writer::new();
    items_request.map(4).text("docType").text("a").text("new").null();
    items_request.text("nameSpaces").map(1).text("n").map(1).text("x").boolean(true);
    items_request.text("requestInfo").map(1).text("uniqueDocSetRequired").boolean(true);
    let mut writer = Writer::new();
    writer.map(4).text("version").text("1.1").text("deviceRequestInfo").raw(b"\xd8\x18\x41\xa0");
    writer.text("docRequests").array(1).map(2).text("itemsRequest").tagged(&items_request.finish()).int(7).null();
    writer.text("readerAuthAll").array(1).raw(&annex_d("READER_AUTH"));
    let bytes = writer.finish();
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
    let reader_auth = Some(b"\x84\x40\xa0\xf6\x40".to_vec());
    let unsigned = DocRequestToSend { items_request_bytes: items("a", &[("n", &["x"])]).encode(), reader_auth };
    assert_eq!(code(&encode(&[unsigned])), "cose_alg_unprotected");
    let small = Limits { max_bytes: 100, ..LIMITS };
    assert_eq!(UnverifiedRequest::parse(&valid, small).expect_err("large").code().as_str(), "input_too_large");
}
