//! Reader authentication.
use rid_crypto::{
    SigningKey,
    x509::{self, Certificate, CertificateRequest, Profile},
};
use rid_kit::{SeededRng, time};
use rid_mdoc::{
    reader_auth::{self, ReaderAuth},
    request::{DocRequestToSend, UnverifiedRequest, encode},
    transcript::Transcript,
};
use rid_trust::{Anchor, Environment, Role, TrustStore};
use rid_wire::{
    cbor::{Encoder, Limits},
    cose::{Sign1, protected_header, sig_structure},
};

use crate::{annex_d, annex_d_transcript, intermediate, replaced};

const LIMITS: Limits = Limits::PROXIMITY;

fn store(roots: &[(&[u8], Role)]) -> TrustStore {
    let anchors = roots.iter().map(|(der, role)| Anchor {
        certificate: Certificate::parse(der).expect("a certificate"),
        role: *role,
        environment: Environment::Test,
        credential_types: None,
    });
    TrustStore::new(Environment::Test, anchors.collect()).expect("a test store")
}

/// Judges the only doc request, in 2021 with the reader root of Annex D.
fn judge(request: &[u8], transcript: &Transcript) -> ReaderAuth {
    judge_with(request, transcript, &store(&[(&intermediate("d54_readerRoot"), Role::Reader)]), "2021-10-01T00:00:00Z")
}

fn judge_with(request: &[u8], transcript: &Transcript, trust: &TrustStore, at: &str) -> ReaderAuth {
    let request = UnverifiedRequest::parse(request, LIMITS).expect("well-formed");
    reader_auth::verify(&request.doc_requests[0], transcript, &mut trust.message(time(at)))
}

fn code(outcome: &ReaderAuth) -> (&'static str, &'static str) {
    match outcome {
        ReaderAuth::Absent => ("absent", ""),
        ReaderAuth::Invalid(code) => ("invalid", code.as_str()),
        ReaderAuth::Forbidden(code) => ("forbidden", code.as_str()),
        ReaderAuth::Unchecked(code) => ("unchecked", code.as_str()),
        ReaderAuth::Unknown(code) => ("unknown", code.as_str()),
        ReaderAuth::Verified(_) => ("verified", ""),
    }
}

/// The items request of Annex D with this readerAuth.
fn with_reader_auth(reader_auth: Option<Vec<u8>>) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.tagged(&annex_d("ITEMS_REQUEST"));
    encode(&[DocRequestToSend { items_request_bytes: encoder.finish(), reader_auth }])
}

#[test]
fn std_m43_annex_d_verified() {
    let outcome = judge(&annex_d("DEVICE_REQUEST"), &annex_d_transcript());
    let ReaderAuth::Verified(identity) = outcome else { panic!("{outcome:?}") };
    assert_eq!((identity.name.as_str(), identity.organization, identity.country), ("reader", None, None));
}

#[test]
fn neg_c10_absent() {
    assert_eq!(judge(&with_reader_auth(None), &annex_d_transcript()), ReaderAuth::Absent);
}

#[test]
fn neg_c08_over_another_items_request() {
    let forged = replaced(&annex_d("DEVICE_REQUEST"), b"\x68portrait\xf4", b"\x68portrait\xf5");
    assert_eq!(code(&judge(&forged, &annex_d_transcript())), ("invalid", "reader_auth_invalid"));
    let forged = replaced(&annex_d("DEVICE_REQUEST"), b"\x6aissue_date", b"\x6abirth_date");
    assert_eq!(code(&judge(&forged, &annex_d_transcript())), ("invalid", "reader_auth_invalid"));
}

#[test]
fn neg_c08_over_another_transcript() {
    let transcript = annex_d_transcript();
    let parts = transcript.parts();
    let engagement = &parts.device_engagement.expect("there")[4..];
    let qr = Transcript::qr(engagement, parts.e_reader_key.expect("there"));
    assert_eq!(code(&judge(&annex_d("DEVICE_REQUEST"), &qr)), ("invalid", "reader_auth_invalid"));
}

