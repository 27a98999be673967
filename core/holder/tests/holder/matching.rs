//! Which stored credentials answer a DCQL query, and why the others do not.
use rid_claims::{ClaimPath, ClaimValue, CredentialId, CredentialSummary, CredentialType, ReusePolicy};
use rid_crypto::SigningKey;
use rid_flow::{HeldCredential, Holdings, ports::StorageError};
use rid_holder::{
    consent::{Candidate, Question, QuestionId, Requester},
    matching::{Asking, Matched, ask},
};
use rid_mdoc::build::ElementToIssue;
use rid_openid::dcql::{Query, authority_key_ids};
use rid_profile::ReaderRule;
use rid_wire::{Code, base64, hex};

use crate::world::{MDL, NOW, NS, PID, PID_NAMESPACE, Pki, SeededRng, card, element, encoded, licence, mint, profile};

struct World {
    pki: Pki,
    rng: SeededRng,
    found: Holdings,
}

impl World {
    fn new() -> Self {
        let mut rng = SeededRng::new(15);
        let found = Holdings { credentials: Vec::new(), latest_signed: None };
        Self { pki: Pki::make(&mut rng), rng, found }
    }

    fn hold(&mut self, id: &str, doc_type: &str, elements: &[ElementToIssue]) -> &mut HeldCredential {
        let key = SigningKey::make(&mut self.rng);
        let bytes = mint(&self.pki.signer, doc_type, elements, &key.public(), &mut self.rng);
        self.found.credentials.push(HeldCredential {
            summary: CredentialSummary {
                id: CredentialId(id.into()),
                credential_type: CredentialType::mdoc(doc_type),
                issuer: "Test DS".into(),
                subject: None,
                signed: NOW,
                valid_from: NOW,
                valid_until: NOW.plus_days(30),
                reuse: ReusePolicy::Once,
                copies_left: 1,
                copies_total: 1,
            },
            copy: Ok(bytes.into()),
        });
        self.found.credentials.last_mut().unwrap()
    }

    fn matched(&self, query: &str, rule: Option<ReaderRule>) -> Matched {
        let query = Query::parse(query).unwrap();
        let requester = Requester::Unknown(Code::new("cert_untrusted"));
        let (id, hash) = (QuestionId([1; 16]), [2; 32]);
        ask(Asking { id, hash, requester, rule, query: &query, profile: &profile(), now: NOW }, &self.found)
    }

    fn ask(&self, query: &str) -> Question {
        self.matched(query, None).question
    }
}

