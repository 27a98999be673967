//! The raw primitives of a presentation and a verification, timed alone in the same binary (P4, P6).
use rid_crypto::{AeadKey, AgreementKey, EphemeralKey, SignatureAlgorithm, SigningKey, hkdf_sha256, sha256, verify};
use rid_shell::OsRng;

use crate::{expect, figure::Stopwatch};

/// Runs of a primitive in one measurement.
const RUNS: u32 = 16;
const ROUNDS: usize = 20;

/// Microseconds of each primitive: the least mean of some rounds.
pub(crate) struct Raw {
    pub(crate) verify: f64,
    sign: f64,
    make: f64,
    agree: f64,
    derive: f64,
    /// Of the smallest message.
    aead: f64,
    aead_per_byte: f64,
    sha_per_byte: f64,
}

impl Raw {
    pub(crate) fn measure() -> Self {
        let mut rng = OsRng;
        let key = SigningKey::make(&mut rng);
        let (public, signature) = (key.public(), key.sign(&[b"message"]));
        let peer = AgreementKey::make(&mut rng).public();
        let verified = || expect(verify(&public, SignatureAlgorithm::Es256, &[b"message"], &signature), "signature");
        let make = least(|| drop(EphemeralKey::make(&mut OsRng)));
        let make_and_agree = least(|| drop(expect(EphemeralKey::make(&mut OsRng).agree(&peer), "agreement")));
        let derived = || AeadKey::new(hkdf_sha256(&[1; 32], &[2; 32], b"SKDevice"));
        let aead = derived();
        let large = vec![7_u8; 1 << 20];
        let small_seal = least(|| drop(expect(aead.seal(&[0; 12], &[], &[0; 64]), "sealed")));
        let large_seal = least(|| drop(expect(aead.seal(&[0; 12], &[], &large), "sealed")));
        let digest = |bytes: &[u8]| assert_ne!(sha256(&[bytes]), [0; 32]);
        let bytes = f64::from(1_u32 << 20);
        Self {
            verify: least(verified),
            sign: least(|| assert_ne!(key.sign(&[b"message"]), [0; 64])),
            make,
            agree: (make_and_agree - make).max(0.0),
            derive: least(|| drop(derived())),
            aead: small_seal,
            aead_per_byte: (large_seal - small_seal).max(0.0) / bytes,
            sha_per_byte: least(|| digest(&large)) / bytes,
        }
    }

    /// A presentation: the ephemeral key and its agreement, two session keys, the request opened and the response
    /// sealed, the two
    /// checks of the holder, one signature, the digests of the stored copy.
    pub(crate) fn present(&self, stored: usize, response: usize) -> f64 {
        self.make
            + self.agree
            + 2.0 * (self.derive + self.aead + self.verify)
            + self.sign
            + self.aead_per_byte * response as f64
            + self.sha_per_byte * stored as f64
    }

    /// A verification: the response opened, the signatures of certificate, issuer and device, the digests of what is
    /// in it.
    pub(crate) fn verification(&self, response: usize) -> f64 {
        self.aead + 3.0 * self.verify + (self.aead_per_byte + self.sha_per_byte) * response as f64
    }

    /// SHA-256 and AES-GCM of one KiB.
    pub(crate) fn kib(&self) -> f64 {
        1024.0 * (self.aead_per_byte + self.sha_per_byte)
    }

    pub(crate) fn print(&self) {
        println!(
            "primitives in microseconds: verify {:.1}, sign {:.1}, key {:.1}, agreement {:.1}, session key {:.1}, AES-GCM {:.1} and {:.2}/KiB, SHA-256 {:.2}/KiB",
            self.verify,
            self.sign,
            self.make,
            self.agree,
            self.derive,
            self.aead,
            1024.0 * self.aead_per_byte,
            1024.0 * self.sha_per_byte
        );
    }
}

/// The least mean of the rounds.
fn least(mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let mut watch = Stopwatch::new();
        watch.time(|| (0..RUNS).for_each(|_| work()));
        best = best.min(watch.micros() / f64::from(RUNS));
    }
    best
}