#[test]
fn neg_c08_damaged() {
    let mut reader_auth = annex_d("READER_AUTH");
    let last = reader_auth.len() - 1;
    reader_auth[last] ^= 1;
    let outcome = judge(&with_reader_auth(Some(reader_auth.clone())), &annex_d_transcript());
    assert_eq!(code(&outcome), ("invalid", "reader_auth_invalid"));
    // The signature is one byte short.
    let short = replaced(&annex_d("READER_AUTH"), b"\xf6\x58\x40", b"\xf6\x58\x3f");
    let outcome = judge(&with_reader_auth(Some(short[..last].into())), &annex_d_transcript());
    assert_eq!(code(&outcome), ("invalid", "reader_auth_invalid"));
    // A wrong signature is reported as such even if the chain is unknown.
    let request = with_reader_auth(Some(reader_auth));
    let outcome = judge_with(&request, &annex_d_transcript(), &store(&[]), "2021-10-01T00:00:00Z");
    assert_eq!(code(&outcome), ("invalid", "reader_auth_invalid"));
}

#[test]
fn neg_c08_form() {
    let transcript = annex_d_transcript();
    let chain = annex_d("READER_CERT");
    let outcome = |alg: i64, chain: &[&[u8]], payload: Option<&[u8]>| {
        let reader_auth = Sign1::encode(alg, chain, payload, &[1; 64]);
        judge(&with_reader_auth(Some(reader_auth)), &transcript)
    };
    assert_eq!(code(&outcome(-7, &[&chain], Some(b"attached"))), ("invalid", "cose_payload"));
    assert_eq!(code(&outcome(-7, &[&chain], None)), ("invalid", "reader_auth_invalid"));
}

/// A signature that cannot be checked counts like no signature, and its reason is kept.
#[test]
fn neg_c34_unsupported_signature_is_an_unknown_reader_with_reason() {
    let transcript = annex_d_transcript();
    let chain = annex_d("READER_CERT");
    let outcome = |alg: i64, chain: &[&[u8]]| {
        let reader_auth = Sign1::encode(alg, chain, None, &[1; 64]);
        judge(&with_reader_auth(Some(reader_auth)), &transcript)
    };
    for alg in [-35, -36, -8, -37, -257, -65535, 5, 0] {
        assert_eq!(code(&outcome(alg, &[&chain])), ("unchecked", "cose_alg_unsupported"), "{alg}");
    }
    assert_eq!(code(&outcome(-7, &[])), ("unchecked", "cose_x5chain"));
    assert_eq!(code(&outcome(-7, &[b"\x30\x00"])), ("unchecked", "cert_form"));
    assert_eq!(code(&outcome(-7, &[&chain, b"\x30\x00"])), ("unchecked", "cert_form"));
    // The curve secp256k1 instead of P-256.
    let p256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let curve = replaced(&chain, &p256, &[0x2b, 0x81, 0x04, 0x00, 0x0a, 0x00, 0x00, 0x00]);
    assert_eq!(outcome(-7, &[&curve]), ReaderAuth::Unchecked(rid_wire::Code::new("cert_alg")));
    let kid_as_text = b"\x84\x43\xa1\x01\x26\xa1\x04\x61k\xf6\x40".to_vec();
    let found = judge(&with_reader_auth(Some(kid_as_text)), &transcript);
    assert_eq!(code(&found), ("unchecked", "cbor_unexpected_type"));
    assert_eq!(judge(&with_reader_auth(Some(vec![0xf6])), &transcript), ReaderAuth::Absent);
}

