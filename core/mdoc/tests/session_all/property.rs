//! Parsers over generated and damaged input: they never panic, and return only bytes of the input.
use proptest::{prelude::*, sample::Index};
use rid_mdoc::{
    engagement::{Ble, Engagement},
    request::{DocRequestToSend, ItemsRequest, RequestedElement, RequestedNamespace, UnverifiedRequest, encode},
    session::{Role, SessionCipher, SessionData, SessionEstablishment, key_bytes},
    transcript::Transcript,
};
use rid_wire::cbor::{Encoder, Limits};

use crate::{annex_d, annex_d_key, annex_d_transcript};

const LIMITS: Limits = Limits::PROXIMITY;

/// Parses the bytes with every parser of this suite.
fn parse_all(bytes: &[u8]) {
    let _ = UnverifiedRequest::parse(bytes, LIMITS);
    let _ = SessionEstablishment::parse(bytes, LIMITS);
    let _ = SessionData::parse(bytes, LIMITS);
    if let Ok(engagement) = Engagement::parse(bytes) {
        assert_eq!(engagement.as_bytes(), bytes);
        assert!(Engagement::parse_qr(&engagement.to_qr()).is_ok());
    }
    if let Ok(transcript) = Transcript::received(bytes, LIMITS) {
        assert!(bytes.ends_with(transcript.as_bytes()));
        let parts = transcript.parts();
        let members =
            [parts.device_engagement.unwrap_or(b"\xf6"), parts.e_reader_key.unwrap_or(b"\xf6"), parts.handover];
        assert!(transcript.as_bytes().ends_with(&members.concat()));
    }
}

/// Valid messages of every kind.
fn valid() -> Vec<Vec<u8>> {
    let names = [
        "DEVICE_ENGAGEMENT",
        "DEVICE_REQUEST",
        "SESSION_ESTABLISHMENT",
        "SESSION_TERMINATION",
        "SESSION_TRANSCRIPT_BYTES",
    ];
    names.into_iter().map(annex_d).chain([second_edition()]).collect()
}

/// A request with readerAuthAll and deviceRequestInfo.
fn second_edition() -> Vec<u8> {
    let mut info = Encoder::new();
    info.map(1).text("useCases").array(1).map(3).text("mandatory").boolean(true);
    info.text("documentSets").array(2).array(1).uint(0).array(1).uint(0);
    info.text("purposeHints").map(1).text("org.iso.jtc1.sc17").int(1);
    let mut encoder = Encoder::new();
    encoder.map(4).text("version").text("1.1").text("docRequests").array(1).map(1).text("itemsRequest");
    encoder.tagged(&annex_d("ITEMS_REQUEST")).text("deviceRequestInfo").tagged(&info.finish());
    encoder.text("readerAuthAll").array(1).raw(&annex_d("READER_AUTH"));
    encoder.finish()
}

#[test]
fn std_s50_a_request_of_the_second_edition_is_read() {
    let request = second_edition();
    let parsed = UnverifiedRequest::parse(&request, LIMITS).expect("valid");
    assert_eq!(parsed.info.and_then(|info| info.use_cases.ok()).map(|cases| cases.len()), Some(1));
    assert!(parsed.reader_auth_all[0].is_ok());
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..max)
}

fn uuid() -> impl Strategy<Value = Option<[u8; 16]>> {
    prop::option::of(any::<[u8; 16]>())
}

