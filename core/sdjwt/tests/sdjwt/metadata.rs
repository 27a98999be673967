//! Type metadata: documents, inheritance, integrity, the check of claims.
use rid_crypto::{DigestAlgorithm, sha256};
use rid_kit::NOON;
use rid_sdjwt::{
    UnverifiedSdJwt,
    metadata::{DisclosureRule, Resolver, TypeMetadata, Wanted},
    verify::{Expected, verify_issued, verify_unbound},
};
use rid_wire::base64::encode_url;

use crate::world::*;

const BASE: &str = r#"{"vct":"urn:base","name":"ignored","claims":[
    {"path":["name"],"display":[{"label":"Full name","locale":"en"}],"mandatory":true},
    {"path":["address","city"],"display":[{"label":"City","lang":"en","description":"Where"}],"sd":"always"},
    {"path":["degrees",null,"type"]},{"path":["list",0],"sd":"never"}],
    "display":[{"name":"Base","locale":"en"}]}"#;

fn standard(bytes: &[u8]) -> String {
    let digits = encode_url(bytes).replace('-', "+").replace('_', "/");
    format!("{digits}{}", "=".repeat(digits.len().next_multiple_of(4) - digits.len()))
}

fn resolve(documents: &[&str]) -> Option<TypeMetadata> {
    let first = json(documents[0]);
    let vct = first.member("vct").and_then(rid_wire::json::Value::as_str)?;
    let mut resolver = Resolver::new(vct, None);
    let mut found = None;
    for document in documents {
        match resolver.take(document.as_bytes()) {
            Ok(metadata) => found = metadata,
            Err(error) => {
                assert_eq!(error.code().as_str(), "vct_metadata");
                return None;
            }
        }
    }
    found
}

#[test]
fn std_m25_a_type_inherits_from_the_types_that_it_extends() {
    let child = r#"{"vct":"urn:child","extends":"urn:base","extends#integrity":"","claims":[
        {"path":["address","city"],"display":[{"label":"Town","locale":"en"}]},
        {"path":["name"],"sd":"never"},{"path":["nationalities"],"mandatory":true}]}"#;
    let child = child.replace(r#""extends#integrity":"","#, "");
    let metadata = resolve(&[&child, BASE]).expect("metadata");
    assert_eq!(metadata.types, ["urn:child", "urn:base"]);
    assert_eq!(metadata.display[0].name, "Base");
    let rule = |steps: &[&str]| metadata.claims.iter().find(|claim| claim.path == path(steps)).expect("a rule");
    let name = rule(&["name"]);
    assert_eq!(
        (name.mandatory, name.disclosure, name.display[0].label.as_str()),
        (true, DisclosureRule::Never, "Full name")
    );
    let city = rule(&["address", "city"]);
    assert_eq!(
        (city.disclosure, city.display[0].label.as_str(), city.display.len()),
        (DisclosureRule::Always, "Town", 1)
    );
    assert!(rule(&["nationalities"]).mandatory && !rule(&["degrees", "*", "type"]).mandatory);
    assert_eq!(metadata.claims.len(), 5);
}

#[test]
fn the_next_document_is_named_with_its_integrity() {
    let mut resolver = Resolver::new("urn:child", Some("sha256-x"));
    assert_eq!(resolver.wanted(), &Wanted { vct: "urn:child".into(), integrity: Some("sha256-x".into()) });
    let child = r#"{"vct":"urn:child","extends":"urn:base","extends#integrity":"sha384-y"}"#;
    let hash = standard(&sha256(&[child.as_bytes()]));
    resolver = Resolver::new("urn:child", Some(&format!("sha256-{hash}")));
    assert_eq!(resolver.take(child.as_bytes()), Ok(None));
    assert_eq!(resolver.wanted(), &Wanted { vct: "urn:base".into(), integrity: Some("sha384-y".into()) });
    assert!(resolver.take(BASE.as_bytes()).is_err());
}

