//! Both backends accept and refuse the same input. If only RustCrypto is built, it is compared with itself.
use std::sync::{Mutex, PoisonError};

use curve25519_dalek::{constants::EIGHT_TORSION, edwards::EdwardsPoint, scalar::Scalar};
use proptest::prelude::*;
use rid_crypto::{
    AgreementKey, Backend, CryptoError, Curve, EphemeralKey, PublicKey, SignatureAlgorithm, SigningKey, verify,
    x509::{Certificate, Profile, X509Error},
};
use rid_wire::hex;
use sha2::{Digest, Sha512};

use crate::pki::{SeededRng, key, recipe, sign};

/// The choice of a backend is global, and tests run in threads.
static SELECTION: Mutex<()> = Mutex::new(());

/// Runs with this backend selected.
pub(crate) fn under<T>(backend: Backend, work: impl FnOnce() -> T) -> T {
    let _alone = SELECTION.lock().unwrap_or_else(PoisonError::into_inner);
    backend.select();
    assert_eq!(Backend::selected(), backend);
    work()
}

/// Runs with each backend in turn and returns the results.
pub(crate) fn under_each<T>(mut work: impl FnMut() -> T) -> Vec<T> {
    Backend::AVAILABLE.iter().map(|backend| under(*backend, &mut work)).collect()
}

/// The common result of all backends.
fn agreed<T: PartialEq + core::fmt::Debug>(work: impl FnMut() -> T) -> T {
    let mut outcomes = under_each(work);
    let last = outcomes.pop().unwrap();
    outcomes.iter().for_each(|outcome| assert_eq!(*outcome, last));
    last
}

fn verified(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
    let (front, back) = message.split_at(message.len() / 2);
    agreed(|| verify(key, key.algorithm(), &[front, back], signature))
}

#[test]
fn both_backends_are_in_the_default_build() {
    assert_eq!(Backend::AVAILABLE, [Backend::RustCrypto, Backend::Ring]);
}

/// Orders of P-256 and P-384.
const ORDERS: [(Curve, &str); 2] = [
    (Curve::P256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    (Curve::P384, "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"),
];

/// A signature by a fixed key of the curve.
fn signed(curve: Curve, message: &[u8]) -> (PublicKey, Vec<u8>) {
    use p384::ecdsa::signature::Signer;
    if curve == Curve::P256 {
        let key = key(1);
        return (key.public(), key.sign(&[message]).to_vec());
    }
    let key = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
    let signature: p384::ecdsa::Signature = key.sign(message);
    let point = key.verifying_key().to_sec1_point(false);
    (PublicKey::from_sec1(curve, point.as_bytes()).unwrap(), signature.to_bytes().to_vec())
}

/// Adds to a big-endian number, modulo its length.
fn plus(number: &[u8], small: i16) -> Vec<u8> {
    let mut carry = small;
    let mut sum = number.to_vec();
    for byte in sum.iter_mut().rev() {
        let place = i16::from(*byte) + carry;
        *byte = place.rem_euclid(256) as u8;
        carry = place.div_euclid(256);
    }
    sum
}

/// The ends of the range of r and s in every combination, also with one correct half, and every wrong length.
#[test]
fn neg_b25_ecdsa_values_and_lengths_are_judged_alike() {
    for (curve, order) in ORDERS {
        let order = hex::decode(order).unwrap();
        let (key, signature) = signed(curve, b"message");
        let (r, s) = signature.split_at(order.len());
        assert_eq!(verified(&key, b"message", &signature), Ok(()));
        let zero = vec![0; order.len()];
        let mut ends: Vec<Vec<u8>> = [-2, -1, 0, 1, 2].into_iter().map(|small| plus(&order, small)).collect();
        ends.extend([0, 1, 2].into_iter().map(|small| plus(&zero, small)));
        ends.extend([vec![0xff; order.len()], r.to_vec(), s.to_vec()]);
        for (first, second) in ends.iter().flat_map(|first| ends.iter().map(move |second| (first, second))) {
            let right = first == r && second == s;
            let outcome = verified(&key, b"message", &[first.as_slice(), second].concat());
            assert_eq!(outcome.is_ok(), right, "{}", hex::encode(second));
        }
        for len in 0..=2 * order.len() + 2 {
            let mut cut = signature.clone();
            cut.resize(len, 0);
            assert_eq!(verified(&key, b"message", &cut).is_ok(), len == signature.len());
        }
    }
}

/// A signature with n-s instead of s is accepted by both backends, because COSE allows either.
#[test]
fn neg_b25_high_s_is_accepted_by_both() {
    for (curve, order) in ORDERS {
        let order = hex::decode(order).unwrap();
        let (key, signature) = signed(curve, b"message");
        let (r, s) = signature.split_at(order.len());
        let mut twin = order;
        let mut borrow = 0;
        for (place, byte) in twin.iter_mut().zip(s).rev() {
            let difference = i16::from(*place) - i16::from(*byte) - borrow;
            *place = difference.rem_euclid(256) as u8;
            borrow = i16::from(difference < 0);
        }
        assert_eq!(verified(&key, b"message", &[r, &twin].concat()), Ok(()));
    }
}

/// An Ed25519 signature whose key and commitment may have a component of small order: A = aB + T, R = rB + U, s = r +
/// ha.
fn ed25519(a: [u8; 32], t: usize, r: [u8; 32], u: usize, message: &[u8]) -> (Vec<u8>, [u8; 64]) {
    let (a, r) = (Scalar::from_bytes_mod_order(a), Scalar::from_bytes_mod_order(r));
    let public = (EdwardsPoint::mul_base(&a) + EIGHT_TORSION[t]).compress();
    let commitment = (EdwardsPoint::mul_base(&r) + EIGHT_TORSION[u]).compress();
    let hash = Sha512::new().chain_update(commitment.0).chain_update(public.0).chain_update(message).finalize();
    let h = Scalar::from_bytes_mod_order_wide(&hash.into());
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&commitment.0);
    signature[32..].copy_from_slice((r + h * a).as_bytes());
    (public.0.to_vec(), signature)
}

