//! Links and requests: what a wallet takes, and what it refuses and how.
use rid_crypto::{AgreementKey, Curve, jwe::ContentEncryption, x509::dangerous::Recipe};
use rid_kit::{Identity, NOON};
use rid_openid::{
    HttpsUrl,
    vp::{
        Channel, Invocation, Method, OAuthError, Policy, Request, Requester, Source,
        build::{DraftChannel, link, make_nonce},
        read_api_request, read_parameters,
    },
};
use rid_trust::{Environment, TrustStore};
use rid_wire::{base64::encode_url, json::Value};

use crate::world::{HOST, NONCE, RESPONSE_URI, STATE, World, json, told, with};

const ORIGIN: &str = "https://apteka.example";

#[test]
fn std_m20_links_and_qr_codes() {
    let uri = "https://apteka.example/request/7?a=b&c";
    for (endpoint, method) in
        [("openid4vp://", Method::Get), ("haip-vp://", Method::Post), ("https://wallet.example/present", Method::Get)]
    {
        let text = link(endpoint, "x509_hash:a+b", uri, method);
        let parsed = Invocation::parse(&text).unwrap();
        assert_eq!(parsed.client_id, "x509_hash:a+b");
        assert_eq!(parsed.source, Source::Reference { uri: HttpsUrl::parse(uri).unwrap(), method });
    }
    let by_value = Invocation::parse("OPENID4VP://?client_id=x&request=a.b.c&later=1#f").unwrap();
    assert_eq!(by_value.source, Source::Value("a.b.c".into()));
    let explicit =
        Invocation::parse("openid4vp:?client_id=x&request_uri=https%3A%2F%2Fa.example&request_uri_method=get");
    assert!(matches!(explicit.unwrap().source, Source::Reference { method: Method::Get, .. }));
    for (text, code) in [
        ("", "vp_link"),
        ("openid4vp://", "vp_link"),
        ("http://wallet.example?client_id=x&request=a", "vp_link"),
        ("javascript:alert(1)?client_id=x&request=a", "vp_link"),
        ("openid4vp://?client_id=x&client_id=y&request=a", "vp_link"),
        ("openid4vp://?client_id=x&request=a&request_uri=https%3A%2F%2Fa.example", "vp_link"),
        ("openid4vp://?client_id=x&request=a&request_uri_method=get", "vp_link"),
        ("openid4vp://?client_id=%zz&request=a", "vp_link"),
        ("openid4vp://?client_id=%ff&request=a", "vp_link"),
        ("openid4vp://?client_id=%c", "vp_link"),
        ("openid4vp://?request=a", "vp_client_id_mismatch"),
        ("openid4vp://?client_id=&request=a", "vp_client_id_mismatch"),
        (
            "openid4vp://?client_id=x&request_uri=https%3A%2F%2Fa.example&request_uri_method=GET",
            "vp_request_uri_method",
        ),
        (
            "openid4vp://?client_id=x&request_uri=https%3A%2F%2Fa.example&request_uri_method=put",
            "vp_request_uri_method",
        ),
    ] {
        let error = Invocation::parse(text).expect_err(text);
        assert_eq!(error.code().as_str(), code, "{text}");
    }
    let error =
        Invocation::parse("openid4vp:?client_id=x&request_uri=https://a.example&request_uri_method=X").unwrap_err();
    assert_eq!(error.oauth(), OAuthError::InvalidRequestUriMethod);
}

