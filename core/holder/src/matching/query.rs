//! The question of a DCQL query, asked of what is held.
use alloc::{collections::BTreeSet, vec::Vec};
use core::cmp::Reverse;

use rid_claims::{CredentialId, CredentialType, Format};
use rid_flow::Holdings;
use rid_openid::dcql::{self, CredentialMatch, CredentialQuery, Fit, Mismatch, Query, Unfit};
use rid_profile::{Kind, Profile, ReaderRule};
use rid_wire::{Code, Timestamp};

use super::{claims::HeldClaims, offered_element};
use crate::{
    consent::{
        AskedDocument, AskedElement, Candidate, MissingElement, OfferedElement, Question, QuestionId, Requester,
        Unavailable, UseCase,
    },
    format::{self, Checked, NamedClaim, Traits},
    held::{Held, Validity},
};

/// No credential of the type is held.
const NOT_HELD: Code = Code::new("not_held");
/// One age more than the profile answers in one request.
const AGE_LIMIT: Code = Code::new("request_age_limit");
/// The requester must be known for this kind, or by the policy of the app.
const UNKNOWN: Code = Code::new("reader_auth_required");
/// A credential that has expired, beside one that is valid.
const EXPIRED: Code = Code::new("mdoc_expired");
/// Most other combinations of claims that are offered of one credential.
const MAX_ALTERNATIVES: usize = 4;

/// What is known before matching.
pub struct Asking<'a> {
    /// The identifier of the question.
    pub id: QuestionId,
    /// SHA-256 over the channel and the request as received.
    pub hash: [u8; 32],
    /// Who asks.
    pub requester: Requester,
    /// How the requester is treated; `None`: it is known.
    pub rule: Option<ReaderRule>,
    /// What is asked.
    pub query: &'a Query,
    /// The profile.
    pub profile: &'a Profile,
    /// The time.
    pub now: Timestamp,
}

/// A question, and what the answer to it needs.
pub struct Matched {
    /// The question.
    pub question: Question,
    /// The position of the credential query of each document.
    pub queries: Vec<usize>,
    /// The copies that were checked.
    pub(crate) checked: Vec<(CredentialId, Checked)>,
}

impl Matched {
    /// A question about nothing.
    pub(crate) const fn none(question: Question) -> Self {
        Self { question, queries: Vec::new(), checked: Vec::new() }
    }
}

/// A credential whose claims could be read.
struct Readable<'a> {
    held: &'a Held,
    claims: &'a [NamedClaim],
    traits: Traits,
}

/// Matches a query with what is held. Whatever is held, the person is asked.
#[must_use]
pub fn ask(asking: Asking<'_>, found: &Holdings) -> Matched {
    let mut all = Held::read(found, asking.now);
    // The fits of a query keep this order: valid ones first, then those that are valid longer.
    all.sort_by_key(|held| (held.validity, Reverse(held.valid_until)));
    let bytes_of =
        |held: &Held| found.credentials.iter().find(|one| one.summary.id == held.credential)?.copy.as_ref().ok();
    let traits_of = |held: &Held| format::traits(bytes_of(held)?, &held.credential_type).ok();
    let readable = all
        .iter()
        .filter_map(|held| Some(Readable { held, claims: held.claims.as_deref().ok()?, traits: traits_of(held)? }));
    let readable: Vec<Readable<'_>> = readable.collect();
    let claims: Vec<HeldClaims<'_>> = readable.iter().map(|one| HeldClaims(one.claims)).collect();
    let candidates = readable.iter().zip(&claims).map(|(one, claims)| dcql::Candidate {
        other_types: &one.traits.other_types,
        authorities: &one.traits.authorities,
        ..dcql::Candidate::new(&one.held.credential_type, claims)
    });
    let candidates: Vec<dcql::Candidate<'_>> = candidates.collect();
    let matching = asking.query.matching(&candidates);

    let mut documents = Vec::new();
    let mut queries = Vec::new();
    let mut ages = BTreeSet::new();
    for (position, (query, matched)) in asking.query.credentials.iter().zip(&matching.credentials).enumerate() {
        // Nothing can be said of a format that is not known.
        let Some(format) = query.known_format() else { continue };
        let finder = Finder { query, matched, readable: &readable, candidates: &candidates, profile: asking.profile };
        let mut document = finder.document(format, &all);
        let asked = document.candidates.iter().flat_map(|one| &one.elements);
        ages.extend(asked.filter_map(|element| format::age_of(&element.path)));
        let kind = asking.profile.kind(&document.credential_type);
        let limit = asking.profile.rules().age_elements_per_request;
        if is_enforced(kind, asking.rule) {
            block(&mut document, UNKNOWN);
        } else if u32::try_from(ages.len()).unwrap_or(u32::MAX) > limit {
            block(&mut document, AGE_LIMIT);
        }
        documents.push(document);
        queries.push(position);
    }
    let use_cases = use_cases(asking.query, &queries);
    suggest(&mut documents, &use_cases);
    let question = Question {
        id: asking.id,
        hash: asking.hash,
        warnings: warnings(&documents, asking.rule),
        unanswerable: unanswerable(&documents, &use_cases),
        requester: asking.requester,
        purpose: None,
        whole: true,
        documents,
        use_cases,
    };
    let checked = all.iter().filter_map(|one| Some((one.credential.clone(), one.checked?))).collect();
    Matched { question, queries, checked }
}