/// Commitments of small order. `ring` alone would accept the neutral element.
#[test]
fn neg_b25_ed25519_small_order_is_judged_alike() {
    for (t, u) in (0..8).flat_map(|t| (0..8).map(move |u| (t, u))) {
        let (public, signature) = ed25519([5; 32], t, [0; 32], u, b"message");
        let key = PublicKey::from_coordinates(Curve::Ed25519, &public, None).unwrap();
        assert_eq!(verified(&key, b"message", &signature), Err(CryptoError::SignatureInvalid));
        let weak = ed25519([0; 32], t, [5; 32], u, b"message").0;
        assert!(PublicKey::from_coordinates(Curve::Ed25519, &weak, None) == Err(CryptoError::KeyInvalid));
    }
}

/// s at or over the order; R that is not a point, is not reduced, or has the sign of a zero.
#[test]
fn neg_b25_ed25519_encodings_are_judged_alike() {
    let (public, signature) = ed25519([5; 32], 0, [7; 32], 0, b"message");
    let key = PublicKey::from_coordinates(Curve::Ed25519, &public, None).unwrap();
    assert_eq!(verified(&key, b"message", &signature), Ok(()));
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0;
    let mut larger = signature;
    for (byte, add) in larger[32..].iter_mut().zip(&order) {
        let sum = u16::from(*byte) + u16::from(*add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    let refused = Err(CryptoError::SignatureInvalid);
    assert_eq!(verified(&key, b"message", &larger), refused);
    let mut p = [0xff; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    let mut over = p;
    over[0] = 0xee;
    let mut signed_zero = [0; 32];
    (signed_zero[0], signed_zero[31]) = (1, 0x80);
    for r in [p, over, signed_zero, [2; 32], [0xff; 32], [0; 32]] {
        assert_eq!(verified(&key, b"message", &[&r, &signature[32..]].concat()), refused);
    }
    for len in (0..64).chain(65..70) {
        let mut cut = signature.to_vec();
        cut.resize(len, 0);
        assert_eq!(verified(&key, b"message", &cut), refused);
    }
}

/// Certificates are checked by the selected backend, too. Each bit of the signature counts.
#[test]
fn neg_b25_certificates_are_judged_alike() {
    let root = sign(&recipe(Profile::Iaca, "root", &key(1).public()), &key(1), None);
    let leaf = sign(&recipe(Profile::DocumentSigner, "leaf", &key(2).public()), &key(1), Some(&root));
    assert_eq!(agreed(|| leaf.verify_signature_by(&root)), Ok(()));
    assert_eq!(agreed(|| root.verify_signature_by(&leaf)), Err(X509Error::Untrusted));
    let mut judged = 0;
    for bit in 0..8 * 60 {
        let mut der = leaf.der().to_vec();
        let place = der.len() - 1 - bit / 8;
        der[place] ^= 1 << (bit % 8);
        let Ok(forged) = Certificate::parse(&der) else { continue };
        judged += 1;
        assert_eq!(agreed(|| forged.verify_signature_by(&root)), Err(X509Error::Untrusted), "{bit}");
    }
    assert!(judged > 400, "{judged}");
}

/// The reference signs deterministically and `ring` does not, so no caller may expect either.
#[test]
fn nonces_depend_on_the_backend() {
    for backend in Backend::AVAILABLE {
        under(*backend, || {
            let key = key(2);
            let (one, two) = (key.sign(&[b"mess", b"age"]), key.sign(&[b"message"]));
            assert_eq!(one == two, *backend == Backend::RustCrypto);
            for signature in [one, two] {
                assert_eq!(verify(&key.public(), SignatureAlgorithm::Es256, &[b"message"], &signature), Ok(()));
            }
        });
    }
}

/// With the reference, everything comes from the caller's generator, which the simulator needs.
#[test]
fn std_m42_ephemeral_keys_are_seeded_with_the_reference() {
    let make = || EphemeralKey::make(&mut SeededRng::new(1)).public();
    assert!(under(Backend::RustCrypto, make) == under(Backend::RustCrypto, make));
    for backend in &Backend::AVAILABLE[1..] {
        assert!(under(*backend, make) != under(*backend, make));
    }
}

/// A key keeps the backend it was made with.
#[test]
fn selection_does_not_change_keys_in_use() {
    let [seeded, other] = [Backend::RustCrypto, Backend::Ring].map(|backend| under(backend, || key(3)));
    for backend in Backend::AVAILABLE {
        assert_eq!(under(*backend, || seeded.sign(&[b"m"])), under(Backend::RustCrypto, || seeded.sign(&[b"m"])));
    }
    assert!(seeded.public() == other.public());
    assert_eq!(seeded.dangerous_scalar().expose(), other.dangerous_scalar().expose());
}

#[test]
fn neg_b25_scalars_out_of_range_are_refused() {
    let order = hex::decode(ORDERS[0].1).unwrap();
    let invalid = Some(CryptoError::KeyInvalid);
    for scalar in [vec![0; 32], order.clone(), plus(&order, 1), vec![0xff; 32], vec![1; 31], vec![1; 33]] {
        assert_eq!(agreed(|| SigningKey::from_scalar(&scalar).err()), invalid);
    }
    assert_eq!(agreed(|| SigningKey::from_scalar(&plus(&order, -1)).err()), None);
}

#[test]
fn neg_b25_agreement_with_another_curve_is_refused() {
    let other = AgreementKey::from_scalar(Curve::P384, &[1; 48]).unwrap().public();
    let ed25519 = PublicKey::from_coordinates(Curve::Ed25519, &ed25519([5; 32], 0, [7; 32], 0, b"").0, None).unwrap();
    for peer in [other, ed25519] {
        assert_eq!(
            agreed(|| EphemeralKey::make(&mut SeededRng::new(4)).agree(&peer).err()),
            Some(CryptoError::KeyInvalid)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn neg_b25_ecdsa(p384: bool, message: Vec<u8>, bit in 0_usize..768, random: Vec<u8>) {
        let (key, mut signature) = signed(if p384 { Curve::P384 } else { Curve::P256 }, &message);
        prop_assert_eq!(verified(&key, &message, &signature), Ok(()));
        prop_assert!(verified(&key, &[message.as_slice(), b"x"].concat(), &signature).is_err());
        prop_assert!(verified(&key, &message, &random).is_err());
        let bit = bit % (signature.len() * 8);
        signature[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verified(&key, &message, &signature).is_err());
    }

    #[test]
    fn neg_b25_ecdsa_of_random_values(p384: bool, values in prop::collection::vec(any::<u8>(), 96)) {
        let curve = if p384 { Curve::P384 } else { Curve::P256 };
        let (key, signature) = signed(curve, b"message");
        prop_assert!(verified(&key, b"message", &values[..signature.len()]).is_err());
    }

    #[test]
    fn neg_b25_es256_signed_by_each(seed: u32, message: Vec<u8>) {
        for signature in under_each(|| key(seed.into()).sign(&[&message])) {
            prop_assert_eq!(verified(&key(seed.into()).public(), &message, &signature), Ok(()));
        }
    }

    #[test]
    fn neg_b25_ed25519(secret: [u8; 32], message: Vec<u8>, bit in 0_usize..512, random: [u8; 64]) {
        use ed25519_dalek::Signer;
        let signer = ed25519_dalek::SigningKey::from_bytes(&secret);
        let mut signature = signer.sign(&message).to_bytes();
        let key = PublicKey::from_coordinates(Curve::Ed25519, signer.verifying_key().as_bytes(), None).unwrap();
        prop_assert_eq!(verified(&key, &message, &signature), Ok(()));
        signature[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verified(&key, &message, &signature).is_err());
        prop_assert!(verified(&key, &message, &random).is_err());
    }

    /// With components of small order some signatures are valid without the cofactor and some are not.
    #[test]
    fn neg_b25_ed25519_mixed_order(a: [u8; 32], t in 0_usize..8, r: [u8; 32], u in 0_usize..8, message: Vec<u8>) {
        let (public, signature) = ed25519(a, t, r, u, &message);
        if let Ok(key) = PublicKey::from_coordinates(Curve::Ed25519, &public, None) {
            let _ = verified(&key, &message, &signature);
        }
    }

    #[test]
    fn neg_b25_agreement(seed: u32) {
        let peer = AgreementKey::make(&mut SeededRng::new(u64::from(seed) << 32));
        for (own, public) in under_each(|| {
            let key = EphemeralKey::make(&mut SeededRng::new(!u64::from(seed) << 32));
            let public = key.public();
            (key.agree(&peer.public()).unwrap(), public)
        }) {
            let theirs = peer.agree(&public).unwrap();
            prop_assert_eq!(own.expose(), theirs.expose());
        }
    }
}
