//! Which credentials are offered, in which order, and how readers are treated by policy.
use std::sync::Arc;

use rid_claims::ClaimPath;
use rid_flow::{CredentialId, Input};
use rid_holder::{
    consent::{AgreedDocument, Decision, Requester},
    held::Validity,
    proximity::Misuse,
};
use rid_profile::{Profile, ReaderPolicy, ReaderRule};

use crate::{
    reader::{Reader, Wanted, items},
    wallet::Wallet,
    world::{MDL, NOW, NS, PID, PID_NAMESPACE, element, encoded, licence},
};

const CARD: &[Wanted<'_>] = &[(PID_NAMESPACE, "family_name_unicode", false)];
const NAMES: &[Wanted<'_>] = &[(NS, "family_name", false), (NS, "given_name", false)];

fn asked(wallet: &mut Wallet, request: impl FnOnce(&Reader, &Wallet) -> Vec<u8>) {
    let mut reader = wallet.connect();
    let request = request(&reader, wallet);
    wallet.deliver(reader.establish(&request));
}

/// Licences with these names, validity and days left; "short" lacks the given name.
fn wallet_with(licences: &[(&str, Validity, i64)]) -> Wallet {
    let mut wallet = Wallet::empty();
    for (name, validity, days) in licences {
        let all = licence();
        let kept: Vec<_> =
            all.into_iter().filter(|one| !(name.starts_with("short") && one.identifier == "given_name")).collect();
        wallet.add(name, MDL, &kept);
        let stock = wallet.vault.held.get_mut(&CredentialId((*name).into())).unwrap();
        (stock.validity, stock.valid_until) = (*validity, NOW.plus_days(*days));
    }
    wallet
}

fn order(wallet: &Wallet) -> Vec<&str> {
    let candidates = &wallet.question.as_ref().unwrap().documents[0].candidates;
    candidates.iter().map(|one| one.credential.0.as_str()).collect()
}

#[test]
fn candidates_come_valid_first_then_by_how_much_they_answer_then_by_age() {
    let mut wallet = wallet_with(&[
        ("long", Validity::Valid, 30),
        ("short", Validity::Valid, 90),
        ("longer", Validity::Valid, 60),
        ("tomorrow", Validity::NotYetValid, 365),
    ]);
    asked(&mut wallet, |reader, wallet| reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]));
    assert_eq!(order(&wallet), ["longer", "long", "short", "tomorrow"]);
}

#[test]
fn expired_credentials_are_not_offered_while_a_valid_one_is_there() {
    let expired = ("old", Validity::Expired, -1);
    let mut wallet = wallet_with(&[expired, ("short", Validity::Valid, 5)]);
    asked(&mut wallet, |reader, wallet| reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]));
    assert_eq!(order(&wallet), ["short"], "it answers less, and it is valid");
    let unavailable = &wallet.question.as_ref().unwrap().documents[0].unavailable;
    assert_eq!((unavailable[0].credential.0.as_str(), unavailable[0].reason.as_str()), ("old", "mdoc_expired"));
    let mut wallet = wallet_with(&[expired, ("older", Validity::Expired, -9), ("tomorrow", Validity::NotYetValid, 9)]);
    asked(&mut wallet, |reader, wallet| reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]));
    assert_eq!(order(&wallet), ["tomorrow", "old", "older"]);
}

#[test]
fn neg_c32_an_exhausted_credential_beside_one_with_copies_is_named_and_not_offered() {
    let mut wallet = wallet_with(&[("empty", Validity::Valid, 90), ("full", Validity::Valid, 5)]);
    wallet.vault.held.get_mut(&CredentialId("empty".into())).unwrap().copies.clear();
    asked(&mut wallet, |reader, wallet| reader.ask(&wallet.pki.reader, &[(MDL, NAMES)]));
    assert_eq!(order(&wallet), ["full"]);
    let unavailable = &wallet.question.as_ref().unwrap().documents[0].unavailable;
    assert_eq!(unavailable[0].reason.as_str(), "credential_unavailable");
    let wrong = {
        let mut answer = wallet.yes();
        if let Decision::Agree(agreed) = &mut answer.decision {
            agreed[0].credential = CredentialId("empty".into());
        }
        answer
    };
    assert_eq!(wallet.handle(Input::Answer(wrong)), Err(Misuse::ConsentSelection));
    let yes = wallet.yes();
    wallet.say(yes);
    assert_eq!(wallet.receipts[0].used, [CredentialId("full".into())], "the wrong answer left the question open");
}

#[test]
fn each_document_is_answered_by_a_credential_of_its_own_choice() {
    let mut wallet = wallet_with(&[("first", Validity::Valid, 9), ("second", Validity::Valid, 5)]);
    asked(&mut wallet, |reader, wallet| reader.ask(&wallet.pki.reader, &[(MDL, NAMES), (MDL, NAMES)]));
    let mut answer = wallet.no();
    let agreed = |document: u32, credential: &str| AgreedDocument {
        document,
        credential: CredentialId(credential.into()),
        elements: vec![ClaimPath::element(NS, "given_name")],
    };
    answer.decision = Decision::Agree(vec![agreed(0, "second"), agreed(1, "first")]);
    wallet.say(answer);
    assert_eq!(wallet.receipts[0].used, [CredentialId("second".into()), CredentialId("first".into())]);
}

