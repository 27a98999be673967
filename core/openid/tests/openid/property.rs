//! Parsers over arbitrary and altered input: a result or a named error, never a panic.
use proptest::prelude::*;
use rid_claims::{ClaimValue, CredentialType, Format};
use rid_openid::{
    HttpsUrl,
    dcql::{Candidate, Query},
    vp::{
        Invocation, Policy,
        open::{self, Expected},
        read_api_request, redirect_of,
    },
};
use rid_wire::json::Value;

use crate::world::{KID, STATE, World};

/// JSON that looks like parts of a query.
fn json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "credentials",
        "credential_sets",
        "id",
        "format",
        "meta",
        "claims",
        "claim_sets",
        "path",
        "values",
        "options",
        "a",
        "b",
        "dc+sd-jwt",
        "mso_mdoc",
        "vct_values",
        "doctype_value",
        "trusted_authorities",
        "type",
        "aki",
        "AQI",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2_i64..40).prop_map(Value::Integer),
        word.clone().prop_map(|word| Value::String(word.into())),
    ];
    leaf.prop_recursive(5, 60, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(word.clone().prop_map(String::from), inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A query that parses, with arbitrary claims.
fn query() -> impl Strategy<Value = String> {
    let path = prop::collection::vec(
        prop_oneof![Just("null".to_owned()), (0_u32..3).prop_map(|at| at.to_string()), "\"[a-c]\""],
        1..4,
    );
    let values = prop::collection::vec(prop_oneof!["[0-9]", "\"[a-c]\"", Just("true".to_owned())], 0..3);
    let claim = (path, values).prop_map(|(path, values)| {
        let values = if values.is_empty() { String::new() } else { format!(r#","values":[{}]"#, values.join(",")) };
        format!(r#"{{"path":[{}]{values}}}"#, path.join(","))
    });
    (prop::collection::vec(claim, 1..6), any::<bool>(), any::<bool>()).prop_map(|(claims, multiple, binding)| {
        crate::dcql::one(&format!(
            r#","multiple":{multiple},"require_cryptographic_holder_binding":{binding},"claims":[{}]"#,
            claims.join(",")
        ))
    })
}

proptest! {
    #[test]
    fn std_m23_written_queries_read_the_same(text in query()) {
        let query = Query::parse(&text).unwrap();
        prop_assert_eq!(Query::read(&query.to_value()), Ok(query.clone()));
        prop_assert_eq!(Query::parse(&query.to_value().to_text()), Ok(query));
    }

    #[test]
    fn neg_g13_queries_never_panic(value in json(), noise in "[ -~]{0,80}", at in 0_usize..400, to in "[ -~]", valid in query()) {
        let _ = Query::read(&value);
        let _ = Query::parse(&noise);
        let mut mutant = valid.clone();
        let at = at % mutant.len();
        mutant.replace_range(at..=at, &to);
        let _ = Query::parse(&mutant);
    }

    /// Whatever is selected lies under a path that was asked for, and all claims of the set are there.
    #[test]
    fn neg_g15_nothing_is_selected_that_was_not_asked(text in query(), claims in json()) {
        let query = Query::parse(&text).unwrap();
        let kind = CredentialType { format: Format::SdJwt, id: "urn:id".into() };
        let claims = ClaimValue::from_json(&claims);
        let matching = query.matching(&[Candidate::new(&kind, &claims)]);
        prop_assert_eq!(matching.credentials[0].fits.len() + matching.credentials[0].unfit.len(), 1);
        for fit in &matching.credentials[0].fits {
            prop_assert_eq!(fit.claims.len(), query.credentials[0].claim_sets[fit.claim_set].len());
            for claim in &fit.claims {
                let asked = &query.credentials[0].claims[claim.query].path.steps;
                prop_assert!(!claim.leaves.is_empty());
                for leaf in &claim.leaves {
                    let covers = asked.iter().zip(&leaf.steps).all(|(asked, exact)| {
                        asked == exact || *asked == rid_claims::ClaimKey::Every
                    });
                    prop_assert!(covers && leaf.steps.len() >= asked.len());
                }
            }
        }
    }

    #[test]
    fn neg_g11_requests_never_panic(value in json(), noise in "[ -~]{0,120}", at in 0_usize..4000, to in "[A-Za-z0-9_.-]") {
        let world = World::new();
        let text = world.request(&[]);
        let mut mutant = text.clone();
        let at = at % mutant.len();
        mutant.replace_range(at..=at, &to);
        prop_assert!(mutant == text || world.verify(&mutant, &world.client_id()).is_err_and(|r| r.reply.is_none()));
        prop_assert!(world.verify(&noise, &world.client_id()).is_err());
        let _ = (Invocation::parse(&noise), HttpsUrl::parse(&noise), redirect_of(noise.as_bytes()));
        let _ = Invocation::parse(&format!("openid4vp://?{noise}"));
        let _ = HttpsUrl::parse(&format!("https://{noise}"));
        for protocol in ["openid4vp-v1-unsigned", "openid4vp-v1-signed", "openid4vp-v1-multisigned"] {
            let data = Value::Object(vec![("request".into(), value.clone())]);
            let mut trust = world.trust.message(rid_kit::NOON);
            let _ = read_api_request(protocol, &data, "https://a.example", &Policy::default(), &mut trust);
            let _ = read_api_request(protocol, &value, "https://a.example", &Policy::default(), &mut trust);
        }
    }

    #[test]
    fn neg_g20_answers_never_panic(value in json(), noise in "[ -~]{0,120}") {
        let world = World::new();
        for key in [None, Some((&world.key, KID))] {
            let expected = Expected { query: &world.query, state: Some(STATE), key };
            let _ = open::data(&value, &expected);
            let _ = open::form(&noise, &expected);
            let _ = open::form(&format!("vp_token={noise}&state={STATE}"), &expected);
        }
    }
}