/// The items request of Annex D twice, with readerAuthAll of these signers and an optional deviceRequestInfo.
fn signed_for_all(signers: &[(&SigningKey, &Certificate)], info: Option<&[u8]>) -> Vec<u8> {
    let mut items = Encoder::new();
    items.tagged(&annex_d("ITEMS_REQUEST"));
    let items = items.finish();
    let whole = |all: &[Vec<u8>]| {
        let mut encoder = Encoder::new();
        encoder.map(if info.is_some() { 4 } else { 3 }).text("version").text("1.1").text("docRequests").array(2);
        for _ in 0..2 {
            encoder.map(1).text("itemsRequest").raw(&items);
        }
        encoder.text("readerAuthAll").array(all.len());
        for one in all {
            encoder.raw(one);
        }
        if let Some(info) = info {
            encoder.text("deviceRequestInfo").raw(info);
        }
        encoder.finish()
    };
    let unsigned = whole(&[]);
    let request = UnverifiedRequest::parse(&unsigned, LIMITS).expect("well-formed");
    let payload = reader_auth::reader_authentication_all_bytes(&annex_d_transcript(), &request);
    let all = signers.iter().map(|(key, certificate)| {
        let prefix = sig_structure(&protected_header(-7), &[], payload.len());
        reader_auth::encode(&key.sign(&[&prefix, &payload]), std::slice::from_ref(*certificate))
    });
    whole(&all.collect::<Vec<_>>())
}

fn judge_all(request: &[u8], roots: &[&[u8]]) -> ReaderAuth {
    let request = UnverifiedRequest::parse(request, LIMITS).expect("well-formed");
    let roots: Vec<_> = roots.iter().map(|der| (*der, Role::Reader)).collect();
    let trust = store(&roots);
    reader_auth::verify_all(&request, &annex_d_transcript(), &mut trust.message(time("2026-06-01T00:00:00Z")))
}

#[test]
fn std_s50_reader_auth_all_identifies_the_reader_of_all_documents() {
    let ((key, leaf, root), (other_key, other_leaf, _)) = (pki(Profile::Reader, 0), pki(Profile::Reader, 100));
    let info = b"\xd8\x18\x41\xa0";
    for info in [None, Some(&info[..])] {
        let request = signed_for_all(&[(&key, &leaf)], info);
        let ReaderAuth::Verified(reader) = judge_all(&request, &[&root]) else { panic!("not verified") };
        assert_eq!(reader.name, "Test reader");
        assert_eq!(code(&judge_all(&request, &[])), ("unknown", "trust_missing"));
    }
    // Only one of the two readers is known.
    let request = signed_for_all(&[(&other_key, &other_leaf), (&key, &leaf)], None);
    assert!(matches!(judge_all(&request, &[&root]), ReaderAuth::Verified(_)));
    assert_eq!(judge_all(&signed_for_all(&[], None), &[&root]), ReaderAuth::Absent);
}

#[test]
fn std_s50_wrong_reader_auth_all_is_invalid() {
    let ((key, leaf, root), (other_key, ..)) = (pki(Profile::Reader, 0), pki(Profile::Reader, 100));
    let forged = signed_for_all(&[(&key, &leaf), (&other_key, &leaf)], None);
    assert_eq!(code(&judge_all(&forged, &[&root])), ("invalid", "reader_auth_invalid"));
    // An element or the info is changed after signing.
    let request = signed_for_all(&[(&key, &leaf)], Some(b"\xd8\x18\x41\xa0"));
    for (from, to) in [
        (&b"\x68portrait\xf4"[..], &b"\x68portrait\xf5"[..]),
        (b"\x71deviceRequestInfo\xd8\x18\x41\xa0", b"\x71deviceRequestInf0\xd8\x18\x41\xa0"),
    ] {
        assert_eq!(code(&judge_all(&replaced(&request, from, to), &[&root])), ("invalid", "reader_auth_invalid"));
    }
}

#[test]
fn std_s50_results_for_one_document_are_combined() {
    use ReaderAuth::{Absent, Invalid, Unchecked, Unknown};
    let code = |text| rid_wire::Code::new(text);
    let ladder = [Absent, Unchecked(code("a")), Unknown(code("b")), Invalid(code("d"))];
    for (place, weaker) in ladder.iter().enumerate() {
        for stronger in &ladder[place..] {
            assert_eq!(&weaker.clone().or(stronger.clone()), stronger);
            assert_eq!(&stronger.clone().or(weaker.clone()), stronger);
        }
    }
    assert_eq!(Invalid(code("one")).or(Invalid(code("other"))), Invalid(code("one")));
}

