//! One certificate: parsing, its fields, its own signature.
use proptest::prelude::*;
use rid_crypto::{
    Curve,
    x509::{Bundle, Certificate, CertificateRequest, Profile, X509Error, build, dangerous::Recipe},
};
use rid_wire::hex;

use crate::pki::{SeededRng, annex_d, at, key, made, recipe, sign, vector};

fn code(made: Result<Certificate, X509Error>) -> &'static str {
    made.map_or_else(|error| error.code().as_str(), |_| "accepted")
}

fn parsed(recipe: &Recipe) -> &'static str {
    code(Certificate::parse(&recipe.sign(&key(1), None, &mut SeededRng::new(7))))
}

fn leaf() -> Recipe {
    recipe(Profile::DocumentSigner, "leaf", &key(1).public())
}

#[test]
fn annex_d_fields_are_read() {
    let signer = annex_d("iso18013-5-annex-d/DS_CERT.hex");
    assert_eq!(signer.subject().common_name(), Some("utopia ds"));
    assert_eq!(signer.issuer().common_name(), Some("utopia iaca"));
    assert_eq!(signer.subject().country(), Some("US"));
    assert_eq!((signer.subject().state(), signer.subject().organization()), (None, None));
    assert_eq!(signer.not_before(), at("2020-10-01T00:00:00Z"));
    assert_eq!(signer.not_after(), at("2021-10-01T00:00:00Z"));
    assert_eq!(signer.extended_key_usage().unwrap().purposes, ["1.0.18013.5.1.2"]);
    assert!(signer.extended_key_usage().unwrap().critical);
    assert!(signer.key_usage().unwrap().digital_signature && !signer.key_usage().unwrap().key_cert_sign);
    assert!(!signer.is_ca());
    let root = annex_d("iso18013-5-annex-d-intermediate/d52_iaca.hex");
    assert!(root.is_ca());
    assert_eq!(root.path_len(), Some(0));
    assert!(root.key_usage().unwrap().key_cert_sign && root.key_usage().unwrap().crl_sign);
    assert_eq!(signer.authority_key_id(), root.subject_key_id());
    assert!(root.subject_key_id().is_some());
    assert_eq!(root.verify_signature_by(&root), Ok(()));
    assert_eq!(signer.verify_signature_by(&root), Ok(()));
    assert_eq!(signer.verify_signature_by(&signer), Err(X509Error::Untrusted));
}

#[test]
fn built_certificates_are_read() {
    let (root_key, leaf_key) = (key(1), key(2));
    let (root_public, leaf_public) = (root_key.public(), leaf_key.public());
    let request = |profile, leaf: bool| CertificateRequest {
        profile,
        common_name: "Kök Əliyev",
        organization: Some("Sınaq"),
        country: "AZ",
        key: if leaf { &leaf_public } else { &root_public },
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2055-06-30T23:59:58Z"),
    };
    for (root_profile, leaf_profile, purpose) in [
        (Profile::Iaca, Profile::DocumentSigner, "1.0.18013.5.1.2"),
        (Profile::ReaderRoot, Profile::Reader, "1.0.18013.5.1.6"),
    ] {
        let root = build(&request(root_profile, false), &root_key, None, &mut SeededRng::new(1));
        let root = Certificate::parse(&root).unwrap();
        assert_eq!(root.verify_signature_by(&root), Ok(()));
        assert!(root.is_ca() && root.path_len() == Some(0));
        let leaf = build(&request(leaf_profile, true), &root_key, Some(&root), &mut SeededRng::new(2));
        let leaf = Certificate::parse(&leaf).unwrap();
        assert_eq!(leaf.verify_signature_by(&root), Ok(()));
        assert!(leaf.public_key() == &leaf_key.public());
        assert_eq!(leaf.issuer().der(), root.subject().der());
        assert_eq!(leaf.subject().common_name(), Some("Kök Əliyev"));
        assert_eq!(leaf.subject().organization(), Some("Sınaq"));
        assert_eq!(leaf.subject().country(), Some("AZ"));
        assert_eq!(leaf.not_before(), at("2026-01-01T00:00:00Z"));
        assert_eq!(leaf.not_after(), at("2055-06-30T23:59:58Z"));
        assert_eq!(leaf.extended_key_usage().unwrap().purposes, [purpose]);
        assert_eq!(leaf.authority_key_id(), root.subject_key_id());
        assert_eq!(leaf.crl_uri(), Some("https://rid.example/crl"));
        assert_eq!(leaf.serial().len(), 16);
        assert_ne!(leaf.serial(), root.serial());
        assert_ne!(leaf.fingerprint(), root.fingerprint());
    }
}

