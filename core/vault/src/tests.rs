//! What holds where nothing but the inside of the vault can make the case.

mod forged;
mod heads;
#[cfg(target_os = "linux")]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod left_behind;
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod marker;
mod secrets;

use rid_claims::{CredentialType, ReusePolicy};
use rid_flow::{Credential, CredentialId, NewCopy};
use rid_wire::Timestamp;

/// One of copies that are shown once.
fn credential(id: &str, copies: Vec<NewCopy>) -> Credential {
    let at = Timestamp::from_unix(1_800_000_000);
    Credential {
        id: CredentialId(id.into()),
        credential_type: CredentialType::mdoc("kind"),
        subject: None,
        issuer: "An issuer".into(),
        signed: at,
        valid_from: at,
        valid_until: at.plus_days(14),
        claims: Vec::new(),
        source: None,
        status: None,
        reuse: ReusePolicy::Once,
        copies,
    }
}
