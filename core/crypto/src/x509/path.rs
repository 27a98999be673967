use alloc::vec::Vec;

use rid_wire::Timestamp;

use super::{Certificate, X509Error};

/// What a chain is checked against.
#[derive(Clone, Copy, Debug)]
pub struct PathPolicy<'a> {
    /// The time of the check.
    pub at: Timestamp,
    /// The extended key usage the leaf must carry (dotted); `None`: it names at least one, and none of the
    /// general ones (TLS, code, mail, time stamps, OCSP, anyExtendedKeyUsage) nor an ISO role other than document signer.
    pub leaf_eku: Option<&'a str>,
    /// Whether country (and state, where both name one) of leaf and anchor must be equal (ISO 18013-5 Annex B).
    pub same_country: bool,
}

/// Evidence: the chain leads from the leaf to the anchor under the policy.
#[derive(Clone)]
pub struct VerifiedPath<'a> {
    leaf: &'a Certificate,
    anchor: &'a Certificate,
}

impl<'a> VerifiedPath<'a> {
    /// The leaf whose key may now be used.
    #[must_use]
    pub fn leaf(&self) -> &'a Certificate {
        self.leaf
    }

    /// The anchor the decision rests on.
    #[must_use]
    pub fn anchor(&self) -> &'a Certificate {
        self.anchor
    }
}

/// Builds and checks a path from `chain[0]` (leaf; intermediates in any order, at most 8) to one of the anchors, with at
/// most 100 signature checks. An anchor in the chain itself is never trusted for being there.
///
/// # Errors
/// The most telling [`X509Error`] of the attempt that came furthest.
pub fn verify_path<'a>(
    chain: &'a [Certificate],
    anchors: &[&'a Certificate],
    policy: &PathPolicy<'_>,
) -> Result<VerifiedPath<'a>, X509Error> {
    let Some(leaf) = chain.first() else { return Err(X509Error::Untrusted) };
    if chain.len() > MAX_CHAIN {
        return Err(X509Error::Budget);
    }
    let mut search = Search { chain, anchors, policy, path: Vec::from([leaf]), checks: 0, refusal: None, spent: false };
    match search.extend() {
        Some(anchor) => Ok(VerifiedPath { leaf, anchor }),
        None if search.spent && search.refusal.is_none() => Err(X509Error::Budget),
        None => Err(search.refusal.unwrap_or(X509Error::Untrusted)),
    }
}

/// Most certificates a peer may send.
const MAX_CHAIN: usize = 10;
/// Most intermediates of one path.
const MAX_INTERMEDIATES: usize = 8;
/// Most signature checks of one call.
const MAX_CHECKS: usize = 100;

/// A search in depth: every edge tried costs one signature check of the budget, so its work is bounded whatever the chain.
struct Search<'a, 'p> {
    chain: &'a [Certificate],
    anchors: &'p [&'a Certificate],
    policy: &'p PathPolicy<'p>,
    /// The leaf and the intermediates of this attempt.
    path: Vec<&'a Certificate>,
    checks: usize,
    /// What the attempt that came furthest was refused for.
    refusal: Option<X509Error>,
    /// The budget ended the search.
    spent: bool,
}

impl<'a> Search<'a, '_> {
    /// An anchor that completes the path, or a path through one more intermediate.
    fn extend(&mut self) -> Option<&'a Certificate> {
        let child = *self.path.last()?;
        for anchor in by_likelihood(child, self.anchors.iter().copied()) {
            // A leaf that is an anchor itself proves nothing about who vouches for it.
            if self.on_path(anchor) || !self.signed(child, anchor) {
                continue;
            }
            match check_rules(&self.path, anchor, self.policy) {
                Ok(()) => return Some(anchor),
                Err(refusal) => self.refusal = Some(furthest(self.refusal, refusal)),
            }
        }
        for issuer in by_likelihood(child, self.chain.iter().skip(1)) {
            if self.on_path(issuer) || self.anchors.iter().any(|anchor| anchor.der == issuer.der) {
                continue;
            }
            if self.path.len() > MAX_INTERMEDIATES {
                self.spent = true;
                continue;
            }
            if self.signed(child, issuer) {
                self.path.push(issuer);
                let found = self.extend();
                self.path.pop();
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    fn on_path(&self, certificate: &Certificate) -> bool {
        self.path.iter().any(|known| known.der == certificate.der)
    }

    fn signed(&mut self, child: &Certificate, issuer: &Certificate) -> bool {
        if self.checks >= MAX_CHECKS {
            self.spent = true;
            return false;
        }
        self.checks = self.checks.saturating_add(1);
        child.verify_signature_by(issuer).is_ok()
    }
}

/// Those whose subject is the child's issuer; the ones with the key identifier it names first. The identifier decides
/// nothing: it is a hint.
fn by_likelihood<'a>(
    child: &Certificate,
    candidates: impl Iterator<Item = &'a Certificate>,
) -> impl Iterator<Item = &'a Certificate> {
    let hint = child.authority_key_id();
    let named = candidates.filter(|candidate| candidate.subject.der() == child.issuer.der());
    let (likely, others): (Vec<_>, Vec<_>) =
        named.partition(|candidate| hint.is_some() && candidate.subject_key_id() == hint);
    likely.into_iter().chain(others)
}