#[test]
fn neg_g06_forbidden_addresses() {
    for good in
        ["https://a.example", "https://A.Example:8443/p?q#f", "https://xn--bkx-0na.example/", "https://a-1.b.co/%20"]
    {
        assert_eq!(HttpsUrl::parse(good).expect(good).as_str(), good);
    }
    for bad in [
        "http://a.example",
        "HTTPS://a.example",
        "file:///etc/passwd",
        "data:text/plain,x",
        "ftp://a.example",
        "//a.example",
        "https:a.example",
        "https://",
        "https://localhost/",
        "https://LOCALHOST",
        "https://a.localhost",
        "https://printer.local",
        "https://router.lan",
        "https://a.home.arpa",
        "https://metadata.google.internal",
        "https://127.0.0.1",
        "https://127.1",
        "https://0x7f.1",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://10.0.0.1",
        "https://169.254.169.254/latest",
        "https://192.168.1.1:443",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://user@a.example",
        "https://a.example@127.0.0.1",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:",
        "https://a.example:+1",
        "https://a..example",
        "https://.a.example",
        "https://a.example.",
        "https://-a.example",
        "https://a_b.example",
        "https://a.example\\@b.example",
        "https://a.example/ x",
        "https://a.example/\n",
        "https://bakı.example",
    ] {
        assert_eq!(HttpsUrl::parse(bad), None, "{bad}");
        let link = format!("openid4vp://?client_id=x&request_uri={}", encoded(bad));
        assert_eq!(Invocation::parse(&link).expect_err(bad).code().as_str(), "vp_request_uri_forbidden", "{bad}");
    }
    assert_eq!(HttpsUrl::parse(&format!("https://a.example/{}", "x".repeat(2048))), None);
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[test]
fn std_m21_signed_request_of_a_known_verifier() {
    let mut world = World::new();
    for client_id in [world.client_id(), World::san_dns()] {
        let request = world.verify(&world.sign(&world.header(&[]), &world.payload(&client_id).to_text()), &client_id);
        let request = request.expect("a request");
        let Requester::Certified(certified) = &request.requester else { panic!("a certificate") };
        assert_eq!(certified.trust.as_ref().expect("known").name, "Aptek");
        assert_eq!((request.audience(), request.requester.client_id()), (client_id.clone(), Some(client_id.as_str())));
        assert_eq!((request.nonce.as_str(), request.short_nonce), (NONCE, false));
        let response_uri = HttpsUrl::parse(RESPONSE_URI).unwrap();
        assert_eq!(request.channel, Channel::Post { response_uri, state: Some(STATE.into()) });
        assert_eq!(request.query, world.query);
    }
    // A chain that leads to no known root is an unknown verifier, with the reason; its signature holds all the same.
    let nobody = TrustStore::new(Environment::Test, Vec::new()).unwrap();
    world.trust = nobody.into();
    let request = world.verify(&world.request(&[]), &world.client_id()).expect("a request");
    let Requester::Certified(certified) = &request.requester else { panic!("a certificate") };
    assert_eq!(certified.trust.as_ref().expect_err("unknown").as_str(), "trust_missing");
}

/// The verifier's own builder makes what the wallet takes.
#[test]
fn std_m21_built_requests_are_taken() {
    let mut world = World::new();
    let public = world.key.public();
    let nonce = make_nonce(&mut world.rng);
    let post = DraftChannel::Post { response_uri: RESPONSE_URI, state: STATE, wallet_nonce: Some(&nonce) };
    let text = world.finish(&world.draft(post, Some((&public, "k1"))), &world.client_id());
    let policy = Policy { encrypted_only: true, ..Policy::default() };
    let request = world.verify_with(&text, &world.client_id(), Some(&nonce), &policy).expect("a request");
    let encryption = request.encryption.expect("encrypted");
    assert_eq!((encryption.enc, encryption.kid.as_deref()), (ContentEncryption::A256Gcm, Some("k1")));
    assert_eq!(nonce.len(), 22);
    assert_ne!(nonce, make_nonce(&mut world.rng));
}

#[test]
fn neg_e01_request_objects_of_other_algorithms() {
    let world = World::new();
    let payload = world.payload(&world.client_id()).to_text();
    for alg in [r#""none""#, r#""None""#, r#""""#, "-", r#""HS256""#, r#""RS256""#, r#""ES384""#] {
        let text = world.sign(&world.header(&[("alg", alg)]), &payload);
        assert_eq!(world.refusal(&text), ("jws_alg".into(), None), "{alg}");
    }
    assert_eq!(world.refusal(&world.sign(&world.header(&[("crit", r#"["exp"]"#)]), &payload)).0, "jws_crit");
    assert_eq!(world.refusal(&world.sign(&world.header(&[("x5c", "-")]), &payload)).0, "jws_x5c");
    let did = r#"{"typ":"oauth-authz-req+jwt","alg":"RS256","kid":"did:example:123#1"}"#;
    assert_eq!(world.refusal(&world.sign(did, &payload)).0, "jws_alg");
    let mut forged = world.request(&[]);
    forged.replace_range(forged.len() - 8..forged.len() - 4, "AAAA");
    assert_eq!(world.refusal(&forged), ("jws_signature".into(), None));
    assert_eq!(world.refusal("a.b").0, "jws_form");
}

#[test]
fn neg_g02_g03_client_identifiers() {
    let mut world = World::new();
    let text = world.request(&[]);
    assert_eq!(told(world.verify(&text, "x509_hash:other")).0, "vp_client_id_mismatch");
    assert_eq!(told(world.verify(&text, "")).0, "vp_client_id_mismatch");
    let with_id = |id: &str| world.sign(&world.header(&[]), &world.payload(id).to_text());
    let hash = world.client_id();
    for (id, code) in [
        (hash.replace("x509_hash:", "x509_hash:A"), "vp_client_id_mismatch"),
        (format!("{hash}="), "vp_client_id_mismatch"),
        (format!("x509_san_dns:other.{HOST}"), "vp_client_id_mismatch"),
        ("x509_san_dns:example".into(), "vp_client_id_mismatch"),
        ("x509_san_dns:".into(), "vp_client_id_mismatch"),
        (hash.replace("x509_hash", "X509_HASH"), "vp_client_id_prefix"),
        (HOST.into(), "vp_client_id_prefix"),
        ("origin:https://apteka.example".into(), "vp_client_id_prefix"),
        ("decentralized_identifier:did:example:123".into(), "vp_client_id_prefix"),
        ("openid_federation:https://apteka.example".into(), "vp_client_id_prefix"),
        ("verifier_attestation:apteka".into(), "vp_client_id_prefix"),
    ] {
        assert_eq!(told(world.verify(&with_id(&id), &id)), (code.into(), None), "{id}");
    }
    assert_eq!(world.refused(&[("client_id", "-")]).0, "vp_client_id_mismatch");
    assert_eq!(world.refused(&[("client_id", "1")]).0, "vp_client_id_mismatch");
    // A wildcard in a certificate is no name.
    world.with_certificate(|recipe| {
        recipe.extensions.retain(|(id, ..)| id != "2.5.29.17");
        recipe.extensions.push(("2.5.29.17".into(), false, [&[0x30, 11, 0x82, 9], b"*.example".as_slice()].concat()));
    });
    let id = World::san_dns();
    let text = world.sign(&world.header(&[]), &world.payload(&id).to_text());
    assert_eq!(told(world.verify(&text, &id)).0, "vp_client_id_mismatch");
}

/// The header's chain has neither a self-signed leaf nor the anchor, and an expired or unfit leaf is refused.
#[test]
fn std_m21_certificates_of_requests() {
    let mut world = World::new();
    let der = |identity: &Identity| rid_wire::base64::encode_standard(identity.certificate.der());
    let with_root = format!(r#"["{}","{}"]"#, der(&world.verifier), der(&world.root));
    let payload = world.payload(&world.client_id()).to_text();
    let text = world.sign(&world.header(&[("x5c", &with_root)]), &payload);
    assert_eq!(world.refusal(&text), ("jws_x5c".into(), None));
    let foreign = World::new().root;
    let text = world.sign(&world.header(&[("x5c", &format!(r#"["{}"]"#, der(&foreign)))]), &payload);
    assert_eq!(world.refusal(&text).0, "jws_x5c");

    let original = world.verifier.certificate.clone();
    type Change = fn(&mut Recipe);
    let changes: [(&str, Change); 3] = [
        ("cert_expired", |recipe| recipe.not_after = NOON.plus_seconds(-1)),
        ("cert_not_yet_valid", |recipe| recipe.not_before = NOON.plus_seconds(120)),
        ("cert_eku", |recipe| recipe.extended_key_usage = vec!["1.3.6.1.5.5.7.3.1".into()]),
    ];
    for (code, change) in changes {
        world.with_certificate(change);
        assert_eq!(world.refused(&[]), (code.into(), None));
    }
    world.verifier.certificate = original;
    assert!(world.verify(&world.request(&[]), &world.client_id()).is_ok());
}

/// The reply goes only where the client may receive it.
#[test]
fn neg_g04_response_addresses() {
    let world = World::new();
    for uri in [
        r#""http://apteka.example/r""#,
        r#""https://127.0.0.1/r""#,
        r#""https://apteka.example@evil.example/r""#,
        r#""javascript:alert(1)""#,
        "1",
        "-",
    ] {
        assert_eq!(world.refused(&[("response_uri", uri)]), ("vp_response_uri_mismatch".into(), None), "{uri}");
    }
    let id = World::san_dns();
    let refused = |uri: &str| {
        let payload = with(&world.payload(&id), &[("response_uri", uri)]);
        told(world.verify(&world.sign(&world.header(&[]), &payload.to_text()), &id))
    };
    for uri in
        [r#""https://evil.example/r""#, r#""https://a.apteka.example/r""#, r#""https://apteka.example.evil.example/r""#]
    {
        assert_eq!(refused(uri), ("vp_response_uri_mismatch".into(), None), "{uri}");
    }
    // A known verifier that also names a page to return to is told so.
    let told = world.refused(&[("redirect_uri", r#""https://apteka.example/cb""#)]);
    assert_eq!(told, ("vp_form".into(), Some("invalid_request")));
}

#[test]
fn neg_g08_nonces_and_states() {
    let world = World::new();
    for nonce in ["-", r#""""#, r#""a b""#, r#""a+b""#, r#""ə""#, "1", "null"] {
        assert_eq!(world.refused(&[("nonce", nonce)]), ("vp_nonce".into(), Some("invalid_request")), "{nonce}");
    }
    let long = format!("\"{}\"", "a".repeat(513));
    assert_eq!(world.refused(&[("nonce", &long)]).0, "vp_nonce");
    let short = world.verify(&world.request(&[("nonce", r#""n-0S6_WzA2Mj""#)]), &world.client_id()).unwrap();
    assert!(short.short_nonce, "taken with a warning");
    for state in [r#""""#, r#""a b""#, "1"] {
        assert_eq!(world.refused(&[("state", state)]), ("vp_state".into(), None), "{state}");
    }
    assert!(world.verify(&world.request(&[("state", "-")]), &world.client_id()).is_ok());
    // Without a proof of the holder's key the state is required.
    let unbound = with(&json(&world.query.to_value().to_text()), &[])
        .to_text()
        .replace(r#""id":"a""#, r#""id":"a","require_cryptographic_holder_binding":false"#);
    assert!(world.verify(&world.request(&[("dcql_query", &unbound)]), &world.client_id()).is_ok());
    let told = world.refused(&[("dcql_query", &unbound), ("state", "-")]);
    assert_eq!(told, ("vp_state".into(), Some("invalid_request")));
    // The wallet's nonce comes back, or the request is an old one.
    let policy = Policy::default();
    let answer = |more: &[(&str, &str)]| {
        world.verify_with(&world.request(more), &world.client_id(), Some("own"), &policy).map(|_| ())
    };
    assert!(answer(&[("wallet_nonce", r#""own""#)]).is_ok());
    for other in ["-", r#""other""#, r#""""#, "null"] {
        let refusal = answer(&[("wallet_nonce", other)]).expect_err(other);
        assert_eq!((refusal.error.code().as_str(), refusal.reply), ("vp_wallet_nonce", None), "{other}");
    }
}

#[test]
fn neg_g11_type_audience_and_times() {
    let world = World::new();
    let payload = world.payload(&world.client_id()).to_text();
    for typ in ["-", r#""JWT""#, r#""OAuth-Authz-Req+JWT""#, r#""application/oauth-authz-req+jwt""#] {
        assert_eq!(world.refusal(&world.sign(&world.header(&[("typ", typ)]), &payload)).0, "jws_typ", "{typ}");
    }
    for aud in ["-", r#""https://wallet.example""#, r#""https://self-issued.me/v2/""#, "1", "[]"] {
        assert_eq!(world.refused(&[("aud", aud)]), ("vp_audience".into(), None), "{aud}");
    }
    assert!(world.verify(&world.request(&[("aud", r#"["https://self-issued.me/v2"]"#)]), &world.client_id()).is_ok());
    let at = |seconds: i64| (NOON.unix() + seconds).to_string();
    for (name, value, code) in [
        ("exp", at(0), Some("jwt_time")),
        ("exp", at(1), None),
        ("exp", "\"1\"".into(), Some("jwt_time")),
        ("exp", "1.5".into(), Some("jwt_time")),
        ("exp", "-".into(), None),
        ("iat", at(60), None),
        ("iat", at(61), Some("jwt_time")),
        ("iat", "null".into(), Some("jwt_time")),
        ("nbf", at(60), None),
        ("nbf", at(61), Some("jwt_time")),
    ] {
        let result = world.verify(&world.request(&[(name, &value)]), &world.client_id());
        let found = result.err().map(|refusal| (refusal.error.code().as_str(), refusal.reply));
        assert_eq!(found, code.map(|code| (code, None)), "{name} {value}");
    }
}

#[test]
fn neg_g12_response_modes() {
    let world = World::new();
    for mode in ["-", r#""fragment""#, r#""query""#, r#""dc_api.jwt""#, r#""form_post""#, r#""DIRECT_POST.JWT""#, "1"] {
        assert_eq!(world.refused(&[("response_mode", mode)]).0, "vp_response_mode", "{mode}");
    }
    let plain = world.request(&[("response_mode", r#""direct_post""#)]);
    assert_eq!(world.refusal(&plain), ("vp_response_mode".into(), Some("invalid_request")));
    let request = world.verify_with(&plain, &world.client_id(), None, &Policy::default()).expect("a request");
    assert!(request.encryption.is_none());
    for kind in ["-", r#""code""#, r#""vp_token id_token""#] {
        assert_eq!(world.refused(&[("response_type", kind)]), ("vp_form".into(), Some("invalid_request")), "{kind}");
    }
}

#[test]
fn neg_e06_verifier_keys() {
    let world = World::new();
    let public = world.key.public().to_jose().unwrap().to_value();
    let jwk =
        |more: &[(&str, &str)]| with(&with(&public, &[("alg", r#""ECDH-ES""#), ("kid", r#""k1""#)]), more).to_text();
    let p384 = AgreementKey::from_scalar(Curve::P384, &[1; 48]).unwrap().public().to_jose().unwrap().to_value();
    let p384 = with(&p384, &[("alg", r#""ECDH-ES""#)]).to_text();
    let metadata = |keys: &str, more: &str| format!(r#"{{"jwks":{{"keys":[{keys}]}}{more}}}"#);
    let read = |metadata: &str| world.verify(&world.request(&[("client_metadata", metadata)]), &world.client_id());
    for keys in [
        String::new(),
        "1".into(),
        jwk(&[("alg", "-")]),
        jwk(&[("alg", r#""dir""#)]),
        jwk(&[("alg", r#""RSA1_5""#)]),
        jwk(&[("alg", r#""ECDH-ES+A256KW""#)]),
        jwk(&[("use", r#""sig""#)]),
        jwk(&[("x", r#""AQAB""#)]),
        jwk(&[("y", &public.member("x").unwrap().to_text())]),
        jwk(&[("kid", "1")]),
        r#"{"kty":"RSA","alg":"ECDH-ES","n":"AQAB","e":"AQAB"}"#.into(),
        p384.clone(),
    ] {
        assert_eq!(told(read(&metadata(&keys, ""))), ("jwe_key".into(), Some("invalid_request")), "{keys}");
    }
    assert_eq!(world.refused(&[("client_metadata", "-")]).0, "jwe_key");
    // The first usable key is taken, `use` may be absent, and A128GCM is the default.
    let keys = format!("{p384},{},{}", jwk(&[("use", r#""sig""#)]), jwk(&[("kid", r#""k2""#)]));
    let encryption = read(&metadata(&keys, "")).unwrap().encryption.unwrap();
    assert_eq!((encryption.kid.as_deref(), encryption.enc), (Some("k2"), ContentEncryption::A128Gcm));
    let encs = |encs: &str| metadata(&jwk(&[]), &format!(r#","encrypted_response_enc_values_supported":{encs}"#));
    for (list, enc) in [
        (r#"["A128GCM","A256GCM"]"#, ContentEncryption::A256Gcm),
        (r#"["A128CBC-HS256","A128GCM"]"#, ContentEncryption::A128Gcm),
    ] {
        assert_eq!(read(&encs(list)).unwrap().encryption.unwrap().enc, enc);
    }
    for list in ["[]", r#"["A128CBC-HS256"]"#] {
        assert_eq!(told(read(&encs(list))).0, "jwe_enc", "{list}");
    }
    assert_eq!(told(read(&encs("1"))).0, "vp_form");
    assert_eq!(told(read("[]")), ("vp_form".into(), Some("invalid_request")));
    assert_eq!(told(read(r#"{"vp_formats_supported":{"jwt_vc_json":{}}}"#)).1, Some("vp_formats_not_supported"));
    // Names and logos of the metadata are read by nobody.
    let named = metadata(&jwk(&[]), r#","client_name":"Bank","logo_uri":"https://evil.example/x.svg""#);
    let Requester::Certified(certified) = read(&named).unwrap().requester else { panic!("a certificate") };
    assert_eq!(certified.trust.unwrap().name, "Aptek");
}

#[test]
fn std_m23_a_query_and_nothing_else() {
    let world = World::new();
    let told = |more: &[(&str, &str)]| world.refused(more);
    assert_eq!(told(&[("dcql_query", "-")]), ("vp_form".into(), Some("invalid_request")));
    assert_eq!(told(&[("scope", r#""id""#)]), ("vp_form".into(), Some("invalid_request")));
    assert_eq!(told(&[("dcql_query", "-"), ("scope", r#""id""#)]), ("vp_scope".into(), Some("invalid_scope")));
    assert_eq!(told(&[("dcql_query", "{}")]), ("dcql_invalid".into(), Some("invalid_request")));
    let foreign = r#"{"credentials":[{"id":"a","format":"jwt_vc_json","meta":{}}]}"#;
    assert_eq!(told(&[("dcql_query", foreign)]), ("vp_formats".into(), Some("vp_formats_not_supported")));
    let text = world.payload(&world.client_id()).to_text();
    let twice = text.replacen("{", r#"{"nonce":"AAAAAAAAAAAAAAAAAAAAAA","#, 1);
    assert_eq!(world.refusal(&world.sign(&world.header(&[]), &twice)), ("json_duplicate_key".into(), None));
}

#[test]
fn neg_g17_transaction_data() {
    let world = World::new();
    let policy = Policy { transaction_types: &["urn:pay"], ..Policy::default() };
    let read = |entry: &str| {
        let data = format!(r#"["{}"]"#, encode_url(entry.as_bytes()));
        world.verify_with(&world.request(&[("transaction_data", &data)]), &world.client_id(), None, &policy)
    };
    let good = r#"{"type":"urn:pay","credential_ids":["a"],"amount":"5"}"#;
    let request = read(good).expect("a request");
    let [data] = request.transaction_data.as_slice() else { panic!("one") };
    assert_eq!((data.kind.as_str(), &data.credentials), ("urn:pay", &vec![0]));
    assert_eq!(data.text, encode_url(good.as_bytes()));
    assert!(read(&good.replace('}', r#","transaction_data_hashes_alg":["sha-512","sha-256"]}"#)).is_ok());
    for entry in [
        good.replace("urn:pay", "urn:sign"),
        good.replace("[\"a\"]", "[\"b\"]"),
        good.replace("[\"a\"]", "[]"),
        good.replace("[\"a\"]", "\"a\""),
        good.replace("credential_ids", "ids"),
        good.replace("type", "kind"),
        good.replace('}', r#","transaction_data_hashes_alg":["sha-512"]}"#),
        good.replace('}', r#","transaction_data_hashes_alg":"sha-256"}"#),
        "not JSON".into(),
    ] {
        assert_eq!(told(read(&entry)), ("vp_transaction_data".into(), Some("invalid_transaction_data")), "{entry}");
    }
    for data in ["[]", "{}", r#"["="]"#, "[1]"] {
        assert_eq!(world.refused(&[("transaction_data", data)]).0, "vp_transaction_data", "{data}");
    }
    // A wallet that confirms nothing refuses all of it.
    let data = format!(r#"["{}"]"#, encode_url(good.as_bytes()));
    assert_eq!(world.refused(&[("transaction_data", &data)]).1, Some("invalid_transaction_data"));
}

#[test]
fn std_m27_verifier_info_is_kept() {
    let world = World::new();
    let info =
        r#"[{"format":"registration_cert","data":"a.b.c"},{"format":"x","data":{"y":1},"credential_ids":["a"]}]"#;
    let request = world.verify(&world.request(&[("verifier_info", info)]), &world.client_id()).expect("a request");
    let kept: Vec<_> = request.verifier_info.iter().map(|one| (one.format.as_str(), one.data.to_text())).collect();
    assert_eq!(kept, [("registration_cert", "\"a.b.c\"".into()), ("x", r#"{"y":1}"#.into())]);
    for wrong in [
        "[]",
        "{}",
        "[1]",
        r#"[{"format":"x"}]"#,
        r#"[{"data":"x"}]"#,
        r#"[{"format":"x","data":1}]"#,
        r#"[{"format":"x","data":"y","credential_ids":["b"]}]"#,
    ] {
        assert_eq!(world.refused(&[("verifier_info", wrong)]), ("vp_form".into(), Some("invalid_request")), "{wrong}");
    }
}

fn api(
    world: &World,
    protocol: &str,
    data: &Value,
    origin: &str,
    policy: &Policy<'_>,
) -> (String, Option<&'static str>) {
    match read_api_request(protocol, data, origin, policy, &mut world.trust.message(NOON)) {
        Ok(_) => ("ok".into(), None),
        Err(refusal) => told(Err(refusal)),
    }
}

fn api_payload(world: &World, origins: &[String], client_id: Option<&str>) -> Value {
    let public = world.key.public();
    world.draft(DraftChannel::Api { origins }, Some((&public, "k1"))).to_value(client_id)
}

#[test]
fn std_m27_unsigned_api_requests() {
    let world = World::new();
    let policy = Policy { encrypted_only: true, ..Policy::default() };
    let unsigned = "openid4vp-v1-unsigned";
    // A client identifier and expected origins are ignored, and so is a state.
    let data = with(
        &api_payload(&world, &[], None),
        &[("client_id", r#""x509_hash:z""#), ("expected_origins", "[]"), ("state", "1")],
    );
    for origin in [ORIGIN, "android:apk-key-hash:abc"] {
        let request = read_api_request(unsigned, &data, origin, &policy, &mut world.trust.message(NOON)).unwrap();
        assert!(matches!(&request.requester, Requester::Origin(own) if own == origin));
        assert_eq!((request.audience(), request.requester.client_id()), (format!("origin:{origin}"), None));
        assert_eq!(request.channel, Channel::Api { origin: origin.into() });
    }
    let told = |more: &[(&str, &str)]| api(&world, unsigned, &with(&data, more), ORIGIN, &policy);
    assert_eq!(
        told(&[("response_mode", r#""direct_post.jwt""#)]),
        ("vp_response_mode".into(), Some("invalid_request"))
    );
    assert_eq!(told(&[("response_mode", r#""dc_api""#)]), ("vp_response_mode".into(), Some("invalid_request")));
    assert_eq!(told(&[("nonce", "-")]), ("vp_nonce".into(), Some("invalid_request")));
    assert_eq!(api(&world, unsigned, &data, "", &policy), ("vp_origin".into(), None));
    assert_eq!(api(&world, "openid4vp", &data, ORIGIN, &policy), ("vp_form".into(), None));
    assert_eq!(api(&world, "openid4vp-v2-unsigned", &data, ORIGIN, &policy), ("vp_form".into(), None));
    assert_eq!(api(&world, unsigned, &Value::Null, ORIGIN, &policy), ("vp_form".into(), None));
}

#[test]
fn neg_g01_unsigned_requests() {
    let world = World::new();
    let signed_only = Policy { signed_only: true, ..Policy::default() };
    let data = api_payload(&world, &[], None);
    assert_eq!(api(&world, "openid4vp-v1-unsigned", &data, ORIGIN, &signed_only), ("vp_request_unsigned".into(), None));
    // An unsigned request object is none.
    let payload = encode_url(world.payload(&world.client_id()).to_text().as_bytes());
    let unsigned = format!("{}.{payload}.", encode_url(br#"{"alg":"none","typ":"oauth-authz-req+jwt"}"#));
    assert_eq!(world.refusal(&unsigned), ("jws_alg".into(), None));
}

#[test]
fn std_m27_signed_api_requests_and_their_origins() {
    let world = World::new();
    let policy = Policy { encrypted_only: true, signed_only: true, ..Policy::default() };
    let origins = ["https://other.example".to_owned(), ORIGIN.to_owned()];
    let payload = api_payload(&world, &origins, Some(&world.client_id()));
    let told = |more: &[(&str, &str)], origin: &str| {
        let text = world.sign(&world.header(&[]), &with(&payload, more).to_text());
        api(&world, "openid4vp-v1-signed", &json(&format!(r#"{{"request":"{text}"}}"#)), origin, &policy)
    };
    assert_eq!(told(&[], ORIGIN).0, "ok");
    for (origin, expected) in [
        ("https://apteka.example/", "vp_origin"),
        ("https://APTEKA.example", "vp_origin"),
        ("http://apteka.example", "vp_origin"),
        ("https://apteka.example:443", "vp_origin"),
        ("https://evil.example", "vp_origin"),
        ("https://other.example", "ok"),
    ] {
        assert_eq!(told(&[], origin), (expected.into(), None), "{origin}");
    }
    for origins in ["-", "[]", r#""https://apteka.example""#, "[1]", r#"["https://apteka.example/"]"#] {
        assert_eq!(told(&[("expected_origins", origins)], ORIGIN), ("vp_origin".into(), None), "{origins}");
    }
    assert_eq!(told(&[("aud", "-")], ORIGIN).0, "ok");
    assert_eq!(told(&[("aud", r#""x""#)], ORIGIN), ("vp_audience".into(), None));
    assert_eq!(told(&[("client_id", "-")], ORIGIN), ("vp_client_id_mismatch".into(), None));
    assert_eq!(told(&[("nonce", "-")], ORIGIN), ("vp_nonce".into(), Some("invalid_request")));
    // A request for a channel is none for another.
    let posted = json(&format!(r#"{{"request":"{}"}}"#, world.request(&[])));
    assert_eq!(api(&world, "openid4vp-v1-signed", &posted, ORIGIN, &policy).0, "vp_origin");
    let text = world.sign(&world.header(&[]), &payload.to_text());
    assert_eq!(world.refusal(&text).0, "vp_response_mode");
    assert_eq!(api(&world, "openid4vp-v1-signed", &json("{}"), ORIGIN, &policy), ("vp_form".into(), None));
}

#[test]
fn std_m27_multi_signed_api_requests() {
    let mut world = World::new();
    let policy = Policy { encrypted_only: true, ..Policy::default() };
    let payload = api_payload(&world, &[ORIGIN.into()], None).to_text();
    // A second verifier, whose root the wallet does not know.
    let mut stranger = World::new();
    stranger.rng = rid_kit::SeededRng::new(99);
    stranger.root = Identity::make(rid_crypto::x509::Profile::ReaderRoot, "Other", None, NOON, &mut stranger.rng);
    stranger.with_certificate(|_| {});
    let part = |world: &World, client_id: &str, more: &[(&str, &str)]| {
        let id = format!("{client_id:?}");
        let header = world.header(&[&[("client_id", id.as_str())], more].concat());
        let text = world.sign(&header, &payload);
        let parts: Vec<&str> = text.split('.').collect();
        format!(r#"{{"protected":"{}","signature":"{}"}}"#, parts[0], parts[2])
    };
    let data = |signatures: &[String]| {
        let (payload, signatures) = (encode_url(payload.as_bytes()), signatures.join(","));
        json(&format!(r#"{{"request":{{"payload":"{payload}","signatures":[{signatures}]}}}}"#))
    };
    let read = |world: &World, data: &Value| -> Request {
        let mut trust = world.trust.message(NOON);
        read_api_request("openid4vp-v1-multisigned", data, ORIGIN, &policy, &mut trust).expect("a request")
    };
    let info = r#"[{"format":"x","data":"of the known one"}]"#;
    let known = part(&world, &world.client_id(), &[("verifier_info", info)]);
    let unknown = part(&stranger, &stranger.client_id(), &[]);
    let broken = part(&stranger, "x509_hash:other", &[]);
    for signatures in [
        vec![known.clone()],
        vec![unknown.clone(), known.clone()],
        vec![broken.clone(), known.clone()],
        vec![known.clone(), unknown.clone()],
    ] {
        let request = read(&world, &data(&signatures));
        assert_eq!(request.requester.client_id(), Some(world.client_id().as_str()));
        assert_eq!(request.verifier_info.len(), 1, "the statements of the signature that counts");
        assert_eq!(request.audience(), format!("origin:{ORIGIN}"));
    }
    let request = read(&world, &data(&[broken.clone(), unknown.clone()]));
    assert_eq!(request.requester.client_id(), Some(stranger.client_id().as_str()));
    let told = |data: &Value| api(&world, "openid4vp-v1-multisigned", data, ORIGIN, &policy);
    assert_eq!(told(&data(std::slice::from_ref(&broken))), ("vp_client_id_mismatch".into(), None));
    assert_eq!(told(&data(&[])), ("vp_form".into(), None));
    assert_eq!(told(&data(&vec![known.clone(); 9])), ("vp_form".into(), None));
    assert_eq!(told(&json(r#"{"request":{"signatures":[{}]}}"#)), ("vp_form".into(), None));
    assert_eq!(told(&json(r#"{"request":{"payload":"e30","signatures":[{}]}}"#)), ("vp_form".into(), None));
    assert_eq!(told(&json(&format!(r#"{{"request":{{"payload":"e30","signatures":[{known}]}}}}"#))).0, "jws_signature");
    world.verifier.certificate = stranger.verifier.certificate;
}

/// Only tests know a verifier by its address, and such a request is never signed.
#[test]
fn neg_g26_redirect_uri_prefix() {
    let world = World::new();
    let id = format!("redirect_uri:{RESPONSE_URI}");
    let signed = world.sign(&world.header(&[]), &world.payload(&id).to_text());
    assert_eq!(told(world.verify(&signed, &id)), ("vp_client_id_prefix".into(), None));
    let query = world.query.to_value().to_text();
    let text = |uri: &str| {
        let pairs = [
            ("client_id", id.as_str()),
            ("response_type", "vp_token"),
            ("response_mode", "direct_post"),
            ("response_uri", uri),
            ("nonce", NONCE),
            ("dcql_query", query.as_str()),
        ];
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        format!("openid4vp://?{}", pairs.join("&"))
    };
    let read = |uri: &str| {
        let Source::Parameters(parameters) = Invocation::parse(&text(uri)).unwrap().source else {
            panic!("parameters")
        };
        read_parameters(&parameters, &id, &Policy::default())
    };
    assert_eq!(read(RESPONSE_URI).expect("a request").audience(), id);
    assert_eq!(told(read("https://evil.example/")), ("vp_client_id_prefix".into(), None));
}