#[test]
fn pem_round_trips() {
    let (one, two) = (sign(&leaf(), &key(1), None), annex_d("iso18013-5-annex-d/DS_CERT.hex"));
    let text = format!("subject=utopia\r\n{}\n{}", one.to_pem(), two.to_pem().replace('\n', "\r\n"));
    let read = Certificate::parse_pem_or_der(text.as_bytes()).unwrap();
    assert_eq!(read.iter().map(Certificate::der).collect::<Vec<_>>(), [one.der(), two.der()]);
    assert_eq!(Certificate::parse_pem_or_der(one.der()).unwrap()[0].der(), one.der());
    let pem = one.to_pem();
    let unfinished = pem.replace("-----END CERTIFICATE-----\n", "");
    let key = pem.replace("CERTIFICATE", "PRIVATE KEY");
    let padded = pem.replacen("\n", "\n=", 1);
    for wrong in ["", "text", &unfinished, &key, &padded, &format!("{key}{pem}"), "\u{0}"] {
        assert_eq!(Certificate::parse_pem_or_der(wrong.as_bytes()).err(), Some(X509Error::Form), "{wrong}");
    }
    assert!(Certificate::parse_pem_or_der(&vector("auth0-mdl/issuer.pem")).is_ok_and(|list| list.len() == 1));
}

/// Roots made by OpenSSL: other curves, hashes that are unusual for the curve, Ed25519.
#[test]
fn std_m45_certificates_of_openssl_are_read() {
    for (name, curve) in [
        ("p384.pem", Curve::P384),
        ("p521.pem", Curve::P521),
        ("p256-sha512.pem", Curve::P256),
        ("ed25519.pem", Curve::Ed25519),
    ] {
        let root = Certificate::parse_pem_or_der(&made(name)).unwrap().remove(0);
        assert_eq!(root.public_key().curve(), curve, "{name}");
        assert_eq!(root.verify_signature_by(&root), Ok(()), "{name}");
        assert_eq!(String::from_utf8(made(name)).unwrap(), root.to_pem(), "{name}");
        let mut spoilt = root.der().to_vec();
        *spoilt.last_mut().unwrap() ^= 1;
        let spoilt = Certificate::parse(&spoilt).unwrap();
        assert_eq!(spoilt.verify_signature_by(&root), Err(X509Error::Untrusted), "{name}");
    }
}

#[test]
fn neg_f15_other_algorithms_are_refused() {
    for name in ["rsa1024-md5.pem", "rsa2048.pem", "ecdsa-sha1.pem", "secp256k1.pem", "brainpool.pem", "explicit.pem"] {
        let refused = Certificate::parse_pem_or_der(&made(name)).err();
        assert_eq!(refused.map(|error| error.code().as_str()), Some("cert_alg"), "{name}");
    }
}

#[test]
fn neg_f15_wrongly_claimed_algorithms_are_refused() {
    // MD5, SHA-1, SHA-256 and PSS with RSA; ECDSA with SHA-1 and SHA-224; Ed448.
    for algorithm in [
        "1.2.840.113549.1.1.4",
        "1.2.840.113549.1.1.5",
        "1.2.840.113549.1.1.11",
        "1.2.840.113549.1.1.10",
        "1.2.840.10045.4.1",
        "1.2.840.10045.4.3.1",
        "1.3.101.113",
    ] {
        assert_eq!(parsed(&Recipe { signature_algorithm: algorithm.into(), ..leaf() }), "cert_alg", "{algorithm}");
    }
    // Naming another hash than the one used makes the signature wrong.
    let claimed = Recipe { signature_algorithm: "1.2.840.10045.4.3.3".into(), ..leaf() };
    let claimed = sign(&claimed, &key(1), None);
    assert_eq!(claimed.verify_signature_by(&claimed), Err(X509Error::Untrusted));
}

