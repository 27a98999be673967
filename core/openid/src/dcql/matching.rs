//! Finds which credentials and claims answer a query, and why the others do not.
use alloc::vec::Vec;

use rid_claims::{ClaimPath, Format};
use rid_wire::Code;

use super::{Authority, Candidate, CandidateClaims, ClaimQuery, CredentialQuery, Query};

/// The result for a whole query: one entry for each credential query, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    /// The results.
    pub credentials: Vec<CredentialMatch>,
    /// For each credential set of the query the positions of its options that can be answered.
    pub sets: Vec<Vec<usize>>,
    choice: Option<Vec<Choice>>,
}

/// The result for one credential query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialMatch {
    /// The candidates that answer, in their order.
    pub fits: Vec<Fit>,
    /// The candidates that do not, with the reason.
    pub unfit: Vec<Unfit>,
}

/// A candidate that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The position of the candidate.
    pub candidate: usize,
    /// The position of the claim set that it answers: the first that it can.
    pub claim_set: usize,
    /// The claims of that set.
    pub claims: Vec<SelectedClaim>,
}

/// A claim that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedClaim {
    /// The position of the claim query.
    pub query: usize,
    /// The exact paths of the values that would be disclosed, and no others.
    pub leaves: Vec<ClaimPath>,
}

/// A candidate that does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The position of the candidate.
    pub candidate: usize,
    /// The first reason.
    pub mismatch: Mismatch,
}

/// The reason for which a candidate does not answer a credential query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It has another format.
    Format,
    /// It is of another type.
    Type,
    /// No authority that the verifier names vouches for its issuer.
    Authority,
    /// It is bound to no key, and the verifier requires that.
    HolderBinding,
    /// It lacks claims; for each claim query that it cannot answer the reason.
    Claims(Vec<ClaimMismatch>),
}

/// A claim query that a candidate cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimMismatch {
    /// The position of the claim query.
    pub query: usize,
    /// The reason.
    pub missing: Missing,
}

/// The reason for which a claim query has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The credential does not have the claim.
    Absent,
    /// The claim has none of the values.
    Value,
}

/// The candidates that answer a credential query by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The position of the credential query.
    pub query: usize,
    /// Positions in [`CredentialMatch::fits`]; one, unless the query takes several.
    pub fits: Vec<usize>,
}

impl Mismatch {
    /// The stable code, for the wallet's own views. It never leaves the device.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::new(match self {
            Self::Format => "dcql_format",
            Self::Type => "dcql_type",
            Self::Authority => "dcql_authority",
            Self::HolderBinding => "dcql_holder_binding",
            Self::Claims(_) => "dcql_claims",
        })
    }

    /// The claims that are missing.
    #[must_use]
    pub fn claims(&self) -> &[ClaimMismatch] {
        match self {
            Self::Claims(claims) => claims,
            _ => &[],
        }
    }
}

impl ClaimMismatch {
    /// The stable code, for the wallet's own views. It never leaves the device.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::new(match self.missing {
            Missing::Absent => "dcql_claim_absent",
            Missing::Value => "dcql_claim_value",
        })
    }
}

impl Matching {
    /// The default answer: for each set its first option that can be answered, optional sets among them, and in each
    /// credential query the first fitting candidate (all of them, if it takes several). `None` if a required set cannot
    /// be answered: then nothing is answered.
    #[must_use]
    pub fn choice(&self) -> Option<&[Choice]> {
        self.choice.as_deref()
    }
}

