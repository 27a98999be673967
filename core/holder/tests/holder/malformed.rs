//! Requests and messages that cannot be read (neg-A over the link, neg-C13, std-M43, std-M44).
use rid_mdoc::{
    request::{DocRequestToSend, encode},
    response::UnverifiedResponse,
    session::{SessionData, SessionEstablishment, Status},
};
use rid_wire::cbor::{Encoder, Limits};

use crate::{
    reader::items,
    wallet::Wallet,
    world::{MDL, NS, encoded},
};

/// The request is answered with a DeviceResponse of this status and no data, and the session ends with this code.
fn refused(request: &[u8], status: u64, code: &str) {
    let mut wallet = Wallet::new();
    wallet.ends_by(code, |wallet| {
        let mut reader = wallet.connect();
        wallet.deliver(reader.establish(request));
        assert_eq!(wallet.trace, ["advertise", "send", "close"]);
        let (plaintext, session) = reader.open(wallet.sent.last().unwrap());
        assert_eq!(session, Some(Status::Termination));
        let plaintext = plaintext.unwrap();
        let response = UnverifiedResponse::parse(&plaintext, Limits::PROXIMITY).unwrap();
        assert_eq!(response.status, status, "{code}");
        assert!(response.documents.is_none() && response.document_errors.is_empty());
    });
}

/// A DeviceRequest round these ItemsRequestBytes.
fn request_of(items_request_bytes: Vec<u8>) -> Vec<u8> {
    encode(&[DocRequestToSend { items_request_bytes, reader_auth: None }])
}

/// ItemsRequestBytes with a map of elements as given.
fn items_with(elements: &[u8]) -> Vec<u8> {
    let inner = encoded(|w| _ = w.map(2).text("docType").text(MDL).text("nameSpaces").map(1).text(NS).raw(elements));
    encoded(|w| _ = w.tagged(&inner))
}

fn good() -> Vec<u8> {
    request_of(items(MDL, &[(NS, "family_name", false)]).encode())
}

#[test]
fn std_m44_requests_that_are_no_cbor_are_answered_with_status_11() {
    let deep = [vec![0x81; 100_000], vec![0]].concat();
    refused(&deep, 11, "cbor_too_deep");
    refused(&[good(), vec![0]].concat(), 11, "cbor_trailing");
    refused(&good()[..good().len() - 1], 11, "cbor_truncated");
    refused(&[], 11, "cbor_truncated");
    refused(&[0x9b, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3], 11, "cbor_truncated");
    refused(&[0xa2, 0x61, b'a', 1, 0x61, b'a', 2], 11, "cbor_duplicate_key");
    refused(&request_of(vec![0xd8, 24, 0x41, 0xff]), 11, "cbor_tag24_invalid");
    refused(&request_of(items_with(&[0xa1, 0x62, 0xff, 0xfe, 0xf4])), 11, "cbor_tag24_invalid");
    refused(&request_of(items_with(&[0xa1, 0x62, b'a', 0, 0xf4])), 11, "cbor_invalid_text");
}

#[test]
fn std_m44_requests_that_are_cbor_but_no_request_are_answered_with_status_12() {
    refused(&encoded(|w| _ = w.map(0)), 12, "cbor_missing_member");
    refused(&encoded(|w| _ = w.map(1).text("version").text("1.0")), 12, "cbor_missing_member");
    refused(&encode(&[]), 12, "cbor_missing_member");
    refused(&[0x80], 12, "cbor_unexpected_type");
    refused(&request_of(encoded(|w| _ = w.map(0))), 12, "cbor_tag24_expected");
    refused(&request_of(items_with(&[0xa1, 0x61, b'a', 0x01])), 12, "cbor_unexpected_type");
    refused(&request_of(items_with(&[0xbf, 0x61, b'a', 0xf4, 0xff])), 12, "cbor_indefinite");
    let elements: Vec<String> = (0..1_000).map(|number| format!("element_{number}")).collect();
    let wanted: Vec<_> = elements.iter().map(|name| (NS, name.as_str(), false)).collect();
    refused(&request_of(items(MDL, &wanted).encode()), 12, "mdoc_too_many");
}

