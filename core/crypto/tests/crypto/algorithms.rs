//! Algorithms against published vectors.
use proptest::prelude::*;
use rid_crypto::{
    AeadKey, AgreementKey, Backend, CryptoError, Curve, DigestAlgorithm, HmacKey, PublicKey, Secret,
    SignatureAlgorithm, SigningKey, sha256, verify,
};
use rid_wire::hex;

use crate::{
    backends::{under, under_each},
    pki::{SeededRng, key},
};

/// RFC 8032, 7.1, tests 1 to 3.
const ED25519: [(&str, &str, &str); 3] = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
];

#[test]
fn std_m45_ed25519_follows_rfc_8032() {
    for (public, message, signature) in ED25519 {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let key = PublicKey::from_coordinates(Curve::Ed25519, &bytes(public), None).unwrap();
        assert!(PublicKey::from_spki(&key.to_spki()).unwrap() == key);
        let (message, signature) = (bytes(message), bytes(signature));
        let (front, back) = message.split_at(message.len() / 2);
        let invalid = Err(CryptoError::SignatureInvalid);
        under_each(|| {
            assert_eq!(verify(&key, SignatureAlgorithm::EdDsa, &[&message], &signature), Ok(()));
            assert_eq!(verify(&key, SignatureAlgorithm::EdDsa, &[front, back], &signature), Ok(()));
            assert_eq!(verify(&key, SignatureAlgorithm::EdDsa, &[&message, b"x"], &signature), invalid);
            assert_eq!(verify(&key, SignatureAlgorithm::EdDsa, &[&message], &signature[1..]), invalid);
        });
    }
}

/// Keys of small order, with which one signature is valid for every message.
#[test]
fn neg_b21_ed25519_weak_keys_are_refused() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    for weak in [neutral, [0; 32]] {
        assert!(PublicKey::from_coordinates(Curve::Ed25519, &weak, None) == Err(CryptoError::KeyInvalid));
    }
}