fn is_enforced(kind: Option<&Kind>, rule: Option<ReaderRule>) -> bool {
    let required = kind.is_some_and(|kind| kind.reader_auth_required);
    rule.is_some_and(|rule| required || rule == ReaderRule::Enforce)
}

fn block(document: &mut AskedDocument, code: Code) {
    document.candidates.clear();
    document.blocked = Some(code);
}

fn warnings(documents: &[AskedDocument], rule: Option<ReaderRule>) -> Vec<Code> {
    let unknown = rule.is_some_and(|rule| rule > ReaderRule::Allow);
    let retain = documents.iter().flat_map(|document| &document.elements).any(|element| element.intent_to_retain);
    let all = [(unknown, "reader_unknown"), (retain, "retain")];
    all.into_iter().filter_map(|(holds, code)| holds.then_some(Code::new(code))).collect()
}

/// The credential sets, with the documents of each option. An option with a format that is not known has no answer.
fn use_cases(query: &Query, queries: &[usize]) -> Vec<UseCase> {
    let document = |query: &usize| u32::try_from(queries.iter().position(|known| known == query)?).ok();
    let option = |option: &Vec<usize>| option.iter().map(document).collect::<Option<Vec<u32>>>();
    let sets = query.sets.iter();
    sets.map(|set| UseCase { mandatory: set.required, document_sets: set.options.iter().filter_map(option).collect() })
        .collect()
}

fn can_go(documents: &[AskedDocument], set: &[u32]) -> bool {
    let document = |at: &u32| documents.get(usize::try_from(*at).ok()?);
    set.iter().all(|at| document(at).is_some_and(|document| document.blocked.is_none()))
}

/// Suggests the first option of each set that can be answered.
fn suggest(documents: &mut [AskedDocument], use_cases: &[UseCase]) {
    let first = |one: &UseCase| one.document_sets.iter().find(|set| can_go(documents, set)).cloned();
    let chosen: Vec<u32> = use_cases.iter().filter_map(first).flatten().collect();
    for (document, position) in documents.iter_mut().zip(0..) {
        document.suggested = chosen.contains(&position);
    }
}

/// Why nothing can be answered: the reason of the first document that is in the way.
fn unanswerable(documents: &[AskedDocument], use_cases: &[UseCase]) -> Option<Code> {
    let can = |one: &UseCase| one.document_sets.iter().any(|set| can_go(documents, set));
    let is_answerable = use_cases.iter().all(|one| !one.mandatory || can(one)) && use_cases.iter().any(can);
    (!is_answerable).then(|| documents.iter().find_map(|document| document.blocked).unwrap_or(NOT_HELD))
}

/// Finds what answers one credential query.
struct Finder<'a> {
    query: &'a CredentialQuery,
    matched: &'a CredentialMatch,
    readable: &'a [Readable<'a>],
    candidates: &'a [dcql::Candidate<'a>],
    profile: &'a Profile,
}