#[test]
fn neg_f18_malformed_serial_numbers_are_refused() {
    let with = |serial: &[u8]| parsed(&Recipe { serial: Some(serial.to_vec()), ..leaf() });
    assert_eq!(with(&[1]), "accepted");
    assert_eq!(with(&[0, 0x80]), "accepted");
    assert_eq!(with(&[0x7f; 20]), "accepted");
    assert_eq!(with(&[&[0][..], &[0xff; 20]].concat()), "accepted");
    // Longer serial numbers are read, for a certificate that is trusted itself. No path accepts them (neg-F34).
    assert_eq!(with(&[1; 32]), "accepted");
    // Zero, negative, not in its shortest form, empty.
    for serial in [&[0][..], &[0x80], &[0xff, 1], &[0, 1], &[0xff, 0xff], &[]] {
        assert_eq!(with(serial), "cert_form", "{serial:?}");
    }
}

#[test]
fn neg_f18_malformed_extensions_are_refused() {
    let with = |id: &str, critical, value: &str| {
        let value = hex::decode(value).unwrap();
        parsed(&Recipe { extensions: vec![(id.into(), critical, value)], ..leaf() })
    };
    // Unknown extensions are refused if critical and ignored otherwise. Name constraints are read in both cases.
    assert_eq!(with("1.2.3.4", false, "0500"), "accepted");
    assert_eq!(with("1.2.3.4", true, "0500"), "cert_form");
    for value in ["0500", "3001", "3004a0023000", "3002a200", "3006a0043002a400"] {
        assert_eq!(with("2.5.29.30", false, value), "cert_form", "{value}");
    }
    assert_eq!(with("2.5.29.17", true, "3003820161"), "accepted");
    assert_eq!(with("2.5.29.17", true, "3000"), "cert_form", "RFC 5280 wants at least one name");
    // Twice: key usage, extended key usage, an unknown one.
    assert_eq!(with("2.5.29.15", true, "03020780"), "cert_form");
    assert_eq!(with("2.5.29.37", true, "300806062b0601050507"), "cert_form");
    let twice = vec![("1.2.3.4".into(), false, vec![5, 0]); 2];
    assert_eq!(parsed(&Recipe { extensions: twice, ..leaf() }), "cert_form");

    // Basic constraints: explicit FALSE, TRUE as 1, a path length without cA, a negative one, trailing bytes.
    for value in ["3003010100", "3003010101", "3003020100", "30060101ff0201ff", "30030101ff00", "30040101ff00", "0500"]
    {
        assert_eq!(with("2.5.29.19", true, value), "cert_form", "{value}");
    }
    for value in ["3000", "30030101ff", "30060101ff020100", "30060101ff020105"] {
        assert_eq!(with("2.5.29.19", true, value), "accepted", "{value}");
    }
    let bare = |value: &str| {
        let extensions = vec![("2.5.29.15".into(), true, hex::decode(value).unwrap())];
        parsed(&Recipe { key_usage: None, extensions, ..leaf() })
    };
    for value in ["03020780", "0303070080", "030205a0", "03020080"] {
        assert_eq!(bare(value), "accepted", "{value}");
    }
    // No bit, a bit in the padding, eight padding bits, three bytes.
    for value in ["030100", "03020700", "03020781", "03020880", "030400800000", "0302078000"] {
        assert_eq!(bare(value), "cert_form", "{value}");
    }
    let purposes = |value: &str| {
        let extensions = vec![("2.5.29.37".into(), true, hex::decode(value).unwrap())];
        parsed(&Recipe { extended_key_usage: Vec::new(), extensions, ..leaf() })
    };
    // No purpose; an identifier that is empty, unfinished or has a leading zero.
    for value in ["3000", "30020600", "3003060181", "300406022b80", "300506032b8001", "30030601"] {
        assert_eq!(purposes(value), "cert_form", "{value}");
    }
    assert_eq!(purposes("300406022b01"), "accepted");
}