#[test]
fn neg_d19_integrity_that_does_not_fit_is_refused() {
    let take = |integrity: &str| Resolver::new("urn:base", Some(integrity)).take(BASE.as_bytes()).is_ok();
    let hash = |algorithm: DigestAlgorithm| standard(algorithm.digest(&[BASE.as_bytes()]).as_bytes());
    let (weak, strong) = (hash(DigestAlgorithm::Sha256), hash(DigestAlgorithm::Sha512));
    let other = standard(&[0; 64]);
    for good in [
        format!("sha256-{weak}"),
        format!("sha512-{strong}"),
        format!("sha384-{}", hash(DigestAlgorithm::Sha384)),
        format!("  sha512-{strong}?foo  md5-x "),
        format!("sha512-{other} sha512-{strong}"),
        format!("sha256-{other} sha512-{strong}"),
        format!("sha256-{}", encode_url(&sha256(&[BASE.as_bytes()]))),
    ] {
        assert!(take(&good), "{good}");
    }
    for bad in [
        String::new(),
        format!("sha512-{other}"),
        format!("sha256-{weak} sha512-{other}"),
        format!("md5-{weak}"),
        weak.clone(),
        "sha256-".into(),
        format!("sha256-{weak}x"),
        format!("SHA256-{weak}"),
    ] {
        assert!(!take(&bad), "{bad}");
    }
}