impl Query {
    /// Matches the query with the stored credentials. The work is linear in the claims asked and the candidates. An
    /// unfitting candidate never hinders a fitting one.
    #[must_use]
    pub fn matching(&self, candidates: &[Candidate<'_>]) -> Matching {
        let credentials: Vec<CredentialMatch> =
            self.credentials.iter().map(|query| query.match_all(candidates)).collect();
        let answers = |position: &usize| credentials.get(*position).is_some_and(|found| !found.fits.is_empty());
        let answered = |options: &[Vec<usize>]| {
            let with_answer = options.iter().enumerate().filter(|(_, option)| option.iter().all(answers));
            with_answer.map(|(position, _)| position).collect()
        };
        let sets: Vec<Vec<usize>> = self.sets.iter().map(|set| answered(&set.options)).collect();
        let choice = self.choose(&credentials, &sets);
        Matching { credentials, sets, choice }
    }

    fn choose(&self, credentials: &[CredentialMatch], sets: &[Vec<usize>]) -> Option<Vec<Choice>> {
        let mut chosen = alloc::vec![false; self.credentials.len()];
        for (set, answered) in self.sets.iter().zip(sets) {
            match answered.first().and_then(|first| set.options.get(*first)) {
                Some(option) => {
                    for position in option {
                        *chosen.get_mut(*position)? = true;
                    }
                }
                None if set.required => return None,
                None => {}
            }
        }
        let choice = |query: usize| {
            let most = if self.credentials.get(query)?.multiple { usize::MAX } else { 1 };
            Some(Choice { query, fits: (0..credentials.get(query)?.fits.len()).take(most).collect() })
        };
        let queries = chosen.iter().enumerate().filter(|(_, is_chosen)| **is_chosen);
        let choices: Vec<Choice> = queries.map(|(query, _)| choice(query)).collect::<Option<_>>()?;
        // Optional sets alone may leave nothing to answer with.
        if choices.is_empty() { None } else { Some(choices) }
    }
}

impl CredentialQuery {
    fn match_all(&self, candidates: &[Candidate<'_>]) -> CredentialMatch {
        let format = self.known_format();
        let mut found = CredentialMatch { fits: Vec::new(), unfit: Vec::new() };
        for (position, candidate) in candidates.iter().enumerate() {
            match self.match_one(format, candidate) {
                Ok((claim_set, claims)) => found.fits.push(Fit { candidate: position, claim_set, claims }),
                Err(mismatch) => found.unfit.push(Unfit { candidate: position, mismatch }),
            }
        }
        found
    }

    fn match_one(
        &self,
        format: Option<Format>,
        candidate: &Candidate<'_>,
    ) -> Result<(usize, Vec<SelectedClaim>), Mismatch> {
        if format != Some(candidate.credential_type.format) {
            return Err(Mismatch::Format);
        }
        let is_asked = |name: &str| self.types.iter().any(|asked| asked == name);
        if !is_asked(&candidate.credential_type.id) && !candidate.other_types.iter().any(|name| is_asked(name)) {
            return Err(Mismatch::Type);
        }
        if !self.authorities.is_empty() && !self.authorities.iter().any(|authority| authority.matches(candidate)) {
            return Err(Mismatch::Authority);
        }
        if self.holder_binding && !candidate.holder_bound {
            return Err(Mismatch::HolderBinding);
        }
        let selected: Vec<Result<Vec<ClaimPath>, Missing>> =
            self.claims.iter().map(|claim| claim.select(candidate.claims)).collect();
        let has = |position: &usize| selected.get(*position).is_some_and(Result::is_ok);
        let Some((claim_set, set)) = self.claim_sets.iter().enumerate().find(|(_, set)| set.iter().all(has)) else {
            let missing = selected
                .iter()
                .enumerate()
                .filter_map(|(query, claim)| Some(ClaimMismatch { query, missing: *claim.as_ref().err()? }));
            return Err(Mismatch::Claims(missing.collect()));
        };
        let claim = |query: &usize| {
            let exact = selected.get(*query)?.as_ref().ok()?;
            let leaves = exact.iter().flat_map(|path| candidate.claims.leaves(path)).collect();
            Some(SelectedClaim { query: *query, leaves })
        };
        Ok((claim_set, set.iter().filter_map(claim).collect()))
    }
}

impl Authority {
    fn matches(&self, candidate: &Candidate<'_>) -> bool {
        match self {
            Self::KeyIdentifiers(known) => candidate.authorities.iter().any(|id| known.contains(id)),
            Self::Unknown(_) => false,
        }
    }
}

impl ClaimQuery {
    /// The exact paths that answer. Of several selected values only those that match are taken.
    fn select(&self, claims: &dyn CandidateClaims) -> Result<Vec<ClaimPath>, Missing> {
        let mut selected = claims.select(&self.path);
        if selected.is_empty() {
            return Err(Missing::Absent);
        }
        if !self.values.is_empty() {
            let is_one = |path: &ClaimPath| {
                claims.value(path).is_some_and(|value| self.values.iter().any(|literal| literal.equals(&value)))
            };
            selected.retain(is_one);
        }
        if selected.is_empty() { Err(Missing::Value) } else { Ok(selected) }
    }
}