/// Trailing bytes, BER lengths, truncation at every byte.
#[test]
fn neg_f18_malformed_der_is_refused() {
    let der = sign(&leaf(), &key(1), None).der().to_vec();
    assert_eq!(code(Certificate::parse(&[der.as_slice(), &[0]].concat())), "cert_form");
    let [tag, form, high, low, body @ ..] = der.as_slice() else { panic!("a short certificate") };
    assert_eq!((*tag, *form), (0x30, 0x82));
    for head in [
        vec![0x30, 0x83, 0, *high, *low],
        vec![0x30, 0x80],
        vec![0x31, 0x82, *high, *low],
        vec![0x3f, 0x82, *high, *low],
    ] {
        assert_eq!(code(Certificate::parse(&[head.as_slice(), body, &[0, 0]].concat())), "cert_form");
        assert_eq!(code(Certificate::parse(&[head.as_slice(), body].concat())), "cert_form");
    }
    for cut in 0..der.len() {
        assert_eq!(code(Certificate::parse(&der[..cut])), "cert_form");
    }
    assert_eq!(code(Certificate::parse(&vec![0x30; 65_537])), "cert_form");
    // Different inner and outer algorithm, version 1, a second country.
    let text = hex::encode(&der);
    let algorithm = hex::encode(&[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
    let other = algorithm.replace("040302", "040303");
    assert_eq!(code(Certificate::parse(&hex::decode(&text.replacen(&algorithm, &other, 1)).unwrap())), "cert_form");
    let version = text.replacen("a003020102", "a003020100", 1);
    assert_eq!(code(Certificate::parse(&hex::decode(&version).unwrap())), "cert_form");
    let twice = text.replace("550408", "550406").replace("55040a", "550406");
    assert_eq!(code(Certificate::parse(&hex::decode(&twice).unwrap())), "cert_form");
}

/// neg-F34: a malformed extension that no decision depends on counts as absent, unless it is critical.
#[test]
fn neg_f34_malformed_hints_are_ignored() {
    let with = |id: &str, critical, value: &[u8]| {
        let extensions = vec![(id.to_owned(), critical, value.to_vec())];
        let der = Recipe { hints: false, extensions, ..leaf() }.sign(&key(1), None, &mut SeededRng::new(7));
        Certificate::parse(&der)
    };
    for id in ["2.5.29.14", "2.5.29.35", "2.5.29.31", "2.5.29.18"] {
        for value in [&[0x05, 0x00][..], &[0x30], &[0x04, 0x05, 1], &[]] {
            let read = with(id, false, value).unwrap_or_else(|error| panic!("{id} {value:?}: {error}"));
            assert!(read.has_malformed_hint(), "{id} {value:?}");
            assert!(!read.has_issuer_hints());
            assert_eq!((read.subject_key_id(), read.authority_key_id(), read.crl_uri()), (None, None, None));
            assert_eq!(code(with(id, true, value)), "cert_form", "{id} {value:?}");
        }
    }
    // Alternative names of the subject and policies.
    for id in ["2.5.29.17", "2.5.29.32"] {
        for value in [&[0x01, 0x02, 0x03][..], &[0x30, 0x00], &[0x30, 0x03, 0x82, 0x05, 0x61], &[]] {
            assert!(with(id, false, value).unwrap().has_malformed_hint(), "{id} {value:?}");
            assert_eq!(code(with(id, true, value)), "cert_form", "{id} {value:?}");
        }
        assert!(!with(id, true, &[0x30, 0x03, 0x82, 0x01, 0x61]).unwrap().has_malformed_hint());
    }
    assert!(!with("1.2.3.4", false, &[0x05]).unwrap().has_malformed_hint());
    assert!(!sign(&leaf(), &key(1), None).has_malformed_hint());
    assert!(sign(&leaf(), &key(1), None).has_issuer_hints());
}

#[test]
fn neg_f34_one_unreadable_certificate_does_not_spoil_a_bundle() {
    let good = sign(&leaf(), &key(1), None).to_pem();
    let rsa = String::from_utf8(made("rsa2048.pem")).unwrap();
    let torn = good.replacen('\n', "\n!", 1);
    let text = [rsa.as_str(), &good, &torn].concat();
    let bundle = Bundle::parse(text.as_bytes()).unwrap();
    assert_eq!(bundle.certificates.len(), 1);
    assert_eq!(bundle.unreadable, [(1, X509Error::Alg), (3, X509Error::Form)]);
    assert_eq!(Bundle::parse(rsa.as_bytes()).err(), Some(X509Error::Alg), "nothing is left");
    // Truncated in the middle of a certificate, before another one or at the end; a byte order mark.
    let (cut, _) = good.split_at(good.len() / 2);
    for (text, place) in [(format!("{cut}\n{good}"), 1), (format!("\u{feff}{good}{cut}"), 2)] {
        let bundle = Bundle::parse(text.as_bytes()).unwrap();
        assert_eq!((bundle.certificates.len(), bundle.unreadable), (1, vec![(place, X509Error::Form)]));
    }
    assert_eq!(Bundle::parse(cut.as_bytes()).err(), Some(X509Error::Form));
    assert_eq!(Certificate::parse_pem_or_der(text.as_bytes()).err(), Some(X509Error::Alg));
}

#[test]
fn invalid_times_are_refused() {
    let text = hex::encode(sign(&leaf(), &key(1), None).der());
    let from = hex::encode(b"260101000000Z");
    let with =
        |time: &[u8; 13]| code(Certificate::parse(&hex::decode(&text.replacen(&from, &hex::encode(time), 1)).unwrap()));
    assert_eq!(with(b"240229235959Z"), "accepted");
    for time in [
        b"261301000000Z",
        b"260100000000Z",
        b"250229000000Z",
        b"260101240000Z",
        b"260101006000Z",
        b"260101000060Z",
        b"2601010000+01",
        b"2601010000000",
        b"26 101000000Z",
        b"-60101000000Z",
    ] {
        assert_eq!(with(time), "cert_form", "{time:?}");
    }
    // Two-digit years wrap at 50. The rest is GeneralizedTime.
    for time in [
        "1950-01-01T00:00:00Z",
        "2049-12-31T23:59:59Z",
        "2050-01-01T00:00:00Z",
        "1949-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
    ] {
        let made = sign(&Recipe { not_after: at(time), ..leaf() }, &key(1), None);
        assert_eq!(made.not_after(), at(time));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn hostile_certificates_do_no_harm(which in 0..4_usize, changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        let originals = [
            "iso18013-5-annex-d/DS_CERT.hex",
            "iso18013-5-annex-d/READER_CERT.hex",
            "iso18013-5-annex-d-intermediate/d52_iaca.hex",
            "iso18013-5-annex-d-intermediate/d54_readerRoot.hex",
        ];
        let original = annex_d(originals[which]);
        let root = annex_d(originals[[2, 3, 2, 3][which]]);
        prop_assert_eq!(original.verify_signature_by(&root), Ok(()));
        let mut der = original.der().to_vec();
        for (place, byte) in changes {
            let place = place % der.len();
            der[place] = byte;
        }
        if let Ok(changed) = Certificate::parse(&der) {
            let same = changed.der() == original.der();
            prop_assert_eq!(changed.verify_signature_by(&root).is_ok(), same);
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_certificate(bytes: Vec<u8>) {
        prop_assert!(Certificate::parse(&bytes).is_err());
        prop_assert!(Certificate::parse_pem_or_der(&bytes).is_err());
    }
}
