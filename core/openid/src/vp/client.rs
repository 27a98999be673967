//! Who asks: the client identifier and the certificate behind it (OpenID4VP 1.0, 5.9; std-M21).
use alloc::{boxed::Box, string::String, vec::Vec};

use rid_crypto::{
    sha256, verify_jws,
    x509::{Certificate, X509Error},
};
use rid_trust::{MessageTrust, Party, TrustError, parse_chain};
use rid_wire::{
    Code, base64,
    jose::{Jws, JwsError},
    json::Value,
};

use super::VpError;
use crate::url::HttpsUrl;

/// Who asks.
#[derive(Clone)]
pub enum Requester {
    /// A verifier whose certificate signed the request and is named by its client identifier.
    Certified(Box<Certified>),
    /// A website or app whose unsigned request came over the Digital Credentials API. It is the origin that the
    /// platform gives, and nothing more is known.
    Origin(String),
    /// A verifier in a test, which is known by its address alone.
    #[cfg(feature = "test")]
    Address(String),
}

/// A verifier whose certificate signed the request.
#[derive(Clone)]
pub struct Certified {
    /// The client identifier with its prefix.
    pub client_id: String,
    /// The certificate that signed. Its names are only the verifier's own words unless `trust` is positive.
    pub leaf: Certificate,
    /// Evidence that the certificate has a path to an anchor of readers, or the reason why it leads to none.
    pub trust: Result<Party, Code>,
    kind: Kind,
}

/// A prefix that is spoken for signed requests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    X509Hash,
    X509SanDns,
}

impl Certified {
    /// Verifies the signature of a request object under the certificate in its header, and the client identifier.
    pub(super) fn verify(jws: &Jws<'_>, client_id: &str, trust: &mut MessageTrust<'_>) -> Result<Self, VpError> {
        let (kind, name) = match client_id.split_once(':') {
            Some(("x509_hash", name)) => (Kind::X509Hash, name),
            Some(("x509_san_dns", name)) => (Kind::X509SanDns, name),
            _ => return Err(VpError::ClientIdPrefix),
        };
        let chain = parse_chain(jws.header.x5c.as_deref().ok_or(JwsError::X5c)?)?;
        let leaf = chain.first().ok_or(JwsError::X5c)?;
        // HAIP: neither a self-signed leaf nor the anchor.
        if chain.iter().any(is_self_signed) {
            return Err(JwsError::X5c.into());
        }
        verify_jws(leaf.public_key(), jws)?;
        let is_named = match kind {
            Kind::X509Hash => base64::encode_url(&sha256(&[leaf.der()])) == name,
            Kind::X509SanDns => leaf.alternative_hosts().iter().any(|host| host.eq_ignore_ascii_case(name)),
        };
        if !is_named {
            return Err(VpError::ClientId);
        }
        leaf.check_validity(trust.at(), trust.store().clock_tolerance()).map_err(TrustError::Certificate)?;
        let evidence = match trust.reader(&chain) {
            Ok(evidence) => Ok(evidence),
            Err(error) if leads_nowhere(error) => Err(error.code()),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { client_id: client_id.into(), leaf: leaf.clone(), trust: evidence, kind })
    }

    /// Checks that an answer may be sent to this address: with `x509_san_dns` only to the host of the name (neg-G04).
    pub(super) fn check_address(&self, uri: &HttpsUrl) -> Result<(), VpError> {
        let name = self.client_id.split_once(':').map(|(_, name)| name).unwrap_or_default();
        match self.kind {
            Kind::X509Hash => Ok(()),
            Kind::X509SanDns if uri.host().eq_ignore_ascii_case(name) => Ok(()),
            Kind::X509SanDns => Err(VpError::ResponseUri),
        }
    }
}

impl Requester {
    /// The client identifier; `None` for an unsigned request of the Digital Credentials API, which has none.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Certified(certified) => Some(&certified.client_id),
            Self::Origin(_) => None,
            #[cfg(feature = "test")]
            Self::Address(client_id) => Some(client_id),
        }
    }
}

fn is_self_signed(certificate: &Certificate) -> bool {
    certificate.issuer().matches(certificate.subject()) && certificate.verify_signature_by(certificate).is_ok()
}

/// A chain that ends at nothing known is an unknown verifier; any other error is a wrong certificate.
fn leads_nowhere(error: TrustError) -> bool {
    matches!(error, TrustError::Missing | TrustError::Scope | TrustError::Certificate(X509Error::Untrusted))
}

/// The signatures of a multi-signed request as compact JWS, each with its client identifier.
pub(super) fn compact_forms(request: &Value) -> Result<Vec<String>, VpError> {
    let text = |value: &Value, name: &str| value.member(name).and_then(Value::as_str).map(String::from);
    let payload = text(request, "payload").ok_or(VpError::Form("request.payload"))?;
    let Some(Value::Array(signatures)) = request.member("signatures") else {
        return Err(VpError::Form("request.signatures"));
    };
    if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
        return Err(VpError::Form("request.signatures"));
    }
    let compact = |one: &Value| {
        let (protected, signature) = (text(one, "protected")?, text(one, "signature")?);
        Some(alloc::format!("{protected}.{payload}.{signature}"))
    };
    signatures.iter().map(|one| compact(one).ok_or(VpError::Form("request.signatures"))).collect()
}

/// Most signatures of a multi-signed request.
const MAX_SIGNATURES: usize = 8;

rid_wire::closed_debug!(Certified, Requester);
