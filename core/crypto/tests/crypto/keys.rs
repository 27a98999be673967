//! The forms of a key: COSE, SEC1, SubjectPublicKeyInfo, JWK.
use rid_crypto::{AgreementKey, CryptoError, Curve, PublicKey, SigningKey};
use rid_wire::{base64, cose};

use crate::pki::key;

fn keys() -> Vec<PublicKey> {
    let mut scalar = [9; 66];
    scalar[0] = 0;
    vec![
        key(1).public(),
        AgreementKey::from_scalar(Curve::P384, &[9; 48]).unwrap().public(),
        AgreementKey::from_scalar(Curve::P521, &scalar).unwrap().public(),
        PublicKey::from_coordinates(Curve::Ed25519, &ED25519, None).unwrap(),
    ]
}

/// RFC 8032, 7.1, test 2.
const ED25519: [u8; 32] = [
    0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c,
    0xcf, 0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c,
];

fn read_cose(bytes: &[u8]) -> cose::Key<'_> {
    let mut decoder = rid_wire::cbor::Decoder::new(bytes, rid_wire::cbor::Limits::PROXIMITY).unwrap();
    cose::Key::read(&mut decoder).unwrap()
}

#[test]
fn every_form_of_a_key_round_trips() {
    for key in keys() {
        assert!(PublicKey::from_cose(&read_cose(&key.to_cose())).unwrap() == key);
        assert!(PublicKey::from_spki(&key.to_spki()).unwrap() == key);
        assert!(PublicKey::from_sec1(key.curve(), &key.to_bytes()).unwrap() == key);
        assert_eq!(format!("{key:?}"), "PublicKey");
        for cut in 0..key.to_spki().len() {
            assert!(PublicKey::from_spki(&key.to_spki()[..cut]).is_err());
        }
        assert!(PublicKey::from_spki(&[key.to_spki(), vec![0]].concat()) == Err(CryptoError::KeyInvalid));
    }
}

#[test]
fn compressed_cose_key_is_the_same_key() {
    for key in keys().into_iter().filter(|key| key.curve() != Curve::Ed25519) {
        let bytes = key.to_bytes();
        let half = (bytes.len() - 1) / 2;
        let crv = match read_cose(&key.to_cose()) {
            cose::Key::Ec2 { crv, .. } | cose::Key::Okp { crv, .. } => crv,
        };
        let odd = bytes[bytes.len() - 1] & 1 == 1;
        let compressed = |sign| cose::Key::Ec2 { crv, x: (&bytes[1..=half]).into(), y: None, sign: Some(sign) };
        assert!(PublicKey::from_cose(&compressed(odd)).unwrap() == key);
        assert!(PublicKey::from_cose(&compressed(!odd)).unwrap() != key);
    }
}

/// Not on the curve, wrong length, neutral element, hybrid, compact: `cose_key_invalid`. Another curve:
/// `cose_alg_unsupported`.
#[test]
fn invalid_points_are_refused() {
    let bytes = keys()[0].to_bytes();
    let (x, y) = (&bytes[1..33], &bytes[33..]);
    let invalid = |made: Result<PublicKey, CryptoError>| {
        assert_eq!(made.err().map(|error| error.code().as_str()), Some("cose_key_invalid"));
    };
    invalid(PublicKey::from_coordinates(Curve::P256, y, Some(x)));
    invalid(PublicKey::from_coordinates(Curve::P256, &x[1..], Some(y)));
    invalid(PublicKey::from_coordinates(Curve::P256, &[&[0], x].concat(), Some(y)));
    invalid(PublicKey::from_coordinates(Curve::P256, x, None));
    invalid(PublicKey::from_coordinates(Curve::P384, x, Some(y)));
    invalid(PublicKey::from_coordinates(Curve::Ed25519, &ED25519, Some(y)));
    invalid(PublicKey::from_coordinates(Curve::Ed25519, &ED25519[1..], None));
    invalid(PublicKey::from_coordinates(Curve::P256, &[0xff; 32], Some(y)));
    for head in [0, 1, 5, 6, 7] {
        invalid(PublicKey::from_sec1(Curve::P256, &[&[head], x, y].concat()));
        invalid(PublicKey::from_sec1(Curve::P256, &[&[head], x].concat()));
    }
    invalid(PublicKey::from_sec1(Curve::P256, &[0]));
    invalid(PublicKey::from_sec1(Curve::P256, &[]));
    for crv in [0, 8, 256, -1] {
        let key = cose::Key::Ec2 { crv, x: x.into(), y: Some(y.into()), sign: None };
        assert!(PublicKey::from_cose(&key) == Err(CryptoError::AlgUnsupported));
    }
    for crv in [4, 5, 7] {
        assert!(PublicKey::from_cose(&cose::Key::Okp { crv, x: x.into() }) == Err(CryptoError::AlgUnsupported));
    }
}

