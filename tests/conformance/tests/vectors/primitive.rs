//! Checks Wycheproof: all cases that a line selects must have the same result.
use rid_crypto::{
    AeadKey, AgreementKey, CryptoError, Curve, PublicKey, Secret, SignatureAlgorithm, hkdf_sha256, verify,
    verify_hmac_sha256,
};
use serde_json::Value;

use crate::{Outcome, data, holds};

/// Checks the cases of `file#part`: `part` is a `result`, or `other` for sizes that the other lines exclude.
pub(crate) fn cases(path: &str, kind: &str) -> Outcome {
    let (file, part) = path.split_once('#').expect("a part");
    let json = data::json(file);
    let mut outcomes = Vec::new();
    for group in json["testGroups"].as_array().expect("groups") {
        let plain = plain_sizes(group, kind);
        for case in group["tests"].as_array().expect("cases") {
            if (part == "other") != plain && (part == "other" || case["result"] == part) {
                outcomes.push(run(group, case, kind));
            }
        }
    }
    holds("cases are selected", !outcomes.is_empty())?;
    outcomes.dedup();
    match outcomes.as_slice() {
        [outcome] => outcome.clone(),
        several => Err(format!("cases come out differently: {several:?}")),
    }
}

/// Returns true if a group has the sizes that this project uses.
fn plain_sizes(group: &Value, kind: &str) -> bool {
    match kind {
        "aead" => group["keySize"] == 256 && group["ivSize"] == 96,
        "hmac" => group["tagSize"] == 256,
        _ => true,
    }
}

fn run(group: &Value, case: &Value, kind: &str) -> Outcome {
    let member = |name: &str| data::of_hex(&case[name]);
    let code = |error: CryptoError| String::from(error.code());
    match kind {
        "aead" => {
            let mut key = <[u8; 32]>::try_from(member("key")).expect("32 bytes");
            let key = AeadKey::new(Secret::take(&mut key));
            let nonce = <[u8; 12]>::try_from(member("iv")).expect("12 bytes");
            let sealed = [member("ct"), member("tag")].concat();
            let opened = key.open(&nonce, &member("aad"), &sealed).map_err(code)?;
            holds("decrypted and encrypted again", opened == member("msg"))?;
            holds("encrypted as given", key.seal(&nonce, &member("aad"), &opened).map_err(code)? == sealed)
        }
        "ecdh" => {
            let own = AgreementKey::from_scalar(Curve::P256, &scalar(&member("private"))).map_err(code)?;
            let peer = PublicKey::from_sec1(Curve::P256, &member("public")).map_err(code)?;
            holds("the shared secret", own.agree(&peer).map_err(code)?.expose() == member("shared"))
        }
        "ecdsa" => {
            let key = PublicKey::from_spki(&data::of_hex(&group["publicKeyDer"])).map_err(code)?;
            let alg = if key.curve() == Curve::P256 { SignatureAlgorithm::Es256 } else { SignatureAlgorithm::Es384 };
            verify(&key, alg, &[&member("msg")], &member("sig")).map_err(code)
        }
        "hkdf" => {
            let derived = hkdf_sha256(&member("ikm"), &member("salt"), &member("info"));
            let okm = member("okm");
            let common = okm.len().min(32);
            holds("the derived bytes", derived.expose()[..common] == okm[..common])
        }
        _ => verify_hmac_sha256(&member("key"), &[&member("msg")], &member("tag")).map_err(code),
    }
}

/// An integer padded to the length of the curve.
fn scalar(integer: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = integer.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut scalar = vec![0; 32_usize.saturating_sub(digits.len())];
    scalar.extend(digits);
    scalar
}
