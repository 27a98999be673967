//! Concat KDF (NIST SP 800-56A, as RFC 7518, 4.6.2 uses it) with SHA-256.
use crate::{
    CryptoError, Secret, SharedSecret,
    backend::{Active, Library},
    stack::wiping,
};

/// Derives a key of `N` bytes, at most 32, which is one round of the hash. `algorithm` is the `enc` of direct key
/// agreement; `apu` and `apv` are the decoded header members, or empty.
pub(crate) fn concat_kdf<const N: usize>(
    secret: &SharedSecret,
    algorithm: &str,
    apu: &[u8],
    apv: &[u8],
) -> Result<Secret<N>, CryptoError> {
    let len = |bytes: usize| u32::try_from(bytes).map(u32::to_be_bytes).map_err(|_| CryptoError::Length);
    let (algorithm_len, apu_len, apv_len) = (len(algorithm.len())?, len(apu.len())?, len(apv.len())?);
    let bits = len(N.saturating_mul(8))?;
    let parts: [&[u8]; 9] =
        [&[0, 0, 0, 1], secret.expose(), &algorithm_len, algorithm.as_bytes(), &apu_len, apu, &apv_len, apv, &bits];
    wiping(|| {
        let hash = zeroize::Zeroizing::new(Active::sha256(&parts));
        let derived = hash.get(..N).ok_or(CryptoError::Length)?;
        Ok(Secret::filled(|key| key.copy_from_slice(derived)))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use rid_wire::{base64, json::Value};

    use super::*;
    use crate::{AgreementKey, PublicKey};

    /// RFC 7518, Appendix C: both sides derive the published key.
    #[test]
    fn std_m22_appendix_c_of_rfc_7518() {
        let alice = r#"{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps","d":"0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"}"#;
        let bob = r#"{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck","d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"}"#;
        for (own, peer) in [(alice, bob), (bob, alice)] {
            let peer = PublicKey::from_jwk_value(&Value::parse(peer, 1000).unwrap()).unwrap();
            let secret = AgreementKey::from_jwk(own).unwrap().agree(&peer).unwrap();
            let key: Secret<16> = concat_kdf(&secret, "A128GCM", b"Alice", b"Bob").unwrap();
            assert_eq!(base64::encode_url(key.expose()), "VqqN6vgjbSBcIijNcacQGg");
            assert!(concat_kdf::<33>(&secret, "A128GCM", b"", b"").is_err());
        }
    }
}