/// A query for claims of the driving licence, with further members.
fn licence_query(claims: &[&str], more: &str) -> String {
    let claim = |name: &&str| format!(r#"{{"id":"{name}","path":["{NS}","{name}"]}}"#);
    let claims: Vec<String> = claims.iter().map(claim).collect();
    let meta = format!(r#""format":"mso_mdoc","meta":{{"doctype_value":"{MDL}"}}"#);
    format!(r#"{{"credentials":[{{"id":"a",{meta},"claims":[{}]{more}}}]}}"#, claims.join(","))
}

fn with_birth_date() -> Vec<ElementToIssue> {
    let mut elements = licence();
    elements.push(element(NS, "birth_date", encoded(|w| _ = w.tag(1004).text("1990-01-02"))));
    elements
}

fn names(candidate: &Candidate) -> Vec<&str> {
    candidate.elements.iter().filter_map(|element| element.path.name()).collect()
}

#[test]
fn std_m23_the_credential_that_can_answer_is_offered() {
    let mut world = World::new();
    world.hold("poor", MDL, &licence()[..2]);
    world.hold("rich", MDL, &licence());
    world.hold("card", PID, &card());
    let question = world.ask(&licence_query(&["family_name", "portrait"], ""));
    let [document] = question.documents.as_slice() else { panic!("one document") };
    let [candidate] = document.candidates.as_slice() else { panic!("one candidate") };
    assert_eq!((candidate.credential.0.as_str(), names(candidate)), ("rich", vec!["family_name", "portrait"]));
    assert!(question.whole && document.suggested && document.blocked.is_none() && question.unanswerable.is_none());
    let [poor] = document.unavailable.as_slice() else { panic!("the card is not about this query") };
    assert_eq!((poor.credential.0.as_str(), poor.reason.as_str()), ("poor", "dcql_claims"));
    let missing: Vec<_> = poor.missing.iter().map(|one| (one.path.name().unwrap(), one.reason.as_str())).collect();
    assert_eq!(missing, [("portrait", "dcql_claim_absent")]);
}

#[test]
fn std_m23_each_claim_has_a_reason_of_its_own() {
    let mut world = World::new();
    world.hold("licence", MDL, &licence());
    let claims = format!(
        r#"{{"path":["{NS}","family_name"],"values":["Other"]}},{{"path":["{NS}","sex"]}},{{"path":["{NS}","given_name"]}}"#
    );
    let meta = format!(r#""format":"mso_mdoc","meta":{{"doctype_value":"{MDL}"}}"#);
    let question = world.ask(&format!(r#"{{"credentials":[{{"id":"a",{meta},"claims":[{claims}]}}]}}"#));
    let [document] = question.documents.as_slice() else { panic!("one document") };
    let reasons: Vec<_> = document.unavailable[0].missing.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["dcql_claim_value", "dcql_claim_absent"]);
    assert_eq!(question.unanswerable, Some(Code::new("dcql_claims")));
    assert!(document.candidates.is_empty());
}

#[test]
fn a_question_has_previews_and_no_picture() {
    let mut world = World::new();
    world.hold("licence", MDL, &licence());
    let question = world.ask(&licence_query(&["family_name", "portrait", "age_over_18"], ""));
    let values: Vec<_> = question.documents[0].candidates[0].elements.iter().map(|one| one.value.clone()).collect();
    let name = ClaimValue::Text { text: String::from("Əliyeva").into() };
    assert_eq!(values, [name, ClaimValue::Nothing, ClaimValue::Flag { value: true }]);
    assert!(!format!("{question:?}").contains("liyeva"));
}

#[test]
fn retention_without_a_statement_is_no_statement() {
    let mut world = World::new();
    world.hold("licence", MDL, &licence());
    let claim = |name: &str, more: &str| format!(r#"{{"path":["{NS}","{name}"]{more}}}"#);
    let claims = [
        claim("family_name", ""),
        claim("given_name", r#","intent_to_retain":false"#),
        claim("document_number", r#","intent_to_retain":true"#),
    ];
    let meta = format!(r#""format":"mso_mdoc","meta":{{"doctype_value":"{MDL}"}}"#);
    let question = world.ask(&format!(r#"{{"credentials":[{{"id":"a",{meta},"claims":[{}]}}]}}"#, claims.join(",")));
    let asked = &question.documents[0].elements;
    let stated: Vec<_> = asked.iter().map(|one| (one.states_retention, one.intent_to_retain)).collect();
    assert_eq!(stated, [(false, false), (true, false), (true, true)]);
    assert_eq!(question.warnings, [Code::new("retain")]);
}

#[test]
fn a_less_revealing_age_is_named_and_offered_where_the_verifier_takes_it() {
    let mut world = World::new();
    world.hold("licence", MDL, &with_birth_date());
    let only_date = world.ask(&licence_query(&["birth_date"], ""));
    let [candidate] = only_date.documents[0].candidates.as_slice() else { panic!("nothing else is taken") };
    assert_eq!(candidate.elements[0].less_revealing, Some(ClaimPath::element(NS, "age_over_18")));

    let sets = r#","claim_sets":[["birth_date"],["age_over_21"],["sex"]]"#;
    let either = world.ask(&licence_query(&["birth_date", "age_over_21", "sex"], sets));
    let offered: Vec<_> = either.documents[0].candidates.iter().map(names).collect();
    assert_eq!(offered, [["birth_date"], ["age_over_21"]], "the verifier's order, and nothing that is not held");
    assert!(either.documents[0].candidates.iter().all(|one| one.credential.0 == "licence"));
}

#[test]
fn std_m48_more_ages_than_the_profile_allows_are_not_answered() {
    let mut world = World::new();
    world.hold("licence", MDL, &licence());
    let ages = ["age_over_18", "age_over_21", "age_over_65"];
    assert_eq!(world.ask(&licence_query(&ages[..2], "")).unanswerable, None);
    let question = world.ask(&licence_query(&ages, ""));
    assert_eq!(question.unanswerable, Some(Code::new("request_age_limit")));
    assert!(question.documents[0].candidates.is_empty());
}

#[test]
fn std_m23_authorities_are_those_of_the_chain() {
    let mut world = World::new();
    world.hold("licence", MDL, &licence());
    let own = authority_key_ids(std::slice::from_ref(&world.pki.signer.certificate)).remove(0);
    let with = |id: &[u8]| {
        let values = base64::encode_url(id);
        let more = format!(r#","trusted_authorities":[{{"type":"aki","values":["{values}"]}}]"#);
        world.ask(&licence_query(&["family_name"], &more))
    };
    assert_eq!(with(&own).unanswerable, None);
    let question = with(&hex::decode("00112233").unwrap());
    assert_eq!(question.unanswerable, Some(Code::new("dcql_authority")));
}

#[test]
fn std_m23_sets_are_use_cases_and_the_first_that_can_go_is_suggested() {
    let mut world = World::new();
    world.hold("licence", MDL, &licence());
    world.hold("card", PID, &card());
    let one = |id: &str, doc_type: &str, namespace: &str, name: &str| {
        let meta = format!(r#""format":"mso_mdoc","meta":{{"doctype_value":"{doc_type}"}}"#);
        format!(r#"{{"id":"{id}",{meta},"claims":[{{"path":["{namespace}","{name}"]}}]}}"#)
    };
    let foreign = r#"{"id":"x","format":"jwt_vc_json","meta":{}}"#;
    let queries = [
        foreign.to_owned(),
        one("none", MDL, NS, "sex"),
        one("mdl", MDL, NS, "family_name"),
        one("pid", PID, PID_NAMESPACE, "family_name_unicode"),
    ];
    let query = |sets: &str| format!(r#"{{"credentials":[{}],"credential_sets":[{sets}]}}"#, queries.join(","));
    let optional = r#"{"options":[["pid"]],"required":false}"#;
    let matched = world.matched(&query(&format!(r#"{{"options":[["x"],["none","pid"],["mdl"]]}},{optional}"#)), None);
    let suggested: Vec<bool> = matched.question.documents.iter().map(|document| document.suggested).collect();
    assert_eq!((suggested, matched.queries), (vec![false, true, true], vec![1, 2, 3]));
    let cases: Vec<_> = matched.question.use_cases.iter().map(|one| (one.mandatory, &one.document_sets)).collect();
    assert_eq!(cases, [(true, &vec![vec![0, 2], vec![1]]), (false, &vec![vec![2]])]);
    assert_eq!(matched.question.unanswerable, None);
    let question = world.ask(&query(&format!(r#"{{"options":[["x"],["none"]]}},{optional}"#)));
    assert_eq!(question.unanswerable, Some(Code::new("dcql_claims")), "a required set has no answer");
}

#[test]
fn neg_c10_an_unknown_verifier_is_refused_by_policy() {
    let mut world = World::new();
    world.hold("licence", MDL, &licence());
    let query = licence_query(&["family_name"], "");
    let warned = world.matched(&query, Some(ReaderRule::Warn)).question;
    assert_eq!((warned.warnings, warned.unanswerable), (vec![Code::new("reader_unknown")], None));
    let refused = world.matched(&query, Some(ReaderRule::Enforce)).question;
    assert_eq!(refused.unanswerable, Some(Code::new("reader_auth_required")));
    assert!(refused.documents[0].candidates.is_empty());
}

#[test]
fn what_cannot_be_read_and_what_has_expired_hinders_nothing() {
    let mut world = World::new();
    world.hold("empty", MDL, &licence()).copy = Err(StorageError::Exhausted);
    world.hold("corrupt", MDL, &licence()).copy = Ok(vec![0xa0].into());
    world.hold("old", MDL, &licence()).summary.valid_until = NOW.plus_days(-1);
    let query = licence_query(&["family_name"], "");
    let offered = |question: &Question| -> Vec<String> {
        question.documents[0].candidates.iter().map(|one| one.credential.0.clone()).collect()
    };
    assert_eq!(offered(&world.ask(&query)), ["old"], "better than none");
    world.hold("valid", MDL, &licence());
    let question = world.ask(&query);
    assert_eq!(offered(&question), ["valid"]);
    let reasons = question.documents[0].unavailable.iter();
    let reasons: Vec<_> = reasons.map(|one| (one.credential.0.as_str(), one.reason.as_str())).collect();
    assert!(reasons.contains(&("empty", "credential_unavailable")) && reasons.contains(&("old", "mdoc_expired")));
    assert!(reasons.iter().any(|(id, _)| *id == "corrupt"));
}