#[test]
fn std_m43_an_unknown_version_is_answered_with_status_10() {
    let request = encoded(|w| _ = w.map(2).text("version").text("9.0").text("docRequests").array(1).map(0));
    refused(&request, 10, "mdoc_version");
}

#[test]
fn neg_c13_an_element_asked_for_again_and_again_or_in_other_letters() {
    let mut repeated = Encoder::new();
    repeated.map(1_000);
    for _ in 0..1_000 {
        repeated.text("family_name").boolean(false);
    }
    refused(&request_of(items_with(&repeated.finish())), 12, "request_duplicate");
    let forms = encoded(|w| _ = w.map(2).text("caf\u{e9}").boolean(false).text("cafe\u{301}").boolean(false));
    refused(&request_of(items_with(&forms)), 12, "request_duplicate");
}

#[test]
fn std_m42_session_messages_that_are_no_cbor_are_answered_with_status_11() {
    let establishment = |wallet: &mut Wallet| {
        let mut reader = wallet.connect();
        reader.establish(&good())
    };
    type Spoil = fn(Vec<u8>) -> Vec<u8>;
    let cases: [(&str, Spoil); 5] = [
        ("cbor_truncated", |message| message[..message.len() - 1].to_vec()),
        ("cbor_trailing", |message| [message, vec![0]].concat()),
        ("cbor_truncated", |_| vec![]),
        ("cbor_unexpected_type", |_| vec![0x01]),
        ("cbor_duplicate_key", |_| vec![0xa2, 0x61, b'a', 1, 0x61, b'a', 2]),
    ];
    for (code, spoil) in cases {
        let mut wallet = Wallet::new();
        wallet.ends_by(code, |wallet| {
            let message = establishment(wallet);
            wallet.deliver(spoil(message));
            let expected = SessionData::encode(None, Some(Status::CborError));
            assert_eq!(wallet.sent, [expected]);
        });
    }
}

#[test]
fn neg_a11_a_reader_key_without_its_tag() {
    let mut wallet = Wallet::new();
    wallet.ends_by("cbor_tag24_expected", |wallet| {
        let mut reader = wallet.connect();
        reader.key_bytes = reader.key.public().to_cose();
        let message = SessionEstablishment::encode(&reader.key_bytes, &[0; 32]);
        wallet.deliver(message);
    });
}

#[test]
fn a_malformed_message_after_an_exchange_ends_the_session() {
    let mut wallet = Wallet::new();
    wallet.serves();
    wallet.receipts.clear();
    wallet.ends_by("cbor_missing_member", |wallet| wallet.deliver(vec![0xa0]));
}

#[test]
fn std_s50_unknown_members_of_a_request_are_ignored() {
    let mut wallet = Wallet::new();
    let mut reader = wallet.connect();
    let items = encoded(|w| {
        _ = w
            .map(4)
            .text("docType")
            .text(MDL)
            .text("nameSpaces")
            .map(1)
            .text(NS)
            .map(1)
            .text("family_name")
            .boolean(false);
        _ = w.text("requestInfo").map(1).text("uniqueDocSetRequired").boolean(true).text("future").uint(1);
    });
    let tagged = encoded(|w| _ = w.tagged(&items));
    let request = encoded(|w| {
        _ = w.map(4).text("version").text("1.1").text("docRequests").array(1).map(2).text("itemsRequest").raw(&tagged);
        _ = w
            .text("future")
            .null()
            .text("deviceRequestInfo")
            .raw(&[0xd8, 24, 0x41, 0xa0])
            .text("readerAuthAll")
            .array(0);
    });
    let message = reader.establish(&request);
    wallet.deliver(message);
    let yes = wallet.yes();
    wallet.say(yes);
    let response = reader.open(wallet.sent.last().unwrap()).0.unwrap();
    assert_eq!(reader.judge(&response, &wallet.pki.issuers()).len(), 1);
}
