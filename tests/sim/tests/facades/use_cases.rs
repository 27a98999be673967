//! Use cases of a request (second edition) as an app gets them, over a reader of parts alone: ours states none.
use pollster::block_on;
use rid_crypto::AgreementKey;
use rid_mdoc::{
    MDL_DOC_TYPE, MDL_NAMESPACE,
    engagement::Engagement,
    request::{ItemsRequest, RequestedElement, RequestedNamespace},
    session::{Role, SessionCipher, SessionEstablishment, key_bytes},
    transcript::Transcript,
};
use rid_profile::{ReaderPolicy, ReaderRule};
use rid_sim::{SimRng, TestState};
use rid_wallet::{PresentationStep, view::RequestedUseCase};
use rid_wire::{base64, cbor::Encoder};

use crate::walk::{Folder, config, fill_kinds, open_configured};

/// One licence, one unknown document, and a use case that wants either.
fn request() -> Vec<u8> {
    let mut info = Encoder::new();
    info.map(1).text("useCases").array(1).map(2).text("mandatory").boolean(true).text("documentSets").array(2);
    info.array(1).uint(1).array(1).uint(0);
    let mut encoder = Encoder::new();
    encoder.map(3).text("version").text("1.1").text("docRequests").array(2);
    for doc_type in [MDL_DOC_TYPE, "org.example.none"] {
        let element = RequestedElement { identifier: "family_name".into(), intent_to_retain: false };
        let namespaces = vec![RequestedNamespace { namespace: MDL_NAMESPACE.into(), elements: vec![element] }];
        let items = ItemsRequest { doc_type: doc_type.into(), namespaces }.encode();
        encoder.map(1).text("itemsRequest").raw(&items);
    }
    encoder.text("deviceRequestInfo").tagged(&info.finish());
    encoder.finish()
}

#[test]
fn std_s50_use_cases_of_a_request_reach_the_question_of_an_app() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("use-cases"));
    let policy =
        ReaderPolicy { anonymous: ReaderRule::Allow, untrusted: ReaderRule::Allow, forged: ReaderRule::Enforce };
    let mut config = config(rid_profile::embedded().unwrap(), &state);
    config.reader_policy = policy;
    let wallet = fill_kinds(open_configured(config, &folder), &state, &["mdl"], 1);
    let presentation = wallet.present().unwrap();
    let PresentationStep::Advertise { qr, .. } = block_on(presentation.next()).unwrap() else { panic!("no QR code") };
    presentation.proceed().unwrap();
    presentation.connected(517).unwrap();

    let engagement = base64::decode_url(qr.strip_prefix("mdoc:").unwrap()).unwrap();
    let key = AgreementKey::make(&mut SimRng::new(2));
    let bytes = key_bytes(&key.public());
    let secret = key.agree(Engagement::parse(&engagement).unwrap().e_device_key()).unwrap();
    let mut cipher = SessionCipher::derive(Role::Reader, &secret, &Transcript::qr(&engagement, &bytes));
    let message = SessionEstablishment::encode(&bytes, &cipher.encrypt(&request()).unwrap());
    presentation.received(message).unwrap();

    let PresentationStep::Ask { request } = block_on(presentation.next()).unwrap() else { panic!("no question") };
    assert_eq!(request.use_cases, [RequestedUseCase { mandatory: true, document_sets: vec![vec![1], vec![0]] }]);
    // The first set cannot be answered, so the second one is suggested.
    assert_eq!(request.documents.iter().map(|one| one.suggested).collect::<Vec<_>>(), [true, false]);
    assert_eq!(request.documents.iter().map(|one| one.blocked.is_some()).collect::<Vec<_>>(), [false, true]);
}
