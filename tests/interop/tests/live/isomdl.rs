//! The crate isomdl: proximity sessions in both roles, and issuing.
//!
//! It judges transcripts, session keys, certificates and signatures. Its reader does not compare digests, and it does
//! not support deviceMac.
use std::collections::BTreeMap;

use isomdl::{
    cbor,
    definitions::{
        DeviceKeyInfo, DigestAlgorithm, IssuerSigned, Mso, SessionEstablishment, ValidityInfo,
        device_request::{DataElements, Namespaces},
        helpers::{NonEmptyMap, Tag24},
        x509::{
            X5Chain,
            trust_anchor::{PemTrustAnchor, TrustAnchorRegistry, TrustPurpose},
        },
    },
    issuance::Mdoc,
    presentation::{authentication::AuthenticationStatus, device, reader},
};
use rid_crypto::{PublicKey, SigningKey};
use rid_holder::proximity::DeviceAuthMethod;
use rid_verifier::{
    capture::{CaptureInput, judge_issuer_signed},
    proximity::CloseReason,
    view::Decision,
};
use rid_wire::cbor::{Encoder, Limits};
use serde_json::{Value, json};

use crate::{
    reader::OurReader,
    wallet::Wallet,
    world::{ASKED, Identity, MDL, NATIONAL, NS, World, expected_json, licence, now, profile, validity},
};

fn anchors(root: &Identity, purpose: TrustPurpose) -> TrustAnchorRegistry {
    TrustAnchorRegistry::from_pem_certificates(vec![PemTrustAnchor {
        certificate_pem: root.certificate.to_pem(),
        purpose,
    }])
    .unwrap()
}

/// The elements that their reader requests.
fn their_request() -> Namespaces {
    let elements = |namespace: &str| {
        let of = ASKED.iter().filter(|(of, _)| *of == namespace);
        let names: BTreeMap<String, bool> = of.map(|(_, name)| ((*name).to_owned(), false)).collect();
        DataElements::try_from(names).unwrap()
    };
    Namespaces::try_from(BTreeMap::from([(NS.to_owned(), elements(NS)), (NATIONAL.to_owned(), elements(NATIONAL))]))
        .unwrap()
}

/// The values of the mDL namespace in the output of their reader.
fn their_values() -> Value {
    let mut values = expected_json()[NS].clone();
    values["birth_date"] = values["birth_date"]["$date"].clone();
    values["portrait"] = json!(rid_wire::base64::decode_url(values["portrait"]["$bytes"].as_str().unwrap()).unwrap());
    values["driving_privileges"][0]["issue_date"] = json!("2015-01-31");
    values
}

fn their_reader_accepts(session: &mut reader::SessionManager, message: &[u8]) {
    let outcome = session.handle_response(message);
    assert_eq!(outcome.errors, BTreeMap::new());
    assert_eq!(outcome.device_authentication, AuthenticationStatus::Valid);
    assert_eq!(outcome.issuer_authentication, AuthenticationStatus::Valid);
    assert_eq!(outcome.response[NS], their_values());
}

#[test]
fn interop_isomdl_reader_accepts_our_wallet() {
    let mut world = World::make(21);
    let mut wallet = Wallet::start(&mut world, DeviceAuthMethod::Signature, World::mint);
    let trust = anchors(&world.iaca, TrustPurpose::Iaca);
    let (mut session, message, ble_ident) =
        reader::SessionManager::establish_session(wallet.qr.clone(), their_request(), trust).unwrap();
    assert_eq!(ble_ident.len(), 16);
    their_reader_accepts(&mut session, &wallet.exchange(message).unwrap());
    // A second request in the same session: both counters continue.
    let message = session.new_request(their_request()).unwrap();
    their_reader_accepts(&mut session, &wallet.exchange(message).unwrap());
    assert!(wallet.closed.is_none());
}

