//! Signatures of JWS and keys as JWK.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by failing")]
use rid_crypto::{CryptoError, Curve, PublicKey, SignatureAlgorithm, SigningKey, verify_jws};
use rid_wire::{
    base64::{decode_url, encode_url},
    jose::{Jwk, Jws, JwsError},
    json::Value,
};

fn jwk(text: &str) -> Jwk {
    Jwk::read(&Value::parse(text, 8192).expect("JSON")).expect("a JWK")
}

fn verify(key: &PublicKey, text: &str) -> Result<(), JwsError> {
    verify_jws(key, &Jws::parse(text, 1 << 16)?)
}

/// RFC 7515, appendix A.3.
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const ES256_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
/// RFC 8037, appendix A.
const EDDSA: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
const EDDSA_KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

#[test]
fn published_signatures_verify() {
    let es256 = PublicKey::from_jose(&jwk(ES256_KEY)).expect("a key");
    let eddsa = PublicKey::from_jose(&jwk(EDDSA_KEY)).expect("a key");
    assert_eq!(verify(&es256, ES256), Ok(()));
    assert_eq!(verify(&eddsa, EDDSA), Ok(()));
    assert_eq!(verify(&eddsa, ES256), Err(JwsError::Alg));
    assert_eq!(verify(&es256, EDDSA), Err(JwsError::Alg));
    // RFC 8037, A.3.
    assert_eq!(eddsa.thumbprint().as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    assert_eq!(es256.to_jose(), Some(jwk(ES256_KEY)));
    assert_eq!(eddsa.to_jose(), Some(jwk(EDDSA_KEY)));
    for algorithm in [SignatureAlgorithm::EdDsa, SignatureAlgorithm::Es256, SignatureAlgorithm::Es384] {
        assert_eq!(algorithm.jose().map(SignatureAlgorithm::from), Some(algorithm));
    }
    assert_eq!(SignatureAlgorithm::Es512.jose(), None);
}

#[test]
fn neg_e02_a_mac_under_the_public_key_is_refused() {
    let key = PublicKey::from_jose(&jwk(ES256_KEY)).expect("a key");
    let header = encode_url(br#"{"alg":"HS256"}"#);
    let tag = rid_crypto::hmac_sha256(&key.to_bytes(), &[format!("{header}.e30").as_bytes()]);
    assert_eq!(verify(&key, &format!("{header}.e30.{}", encode_url(&tag))), Err(JwsError::Alg));
}

#[test]
fn neg_e05_signatures_that_are_not_raw_and_in_range_are_refused() {
    let key = PublicKey::from_jose(&jwk(ES256_KEY)).expect("a key");
    let (input, signature) = ES256.rsplit_once('.').expect("a signature");
    let raw = decode_url(signature).expect("base64url");
    let mut flipped = raw.clone();
    flipped[63] ^= 1;
    let der = [&[0x30, 0x45, 0x02, 0x20], &raw[..32], &[0x02, 0x21, 0x00], &raw[32..]].concat();
    for wrong in [vec![0; 64], flipped, der, raw[..63].to_vec(), Vec::new(), [raw.as_slice(), &[0]].concat()] {
        assert_eq!(verify(&key, &format!("{input}.{}", encode_url(&wrong))), Err(JwsError::Signature));
    }
    let altered = ES256.replacen("eyJpc3Mi", "eyJpc3Nj", 1);
    assert_eq!(verify(&key, &altered), Err(JwsError::Signature));
}

#[test]
fn points_off_the_curve_are_refused() {
    let mut key = jwk(ES256_KEY);
    key.x[31] ^= 1;
    assert_eq!(PublicKey::from_jose(&key), Err(CryptoError::KeyInvalid));
    let scalar = SigningKey::from_scalar(&[1; 32]).expect("a key").public();
    assert_eq!(PublicKey::from_jose(&scalar.to_jose().expect("P-256")), Ok(scalar.clone()));
    assert_eq!(scalar.curve(), Curve::P256);
}
