//! Digital Credentials Query Language (OpenID4VP 1.0, 6 and 7; std-M23).
//!
//! ```
//! use rid_claims::{ClaimEntry, ClaimValue, CredentialType, Format};
//! use rid_openid::dcql::{Candidate, DcqlError, Query};
//!
//! let text = r#"{"credentials":[{"id":"a","format":"dc+sd-jwt","meta":{"vct_values":["urn:id"]},
//!     "claims":[{"path":["name"]},{"path":["age"],"values":[18]}]}]}"#;
//! let query = Query::parse(text)?;
//! let text = |text: &str| ClaimValue::Text { text: String::from(text).into() };
//! let claims = ClaimValue::Entries { entries: vec![ClaimEntry { key: text("name"), value: text("Aysel") }] };
//! let kind = CredentialType { format: Format::SdJwt, id: "urn:id".into() };
//! let candidate = Candidate::new(&kind, &claims);
//! let matching = query.matching(&[candidate]);
//! assert!(matching.choice().is_none());
//! let missing = matching.credentials[0].unfit[0].mismatch.claims();
//! let reasons: Vec<_> = missing.iter().map(|claim| claim.code().as_str()).collect();
//! assert_eq!(reasons, ["dcql_claim_absent"]);
//! # Ok::<(), DcqlError>(())
//! ```
mod candidate;
mod error;
mod matching;
mod parse;
mod query;
mod write;

pub use candidate::{Candidate, CandidateClaims, authority_key_ids};
pub use error::DcqlError;
pub use matching::{Choice, ClaimMismatch, CredentialMatch, Fit, Matching, Mismatch, Missing, SelectedClaim, Unfit};
pub use query::{Authority, ClaimQuery, CredentialQuery, CredentialSet, Literal, Query};
