//! Builds and checks a certification path.
use alloc::{string::String, vec::Vec};

use rid_wire::{ClockTolerance, Timestamp};

use super::{Certificate, ExtendedKeyUsage, SignatureBudget, X509Error};

/// The rules for a path.
#[derive(Clone, Copy, Debug)]
pub struct PathPolicy<'a> {
    /// The time of the check.
    pub at: Timestamp,
    /// How far notBefore may be ahead of that time.
    pub tolerance: ClockTolerance,
    /// The extended key usages (dotted), one of which the leaf must have. All others in it must be for signing
    /// documents. With `None` the leaf must have at least one, and all must be for signing documents.
    pub purposes: Option<&'a [String]>,
    /// The most intermediates. ISO 18013-5 Annex B has none.
    pub intermediates: usize,
    /// Whether leaf and anchor must have the same country, and the same state if both have one (ISO 18013-5 Annex B).
    pub same_country: bool,
}

/// Evidence that a chain leads from the leaf to an anchor under a policy. Only [`verify_path`] makes it.
#[derive(Clone)]
pub struct VerifiedPath<'a> {
    leaf: &'a Certificate,
    anchor: &'a Certificate,
}

impl<'a> VerifiedPath<'a> {
    /// The leaf. Its key may now be used.
    #[must_use]
    pub fn leaf(&self) -> &'a Certificate {
        self.leaf
    }

    /// The anchor of the path.
    #[must_use]
    pub fn anchor(&self) -> &'a Certificate {
        self.anchor
    }
}

/// The most certificates that a peer may send.
pub const MAX_CHAIN: usize = 3;
/// The longest serial number in a path, in bytes (RFC 5280, 4.1.2.2).
const MAX_SERIAL: usize = 20;

/// Builds and checks a path from `chain[0]`, the leaf, over intermediates in any order to one of the anchors.
///
/// Names, permissions and times are checked before signatures, which count against the budget of the message. An anchor
/// inside the chain is not trusted for that.
///
/// # Errors
/// The [`X509Error`] of the attempt that came closest to an anchor.
pub fn verify_path<'a>(
    chain: &'a [Certificate],
    anchors: &[&'a Certificate],
    policy: &PathPolicy<'_>,
    budget: &mut SignatureBudget<'_>,
) -> Result<VerifiedPath<'a>, X509Error> {
    let Some(leaf) = chain.first() else { return Err(X509Error::Untrusted) };
    if chain.len() > MAX_CHAIN {
        return Err(X509Error::Budget);
    }
    let mut search = Search { chain, anchors, policy, budget, refusal: X509Error::Untrusted };
    match search.extend(&[leaf]) {
        Some(anchor) => Ok(VerifiedPath { leaf, anchor }),
        None => Err(search.refusal),
    }
}

/// A depth-first search over paths whose names match. It tries at most five without their anchors, because a chain has
/// at most three certificates.
struct Search<'a, 'p, 'm> {
    chain: &'a [Certificate],
    anchors: &'p [&'a Certificate],
    policy: &'p PathPolicy<'p>,
    budget: &'p mut SignatureBudget<'m>,
    /// The error of the attempt that came closest to an anchor.
    refusal: X509Error,
}

