//! Parsing of DCQL queries.
use rid_claims::{ClaimKey, ClaimPath, Format};
use rid_kit::vector;
use rid_openid::dcql::{Authority, DcqlError, Literal, Query};
use rid_wire::json::Value;

/// A query for one SD-JWT VC with these further members.
pub(crate) fn one(members: &str) -> String {
    format!(r#"{{"credentials":[{{"id":"a","format":"dc+sd-jwt","meta":{{"vct_values":["urn:id"]}}{members}}}]}}"#)
}

fn refused(text: &str) -> (&'static str, Option<&'static str>) {
    let error = Query::parse(text).expect_err(text);
    (error.code().as_str(), error.place())
}

#[test]
fn std_m23_examples_of_the_standard() {
    for (name, credentials, sets) in [
        ("query_lang_simple.json", 1, 1),
        ("query_lang_simple_mdoc.json", 1, 1),
        ("query_lang_multi_credentials.json", 2, 1),
        ("query_lang_complex_mdoc.json", 4, 2),
        ("query_lang_credentials_alternatives.json", 5, 2),
        ("query_lang_claims_alternatives.json", 1, 1),
        ("query_lang_value_matching_simple.json", 1, 1),
        ("request_dcql_jwt_vc.json", 1, 1),
    ] {
        let text = String::from_utf8(vector(&format!("openid4vp-1.0/{name}"))).unwrap();
        let query = Query::parse(&text).expect(name);
        assert_eq!((query.credentials.len(), query.sets.len()), (credentials, sets), "{name}");
        if query.credentials[0].known_format().is_some() {
            assert_eq!(Query::read(&query.to_value()).expect(name), query, "{name}");
        }
    }
}

#[test]
fn std_m23_normalised_form() {
    let query = Query::parse(
        r#"{"later":1,"credentials":[
            {"id":"a","format":"dc+sd-jwt","meta":{"vct_values":["urn:1","urn:2"]},"multiple":true,
             "require_cryptographic_holder_binding":false,"later":{},
             "trusted_authorities":[{"type":"aki","values":["AQI"]},{"type":"etsi_tl","values":["https://tl.example"]}],
             "claims":[{"id":"x","path":["a",null,0]},{"id":"y","path":["b"],"values":["1",1,true]}],
             "claim_sets":[["y","x"],["x","x"]]},
            {"id":"b","format":"mso_mdoc","meta":{"doctype_value":"t"},
             "claims":[{"path":["n","e"],"intent_to_retain":false},{"path":["n","f"]},{"path":["n","e"]}]}],
           "credential_sets":[{"options":[["b","a"],["a"]],"required":false},{"options":[["b"]]}]}"#,
    )
    .unwrap();
    let (a, b) = (&query.credentials[0], &query.credentials[1]);
    assert_eq!((a.known_format(), b.known_format()), (Some(Format::SdJwt), Some(Format::Mdoc)));
    assert_eq!((a.types.len(), a.multiple, a.holder_binding), (2, true, false));
    assert_eq!((b.multiple, b.holder_binding), (false, true));
    assert_eq!(a.claims[0].path.steps[1..], [ClaimKey::Every, ClaimKey::Index { position: 0 }]);
    assert_eq!(a.claims[1].values, [Literal::Text("1".into()), Literal::Number(1), Literal::Flag(true)]);
    assert_eq!(a.claim_sets, [vec![1, 0], vec![0]]);
    let authorities = [Authority::KeyIdentifiers(vec![vec![1, 2]]), Authority::Unknown("etsi_tl".into())];
    assert_eq!(a.authorities, authorities);
    // A path that occurs again is ignored.
    assert_eq!(b.claims.len(), 2);
    assert_eq!(b.claim_sets, [vec![0, 1]]);
    assert_eq!(b.claims[0].path, ClaimPath::element("n", "e"));
    // No statement is not the same as no.
    assert_eq!((b.claims[0].intent_to_retain, b.claims[1].intent_to_retain), (Some(false), None));
    assert_eq!(query.sets[0].options, [vec![1, 0], vec![0]]);
    assert_eq!((query.sets[0].required, query.sets[1].required), (false, true));
    let plain = Query::parse(&one("")).unwrap();
    assert_eq!((plain.credentials[0].claims.len(), &plain.credentials[0].claim_sets), (0, &vec![vec![]]));
    assert_eq!((plain.sets[0].required, &plain.sets[0].options), (true, &vec![vec![0]]));
}

