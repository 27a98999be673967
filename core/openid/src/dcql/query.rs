//! A DCQL query in its normalised form.
use alloc::{string::String, vec::Vec};

use rid_claims::{ClaimPath, ClaimValue, Format};
use rid_wire::base64;

/// A query. Identifiers that refer to a part of it are positions here, and defaults are written out: every credential
/// query has a claim set, and there is always a credential set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The credential queries, in their order; at least one.
    pub credentials: Vec<CredentialQuery>,
    /// The combinations of credentials that are asked for; at least one. Without `credential_sets` it is one required
    /// set of all credential queries.
    pub sets: Vec<CredentialSet>,
}

/// The question for one credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialQuery {
    /// The name of this query in the answer.
    pub id: String,
    /// The identifier of the format, as received.
    pub format: String,
    /// The types of which the credential must be one (`doctype_value`, `vct_values`); empty for an unknown format.
    pub types: Vec<String>,
    /// The claims; empty if only those are asked for that are always disclosed.
    pub claims: Vec<ClaimQuery>,
    /// Combinations of claims, as positions in `claims`, the preferred one first; at least one. Each names a path once.
    pub claim_sets: Vec<Vec<usize>>,
    /// Whether several credentials may answer.
    pub multiple: bool,
    /// Whether the holder must prove possession of the credential's key.
    pub holder_binding: bool,
    /// The authorities, of which one must vouch for the issuer; empty for any.
    pub authorities: Vec<Authority>,
}

/// The question for one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimQuery {
    /// The identifier, if it has one.
    pub id: Option<String>,
    /// The path.
    pub path: ClaimPath,
    /// The values of which the claim must have one; empty for any.
    pub values: Vec<Literal>,
    /// Whether the verifier keeps the claim (mdoc). `None` is no statement, which is not the same as no.
    pub intent_to_retain: Option<bool>,
}

/// A value in a query.
#[derive(Clone, PartialEq, Eq)]
pub enum Literal {
    /// A boolean.
    Flag(bool),
    /// An integer.
    Number(i64),
    /// A string.
    Text(String),
}

/// A combination of credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialSet {
    /// The alternatives, as positions in `credentials`, in the order of the verifier; at least one.
    pub options: Vec<Vec<usize>>,
    /// Whether nothing is answered unless this set is.
    pub required: bool,
}

/// An authority that a verifier trusts to vouch for issuers.
#[derive(Clone, PartialEq, Eq)]
pub enum Authority {
    /// Authority key identifiers of certificates (`aki`).
    KeyIdentifiers(Vec<Vec<u8>>),
    /// A type that is not known here. It never matches.
    Unknown(String),
}

impl CredentialQuery {
    /// The format, if it is known here.
    #[must_use]
    pub fn known_format(&self) -> Option<Format> {
        Format::parse(&self.format)
    }
}

impl Literal {
    /// Compares type and value strictly: the number 18 is not the text "18". Values of CBOR are first converted to JSON
    /// (RFC 8949, 6.1): a date is its text, and bytes are base64url.
    #[must_use]
    pub fn equals(&self, value: &ClaimValue) -> bool {
        match (self, value) {
            (Self::Flag(own), ClaimValue::Flag { value }) => own == value,
            (Self::Number(own), ClaimValue::Number { value }) => own == value,
            (Self::Text(own), ClaimValue::Text { text } | ClaimValue::Date { text }) => own == text.expose(),
            (Self::Text(own), ClaimValue::Binary { bytes }) => {
                // The encoding is only made for a text of its length: a portrait is not encoded for each value.
                own.len() == bytes.expose().len().saturating_mul(4).div_ceil(3)
                    && *own == base64::encode_url(bytes.expose())
            }
            _ => false,
        }
    }
}

rid_wire::closed_debug!(Authority, Literal);