#[test]
fn interop_isomdl_reader_refuses_a_root_it_does_not_know() {
    let mut world = World::make(22);
    let mut wallet = Wallet::start(&mut world, DeviceAuthMethod::Signature, World::mint);
    let trust = anchors(&World::make(23).iaca, TrustPurpose::Iaca);
    let (mut session, message, _) =
        reader::SessionManager::establish_session(wallet.qr.clone(), their_request(), trust).unwrap();
    let outcome = session.handle_response(&wallet.exchange(message).unwrap());
    assert_eq!(outcome.device_authentication, AuthenticationStatus::Valid);
    assert_eq!(outcome.issuer_authentication, AuthenticationStatus::Invalid);
}

/// The parts of an IssuerSigned that their holder stores.
fn their_document(issuer_signed: &[u8]) -> device::Document {
    let parsed: IssuerSigned = cbor::from_slice(issuer_signed).unwrap();
    let payload = parsed.issuer_auth.payload.as_ref().unwrap();
    let mso: Tag24<Mso> = cbor::from_slice(payload).unwrap();
    let (namespaces, issuer_auth) = (parsed.namespaces.unwrap(), parsed.issuer_auth);
    Mdoc { doc_type: MDL.into(), mso: mso.into_inner(), namespaces, issuer_auth }.into()
}

/// Issued by isomdl with our signature, as with a remote signer.
fn they_issue(world: &World, device_key: &PublicKey) -> Mdoc {
    let mut namespaces = isomdl::issuance::Namespaces::new();
    for element in licence() {
        let value: ciborium::Value = ciborium::from_reader(&*element.value).unwrap();
        namespaces.entry(element.namespace).or_default().insert(element.identifier, value);
    }
    let encoded = |write: &dyn Fn(&mut Encoder)| {
        let mut encoder = Encoder::new();
        write(&mut encoder);
        encoder.finish()
    };
    let times = validity();
    let validity: ValidityInfo = cbor::from_slice(&encoded(&|w| {
        w.map(3).text("signed").tag(0).text(&times.signed.to_tdate());
        w.text("validFrom").tag(0).text(&times.valid_from.to_tdate());
        w.text("validUntil").tag(0).text(&times.valid_until.to_tdate());
    }))
    .unwrap();
    let key_info: DeviceKeyInfo =
        cbor::from_slice(&encoded(&|w| _ = w.map(1).text("deviceKey").raw(&device_key.to_cose()))).unwrap();
    let prepared = Mdoc::builder()
        .doc_type(MDL.into())
        .namespaces(namespaces)
        .validity_info(validity)
        .digest_algorithm(DigestAlgorithm::SHA256)
        .device_key_info(key_info)
        .prepare(isomdl_coset::iana::Algorithm::ES256)
        .unwrap();
    let signature = world.signer.key.sign(&[prepared.signature_payload()]);
    let chain = X5Chain::builder().with_der_certificate(world.signer.certificate.der()).unwrap().build().unwrap();
    prepared.complete(chain, signature.to_vec())
}

fn issued_bytes(mdoc: &Mdoc) -> Vec<u8> {
    let issuer_signed =
        IssuerSigned { namespaces: Some(mdoc.namespaces.clone()), issuer_auth: mdoc.issuer_auth.clone() };
    cbor::to_vec(&issuer_signed).unwrap()
}

/// Their holder: it connects to our reader, checks the reader and presents the requested elements.
struct TheirHolder {
    session: device::SessionManager,
    key: SigningKey,
}