#[test]
fn neg_g13_malformed_queries() {
    let credential = |text: &str| format!(r#"{{"credentials":[{text}]}}"#);
    let valid = r#"{"id":"a","format":"mso_mdoc","meta":{"doctype_value":"t"}}"#;
    assert!(Query::parse(&credential(valid)).is_ok());
    for (text, place) in [
        ("{}".into(), "credentials"),
        ("[]".into(), "credentials"),
        (r#"{"credentials":[]}"#.into(), "credentials"),
        (r#"{"credentials":{}}"#.into(), "credentials"),
        (credential("1"), "credentials.format"),
        (credential(&valid.replace("mso_mdoc", "")), "credentials.format"),
        (credential(&valid.replace(r#""a""#, r#""""#)), "credentials.id"),
        (credential(&valid.replace(r#""a""#, r#""a b""#)), "credentials.id"),
        (credential(&valid.replace(r#""a""#, "1")), "credentials.id"),
        (credential(&valid.replace(r#""id":"a","#, "")), "credentials.id"),
        (credential(&format!("{valid},{valid}")), "credentials.id"),
        (credential(&valid.replace("meta", "data")), "credentials.meta"),
        (credential(&valid.replace(r#"{"doctype_value":"t"}"#, "[]")), "credentials.meta"),
        (credential(&valid.replace("doctype_value", "x")), "credentials.meta.doctype_value"),
        (one("").replace(r#"["urn:id"]"#, "[]"), "credentials.meta.vct_values"),
        (one("").replace(r#"["urn:id"]"#, "[1]"), "credentials.meta.vct_values"),
        (one("").replace(r#"["urn:id"]"#, r#""urn:id""#), "credentials.meta.vct_values"),
        (one(r#","multiple":1"#), "credentials.multiple"),
        (one(r#","require_cryptographic_holder_binding":"false""#), "credentials.require_cryptographic_holder_binding"),
        (one(r#","claims":[]"#), "credentials.claims"),
        (one(r#","claims":[{}]"#), "credentials.claims.path"),
        (one(r#","claims":[{"path":[]}]"#), "credentials.claims.path"),
        (one(r#","claims":[{"path":"a"}]"#), "credentials.claims.path"),
        (one(r#","claims":[{"path":[-1]}]"#), "credentials.claims.path"),
        (one(r#","claims":[{"path":[4294967296]}]"#), "credentials.claims.path"),
        (one(r#","claims":[{"path":[1.5]}]"#), "credentials.claims.path"),
        (one(r#","claims":[{"path":[true]}]"#), "credentials.claims.path"),
        (one(r#","claims":[{"path":[["a"]]}]"#), "credentials.claims.path"),
        (one(r#","claims":[{"path":["a"],"values":[]}]"#), "credentials.claims.values"),
        (one(r#","claims":[{"path":["a"],"values":[null]}]"#), "credentials.claims.values"),
        (one(r#","claims":[{"path":["a"],"values":[1.5]}]"#), "credentials.claims.values"),
        (one(r#","claims":[{"path":["a"],"values":[{}]}]"#), "credentials.claims.values"),
        (one(r#","claims":[{"path":["a"],"intent_to_retain":0}]"#), "credentials.claims.intent_to_retain"),
        (one(r#","claims":[{"id":"x","path":["a"]},{"id":"x","path":["b"]}]"#), "credentials.claims.id"),
        (one(r#","claims":[{"path":["a"]}],"claim_sets":[["x"]]"#), "credentials.claims.id"),
        (one(r#","claim_sets":[["x"]]"#), "credentials.claim_sets"),
        (one(r#","claims":[{"id":"x","path":["a"]}],"claim_sets":[]"#), "credentials.claim_sets"),
        (one(r#","claims":[{"id":"x","path":["a"]}],"claim_sets":[[]]"#), "credentials.claim_sets"),
        (one(r#","claims":[{"id":"x","path":["a"]}],"claim_sets":[["y"]]"#), "credentials.claim_sets"),
        (one(r#","claims":[{"id":"x","path":["a"]}],"claim_sets":["x"]"#), "credentials.claim_sets"),
        (one(r#","trusted_authorities":[]"#), "credentials.trusted_authorities"),
        (one(r#","trusted_authorities":[{"type":"aki"}]"#), "credentials.trusted_authorities"),
        (one(r#","trusted_authorities":[{"type":"aki","values":["="]}]"#), "credentials.trusted_authorities"),
        (one(r#","trusted_authorities":[{"values":["AQI"]}]"#), "credentials.trusted_authorities"),
    ] {
        assert_eq!(refused(&text), ("dcql_invalid", Some(place)), "{text}");
    }
    let with_sets = |sets: &str| format!(r#"{},"credential_sets":{sets}}}"#, one("").strip_suffix('}').unwrap());
    assert!(Query::parse(&with_sets(r#"[{"options":[["a"]]}]"#)).is_ok());
    for (sets, place) in [
        ("[]", "credential_sets"),
        ("[{}]", "credential_sets.options"),
        (r#"[{"options":[]}]"#, "credential_sets.options"),
        (r#"[{"options":[[]]}]"#, "credential_sets.options"),
        (r#"[{"options":[["b"]]}]"#, "credential_sets.options"),
        (r#"[{"options":[["a"]],"required":1}]"#, "credential_sets.required"),
    ] {
        assert_eq!(refused(&with_sets(sets)), ("dcql_invalid", Some(place)), "{sets}");
    }
    // The path of an mdoc has two names.
    for path in [r#"["n"]"#, r#"["n","e","x"]"#, r#"["n",0]"#, r#"["n",null]"#] {
        let text = credential(&valid.replace("}}", &format!(r#"}},"claims":[{{"path":{path}}}]}}"#)));
        assert_eq!(refused(&text), ("dcql_invalid", Some("credentials.claims.path")), "{text}");
    }
    assert_eq!(refused(r#"{"credentials":[],"credentials":[]}"#).0, "json_duplicate_key");
}

#[test]
fn neg_g13_large_queries() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<Vec<_>>().join(",");
    let queries = many(10_000, &|at| format!(r#"{{"id":"q{at}","format":"x","meta":{{}}}}"#));
    assert_eq!(refused(&format!(r#"{{"credentials":[{queries}]}}"#)).0, "input_too_large");
    let parsed = Value::parse(&format!(r#"{{"credentials":[{queries}]}}"#), usize::MAX).unwrap();
    assert_eq!(Query::read(&parsed), Err(DcqlError::TooLarge("credentials")));
    let claims = many(257, &|at| format!(r#"{{"path":["{at}"]}}"#));
    assert_eq!(refused(&one(&format!(r#","claims":[{claims}]"#))), ("dcql_too_large", Some("credentials.claims")));
    let deep = many(17, &|_| "null".into());
    let deep = one(&format!(r#","claims":[{{"path":[{deep}]}}]"#));
    assert_eq!(refused(&deep), ("dcql_too_large", Some("credentials.claims.path")));
    let values = many(257, &|at| at.to_string());
    let values = one(&format!(r#","claims":[{{"path":["a"],"values":[{values}]}}]"#));
    assert_eq!(refused(&values), ("dcql_too_large", Some("credentials.claims.values")));
    let set = many(257, &|_| r#""x""#.into());
    let sets = one(&format!(r#","claims":[{{"id":"x","path":["a"]}}],"claim_sets":[[{set}]]"#));
    assert_eq!(refused(&sets), ("dcql_too_large", Some("credentials.claim_sets")));
}