impl<'a> Search<'a, '_, '_> {
    /// Tries each anchor that completes the path, and each path through one more intermediate.
    fn extend(&mut self, path: &[&'a Certificate]) -> Option<&'a Certificate> {
        let child = *path.last()?;
        // A root that only the peer sent is no anchor.
        if child.is_ca() && child.subject.matches(&child.issuer) {
            return None;
        }
        let on_path = |certificate: &Certificate| path.iter().any(|known| known.der == certificate.der);
        for anchor in by_likelihood(child, self.anchors.iter().copied()) {
            if on_path(anchor) {
                continue;
            }
            match check_rules(path, anchor, self.policy).and_then(|()| self.check_signatures(path, anchor)) {
                Ok(()) => return Some(anchor),
                Err(refusal) => self.refusal = furthest(self.refusal, refusal),
            }
        }
        let chain = self.chain;
        for issuer in by_likelihood(child, chain.iter().skip(1)) {
            if on_path(issuer) || self.anchors.iter().any(|anchor| anchor.der == issuer.der) {
                continue;
            }
            let found = self.extend(&[path, &[issuer]].concat());
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Checks signatures from the anchor down, so that nothing is checked under an anchor that did not sign.
    fn check_signatures(&mut self, path: &[&Certificate], anchor: &Certificate) -> Result<(), X509Error> {
        let mut issuer = anchor;
        for certificate in path.iter().rev() {
            self.budget.check(certificate, issuer)?;
            issuer = certificate;
        }
        Ok(())
    }
}

/// The certificates whose subject is the issuer of the child, those with the matching key identifier first. The
/// identifier is only a hint.
fn by_likelihood<'a>(
    child: &Certificate,
    candidates: impl Iterator<Item = &'a Certificate>,
) -> impl Iterator<Item = &'a Certificate> {
    let hint = child.authority_key_id();
    let named = candidates.filter(|candidate| candidate.subject.matches(&child.issuer));
    let (likely, others): (Vec<_>, Vec<_>) =
        named.partition(|candidate| hint.is_some() && candidate.subject_key_id() == hint);
    likely.into_iter().chain(others)
}

/// The rules for a path whose names match, in the order in which they are reported.
fn check_rules(path: &[&Certificate], anchor: &Certificate, policy: &PathPolicy<'_>) -> Result<(), X509Error> {
    let [leaf, intermediates @ ..] = path else { return Err(X509Error::Untrusted) };
    let all = || path.iter().copied().chain([anchor]);
    if all().any(|certificate| certificate.serial.len() > MAX_SERIAL) {
        return Err(X509Error::Form);
    }
    check_leaf_usage(leaf)?;
    if intermediates.len() > policy.intermediates {
        return Err(X509Error::Path);
    }
    for (below, issuer) in intermediates.iter().copied().chain([anchor]).enumerate() {
        check_issuer(issuer, below)?;
        let constraints = &issuer.extensions.name_constraints;
        let allowed = |below: &Certificate| constraints.allow(&below.subject, below.extensions.subject_alt_name);
        if !path.iter().take(below.saturating_add(1)).all(|below| allowed(below)) {
            return Err(X509Error::NameConstraint);
        }
    }
    if policy.same_country {
        check_country(leaf, anchor)?;
    }
    check_purpose(leaf, policy.purposes)?;
    intermediates.iter().try_for_each(|issuer| check_issuer_purpose(issuer, leaf))?;
    all().try_for_each(|certificate| certificate.check_validity(policy.at, policy.tolerance))
}

/// A leaf must be allowed to sign documents and not to sign certificates.
fn check_leaf_usage(leaf: &Certificate) -> Result<(), X509Error> {
    let usage = leaf.key_usage();
    if leaf.is_ca() || usage.is_some_and(|usage| usage.key_cert_sign) {
        return Err(X509Error::Path);
    }
    if usage.is_some_and(|usage| usage.digital_signature) { Ok(()) } else { Err(X509Error::KeyUsage) }
}

/// Checks a CA. `below` counts the intermediates between it and the leaf.
fn check_issuer(issuer: &Certificate, below: usize) -> Result<(), X509Error> {
    let may_sign = issuer.key_usage().is_some_and(|usage| usage.key_cert_sign);
    let near_enough = issuer.path_len().is_none_or(|len| usize::try_from(len).is_ok_and(|len| below <= len));
    if issuer.is_ca() && may_sign && near_enough { Ok(()) } else { Err(X509Error::Path) }
}

/// ISO 18013-5 Annex B: both have the same country, and the same state if both have one.
fn check_country(leaf: &Certificate, anchor: &Certificate) -> Result<(), X509Error> {
    let same_country = match (leaf.subject.country(), anchor.subject.country()) {
        (Some(leaf), Some(anchor)) => leaf.eq_ignore_ascii_case(anchor),
        _ => false,
    };
    let same_state = match (leaf.subject.state(), anchor.subject.state()) {
        (Some(leaf), Some(anchor)) => leaf == anchor,
        _ => true,
    };
    if same_country && same_state { Ok(()) } else { Err(X509Error::Path) }
}

fn purposes(certificate: &Certificate) -> &[String] {
    certificate.extended_key_usage().map_or(&[], |usage| &usage.purposes)
}

/// The leaf must have the purpose for which it is used.
fn check_purpose(leaf: &Certificate, wanted: Option<&[String]>) -> Result<(), X509Error> {
    let purposes = purposes(leaf);
    let is_wanted = |purpose: &String| wanted.is_some_and(|wanted| wanted.contains(purpose));
    let fits = purposes.iter().all(|purpose| is_wanted(purpose) || signs_documents(purpose))
        && if wanted.is_some() { purposes.iter().any(is_wanted) } else { !purposes.is_empty() };
    if fits { Ok(()) } else { Err(X509Error::Eku) }
}

/// An intermediate with extended key usages allows only these below it.
fn check_issuer_purpose(issuer: &Certificate, leaf: &Certificate) -> Result<(), X509Error> {
    let vouches = |listed: &ExtendedKeyUsage| {
        let any = listed.purposes.iter().any(|purpose| purpose == ANY_PURPOSE);
        any || purposes(leaf).iter().all(|purpose| listed.purposes.contains(purpose))
    };
    if issuer.extended_key_usage().is_none_or(vouches) { Ok(()) } else { Err(X509Error::Eku) }
}

/// anyExtendedKeyUsage (RFC 5280, 4.2.1.12).
const ANY_PURPOSE: &str = "2.5.29.37.0";

/// Arcs of purposes that are not for signing documents: PKIX (TLS, code, mail, time stamps, OCSP, EAP, IPsec, SSH),
/// IKE, Kerberos, Microsoft (smart-card logon and others), Netscape, PIV, anyExtendedKeyUsage, and the roles of ISO
/// 18013-5.
const OTHER_ARCS: [&str; 8] = [
    "1.3.6.1.5.5.7.3.",
    "1.3.6.1.5.5.8.2.",
    "1.3.6.1.5.2.3.",
    "1.3.6.1.4.1.311.",
    "2.16.840.1.113730.",
    "2.16.840.1.101.3.6.",
    ANY_PURPOSE,
    "1.0.18013.5.1.",
];

/// Exceptions in those arcs: documents (RFC 9336), documents (Microsoft), document signers of ISO 18013-5.
const DOCUMENT_PURPOSES: [&str; 3] = ["1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.311.10.3.12", "1.0.18013.5.1.2"];

fn signs_documents(purpose: &str) -> bool {
    DOCUMENT_PURPOSES.contains(&purpose) || !OTHER_ARCS.iter().any(|arc| purpose.starts_with(arc))
}

/// Picks the error of the later stage. A fault of a certificate says more than a missing signature.
fn furthest(known: X509Error, other: X509Error) -> X509Error {
    let stage = |error| match error {
        X509Error::Untrusted => 0,
        X509Error::Budget => 1,
        X509Error::Eku => 3,
        X509Error::Expired | X509Error::NotYetValid => 4,
        _ => 2,
    };
    if stage(known) >= stage(other) { known } else { other }
}
