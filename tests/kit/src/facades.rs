//! Usual configurations, questions and answers of the two facades.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use rid_claims::ClaimPath;
use rid_crypto::CryptoRng;
use rid_flow::ports::UserAuth;
use rid_mdoc::{MDL_DOC_TYPE, MDL_NAMESPACE};
use rid_profile::{Locale, ReaderPolicy};
use rid_reader::{DocumentAsk, ElementAsk, ReaderConfig};
use rid_trust::TrustStore;
use rid_wallet::{
    DeviceAuthMethod, WalletConfig,
    view::{ConsentAnswer, ConsentDecision, ConsentRequest, ConsentedDocument, RequestedDocument},
};

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

/// A question for elements of the driving licence, none of which is retained. A name that ends in `?` is optional.
#[must_use]
pub fn ask(elements: &[&str]) -> Vec<DocumentAsk> {
    let element = |name: &&str| ElementAsk {
        path: ClaimPath::element(MDL_NAMESPACE, name.trim_end_matches('?')),
        retained: false,
        optional: name.ends_with('?'),
    };
    vec![DocumentAsk { kind: MDL_DOC_TYPE.into(), elements: elements.iter().map(element).collect() }]
}

/// Agrees to every held element of the first candidate of each document.
#[must_use]
pub fn agree(request: &ConsentRequest) -> ConsentAnswer {
    agree_without(request, &[])
}

/// Agrees as [`agree`] does, except for the elements with these identifiers.
#[must_use]
pub fn agree_without(request: &ConsentRequest, left_out: &[&str]) -> ConsentAnswer {
    let is_left_out = |path: &ClaimPath| path.as_element().is_some_and(|(_, name)| left_out.contains(&name));
    let document = |document: &RequestedDocument| {
        let candidate = document.candidates.first()?;
        let agreed = candidate.elements.iter().filter(|element| element.held && !is_left_out(&element.path));
        let elements = agreed.map(|element| element.path.clone()).collect();
        Some(ConsentedDocument { position: document.position, credential: candidate.credential.clone(), elements })
    };
    let decision = ConsentDecision::Agree { documents: request.documents.iter().filter_map(document).collect() };
    ConsentAnswer { id: request.id.clone(), hash: request.hash.clone(), decision }
}