#[test]
fn jwk() {
    let signing = key(3);
    let bytes = signing.public().to_bytes();
    let text = |bytes: &[u8]| base64::encode_url(bytes);
    let (x, y, d) = (text(&bytes[1..33]), text(&bytes[33..]), text(signing.dangerous_scalar().expose()));
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","d":"{d}","kid":"1"}}"#);
    assert!(SigningKey::from_jwk(&jwk).unwrap().public() == signing.public());
    assert!(AgreementKey::from_jwk(&jwk).unwrap().public() == signing.public());
    assert!(PublicKey::from_jwk(&jwk).unwrap() == signing.public());
    let ed25519 = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, text(&ED25519));
    assert_eq!(PublicKey::from_jwk(&ed25519).unwrap().to_bytes(), ED25519);

    let other = text(key(4).dangerous_scalar().expose());
    for wrong in [
        jwk.replace(&d, &other),
        jwk.replace(&d, d.get(1..).unwrap()),
        jwk.replace(&d, &format!("{d}=")),
        jwk.replace(&format!(r#","d":"{d}""#), ""),
        jwk.replace(r#""kty":"EC","#, ""),
        ed25519.replace(r#""x""#, r#""d""#),
        "{}".into(),
        "[".into(),
    ] {
        assert_eq!(SigningKey::from_jwk(&wrong).err(), Some(CryptoError::KeyInvalid), "{wrong}");
        assert_eq!(AgreementKey::from_jwk(&wrong).err(), Some(CryptoError::KeyInvalid), "{wrong}");
    }
    for wrong in [jwk.replace(&y, &x), jwk.replace(&format!(r#""y":"{y}","#), ""), jwk.replace(&x, x.get(1..).unwrap())]
    {
        assert!(PublicKey::from_jwk(&wrong) == Err(CryptoError::KeyInvalid), "{wrong}");
    }
    let other_curve = jwk.replace("P-256", "secp256k1");
    assert!(PublicKey::from_jwk(&other_curve) == Err(CryptoError::AlgUnsupported));
    assert_eq!(SigningKey::from_jwk(&other_curve).err(), Some(CryptoError::AlgUnsupported));
    assert!(SigningKey::from_jwk(&jwk.replace("P-256", "P-384")).is_err());
}

/// The fully specified numbers of RFC 9864 name the same algorithms, each for its own curve only.
#[test]
fn neg_f36_algorithm_numbers_are_tied_to_their_curves() {
    use rid_crypto::SignatureAlgorithm::{self, EdDsa, Es256, Es384, Es512};
    for (algorithm, polymorphic, specified) in [(Es256, -7, -9), (Es384, -35, -51), (Es512, -36, -52), (EdDsa, -8, -19)]
    {
        for number in [polymorphic, specified] {
            assert_eq!(SignatureAlgorithm::from_cose(number), Ok(algorithm), "{number}");
        }
        assert_eq!(algorithm.cose(), polymorphic);
    }
    for number in [-10, -37, -46, -47, -48, -53, -257, 0, 5] {
        assert_eq!(SignatureAlgorithm::from_cose(number), Err(CryptoError::AlgUnsupported), "{number}");
    }
}