#[test]
fn neg_f01_chain() {
    let request = annex_d("DEVICE_REQUEST");
    let transcript = annex_d_transcript();
    let root = intermediate("d54_readerRoot");
    let now = "2021-10-01T00:00:00Z";
    let (outcome, _) = code(&judge_with(&request, &transcript, &store(&[(&root, Role::Issuer)]), now));
    assert_eq!(outcome, "unknown", "another pool");
    let none = judge_with(&request, &transcript, &store(&[]), now);
    assert_eq!(code(&none), ("unknown", "trust_missing"));
    let iaca = intermediate("d52_iaca");
    let other = judge_with(&request, &transcript, &store(&[(&iaca, Role::Reader)]), now);
    assert_eq!(code(&other), ("unknown", "cert_untrusted"));
    let trust = store(&[(&root, Role::Reader)]);
    for (at, expected) in [("2024-01-01T00:00:00Z", "cert_expired"), ("2020-09-30T23:58:59Z", "cert_not_yet_valid")] {
        assert_eq!(code(&judge_with(&request, &transcript, &trust, at)), ("forbidden", expected), "{at}");
    }
}

/// Cites neg-C35: 32 docRequests, each signed by another reader with a chain of three certificates that names the root.
#[test]
fn neg_c35_chains_of_one_message_share_a_budget() {
    let mut rng = SeededRng::new(0);
    let keys: Vec<_> = (0..36).map(|seed| SigningKey::make(&mut SeededRng::new(seed))).collect();
    let certify = |profile, name, of: usize, by: usize, issuer: Option<&Certificate>, rng: &mut SeededRng| {
        let request = CertificateRequest {
            profile,
            common_name: name,
            organization: None,
            country: "AZ",
            key: &keys[of].public(),
            not_before: time("2026-01-01T00:00:00Z"),
            not_after: time("2026-12-31T23:59:59Z"),
        };
        Certificate::parse(&x509::build(&request, &keys[by], issuer, rng)).expect("a certificate")
    };
    let root = certify(Profile::ReaderRoot, "Root", 32, 32, None, &mut rng);
    let strangers = [33, 34].map(|key| certify(Profile::ReaderRoot, "Root", key, key, None, &mut rng));
    let transcript = annex_d_transcript();
    let mut items = Encoder::new();
    items.tagged(&annex_d("ITEMS_REQUEST"));
    let message = reader_auth::to_be_signed(&transcript, &items.finish());
    let requests: Vec<_> = (0..32)
        .map(|reader| {
            let leaf = certify(Profile::Reader, "Reader", reader, 33, Some(&strangers[0]), &mut rng);
            let chain = [leaf, strangers[0].clone(), strangers[1].clone()];
            with_reader_auth(Some(reader_auth::encode(&keys[reader].sign(&[&message]), &chain)))
        })
        .collect();
    let trust = store(&[(root.der(), Role::Reader)]);
    let mut decisions = trust.message(time("2026-06-01T00:00:00Z"));
    let codes: Vec<_> = requests
        .iter()
        .map(|request| {
            let request = UnverifiedRequest::parse(request, LIMITS).expect("well-formed");
            code(&reader_auth::verify(&request.doc_requests[0], &transcript, &mut decisions)).1
        })
        .collect();
    assert_eq!(codes[..12], ["cert_untrusted"; 12]);
    assert_eq!(codes[12..], ["cert_budget"; 20]);
    assert_eq!(decisions.signatures_checked(), 12);
    // The same chain in every request costs one check. A chain of four certificates is not read.
    let mut decisions = trust.message(time("2026-06-01T00:00:00Z"));
    let request = UnverifiedRequest::parse(&requests[0], LIMITS).expect("well-formed");
    for _ in 0..32 {
        let outcome = reader_auth::verify(&request.doc_requests[0], &transcript, &mut decisions);
        assert_eq!(code(&outcome), ("unknown", "cert_untrusted"));
    }
    assert_eq!(decisions.signatures_checked(), 1);
    let four = [&strangers[0], &strangers[1], &strangers[0], &strangers[1]].map(Clone::clone);
    let four = with_reader_auth(Some(reader_auth::encode(&[1; 64], &four)));
    assert_eq!(code(&judge_with(&four, &transcript, &trust, "2026-06-01T00:00:00Z")), ("unchecked", "cert_budget"));
}

