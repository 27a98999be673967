//! Usual configurations of the wallet's and the reader's facade.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use rid_crypto::CryptoRng;
use rid_flow::ports::UserAuth;
use rid_profile::{Locale, ReaderPolicy};
use rid_reader::ReaderConfig;
use rid_trust::TrustStore;
use rid_wallet::{DeviceAuthMethod, WalletConfig};

/// The port that gives a facade a generator for each step.
pub type RngSource = Arc<dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync>;

/// Generators that `make` builds from the seeds 1, 2, 3 and so on; the count goes on over the whole process.
#[must_use]
pub fn rngs<R: CryptoRng + Send + 'static>(make: fn(u64) -> R) -> RngSource {
    static SEED: AtomicU64 = AtomicU64::new(1);
    Arc::new(move || Box::new(make(SEED.fetch_add(1, Relaxed))))
}

/// A wallet that speaks English, signs without asking for the person, and uses the embedded profile.
#[must_use]
pub fn wallet_config(trust: TrustStore) -> WalletConfig {
    WalletConfig {
        profile: rid_profile::embedded().unwrap(),
        trust,
        locales: vec![Locale::En],
        user_auth: UserAuth::None,
        device_auth: DeviceAuthMethod::Signature,
        reader_policy: ReaderPolicy::USUAL,
    }
}

/// A reader that speaks English and has no identity of its own.
#[must_use]
pub fn reader_config(trust: TrustStore) -> ReaderConfig {
    ReaderConfig { profile: rid_profile::embedded().unwrap(), trust, locales: vec![Locale::En], identity: None }
}
