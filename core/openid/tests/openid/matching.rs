//! Which credentials and claims answer a query, and why the others do not.
use rid_claims::{ClaimEntry, ClaimKey, ClaimPath, ClaimValue, CredentialType, Format};
use rid_openid::dcql::{Candidate, CandidateClaims, Matching, Mismatch, Query};
use rid_wire::json::Value;

use crate::dcql::one;

pub(crate) struct Credential {
    kind: CredentialType,
    claims: ClaimValue,
    other_types: Vec<String>,
    authorities: Vec<Vec<u8>>,
    holder_bound: bool,
}

impl Credential {
    pub(crate) fn candidate(&self) -> Candidate<'_> {
        Candidate {
            other_types: &self.other_types,
            authorities: &self.authorities,
            holder_bound: self.holder_bound,
            ..Candidate::new(&self.kind, &self.claims)
        }
    }
}

pub(crate) fn credential(format: Format, id: &str, claims: &str) -> Credential {
    Credential {
        kind: CredentialType { format, id: id.into() },
        claims: ClaimValue::from_json(&Value::parse(claims, 100_000).unwrap()),
        other_types: Vec::new(),
        authorities: Vec::new(),
        holder_bound: true,
    }
}

fn sd_jwt(claims: &str) -> Credential {
    credential(Format::SdJwt, "urn:id", claims)
}

fn matched(query: &str, credentials: &[Credential]) -> Matching {
    let candidates: Vec<Candidate<'_>> = credentials.iter().map(Credential::candidate).collect();
    Query::parse(query).expect(query).matching(&candidates)
}

/// The reasons of one candidate: its own code, then each claim query with its code.
fn reasons(matching: &Matching, candidate: usize) -> Vec<String> {
    let unfit = matching.credentials[0].unfit.iter().find(|unfit| unfit.candidate == candidate).unwrap();
    let claims = unfit.mismatch.claims().iter().map(|claim| format!("{} {}", claim.query, claim.code()));
    std::iter::once(unfit.mismatch.code().to_string()).chain(claims).collect()
}

/// The leaves that the first credential query would disclose of its first fitting candidate, as text.
fn leaves(matching: &Matching) -> Vec<String> {
    let claims = &matching.credentials[0].fits[0].claims;
    claims.iter().flat_map(|claim| &claim.leaves).map(written).collect()
}

fn written(path: &ClaimPath) -> String {
    let step = |step: &ClaimKey| match step {
        ClaimKey::Every => "*".into(),
        ClaimKey::Index { position } => position.to_string(),
        ClaimKey::Name { name } => name.clone(),
    };
    path.steps.iter().map(step).collect::<Vec<String>>().join("/")
}

const DENT: &str = r#"{"name":"Arthur Dent","address":{"street":"42 Market Street","postal_code":"12345"},
    "degrees":[{"type":"Bachelor","university":"B"},{"type":"Master","university":"M"},{"title":"Dr"}],
    "nationalities":["British","Betelgeusian"],"age":42,"adult":true,"height":1.5,"empty":{},"nothing":null}"#;