/// The rules of a path whose names and signatures are right, in the order in which they are reported.
fn check_rules(path: &[&Certificate], anchor: &Certificate, policy: &PathPolicy<'_>) -> Result<(), X509Error> {
    let [leaf, intermediates @ ..] = path else { return Err(X509Error::Untrusted) };
    check_leaf_usage(leaf, policy.leaf_eku.is_some())?;
    for (below, issuer) in intermediates.iter().copied().chain([anchor]).enumerate() {
        check_issuer(issuer, below)?;
    }
    if policy.same_country {
        check_country(leaf, anchor)?;
    }
    check_purpose(leaf, policy.leaf_eku)?;
    path.iter().copied().chain([anchor]).try_for_each(|certificate| certificate.check_validity(policy.at))
}

/// A leaf signs documents, never certificates. ISO 18013-5 Annex B demands the key usage; elsewhere its absence allows all.
fn check_leaf_usage(leaf: &Certificate, iso: bool) -> Result<(), X509Error> {
    let fits = match leaf.key_usage() {
        Some(usage) => usage.digital_signature && !usage.key_cert_sign,
        None => !iso,
    };
    if fits && !leaf.is_ca() { Ok(()) } else { Err(X509Error::Path) }
}

/// `below`: the intermediates between this CA and the leaf.
fn check_issuer(issuer: &Certificate, below: usize) -> Result<(), X509Error> {
    let may_sign = issuer.key_usage().is_some_and(|usage| usage.key_cert_sign);
    let near_enough = issuer.path_len().is_none_or(|len| usize::try_from(len).is_ok_and(|len| below <= len));
    if issuer.is_ca() && may_sign && near_enough { Ok(()) } else { Err(X509Error::Path) }
}

/// ISO 18013-5 Annex B: the country is in both and the same; the state is the same where both name one.
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

/// The leaf must name what it is for.
fn check_purpose(leaf: &Certificate, wanted: Option<&str>) -> Result<(), X509Error> {
    let purposes = leaf.extended_key_usage().map_or(&[][..], |usage| &usage.purposes);
    let fits = match wanted {
        Some(wanted) => {
            purposes.iter().any(|purpose| purpose == wanted)
                && !purposes.iter().any(|purpose| GENERAL_PURPOSES.contains(&purpose.as_str()))
        }
        None => !purposes.is_empty() && purposes.iter().all(|purpose| signs_documents(purpose)),
    };
    if fits { Ok(()) } else { Err(X509Error::Eku) }
}

/// Purposes of the web's and the software trade's certificates (RFC 5280, 4.2.1.12): server, client, code, mail, time
/// stamps, OCSP; anyExtendedKeyUsage; and the two old names for TLS servers (Microsoft's and Netscape's step-up).
const GENERAL_PURPOSES: [&str; 9] = [
    "1.3.6.1.5.5.7.3.1",
    "1.3.6.1.5.5.7.3.2",
    "1.3.6.1.5.5.7.3.3",
    "1.3.6.1.5.5.7.3.4",
    "1.3.6.1.5.5.7.3.8",
    "1.3.6.1.5.5.7.3.9",
    "2.5.29.37.0",
    "1.3.6.1.4.1.311.10.3.3",
    "2.16.840.1.113730.4.1",
];

/// Anything but the general purposes and ISO 18013-5's roles other than the document signer.
fn signs_documents(purpose: &str) -> bool {
    let iso = purpose.starts_with("1.0.18013.5.1.");
    !GENERAL_PURPOSES.contains(&purpose) && (!iso || purpose == "1.0.18013.5.1.2")
}

/// Of two refusals the one of the later stage of [`check_rules`].
fn furthest(known: Option<X509Error>, other: X509Error) -> X509Error {
    let stage = |error| match error {
        X509Error::Expired => 2,
        X509Error::Eku => 1,
        _ => 0,
    };
    known.filter(|known| stage(*known) >= stage(other)).unwrap_or(other)
}
