//! Wycheproof: every case of the copied files that this API can express.
use rid_crypto::{
    AeadKey, AgreementKey, Curve, EphemeralKey, HmacKey, PublicKey, Secret, SignatureAlgorithm, hkdf_sha256,
    hmac_sha256, verify, verify_hmac_sha256,
};
use rid_wire::hex;
use serde_json::Value;

use crate::{
    backends::under_each,
    pki::{SeededRng, vector},
};

/// Runs `check` over (group, case) and returns the number of cases.
fn each(file: &str, mut check: impl FnMut(&Value, &Value) -> bool) -> usize {
    let json: Value = serde_json::from_slice(&vector(&format!("wycheproof/{file}"))).unwrap();
    let mut run = 0;
    for group in json["testGroups"].as_array().unwrap() {
        for case in group["tests"].as_array().unwrap() {
            run += usize::from(check(group, case));
        }
    }
    run
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn valid(case: &Value) -> bool {
    case["result"] == "valid"
}

fn ecdsa(file: &str, curve: Curve, alg: SignatureAlgorithm) -> usize {
    each(file, |group, case| {
        let key = PublicKey::from_sec1(curve, &bytes(&group["publicKey"]["uncompressed"])).unwrap();
        assert_eq!(PublicKey::from_spki(&bytes(&group["publicKeyDer"])).unwrap().to_bytes(), key.to_bytes());
        assert_eq!(key.to_spki(), bytes(&group["publicKeyDer"]));
        if !group["publicKeyJwk"].is_null() {
            assert!(PublicKey::from_jwk(&group["publicKeyJwk"].to_string()).unwrap() == key);
        }
        let message = bytes(&case["msg"]);
        let (front, back) = message.split_at(message.len() / 2);
        let verified = verify(&key, alg, &[front, back], &bytes(&case["sig"]));
        assert_eq!(verified.is_ok(), valid(case), "{case}");
        if let Err(error) = verified {
            assert_eq!(error.code().as_str(), "cose_signature_invalid");
        }
        true
    })
}

/// The files contain r or s of zero, at or over the order, DER instead of raw, too short and too long.
#[test]
fn neg_b21_b25_std_m45_ecdsa_p256() {
    under_each(|| {
        assert_eq!(ecdsa("ecdsa_secp256r1_sha256_p1363_test.json", Curve::P256, SignatureAlgorithm::Es256), 262);
    });
}

#[test]
fn neg_b21_b25_std_m45_ecdsa_p384() {
    under_each(|| {
        assert_eq!(ecdsa("ecdsa_secp384r1_sha384_p1363_test.json", Curve::P384, SignatureAlgorithm::Es384), 280);
    });
}

#[test]
fn neg_b25_ecdh_p256() {
    let run = each("ecdh_secp256r1_ecpoint_test.json", |_, case| {
        // Private keys are written as integers and must be padded to the length of the curve.
        let mut private = bytes(&case["private"]);
        while private.len() > 32 && private[0] == 0 {
            private.remove(0);
        }
        while private.len() < 32 {
            private.insert(0, 0);
        }
        let own = AgreementKey::from_scalar(Curve::P256, &private).unwrap();
        let peer = PublicKey::from_sec1(Curve::P256, &bytes(&case["public"]));
        // An ephemeral key agrees with each key of the file, private and public.
        under_each(|| {
            let ephemeral = || EphemeralKey::make(&mut SeededRng::new(9));
            let key = ephemeral();
            let public = key.public();
            assert_eq!(key.agree(&own.public()).unwrap().expose(), own.agree(&public).unwrap().expose(), "{case}");
            assert!(peer.as_ref().map_or(true, |peer| ephemeral().agree(peer).is_ok()), "{case}");
        });
        let shared = peer.and_then(|peer| own.agree(&peer));
        match shared {
            // "acceptable" means a compressed point, which this API reads.
            Ok(shared) => {
                assert_ne!(case["result"], "invalid", "{case}");
                assert_eq!(shared.expose(), bytes(&case["shared"]), "{case}");
            }
            Err(error) => {
                assert_eq!(error.code().as_str(), "cose_key_invalid");
                assert_eq!(case["result"], "invalid", "{case}");
            }
        }
        true
    });
    assert_eq!(run, 355);
}

/// 256-bit keys and 96-bit nonces. The API has no other sizes.
#[test]
fn aes_256_gcm() {
    let run = each("aes_gcm_test.json", |group, case| {
        if group["keySize"] != 256 || group["ivSize"] != 96 {
            return false;
        }
        let mut key: [u8; 32] = bytes(&case["key"]).try_into().unwrap();
        let key = AeadKey::new(Secret::take(&mut key));
        let nonce: [u8; 12] = bytes(&case["iv"]).try_into().unwrap();
        let (aad, message) = (bytes(&case["aad"]), bytes(&case["msg"]));
        let sealed = [bytes(&case["ct"]), bytes(&case["tag"])].concat();
        match key.open(&nonce, &aad, &sealed) {
            Ok(opened) => {
                assert!(valid(case), "{case}");
                assert_eq!(opened, message);
                assert_eq!(key.seal(&nonce, &aad, &message).unwrap(), sealed);
            }
            Err(error) => {
                assert!(!valid(case), "{case}");
                assert_eq!(error.code().as_str(), "aead_open");
            }
        }
        true
    });
    assert!(run >= 60, "{run}");
}

/// The API returns 32 bytes: the first block of a longer output, which does not depend on the length.
#[test]
fn hkdf() {
    let run = each("hkdf_sha256_test.json", |_, case| {
        if !valid(case) {
            return false;
        }
        let (ikm, salt, info) = (bytes(&case["ikm"]), bytes(&case["salt"]), bytes(&case["info"]));
        let ours = hkdf_sha256(&ikm, &salt, &info);
        let okm = bytes(&case["okm"]);
        let common = okm.len().min(32);
        assert_eq!(ours.expose()[..common], okm[..common], "{case}");
        // The second half alone, from the result of the first half.
        let mut extracted = hmac_sha256(&salt, &[&ikm]);
        let (first, second) = info.split_at(info.len() / 2);
        let expanded = HmacKey::new(&Secret::take(&mut extracted)).expand([first, second]);
        assert_eq!(expanded.expose()[..common], okm[..common], "{case}");
        true
    });
    assert_eq!(run, 83);
}

#[test]
fn hmac() {
    let run = each("hmac_sha256_test.json", |group, case| {
        let (key, message, tag) = (bytes(&case["key"]), bytes(&case["msg"]), bytes(&case["tag"]));
        let verified = verify_hmac_sha256(&key, &[&message], &tag);
        if group["tagSize"] == 256 {
            assert_eq!(verified.is_ok(), valid(case), "{case}");
        } else {
            // A truncated tag is refused, even if its bytes are right.
            assert!(verified.is_err());
            assert_eq!(hmac_sha256(&key, &[&message])[..tag.len()] == tag, valid(case), "{case}");
        }
        true
    });
    assert_eq!(run, 174);
}