#[test]
fn neg_d19_loops_chains_and_sizes_are_bounded() {
    let document = |vct: usize, extends: usize| format!(r#"{{"vct":"urn:{vct}","extends":"urn:{extends}"}}"#);
    let chain = |len: usize| {
        let mut documents: Vec<String> = (1..len).map(|at| document(at, at + 1)).collect();
        documents.push(format!(r#"{{"vct":"urn:{len}"}}"#));
        documents
    };
    for (len, good) in [(1, true), (8, true), (9, false), (100, false)] {
        let documents = chain(len);
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        assert_eq!(resolve(&documents).is_some(), good, "{len}");
    }
    assert!(resolve(&[&document(1, 1)]).is_none());
    assert!(resolve(&[&document(1, 2), &document(2, 1)]).is_none());
    assert!(resolve(&[&document(1, 2), &document(2, 3), &document(3, 2)]).is_none());
    // Another document than the wanted one.
    assert!(resolve(&[&document(1, 2), r#"{"vct":"urn:3"}"#]).is_none());
    let huge = format!(r#"{{"vct":"urn:1","description":"{}"}}"#, "x".repeat(10_000_000));
    assert!(Resolver::new("urn:1", None).take(huge.as_bytes()).is_err());
    let deep = format!(r#"{{"vct":"urn:1","x":{}{}}}"#, "[".repeat(40), "]".repeat(40));
    assert!(Resolver::new("urn:1", None).take(deep.as_bytes()).is_err());
}

#[test]
fn neg_d19_malformed_documents_are_refused() {
    let take = |document: &str| Resolver::new("urn:1", None).take(document.as_bytes()).is_ok();
    assert!(take(r#"{"vct":"urn:1","claims":[],"display":[],"unknown":{}}"#));
    assert!(Resolver::new("urn:1", None).take(b"\xff").is_err());
    for document in [
        "",
        "[]",
        "{}",
        r#"{"vct":1}"#,
        r#"{"vct":"urn:1","vct":"urn:1"}"#,
        r#"{"vct":"urn:1","extends":1}"#,
        r#"{"vct":"urn:1","extends":"urn:2","extends#integrity":1}"#,
        r#"{"vct":"urn:1","display":{}}"#,
        r#"{"vct":"urn:1","display":[{"name":"x"}]}"#,
        r#"{"vct":"urn:1","display":[{"locale":"en"}]}"#,
        r#"{"vct":"urn:1","claims":{}}"#,
        r#"{"vct":"urn:1","claims":[1]}"#,
        r#"{"vct":"urn:1","claims":[{}]}"#,
        r#"{"vct":"urn:1","claims":[{"path":[]}]}"#,
        r#"{"vct":"urn:1","claims":[{"path":"name"}]}"#,
        r#"{"vct":"urn:1","claims":[{"path":[-1]}]}"#,
        r#"{"vct":"urn:1","claims":[{"path":[1.5]}]}"#,
        r#"{"vct":"urn:1","claims":[{"path":[true]}]}"#,
        r#"{"vct":"urn:1","claims":[{"path":["a"],"mandatory":"true"}]}"#,
        r#"{"vct":"urn:1","claims":[{"path":["a"],"sd":"sometimes"}]}"#,
        r#"{"vct":"urn:1","claims":[{"path":["a"],"sd":1}]}"#,
        r#"{"vct":"urn:1","claims":[{"path":["a"],"display":[{"locale":"en"}]}]}"#,
        r#"{"vct":"urn:1","claims":[{"path":["a"]},{"path":["a"]}]}"#,
    ] {
        assert!(!take(document), "{document}");
    }
    // An extending type makes no rule laxer.
    for claim in [
        r#"{"path":["name"],"mandatory":false}"#,
        r#"{"path":["address","city"],"sd":"never"}"#,
        r#"{"path":["address","city"],"sd":"allowed"}"#,
        r#"{"path":["list",0],"sd":"always"}"#,
    ] {
        let child = format!(r#"{{"vct":"urn:child","extends":"urn:base","claims":[{claim}]}}"#);
        assert!(resolve(&[&child, BASE]).is_none(), "{claim}");
    }
}

/// A credential and its metadata with one rule.
fn judge(world: &World, text: &str, rule: &str) -> Option<String> {
    let document = format!(r#"{{"vct":"{VCT}","claims":[{rule}]}}"#);
    let metadata = resolve(&[&document]).expect("metadata");
    let parsed = UnverifiedSdJwt::parse(text, LIMIT).expect("parsed");
    let expected = Expected { metadata: Some(&metadata), ..world.expected() };
    let report = verify_unbound(&parsed, &expected, &mut world.trust.message(NOON));
    assert_eq!(report.evidence.is_some(), report.first_failure().is_none());
    report.first_failure().map(String::from)
}

#[test]
fn std_m25_claims_fit_the_rules_of_their_type() {
    let mut world = World::new();
    let text = world.person();
    for rule in [
        r#"{"path":["given_name"],"mandatory":true,"sd":"always"}"#,
        r#"{"path":["issuing_country"],"mandatory":true,"sd":"never"}"#,
        r#"{"path":["nationalities",null],"sd":"always"}"#,
        r#"{"path":["nationalities"],"sd":"never","mandatory":true}"#,
        r#"{"path":["address","street"],"sd":"always","mandatory":true}"#,
        r#"{"path":["address","locality"],"sd":"never","mandatory":true}"#,
        r#"{"path":["degrees",null,"year"],"sd":"always","mandatory":true}"#,
        r#"{"path":["missing"],"sd":"always"}"#,
        r#"{"path":["given_name","x"],"sd":"never"}"#,
    ] {
        assert_eq!(judge(&world, &text, rule), None, "{rule}");
    }
    for rule in [
        r#"{"path":["given_name"],"sd":"never"}"#,
        r#"{"path":["issuing_country"],"sd":"always"}"#,
        r#"{"path":["nationalities",null],"sd":"never"}"#,
        r#"{"path":["degrees",null,"type"],"sd":"always"}"#,
        r#"{"path":["degrees",null,"missing"],"mandatory":true}"#,
        r#"{"path":["degrees",7],"mandatory":true}"#,
        r#"{"path":["given_name","x"],"mandatory":true}"#,
    ] {
        let expected = if rule.contains("missing") { None } else { Some("vct_metadata") };
        // An element with digests that nobody disclosed may hold the claim.
        assert_eq!(judge(&world, &text, rule).as_deref(), expected, "{rule}");
    }
    let bare = world.forge_claims(r#","list":[]"#, &[]);
    for rule in [r#"{"path":["missing"],"mandatory":true}"#, r#"{"path":["list",null],"mandatory":true}"#] {
        assert_eq!(judge(&world, &bare, rule).as_deref(), Some("vct_metadata"), "{rule}");
    }
}

#[test]
fn std_m25_an_undisclosed_claim_is_not_a_missing_one() {
    let mut world = World::new();
    let claims = world.claims(r#","given_name":"Aynur","address":{"city":"Bakı"}"#);
    let text = world.issue(claims, &[path(&["given_name"]), path(&["address"])], 0);
    let (jwt, _) = text.split_once('~').expect("disclosures");
    for rule in [
        r#"{"path":["given_name"],"mandatory":true,"sd":"never"}"#,
        r#"{"path":["address","city"],"mandatory":true,"sd":"always"}"#,
    ] {
        assert_eq!(judge(&world, &format!("{jwt}~"), rule), None, "{rule}");
        assert_eq!(judge(&world, &text, rule).as_deref(), Some("vct_metadata"), "{rule}");
    }
}

#[test]
fn neg_d19_metadata_of_another_type_refuses_and_none_does_not() {
    let mut world = World::new();
    let text = world.person();
    let parsed = UnverifiedSdJwt::parse(&text, LIMIT).expect("parsed");
    let metadata = resolve(&[BASE]).expect("metadata");
    for (metadata, code) in [(Some(&metadata), Some("vct_metadata")), (None, None)] {
        let expected = Expected { metadata, ..world.expected() };
        let report = verify_issued(&parsed, &expected, &mut world.trust.message(NOON));
        assert_eq!(report.first_failure().map(|code| code.as_str()), code);
    }
}
