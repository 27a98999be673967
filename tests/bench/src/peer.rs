//! The peer: isomdl 0.2.0, driven as in its own simulated test.
use isomdl::{
    cbor,
    definitions::{
        BleOptions, DeviceRetrievalMethod, IssuerSigned, Mso, SessionEstablishment,
        device_engagement::{CentralClientMode, DeviceRetrievalMethods},
        device_request::{DataElements, Namespaces},
        helpers::Tag24,
        x509::trust_anchor::{PemTrustAnchor, TrustAnchorRegistry, TrustPurpose},
    },
    issuance::Mdoc,
    presentation::{
        authentication::AuthenticationStatus,
        device::{Document, Documents, SessionManagerInit},
        reader,
    },
};
use peer_p256::ecdsa::{Signature, SigningKey, signature::Signer};
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE};
use rid_shell::OsRng;

use crate::{expect, figure::Stopwatch, ours, some, stock::Stock};

/// The microseconds of the peer's holder for the same session. Its document is parsed beforehand.
pub(crate) fn present(stock: &Stock, elements: &[&str]) -> f64 {
    let documents = Documents::new(MDL_DOC_TYPE.into(), document(stock));
    let key = expect(SigningKey::from_slice(stock.device.dangerous_scalar().expose()), "key");
    let methods = DeviceRetrievalMethods::new(DeviceRetrievalMethod::BLE(BleOptions {
        peripheral_server_mode: None,
        central_client_mode: Some(CentralClientMode { uuid: uuid::Uuid::new_v4() }),
    }));
    let mut watch = Stopwatch::new();
    let (engaged, qr) = watch.time(|| {
        let init = expect(SessionManagerInit::initialise(documents, Some(methods), None), "initialise");
        expect(init.qr_engagement(), "engagement")
    });
    let (_, request, _) = expect(
        reader::SessionManager::establish_session(qr, namespaces(elements), TrustAnchorRegistry::default()),
        "reader",
    );
    let permitted = [(
        MDL_DOC_TYPE.to_owned(),
        [(MDL_NAMESPACE.to_owned(), elements.iter().map(|e| (*e).to_owned()).collect())].into(),
    )]
    .into();
    let response = watch.time(|| {
        let establishment: SessionEstablishment = expect(cbor::from_slice(&request), "establishment");
        let (mut session, outcome) =
            expect(engaged.process_session_establishment(establishment, TrustAnchorRegistry::default()), "request");
        session.prepare_response(&outcome.items_request, permitted);
        let (_, payload) = some(session.get_next_signature_payload(), "payload");
        let signature: Signature = key.sign(payload);
        expect(session.submit_next_signature(signature.to_vec()), "signature");
        some(session.retrieve_response(), "response")
    });
    assert!(!response.is_empty());
    watch.micros()
}

/// The microseconds of the peer's reader for a response of our holder.
pub(crate) fn verify(stock: &Stock, elements: &[&str]) -> f64 {
    let anchor = PemTrustAnchor { certificate_pem: stock.iaca_pem.clone(), purpose: TrustPurpose::Iaca };
    let trust = expect(TrustAnchorRegistry::from_pem_certificates(vec![anchor]), "anchor");
    let mut rng = OsRng;
    let (mut holder, qr) = ours::engage(stock, &mut rng);
    let (mut reader, request, _) =
        expect(reader::SessionManager::establish_session(qr, namespaces(elements), trust), "reader");
    let response = ours::respond(stock, &mut holder, request, &mut rng);
    let mut watch = Stopwatch::new();
    let outcome = watch.time(|| reader.handle_response(&response));
    assert_eq!(outcome.issuer_authentication, AuthenticationStatus::Valid, "{:?}", outcome.errors);
    assert_eq!(outcome.device_authentication, AuthenticationStatus::Valid, "{:?}", outcome.errors);
    watch.micros()
}

/// Microseconds of the peer's reading of the same credential.
pub(crate) fn index(stock: &Stock) -> f64 {
    let mut watch = Stopwatch::new();
    let document = watch.time(|| document(stock));
    drop(document);
    watch.micros()
}

fn document(stock: &Stock) -> Document {
    let issuer_signed: IssuerSigned = expect(cbor::from_slice(stock.first()), "IssuerSigned");
    let payload = some(issuer_signed.issuer_auth.inner.payload.clone(), "payload");
    let mso: Tag24<Mso> = expect(cbor::from_slice(&payload), "MSO");
    Document::from(Mdoc {
        doc_type: MDL_DOC_TYPE.into(),
        mso: mso.into_inner(),
        namespaces: some(issuer_signed.namespaces, "namespaces"),
        issuer_auth: issuer_signed.issuer_auth,
    })
}

fn namespaces(elements: &[&str]) -> Namespaces {
    let mut asked = elements.iter();
    let first = some(asked.next(), "an element");
    let mut data = DataElements::new((*first).to_owned(), false);
    for element in asked {
        data.insert((*element).to_owned(), false);
    }
    Namespaces::new(MDL_NAMESPACE.into(), data)
}