fn items_request() -> impl Strategy<Value = ItemsRequest> {
    let elements = prop::collection::btree_map("[a-z_]{1,12}", any::<bool>(), 1..6);
    let namespaces = prop::collection::btree_map("[a-z.0-9]{1,20}", elements, 1..4);
    ("[a-z.0-9]{1,20}", namespaces).prop_map(|(doc_type, namespaces)| {
        let namespaces = namespaces.into_iter().map(|(namespace, elements)| RequestedNamespace {
            namespace,
            elements: elements
                .into_iter()
                .map(|(identifier, intent_to_retain)| RequestedElement { identifier, intent_to_retain })
                .collect(),
        });
        ItemsRequest { doc_type, namespaces: namespaces.collect() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_bytes_never_panic(bytes in bytes(400)) {
        parse_all(&bytes);
    }

    #[test]
    fn random_text_never_panics(text in "(mdoc:)?[A-Za-z0-9_-]{0,200}", any in ".*") {
        let _ = Engagement::parse_qr(&text);
        let _ = Engagement::parse_qr(&any);
    }

    #[test]
    fn damaged_messages_never_panic(
        which in any::<Index>(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        cut in prop::option::weighted(0.2, any::<Index>()),
    ) {
        let valid = valid();
        let mut message = which.get(&valid).clone();
        for (at, byte) in damage {
            let at = at.index(message.len());
            message[at] = byte;
        }
        if let Some(cut) = cut {
            message.truncate(cut.index(message.len()));
        }
        parse_all(&message);
    }

    #[test]
    fn spliced_messages_never_panic(one in any::<Index>(), other in any::<Index>(), at in any::<Index>(), from in any::<Index>()) {
        let valid = valid();
        let (one, other) = (one.get(&valid), other.get(&valid));
        let spliced = [&one[..at.index(one.len())], &other[from.index(other.len())..]].concat();
        parse_all(&spliced);
    }

    #[test]
    fn std_m43_request_round_trip(items in items_request()) {
        let send = DocRequestToSend { items_request_bytes: items.encode(), reader_auth: None };
        let bytes = encode(std::slice::from_ref(&send));
        let parsed = UnverifiedRequest::parse(&bytes, LIMITS).expect("our own");
        prop_assert_eq!(&parsed.doc_requests[0].items, &items);
        prop_assert_eq!(parsed.doc_requests[0].items_request_bytes.outer, &send.items_request_bytes[..]);
    }

    #[test]
    fn std_m41_received_is_as_built(
        engagement in uuid(),
        select in bytes(80),
        request in prop::option::of(bytes(80)),
        handover_is_nfc in any::<bool>(),
    ) {
        let key = annex_d_key("EPHEMERAL_READER_KEY_D").public();
        let engagement = Engagement::build(&key, &Ble { peripheral_server: engagement, central_client: None });
        let built = if handover_is_nfc {
            Transcript::nfc(engagement.as_bytes(), &key_bytes(&key), &select, request.as_deref())
        } else {
            Transcript::qr(engagement.as_bytes(), &key_bytes(&key))
        };
        let received = Transcript::received(built.as_bytes(), LIMITS).expect("our own");
        let tagged = Transcript::received(&built.tagged(), LIMITS).expect("our own");
        prop_assert!(received == built && tagged == built);
        prop_assert_eq!(received.parts(), built.parts());
    }

    #[test]
    fn std_m40_engagement_round_trip(peripheral_server in uuid(), central_client in uuid()) {
        let key = annex_d_key("EPHEMERAL_DEVICE_KEY_D").public();
        let built = Engagement::build(&key, &Ble { peripheral_server, central_client });
        let parsed = Engagement::parse_qr(&built.to_qr()).expect("our own");
        prop_assert_eq!(parsed.methods(), built.methods());
        prop_assert_eq!(parsed.as_bytes(), built.as_bytes());
        prop_assert!(parsed.e_device_key() == &key);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn std_m42_cipher_round_trip(messages in prop::collection::vec((any::<bool>(), bytes(300)), 0..8)) {
        let (device, reader) = (annex_d_key("EPHEMERAL_DEVICE_KEY_D"), annex_d_key("EPHEMERAL_READER_KEY_D"));
        let secret = device.agree(&reader.public()).expect("one curve");
        let transcript = annex_d_transcript();
        let mut mdoc = SessionCipher::derive(Role::Mdoc, &secret, &transcript);
        let mut reader = SessionCipher::derive(Role::Reader, &secret, &transcript);
        for (from_reader, message) in messages {
            let (sender, receiver) = if from_reader { (&mut reader, &mut mdoc) } else { (&mut mdoc, &mut reader) };
            let sealed = sender.encrypt(&message).expect("counters left");
            prop_assert_eq!(receiver.decrypt(&sealed), Ok(message));
        }
    }
}
