use alloc::vec::Vec;

use rid_profile::Profile;
use rid_trust::{SignerRules, TrustStore};

/// Binds a store to the profile: who may sign each kind, and how a reader is certified. A store that was not bound takes any
/// signer of documents.
#[must_use]
pub fn bind_trust(store: TrustStore, profile: &Profile) -> TrustStore {
    let count = |intermediates: u32| usize::try_from(intermediates).unwrap_or(0);
    let signers: Vec<SignerRules> = profile
        .kinds()
        .iter()
        .map(|kind| SignerRules {
            credential_type: kind.doc_type.clone(),
            purposes: kind.signers.purposes.clone(),
            country: kind.signers.country.clone(),
            intermediates: count(kind.signers.intermediates),
        })
        .collect();
    store.with_rules(signers, count(profile.rules().reader_intermediates))
}
