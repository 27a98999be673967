//! The verdict on an opened answer: each presentation by its format, then all of them against the query.
use alloc::{collections::BTreeMap, string::String, vec, vec::Vec};

use rid_claims::{ClaimEntry, ClaimKey, ClaimPath, ClaimValue, CredentialType, Format};
use rid_openid::dcql::{Candidate, CredentialQuery, CredentialSet, Mismatch, Missing, Query};
use rid_trust::{Check, Outcome};
use rid_wire::{Code, Timestamp};

use super::{Bound, JudgeInput};
use crate::{
    judge::{check, mdoc, overall, refused_whole, sdjwt},
    view::{DocumentVerdict, Verdict},
};

/// Something came back that was not asked for.
const NOT_ASKED_FOR: Code = Code::new("answer_not_asked");
/// Something that was asked for did not come back.
const NOT_RETURNED: Code = Code::new("not_returned");

/// Judges an answer whose identifiers fit the query.
pub(super) fn judge(
    presentations: &BTreeMap<String, Vec<String>>,
    query: &Query,
    bound: &Bound<'_>,
    input: &JudgeInput<'_>,
    at: Timestamp,
) -> Verdict {
    let environment = input.trust.environment();
    let (mut checks, mut documents, mut document_errors) = (Vec::new(), Vec::new(), Vec::new());
    for asked in &query.credentials {
        for text in presentations.get(&asked.id).into_iter().flatten() {
            let verdict = match asked.known_format() {
                Some(Format::Mdoc) => mdoc::judge_online(text, bound, input, at),
                Some(Format::SdJwt) => sdjwt::judge_online(text, bound, input, at),
                None => refused_whole(environment, check::FORM, NOT_ASKED_FOR, None),
            };
            merge(&mut checks, verdict.checks);
            merge(&mut checks, compare(asked, &verdict.documents).into());
            documents.extend(verdict.documents);
            document_errors.extend(verdict.document_errors);
        }
    }
    Verdict { document_errors, ..overall(environment, checks, documents) }
}

/// Compares the one document of a presentation with its credential query: nothing else may be in it, and a claim set
/// must be answered. What is always disclosed with an SD-JWT cannot be left out, and does not count as not asked for.
fn compare(asked: &CredentialQuery, documents: &[DocumentVerdict]) -> [Check; 2] {
    let (equals, all) = (check::ASKED_EQUALS_ANSWERED, check::ALL_ELEMENTS);
    let [document] = documents else {
        return [Check::failed(equals, NOT_ASKED_FOR), Check::not_done(all, None)];
    };
    let Some(disclosed) = document.elements.current_or_lapsed() else {
        // The checks of the document say why there is no evidence.
        return [Check::not_done(equals, None), Check::not_done(all, None)];
    };
    let format = asked.known_format().unwrap_or(Format::Mdoc);
    let credential_type = CredentialType { format, id: document.kind.clone() };
    let paths = || disclosed.issuer_signed.iter().chain(&disclosed.device_signed);
    let leaves: Vec<_> = paths().map(|element| (element.path.steps.as_slice(), &element.value)).collect();
    let claims = tree(&leaves);
    // The trust store decides about the issuer, and the checks about key binding.
    let question = CredentialQuery { authorities: Vec::new(), ..asked.clone() };
    let set = CredentialSet { options: vec![vec![0]], required: true };
    let matching =
        Query { credentials: vec![question], sets: vec![set] }.matching(&[Candidate::new(&credential_type, &claims)]);
    let mismatch = matching.credentials.iter().flat_map(|found| &found.unfit).map(|unfit| &unfit.mismatch).next();
    let all = match mismatch {
        None => Check::passed(all),
        Some(Mismatch::Claims(claims)) if claims.iter().all(|claim| claim.missing == Missing::Absent) => {
            Check::not_done(all, Some(NOT_RETURNED))
        }
        Some(Mismatch::Claims(claims)) => {
            let wrong = claims.iter().find(|claim| claim.missing == Missing::Value);
            Check::failed(all, wrong.map_or(NOT_RETURNED, |claim| claim.code()))
        }
        Some(mismatch) => return [Check::failed(equals, mismatch.code()), Check::not_done(all, None)],
    };
    let is_asked = |path: &ClaimPath| asked.claims.iter().any(|claim| claim.path == *path);
    let equals = match format {
        Format::Mdoc if !paths().all(|element| is_asked(&element.path)) => Check::failed(equals, NOT_ASKED_FOR),
        _ => Check::passed(equals),
    };
    [equals, all]
}

/// The claims as one value, for the matcher.
fn tree(leaves: &[(&[ClaimKey], &ClaimValue)]) -> ClaimValue {
    let mut below: BTreeMap<&ClaimKey, Vec<(&[ClaimKey], &ClaimValue)>> = BTreeMap::new();
    for (steps, value) in leaves {
        match steps.split_first() {
            None => return (*value).clone(),
            Some((first, rest)) => below.entry(first).or_default().push((rest, *value)),
        }
    }
    if below.keys().any(|step| !matches!(step, ClaimKey::Name { .. })) {
        return ClaimValue::Items { items: below.values().map(|leaves| tree(leaves)).collect() };
    }
    let entry = |(step, leaves): (&ClaimKey, &Vec<_>)| match step {
        ClaimKey::Name { name } => {
            Some(ClaimEntry { key: ClaimValue::Text { text: name.clone().into() }, value: tree(leaves) })
        }
        _ => None,
    };
    ClaimValue::Entries { entries: below.iter().map(|(step, leaves)| (*step, leaves)).filter_map(entry).collect() }
}

/// Adds checks; of two with one name the worse counts.
fn merge(checks: &mut Vec<Check>, more: Vec<Check>) {
    for check in more {
        match checks.iter_mut().find(|known| known.code == check.code) {
            Some(known) if rank(&check) > rank(known) => *known = check,
            Some(_) => {}
            None => checks.push(check),
        }
    }
}

/// A check without a reason that was not done does not hinder.
const fn rank(check: &Check) -> u8 {
    match (check.outcome, check.reason.is_some()) {
        (Outcome::NotDone, false) => 0,
        (Outcome::Passed, _) => 1,
        (Outcome::NotDone, true) => 2,
        (Outcome::Unknown, _) => 3,
        (Outcome::Failed, _) => 4,
    }
}