/// RFC 6979, A.2.5: P-256, SHA-256, "sample" and "test".
#[test]
fn es256_rfc_6979() {
    let scalar = hex::decode("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721").unwrap();
    let key = under(Backend::RustCrypto, || SigningKey::from_scalar(&scalar).unwrap());
    for (message, signature) in [
        (
            "sample",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            "test",
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    ] {
        let signed = key.sign(&[message.as_bytes()]);
        assert_eq!(signed.as_slice(), hex::decode(signature).unwrap());
        assert_eq!(verify(&key.public(), SignatureAlgorithm::Es256, &[message.as_bytes()], &signed), Ok(()));
    }
    assert_eq!(key.dangerous_scalar().expose().as_slice(), scalar);
}

/// RFC 6979, A.2.7: P-521, SHA-512, "sample".
#[test]
fn std_m45_es512_follows_rfc_6979() {
    let coordinate = |text: &str| hex::decode(text).unwrap();
    let x = coordinate(
        "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4",
    );
    let y = coordinate(
        "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5",
    );
    let key = PublicKey::from_coordinates(Curve::P521, &x, Some(&y)).unwrap();
    let signature = [
        coordinate("00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa"),
        coordinate("00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a"),
    ]
    .concat();
    assert_eq!(verify(&key, SignatureAlgorithm::Es512, &[b"sam", b"ple"], &signature), Ok(()));
    assert_eq!(verify(&key, SignatureAlgorithm::Es512, &[b"simple"], &signature), Err(CryptoError::SignatureInvalid));
}

#[test]
fn std_m45_es384_and_es512_of_the_libraries_verify() {
    use p521::ecdsa::signature::Signer;
    let signing = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
    let signature: p384::ecdsa::Signature = signing.sign(b"message");
    let point = signing.verifying_key().to_sec1_point(true);
    let key = PublicKey::from_sec1(Curve::P384, point.as_bytes()).unwrap();
    assert_eq!(verify(&key, SignatureAlgorithm::Es384, &[b"mess", b"age"], &signature.to_bytes()), Ok(()));

    let mut scalar = [7; 66];
    scalar[0] = 0;
    let signing = p521::ecdsa::SigningKey::from_slice(&scalar).unwrap();
    let signature: p521::ecdsa::Signature = signing.sign(b"message");
    let point = signing.verifying_key().to_sec1_point(false);
    let key = PublicKey::from_sec1(Curve::P521, point.as_bytes()).unwrap();
    assert_eq!(verify(&key, SignatureAlgorithm::Es512, &[b"message"], &signature.to_bytes()), Ok(()));
    let other = Err(CryptoError::SignatureInvalid);
    assert_eq!(verify(&key, SignatureAlgorithm::Es512, &[b"massage"], &signature.to_bytes()), other);
}

/// The key decides the algorithm, never the message.
#[test]
fn std_m45_algorithm_and_key_must_match() {
    let key = key(1);
    let signature = key.sign(&[b"message"]);
    for alg in [SignatureAlgorithm::Es384, SignatureAlgorithm::Es512, SignatureAlgorithm::EdDsa] {
        for refused in under_each(|| verify(&key.public(), alg, &[b"message"], &signature)) {
            assert_eq!(refused.map_err(|error| error.code().as_str()), Err("cose_alg_unsupported"));
        }
    }
    for alg in [0, -37, -65_535, -47, 5] {
        assert_eq!(SignatureAlgorithm::from_cose(alg), Err(CryptoError::AlgUnsupported));
    }
    for alg in [-7, -8, -35, -36] {
        assert_eq!(SignatureAlgorithm::from_cose(alg).unwrap().cose(), alg);
    }
}

/// FIPS 180-4's examples of "abc".
#[test]
fn std_m45_digests_follow_fips_180_4() {
    for (name, digest) in [
        ("SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("SHA-384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"),
        (
            "SHA-512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ] {
        let computed = DigestAlgorithm::from_name(name).unwrap().digest(&[b"a", b"", b"bc"]);
        assert_eq!(computed.as_bytes(), hex::decode(digest).unwrap());
        assert!(computed.equals(&hex::decode(digest).unwrap()));
        assert!(!computed.equals(&hex::decode(digest).unwrap()[1..]));
    }
    assert_eq!(DigestAlgorithm::from_name("SHA-1"), None);
    assert_eq!(DigestAlgorithm::from_name("sha-256"), None);
    assert_eq!(sha256(&[b"abc"]), sha256(&[b"ab", b"c"]));
}

/// deviceMac with larger curves: both sides get the same secret of the curve's length. Another curve is refused.
#[test]
fn agreement_works_on_all_curves() {
    for (curve, len) in [(Curve::P256, 32), (Curve::P384, 48), (Curve::P521, 66)] {
        let scalar = |fill: u8| {
            let mut scalar = vec![fill; len];
            scalar[0] = 0;
            scalar
        };
        let a = AgreementKey::from_scalar(curve, &scalar(3)).unwrap();
        let b = AgreementKey::from_scalar(curve, &scalar(5)).unwrap();
        let shared = a.agree(&b.public()).unwrap();
        assert_eq!(shared.expose(), b.agree(&a.public()).unwrap().expose());
        assert_eq!(shared.expose().len(), len);
        for wrong in [vec![0; len], vec![0xff; len], scalar(3)[1..].to_vec(), Vec::new()] {
            assert_eq!(AgreementKey::from_scalar(curve, &wrong).err(), Some(CryptoError::KeyInvalid));
        }
        let other = if curve == Curve::P256 { Curve::P384 } else { Curve::P256 };
        let stranger = AgreementKey::from_scalar(other, &vec![1; if other == Curve::P256 { 32 } else { 48 }]).unwrap();
        assert_eq!(a.agree(&stranger.public()).err(), Some(CryptoError::KeyInvalid));
    }
    assert!(AgreementKey::from_scalar(Curve::Ed25519, &[1; 32]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn signature_verifies_and_any_change_is_refused(seed: u32, message: Vec<u8>, cut: usize, bit in 0_usize..512) {
        let key = key(seed.into());
        let (front, back) = message.split_at(cut.checked_rem(message.len()).unwrap_or(0));
        let mut signature = key.sign(&[front, back]);
        prop_assert_eq!(verify(&key.public(), SignatureAlgorithm::Es256, &[&message], &signature), Ok(()));
        let refused = Err(CryptoError::SignatureInvalid);
        prop_assert_eq!(verify(&key.public(), SignatureAlgorithm::Es256, &[&message, b"x"], &signature), refused);
        signature[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(verify(&key.public(), SignatureAlgorithm::Es256, &[&message], &signature), refused);
    }

    #[test]
    fn agreement_is_symmetric(seed: u32) {
        let mut rng = SeededRng::new(u64::from(seed) << 32);
        let (a, b) = (AgreementKey::make(&mut rng), AgreementKey::make(&mut rng));
        let (ab, ba) = (a.agree(&b.public()).unwrap(), b.agree(&a.public()).unwrap());
        prop_assert_eq!(ab.expose(), ba.expose());
    }

    #[test]
    fn ciphertext_decrypts_and_any_change_is_refused(
        mut key: [u8; 32], nonce: [u8; 12], aad: Vec<u8>, message: Vec<u8>, place: usize, bit in 0..8_u8,
    ) {
        let key = AeadKey::new(Secret::take(&mut key));
        let mut sealed = key.seal(&nonce, &aad, &message).unwrap();
        prop_assert_eq!(sealed.len(), message.len() + rid_crypto::TAG_LEN);
        prop_assert_eq!(key.open(&nonce, &aad, &sealed).unwrap(), message);
        let more = [aad.as_slice(), b"x"].concat();
        prop_assert_eq!(key.open(&nonce, &more, &sealed), Err(CryptoError::Open));
        prop_assert_eq!(key.open(&nonce, &aad, &sealed[1..]), Err(CryptoError::Open));
        let place = place % sealed.len();
        sealed[place] ^= 1_u8 << bit;
        prop_assert_eq!(key.open(&nonce, &aad, &sealed), Err(CryptoError::Open));
    }
}

#[test]
fn a_key_expands_as_rfc_5869_says() {
    let key = HmacKey::new(&Secret::take(&mut [7; 32]));
    let expanded = key.expand([b"in", b"fo"]);
    assert_eq!(*expanded.expose(), rid_crypto::hmac_sha256(&[7; 32], &[b"info", &[1]]));
}