impl Finder<'_> {
    fn document(&self, format: Format, all: &[Held]) -> AskedDocument {
        let (mut candidates, mut unavailable) = (Vec::new(), Vec::new());
        let of_fit = |fit: &Fit| self.readable.get(fit.candidate);
        let has_valid = self.matched.fits.iter().filter_map(of_fit).any(|one| one.held.validity == Validity::Valid);
        for fit in &self.matched.fits {
            let Some(one) = of_fit(fit) else { continue };
            if has_valid && one.held.validity == Validity::Expired {
                unavailable.push(not_offered(one.held, EXPIRED, Vec::new()));
                continue;
            }
            candidates.push(self.candidate(one, fit));
            candidates.extend(self.alternatives(fit).iter().map(|other| self.candidate(one, other)));
        }
        let unfit = self.matched.unfit.iter().filter_map(|unfit| self.unfit(unfit));
        unavailable.extend(unfit);
        let is_asked = |held: &&Held| held.credential_type.format == format && self.is_of_type(&held.credential_type);
        let unread = all
            .iter()
            .filter(is_asked)
            .filter_map(|held| Some(not_offered(held, held.claims.as_ref().err().copied()?, Vec::new())));
        unavailable.extend(unread);
        let element = |claim: &dcql::ClaimQuery| AskedElement {
            path: claim.path.clone(),
            intent_to_retain: claim.intent_to_retain == Some(true),
            states_retention: claim.intent_to_retain.is_some(),
            exceeds_purpose: false,
        };
        let first_type = || CredentialType { format, id: self.query.types.first().cloned().unwrap_or_default() };
        AskedDocument {
            credential_type: candidates.first().map_or_else(first_type, |one: &Candidate| one.credential_type.clone()),
            elements: self.query.claims.iter().map(element).collect(),
            blocked: candidates
                .is_empty()
                .then(|| unavailable.first().map_or(NOT_HELD, |one: &Unavailable| one.reason)),
            candidates,
            unavailable,
            multiple: self.query.multiple,
            portrait_binds: false,
            suggested: false,
        }
    }

    fn is_of_type(&self, credential_type: &CredentialType) -> bool {
        self.query.types.contains(&credential_type.id)
    }

    fn candidate(&self, one: &Readable<'_>, fit: &Fit) -> Candidate {
        let Readable { held, claims, .. } = one;
        let kind = self.profile.kind(&held.credential_type);
        let mut elements: Vec<OfferedElement> = Vec::new();
        for claim in &fit.claims {
            let retain = self.query.claims.get(claim.query).is_some_and(|asked| asked.intent_to_retain == Some(true));
            for path in &claim.leaves {
                let known = elements.iter().position(|element| element.path == *path);
                let place = known.unwrap_or(elements.len());
                if known.is_none() {
                    elements.push(offered_element(path.clone(), claims, kind));
                }
                if let Some(element) = elements.get_mut(place) {
                    element.asked.push(claim.query);
                    element.intent_to_retain |= retain;
                }
            }
        }
        Candidate {
            credential: held.credential.clone(),
            credential_type: held.credential_type.clone(),
            issuer: held.issuer.clone(),
            subject: held.subject.clone(),
            validity: held.validity,
            valid_until: held.valid_until,
            copies_left: held.copies_left,
            reuse: held.reuse,
            elements,
        }
    }

    /// The later combinations of claims that the verifier takes as well and the credential can answer.
    fn alternatives(&self, fit: &Fit) -> Vec<Fit> {
        let later = self.query.claim_sets.iter().skip(fit.claim_set.saturating_add(1));
        let candidate = self.candidates.get(fit.candidate).copied();
        let fits = later.filter_map(|set| {
            let query = CredentialQuery { claim_sets: [set.clone()].into(), ..self.query.clone() };
            let sets = Vec::new();
            let matching = Query { credentials: [query].into(), sets }.matching(&[candidate?]);
            Some(Fit { candidate: fit.candidate, ..matching.credentials.into_iter().next()?.fits.into_iter().next()? })
        });
        fits.take(MAX_ALTERNATIVES).collect()
    }

    /// A credential of another format or type is not about this query.
    fn unfit(&self, unfit: &Unfit) -> Option<Unavailable> {
        if matches!(unfit.mismatch, Mismatch::Format | Mismatch::Type) {
            return None;
        }
        let path = |query: usize| self.query.claims.get(query).map(|claim| claim.path.clone());
        let missing = unfit.mismatch.claims().iter();
        let missing = missing.filter_map(|one| Some(MissingElement { path: path(one.query)?, reason: one.code() }));
        Some(not_offered(self.readable.get(unfit.candidate)?.held, unfit.mismatch.code(), missing.collect()))
    }
}

fn not_offered(held: &Held, reason: Code, missing: Vec<MissingElement>) -> Unavailable {
    let (issuer, subject) = (held.issuer.clone(), held.subject.clone());
    Unavailable { credential: held.credential.clone(), issuer, subject, reason, missing }
}