/// A reader's key and certificate of this profile, and the root of its test PKI.
fn pki(profile: Profile, seed: u8) -> (SigningKey, Certificate, Vec<u8>) {
    let mut rng = SeededRng::new(u64::from(seed));
    let root_key = SigningKey::make(&mut rng);
    let reader_key = SigningKey::make(&mut rng);
    let (root_public, reader_public) = (root_key.public(), reader_key.public());
    let certificate = |profile, common_name, key| CertificateRequest {
        profile,
        common_name,
        organization: Some("Sınaq oxuyucuları"),
        country: "AZ",
        key,
        not_before: time("2026-01-01T00:00:00Z"),
        not_after: time("2026-12-31T23:59:59Z"),
    };
    let root = x509::build(&certificate(Profile::ReaderRoot, "Test root", &root_public), &root_key, None, &mut rng);
    let parsed_root = Certificate::parse(&root).expect("a certificate");
    let leaf = certificate(profile, "Test reader", &reader_public);
    let leaf = x509::build(&leaf, &root_key, Some(&parsed_root), &mut rng);
    let leaf = Certificate::parse(&leaf).expect("a certificate");
    (reader_key, leaf, root)
}

/// The items request of Annex D signed by a reader of this profile, and the root.
fn signed_by(profile: Profile) -> (Vec<u8>, Vec<u8>) {
    let (reader_key, leaf, root) = pki(profile, 0);
    let mut items = Encoder::new();
    items.tagged(&annex_d("ITEMS_REQUEST"));
    let signature = reader_key.sign(&[&reader_auth::to_be_signed(&annex_d_transcript(), &items.finish())]);
    (with_reader_auth(Some(reader_auth::encode(&signature, &[leaf]))), root)
}

#[test]
fn std_m43_made_and_verified() {
    let (request, root) = signed_by(Profile::Reader);
    let trust = store(&[(&root, Role::Reader)]);
    let outcome = judge_with(&request, &annex_d_transcript(), &trust, "2026-06-01T00:00:00Z");
    let ReaderAuth::Verified(identity) = outcome else { panic!("{outcome:?}") };
    assert_eq!(identity.name, "Test reader");
    assert_eq!(identity.organization.as_deref(), Some("Sınaq oxuyucuları"));
    assert_eq!(identity.country.as_deref(), Some("AZ"));
}

/// Cites neg-C39: the common name is a BMPString.
#[test]
fn field_reader_name_bmp_is_read() {
    let pem = rid_kit::vector("field/reader-name-bmp.pem");
    let certificate = Certificate::parse_pem_or_der(&pem).expect("a certificate").remove(0);
    assert_eq!(certificate.subject().common_name(), Some("Oxuyucu"));
}

#[test]
fn neg_f04_signed_by_a_document_signer() {
    let (request, root) = signed_by(Profile::DocumentSigner);
    let trust = store(&[(&root, Role::Reader)]);
    let outcome = judge_with(&request, &annex_d_transcript(), &trust, "2026-06-01T00:00:00Z");
    assert_eq!(code(&outcome), ("forbidden", "cert_eku"));
}

#[test]
fn std_m43_to_be_signed_is_the_whole_structure() {
    let mut items = Encoder::new();
    items.tagged(&annex_d("ITEMS_REQUEST"));
    let items = items.finish();
    let payload = reader_auth::reader_authentication_bytes(&annex_d_transcript(), &items);
    let prefix = sig_structure(&protected_header(-7), &[], payload.len());
    assert_eq!(reader_auth::to_be_signed(&annex_d_transcript(), &items), [prefix, payload].concat());
}