impl TheirHolder {
    fn answer(&mut self, outcome: &isomdl::presentation::authentication::RequestAuthenticationOutcome) -> Vec<u8> {
        assert_eq!(outcome.errors, BTreeMap::new());
        let names = |of: &str| ASKED.iter().filter(|(n, _)| *n == of).map(|(_, name)| (*name).to_owned()).collect();
        let permitted = BTreeMap::from([(NS.to_owned(), names(NS)), (NATIONAL.to_owned(), names(NATIONAL))]);
        self.session.prepare_response(&outcome.items_request, BTreeMap::from([(MDL.to_owned(), permitted)]));
        while let Some((_, payload)) = self.session.get_next_signature_payload() {
            let signature = self.key.sign(&[payload]);
            self.session.submit_next_signature(signature.to_vec()).unwrap();
        }
        self.session.retrieve_response().unwrap()
    }
}

/// `issue` returns what their holder stores, bound to a device key.
fn our_reader_accepts_their_holder(seed: u64, issue: impl Fn(&mut World, &PublicKey) -> device::Document) {
    let mut world = World::make(seed);
    let key = SigningKey::make(&mut world.rng);
    let documents = NonEmptyMap::new(MDL.to_owned(), issue(&mut world, &key.public()));
    let readers = anchors(&world.reader_root, TrustPurpose::ReaderCa);
    let (engaged, qr) = device::SessionManagerInit::initialise(documents, None, None).unwrap().qr_engagement().unwrap();
    let issuers = world.issuers();
    let mut ours = OurReader::start(&mut world, issuers, &qr);
    let establishment: SessionEstablishment = cbor::from_slice(&ours.sent()).unwrap();
    let (session, outcome) = engaged.process_session_establishment(establishment, readers).unwrap();
    assert_eq!(outcome.reader_authentication, AuthenticationStatus::Valid, "{:?}", outcome.errors);
    assert_eq!(outcome.common_name.as_deref(), Some("Test Reader"));
    let mut theirs = TheirHolder { session, key };
    let message = theirs.answer(&outcome);
    ours.receive(message);
    ours.accepted();
    // Once more in the same session.
    ours.ask();
    let outcome = theirs.session.handle_request(&ours.sent());
    let message = theirs.answer(&outcome);
    ours.receive(message);
    ours.accepted();
    assert_eq!((ours.exchanges.len(), ours.closed), (2, None));
    ours.finish();
    assert_eq!(ours.closed, Some(CloseReason::Done));
}

#[test]
fn interop_isomdl_holder_with_our_licence_is_accepted_by_our_reader() {
    our_reader_accepts_their_holder(24, |world, key| their_document(&world.mint(key)));
}

#[test]
fn interop_isomdl_holder_with_its_own_licence_is_accepted_by_our_reader() {
    our_reader_accepts_their_holder(25, |world, key| they_issue(world, key).into());
}

#[test]
fn interop_isomdl_issues_and_we_verify() {
    let mut world = World::make(26);
    let key = SigningKey::make(&mut world.rng);
    let bytes = issued_bytes(&they_issue(&world, &key.public()));
    let (trust, profile) = (world.issuers(), profile());
    let input = CaptureInput {
        status_list: None,
        profile: &profile,
        locales: &[],
        trust: &trust,
        transcript: None,
        reader_key: None,
        at: now(),
        limits: Limits::ONLINE,
    };
    let verdict = judge_issuer_signed(&bytes, &input);
    assert_eq!((verdict.decision, verdict.code), (Decision::Accepted, None), "{:?}", verdict.documents[0].checks);
    assert_eq!(verdict.documents[0].elements.current().unwrap().issuer_signed.len(), licence().len());
}

#[test]
fn interop_isomdl_issues_our_wallet_presents_its_reader_accepts() {
    let mut world = World::make(27);
    let issue = |world: &mut World, key: &PublicKey| issued_bytes(&they_issue(world, key));
    let mut wallet = Wallet::start(&mut world, DeviceAuthMethod::Signature, issue);
    let trust = anchors(&world.iaca, TrustPurpose::Iaca);
    let (mut session, message, _) =
        reader::SessionManager::establish_session(wallet.qr.clone(), their_request(), trust).unwrap();
    their_reader_accepts(&mut session, &wallet.exchange(message).unwrap());
}