#[test]
fn std_m23_paths_of_the_standard() {
    for (path, expected) in [
        (r#"["name"]"#, &["name"][..]),
        (r#"["address"]"#, &["address/street", "address/postal_code"]),
        (r#"["address","street"]"#, &["address/street"]),
        (r#"["degrees",null,"type"]"#, &["degrees/0/type", "degrees/1/type"]),
        (r#"["nationalities",1]"#, &["nationalities/1"]),
        (r#"["nationalities"]"#, &["nationalities/0", "nationalities/1"]),
        (r#"["degrees",2]"#, &["degrees/2/title"]),
        (r#"["empty"]"#, &["empty"]),
        (r#"["nothing"]"#, &["nothing"]),
    ] {
        let matching = matched(&one(&format!(r#","claims":[{{"path":{path}}}]"#)), &[sd_jwt(DENT)]);
        assert_eq!(leaves(&matching), expected, "{path}");
    }
    for path in [
        r#"["Name"]"#,
        r#"["name","x"]"#,
        r#"["name",0]"#,
        r#"["name",null]"#,
        r#"["address",0]"#,
        r#"["address",null]"#,
        r#"["nationalities",2]"#,
        r#"["nationalities","0"]"#,
        r#"["degrees",0,"title"]"#,
        r#"["degrees",null,"type","x"]"#,
        r#"[null]"#,
        r#"[0]"#,
    ] {
        let matching = matched(&one(&format!(r#","claims":[{{"path":{path}}}]"#)), &[sd_jwt(DENT)]);
        assert_eq!(reasons(&matching, 0), ["dcql_claims", "0 dcql_claim_absent"], "{path}");
        assert!(matching.choice().is_none());
    }
}

#[test]
fn neg_g15_wildcards_list_their_leaves_and_no_others() {
    let query = one(r#","claims":[{"path":["degrees",null]},{"path":["address"]}]"#);
    let expected = [
        "degrees/0/type",
        "degrees/0/university",
        "degrees/1/type",
        "degrees/1/university",
        "degrees/2/title",
        "address/street",
        "address/postal_code",
    ];
    assert_eq!(leaves(&matched(&query, &[sd_jwt(DENT)])), expected);
}

#[test]
fn std_m23_values_are_compared_with_their_type() {
    for (path, values, fits) in [
        (r#"["age"]"#, "[42]", true),
        (r#"["age"]"#, "[41,42]", true),
        (r#"["age"]"#, r#"["42"]"#, false),
        (r#"["age"]"#, "[true]", false),
        (r#"["adult"]"#, "[true]", true),
        (r#"["adult"]"#, "[false]", false),
        (r#"["adult"]"#, r#"["true",1]"#, false),
        (r#"["name"]"#, r#"["Arthur Dent"]"#, true),
        (r#"["name"]"#, r#"["arthur dent","Arthur Dent ","Arthur.*",".*"]"#, false),
        (r#"["height"]"#, r#"[1,2,"1.5"]"#, false),
        (r#"["address"]"#, r#"["42 Market Street"]"#, false),
        (r#"["nothing"]"#, r#"["null",0,false,""]"#, false),
    ] {
        let query = one(&format!(r#","claims":[{{"path":{path},"values":{values}}}]"#));
        let matching = matched(&query, &[sd_jwt(DENT)]);
        assert_eq!(matching.choice().is_some(), fits, "{path} {values}");
        if !fits {
            assert_eq!(reasons(&matching, 0), ["dcql_claims", "0 dcql_claim_value"], "{path} {values}");
        }
    }
    // Of several selected values those that match are disclosed, and no others.
    let query = one(r#","claims":[{"path":["nationalities",null],"values":["Betelgeusian"]}]"#);
    assert_eq!(leaves(&matched(&query, &[sd_jwt(DENT)])), ["nationalities/1"]);
}

/// Values of CBOR are compared as JSON has them (RFC 8949, 6.1).
#[test]
fn std_m23_values_of_an_mdoc() {
    let text = |text: &str| ClaimValue::Text { text: String::from(text).into() };
    let entry = |name: &str, value| ClaimEntry { key: text(name), value };
    let elements = vec![
        entry("birth_date", ClaimValue::Date { text: String::from("1990-01-01").into() }),
        entry("portrait", ClaimValue::Binary { bytes: vec![0xff, 0xd8, 0xff, 0xe0].into() }),
        entry("height", ClaimValue::Number { value: 175 }),
    ];
    let claims = ClaimValue::Entries { entries: vec![entry("n", ClaimValue::Entries { entries: elements })] };
    let card = Credential { kind: CredentialType::mdoc("t"), claims, ..sd_jwt("{}") };
    for (element, value, fits) in [
        ("birth_date", r#""1990-01-01""#, true),
        ("birth_date", r#""1990-01-02""#, false),
        ("portrait", r#""_9j_4A""#, true),
        ("portrait", r#""_9j_4B""#, false),
        ("height", "175", true),
        ("height", r#""175""#, false),
    ] {
        let query = format!(
            r#"{{"credentials":[{{"id":"a","format":"mso_mdoc","meta":{{"doctype_value":"t"}},
            "claims":[{{"path":["n","{element}"],"values":[{value}]}}]}}]}}"#
        );
        let matching = matched(&query, std::slice::from_ref(&card));
        assert_eq!(matching.choice().is_some(), fits, "{element} {value}");
    }
    assert!(card.claims.value(&ClaimPath::element("n", "x")).is_none());
    assert!(card.claims.leaves(&ClaimPath::element("n", "x")).is_empty());
}

/// Of two credentials of a type the one that can answer is offered, and each other one says why it cannot.
#[test]
fn std_m23_an_unfitting_credential_hinders_nothing() {
    let query = one(r#","claims":[{"path":["name"]},{"path":["age"],"values":[18]}]"#);
    let credentials = [
        credential(Format::Mdoc, "urn:id", "{}"),
        credential(Format::SdJwt, "urn:other", r#"{"name":"A","age":18}"#),
        sd_jwt(r#"{"name":"A","age":17}"#),
        sd_jwt(r#"{"age":"18"}"#),
        sd_jwt(r#"{"name":"A","age":18}"#),
        sd_jwt(r#"{"name":"B","age":18}"#),
    ];
    let matching = matched(&query, &credentials);
    assert_eq!(reasons(&matching, 0), ["dcql_format"]);
    assert_eq!(reasons(&matching, 1), ["dcql_type"]);
    assert_eq!(reasons(&matching, 2), ["dcql_claims", "1 dcql_claim_value"]);
    assert_eq!(reasons(&matching, 3), ["dcql_claims", "0 dcql_claim_absent", "1 dcql_claim_value"]);
    let choice = matching.choice().unwrap();
    assert_eq!((choice.len(), choice[0].query, &choice[0].fits), (1, 0, &vec![0]));
    assert_eq!(matching.credentials[0].fits.iter().map(|fit| fit.candidate).collect::<Vec<_>>(), [4, 5]);
    let multiple = query.replace(r#""id":"a""#, r#""id":"a","multiple":true"#);
    assert_eq!(matched(&multiple, &credentials).choice().unwrap()[0].fits, [0, 1]);
}

#[test]
fn std_m23_further_types_holder_binding_and_authorities() {
    let other = Credential { other_types: vec!["urn:id".into()], ..credential(Format::SdJwt, "urn:new", "{}") };
    assert!(matched(&one(""), &[other]).choice().is_some());

    let unbound = || Credential { holder_bound: false, ..sd_jwt("{}") };
    assert_eq!(reasons(&matched(&one(""), &[unbound()]), 0), ["dcql_holder_binding"]);
    let optional = one(r#","require_cryptographic_holder_binding":false"#);
    assert!(matched(&optional, &[unbound()]).choice().is_some());

    // The key identifier of any certificate of the chain, and not the encoded extension around it.
    let chained =
        |ids: &[&[u8]]| Credential { authorities: ids.iter().map(|id| id.to_vec()).collect(), ..sd_jwt("{}") };
    let aki = |values: &str| one(&format!(r#","trusted_authorities":[{{"type":"aki","values":{values}}}]"#));
    for (query, ids, fits) in [
        (aki(r#"["AQI"]"#), &[&[1, 2][..]][..], true),
        (aki(r#"["AQI"]"#), &[&[9][..], &[1, 2]], true),
        (aki(r#"["CQ","AQI"]"#), &[&[1, 2]], true),
        (aki(r#"["AQI"]"#), &[&[0x30, 4, 0x80, 2, 1, 2]], false),
        (aki(r#"["AQI"]"#), &[&[1, 2, 3]], false),
        (aki(r#"["AQI"]"#), &[], false),
        // An unknown type never matches; a known one beside it counts.
        (one(r#","trusted_authorities":[{"type":"etsi_tl","values":["AQI"]}]"#), &[&[1, 2]], false),
        (
            one(r#","trusted_authorities":[{"type":"new","values":["x"]},{"type":"aki","values":["AQI"]}]"#),
            &[&[1, 2]],
            true,
        ),
    ] {
        let matching = matched(&query, &[chained(ids)]);
        assert_eq!(matching.choice().is_some(), fits, "{query}");
        if !fits {
            assert_eq!(matching.credentials[0].unfit[0].mismatch, Mismatch::Authority, "{query}");
        }
    }
}

#[test]
fn std_m23_the_first_claim_set_that_can_be_answered() {
    let query =
        one(r#","claims":[{"id":"a","path":["over18"]},{"id":"b","path":["birth"]},{"id":"c","path":["name"]}],
        "claim_sets":[["a","c"],["b","c"]]"#);
    for (claims, set, expected) in [
        (r#"{"over18":true,"birth":"x","name":"n"}"#, 0, &["over18", "name"][..]),
        (r#"{"birth":"x","name":"n"}"#, 1, &["birth", "name"]),
    ] {
        let matching = matched(&query, &[sd_jwt(claims)]);
        assert_eq!(matching.credentials[0].fits[0].claim_set, set);
        assert_eq!(leaves(&matching), expected);
    }
    let matching = matched(&query, &[sd_jwt(r#"{"over18":true,"birth":"x"}"#)]);
    assert_eq!(reasons(&matching, 0), ["dcql_claims", "2 dcql_claim_absent"]);
    // Without claims nothing is selected, and the credential answers.
    let matching = matched(&one(""), &[sd_jwt(DENT)]);
    assert_eq!((leaves(&matching).len(), matching.choice().is_some()), (0, true));
}

#[test]
fn std_m23_sets_of_the_standard() {
    let text = String::from_utf8(rid_kit::vector("openid4vp-1.0/query_lang_credentials_alternatives.json")).unwrap();
    let pid = |vct: &str| {
        credential(Format::SdJwt, vct, r#"{"given_name":"A","family_name":"B","address":{"street_address":"C"}}"#)
    };
    let reduced = || {
        credential(
            Format::SdJwt,
            "https://credentials.example.com/reduced_identity_credential",
            r#"{"given_name":"A","family_name":"B"}"#,
        )
    };
    let residence = || {
        let claims = r#"{"postal_code":"1","locality":"L","region":"R"}"#;
        credential(Format::SdJwt, "https://cred.example/residence_credential", claims)
    };
    let rewards = || credential(Format::SdJwt, "https://company.example/company_rewards", r#"{"rewards_number":1}"#);
    let first = "https://credentials.example.com/identity_credential";
    let chosen = |credentials: &[Credential]| {
        let matching = matched(&text, credentials);
        matching.choice().map(|choice| choice.iter().map(|one| one.query).collect::<Vec<_>>())
    };
    assert_eq!(chosen(&[pid(first)]), Some(vec![0]));
    assert_eq!(chosen(&[pid("https://othercredentials.example/pid"), rewards()]), Some(vec![1, 4]));
    assert_eq!(chosen(&[reduced(), residence()]), Some(vec![2, 3]));
    assert_eq!(chosen(&[reduced(), residence(), pid(first)]), Some(vec![0]));
    // A required set without an answer: nothing is answered, not even what is held.
    assert_eq!(chosen(&[reduced(), rewards()]), None);
    assert_eq!(chosen(&[]), None);
    assert_eq!(matched(&text, &[reduced(), residence(), pid(first)]).sets, [vec![0, 2], vec![]]);
    // Optional sets alone: without an answer there is nothing to send.
    let optional = text.replace(
        r#""options": [
        [ "pid" ],"#,
        r#""required": false, "options": [
        [ "pid" ],"#,
    );
    let matching = matched(&optional, &[]);
    assert!(matching.choice().is_none());
}

/// A format that is not known here has no answer, and hinders no alternative.
#[test]
fn std_m23_unknown_formats() {
    let query = r#"{"credentials":[{"id":"a","format":"jwt_vc_json","meta":{"type_values":[["X"]]}},
        {"id":"b","format":"dc+sd-jwt","meta":{"vct_values":["urn:id"]}}],
        "credential_sets":[{"options":[["a"],["b"]]}]}"#;
    let matching = matched(query, &[sd_jwt("{}")]);
    assert_eq!(matching.credentials[0].unfit[0].mismatch, Mismatch::Format);
    assert_eq!(matching.choice().unwrap()[0].query, 1);
}
