//! Checks CBOR and COSE: `cbor/`, `cose-wg/`, the COSE files of `isomdl/`.
use rid_crypto::{PublicKey, SignatureAlgorithm, SigningKey, verify, verify_hmac_sha256};
use rid_wire::{
    base64,
    cbor::{Decoder, Limits, Value},
    cose::{Mac0, Sign1, mac_structure, sig_structure},
};
use serde_json::Value as Json;

use crate::{Outcome, data, holds};

/// HMAC 256/256, the only supported MAC.
const HMAC_256: i64 = 5;

/// The message, key material and external data of a vector.
struct Example {
    message: Vec<u8>,
    key: Json,
    external: Vec<u8>,
}

impl Example {
    fn read(path: &str, structure: &str) -> Self {
        let json = data::json(path);
        let input = &json["input"][structure];
        let key = if structure == "mac0" { &input["recipients"][0]["key"] } else { &input["key"] };
        Self {
            message: data::of_hex(&json["output"]["cbor"]),
            key: key.clone(),
            external: data::of_hex(&input["external"]),
        }
    }

    /// A member of the key, in base64url or hex.
    fn member(&self, name: &str) -> Vec<u8> {
        match self.key[name].as_str() {
            Some(text) => base64::decode_url(text).expect("base64url"),
            None => data::of_hex(&self.key[format!("{name}_hex")]),
        }
    }

    fn public_key(&self) -> PublicKey {
        let [x, y] = ["x", "y"].map(|name| base64::encode_url(&self.member(name)));
        let jwk = serde_json::json!({ "kty": "EC", "crv": self.key["crv"], "x": x, "y": y });
        PublicKey::from_jwk(&jwk.to_string()).expect("a key")
    }
}

pub(crate) fn sign1(path: &str) -> Outcome {
    if path.starts_with("isomdl/") {
        let signer = SigningKey::from_scalar(&data::bytes("isomdl/cose_sign1_secret_key")).expect("a scalar");
        return signature_holds(&data::bytes(path), &signer.public(), &[]);
    }
    let example = Example::read(path, "sign0");
    signature_holds(&example.message, &example.public_key(), &example.external)
}

fn signature_holds(message: &[u8], key: &PublicKey, external: &[u8]) -> Outcome {
    let mut reader = Decoder::new(message, Limits::ONLINE).map_err(|error| error.code())?;
    let sign1 = Sign1::read(&mut reader).map_err(|error| error.code())?;
    reader.finish().map_err(|error| error.code())?;
    let payload = sign1.attached().map_err(|error| error.code())?;
    let alg = SignatureAlgorithm::from_cose(sign1.header.alg).map_err(|error| error.code())?;
    let prefix = sig_structure(&sign1.header.protected, external, payload.len());
    Ok(verify(key, alg, &[&prefix, payload], &sign1.signature).map_err(|error| error.code())?)
}

pub(crate) fn mac0(path: &str) -> Outcome {
    if path.starts_with("isomdl/") {
        return mac_holds(&data::bytes(path), &data::bytes("isomdl/cose_mac0_secret_key"), &[]);
    }
    let example = Example::read(path, "mac0");
    mac_holds(&example.message, &example.member("k"), &example.external)
}

fn mac_holds(message: &[u8], key: &[u8], external: &[u8]) -> Outcome {
    let mut reader = Decoder::new(message, Limits::ONLINE).map_err(|error| error.code())?;
    let mac0 = Mac0::read(&mut reader).map_err(|error| error.code())?;
    reader.finish().map_err(|error| error.code())?;
    if mac0.header.alg != HMAC_256 {
        return Err(rid_crypto::CryptoError::AlgUnsupported.code().into());
    }
    let payload = mac0.payload.as_deref().ok_or("cose_payload")?;
    let prefix = mac_structure(&mac0.header.protected, external, payload.len());
    Ok(verify_hmac_sha256(key, &[&prefix, payload], &mac0.tag).map_err(|error| error.code())?)
}

/// The examples of RFC 8949, or a value of Annex D. `core/wire/tests/cbor_vectors.rs` compares the decoded values.
pub(crate) fn cbor(path: &str) -> Outcome {
    let one = |bytes: &[u8]| Value::parse(bytes, Limits::ONLINE).map(|_| ()).map_err(|error| error.code());
    if path.ends_with(".hex") {
        return Ok(one(&data::bytes(path))?);
    }
    let (file, part) = path.split_once('#').unwrap_or((path, ""));
    let examples = data::json(file);
    let mut seen = 0;
    for example in examples.as_array().expect("an array") {
        let digits = example["hex"].as_str().expect("hex");
        // A part has a line of its own.
        if (part.is_empty() && digits != "f818") || digits == part {
            seen += 1;
            one(&data::of_hex(&example["hex"]))?;
        }
    }
    holds("every example is present", seen == if part.is_empty() { 81 } else { 1 })
}