#[test]
fn an_element_that_a_candidate_lacks_is_its_own() {
    let mut wallet = wallet_with(&[("long", Validity::Valid, 5)]);
    let height = element(NS, "height", encoded(|w| _ = w.uint(180)));
    wallet.add("tall", MDL, &[height]);
    let wanted: &[Wanted<'_>] = &[(NS, "height", false), (NS, "given_name", false)];
    asked(&mut wallet, |reader, wallet| reader.ask(&wallet.pki.reader, &[(MDL, wanted)]));
    for candidate in &wallet.question.as_ref().unwrap().documents[0].candidates {
        let held: Vec<bool> = candidate.elements.iter().map(|one| one.withheld.is_none()).collect();
        let tall = candidate.credential.0 == "tall";
        assert_eq!(held, [tall, !tall]);
    }
}

#[test]
fn std_s50_the_first_set_of_documents_that_can_be_answered_is_suggested() {
    let request = |sets: &[&[u64]]| {
        let use_case = encoded(|w| {
            w.map(1)
                .text("useCases")
                .array(1)
                .map(2)
                .text("mandatory")
                .boolean(true)
                .text("documentSets")
                .array(sets.len());
            for set in sets {
                w.array(set.len());
                for at in *set {
                    w.uint(*at);
                }
            }
        });
        encoded(|w| {
            w.map(3).text("version").text("1.1").text("docRequests").array(4);
            for (doc_type, wanted) in [(PID, CARD), (MDL, NAMES), ("org.example", NAMES), (MDL, NAMES)] {
                w.map(1).text("itemsRequest").raw(&items(doc_type, wanted).encode());
            }
            w.text("deviceRequestInfo").tagged(&use_case);
        })
    };
    for (sets, expected) in [
        (&[&[1][..], &[3]][..], [false, true, false, false]),
        (&[&[2], &[3]], [false, true, false, true]),
        (&[&[1, 2], &[1, 3]], [false, true, false, true]),
        (&[&[2], &[0]], [false, true, false, true]),
    ] {
        let mut wallet = Wallet::new();
        asked(&mut wallet, |_, _| request(sets));
        let question = wallet.question.as_ref().unwrap();
        assert_eq!(question.use_cases[0].document_sets.len(), sets.len());
        let suggested: Vec<bool> = question.documents.iter().map(|one| one.suggested).collect();
        assert_eq!(suggested, expected, "{sets:?}");
    }
}

/// Asked by each class of reader: whether the licence is offered, and the warnings.
fn treated(policy: ReaderPolicy, profile: Option<Profile>) -> Vec<(bool, Vec<&'static str>)> {
    let classes = ["anonymous", "untrusted", "forged"].map(|class| {
        let mut wallet = Wallet::new();
        wallet.profile = profile.clone().map_or(wallet.profile, Arc::new);
        wallet.policy = policy;
        wallet.restart();
        asked(&mut wallet, |reader, wallet| {
            let documents: &[(&str, &[Wanted<'_>])] = &[(MDL, NAMES), (PID, CARD)];
            match class {
                "anonymous" => reader.ask_unsigned(documents),
                "untrusted" => reader.ask(&wallet.pki.stranger, documents),
                _ => {
                    let mut other = wallet.pki.reader.clone();
                    other.key = wallet.pki.stranger.clone().key;
                    reader.ask(&other, documents)
                }
            }
        });
        let question = wallet.question.as_ref().unwrap();
        assert!(matches!(question.requester, Requester::Unknown(_)));
        assert!(question.documents[1].blocked.is_some(), "the card needs a known reader, whatever the app says");
        let warnings = question.warnings.iter().map(|code| code.as_str()).collect();
        (question.documents[0].blocked.is_none(), warnings)
    });
    classes.to_vec()
}

#[test]
fn an_app_sets_the_policy_for_each_class_of_readers_within_the_profile() {
    use ReaderRule::{Allow, Enforce, Warn};
    let policy = |anonymous, untrusted, forged| ReaderPolicy { anonymous, untrusted, forged };
    let unknown = vec!["reader_unknown"];
    let forged = vec!["reader_unknown", "reader_auth_invalid"];
    let usual = vec![(true, unknown.clone()), (true, unknown.clone()), (false, forged.clone())];
    assert_eq!(treated(ReaderPolicy::USUAL, None), usual);
    let strict = vec![(false, unknown.clone()), (false, unknown.clone()), (false, forged.clone())];
    assert_eq!(treated(policy(Enforce, Enforce, Enforce), None), strict);
    // The card of the same request still warns.
    assert_eq!(treated(policy(Warn, Enforce, Allow), None)[1], (false, unknown.clone()));
    // The profile forbids to weaken what holds for forged readers; another profile may not.
    assert_eq!(treated(policy(Allow, Allow, Allow), None)[2], (false, forged.clone()));
    let text = include_str!("../../../profile/profile.json");
    let text = text.replace(r#""forged": "enforce""#, r#""forged": "warn""#);
    let lenient = Profile::parse(&text).unwrap();
    assert_eq!(treated(policy(Allow, Allow, Allow), Some(lenient))[2], (true, forged));
}

#[test]
fn an_allowed_reader_is_asked_for_without_a_warning_and_stays_unverified() {
    let mut wallet = Wallet::new();
    wallet.policy = ReaderPolicy { anonymous: ReaderRule::Allow, ..ReaderPolicy::USUAL };
    wallet.restart();
    asked(&mut wallet, |reader, _| reader.ask_unsigned(&[(MDL, NAMES)]));
    let question = wallet.question.as_ref().unwrap();
    assert!(question.warnings.is_empty() && matches!(question.requester, Requester::Unknown(_)));
}
