//! Checks the vectors of online presentation: queries, HPKE and SessionTranscripts.
use rid_crypto::{
    AgreementKey, Curve, PublicKey,
    hpke::{self, Sealed},
};
use rid_mdoc::handover::OnlineHandover;
use rid_openid::{
    dcql::Query,
    vp::{
        OAuthError, Policy,
        open::{self, Expected, Opened},
        read_api_request,
    },
};
use rid_trust::{Environment, TrustStore};
use rid_wire::{Timestamp, base64, json::Value};

use crate::{Outcome, data, holds};

/// RFC 9180: the first message of each case is opened. The others have sequence numbers, which one message has not.
pub(crate) fn hpke(path: &str) -> Outcome {
    for case in data::json(path).as_array().expect("cases") {
        let member = |name: &str| data::of_hex(&case[name]);
        let key = AgreementKey::from_scalar(Curve::P256, &member("skRm")).map_err(|error| error.code())?;
        let message = &case["encryptions"][0];
        let sealed = Sealed { encapsulated: member("enc"), ciphertext: data::of_hex(&message["ct"]) };
        let opened = hpke::open(&key, &member("info"), &data::of_hex(&message["aad"]), &sealed);
        holds("the plaintext", opened.map_err(|error| error.code())? == data::of_hex(&message["pt"]))?;
    }
    Ok(())
}

/// OpenID4VP 1.0, Appendix B.2.6: both transcripts, byte for byte.
pub(crate) fn transcripts(path: &str) -> Outcome {
    let all = data::json(path);
    for (case, name) in [("redirect", "OpenID4VPHandover"), ("dcapi", "OpenID4VPDCAPIHandover")] {
        let case = &all[case];
        let text = |name: &str| case[name].as_str().expect("a text");
        let key = PublicKey::from_jwk(&case["jwk"].to_string()).map_err(|error| error.code())?;
        let thumbprint = base64::decode_url(&key.thumbprint().expect("a thumbprint")).expect("base64url");
        let thumbprint = <[u8; 32]>::try_from(thumbprint).expect("32 bytes");
        holds("the thumbprint", data::of_hex(&case["jwkThumbprint_hex"]) == thumbprint)?;
        let (nonce, thumbprint) = (text("nonce"), Some(&thumbprint));
        let handover = match name {
            "OpenID4VPHandover" => OnlineHandover::OpenId4Vp {
                client_id: text("client_id"),
                nonce,
                thumbprint,
                response_uri: text("response_uri"),
            },
            _ => OnlineHandover::DcApi { origin: text("origin"), nonce, thumbprint },
        };
        holds("the info", handover.info() == data::of_hex(&case[format!("{name}Info_hex")]))?;
        holds("the handover", handover.encode() == data::of_hex(&case[format!("{name}_hex")]))?;
        let transcript = handover.transcript();
        holds("the transcript", transcript.as_bytes() == data::of_hex(&case["SessionTranscript_hex"]))?;
    }
    Ok(())
}

/// A DCQL query: it is read, and what is written from it reads the same where its format is known.
pub(crate) fn dcql(path: &str) -> Outcome {
    let query = Query::parse(&data::text(path)).map_err(|error| error.code())?;
    if query.credentials.iter().any(|credential| credential.known_format().is_none()) {
        return Ok(());
    }
    holds("it reads the same when written", Query::read(&query.to_value()).as_ref() == Ok(&query))
}

/// Any JSON.
pub(crate) fn json(path: &str) -> Outcome {
    Value::parse(&data::text(path), 100_000).map(|_| ()).map_err(|error| error.code().to_string())
}

/// A query for anything.
const QUERY: &str =
    r#"{"credentials":[{"id":"a","format":"dc+sd-jwt","meta":{"vct_values":["https://credentials.example.com/a"]}}]}"#;

fn read_json(path: &str) -> Value {
    Value::parse(&data::text(path), 100_000).expect("JSON")
}

/// The metadata of a verifier, in a request that is otherwise right.
pub(crate) fn metadata(path: &str) -> Outcome {
    let text = |text: &str| Value::String(text.into());
    let members = [
        ("response_type", text("vp_token")),
        ("response_mode", text("dc_api")),
        ("nonce", text("n-0S6_WzA2Mj")),
        ("dcql_query", Value::parse(QUERY, 1_000).expect("JSON")),
        ("client_metadata", read_json(path)),
    ];
    let request = Value::Object(members.map(|(name, value)| (name.into(), value)).into());
    let store = TrustStore::new(Environment::Test, Vec::new()).expect("a store");
    let (policy, mut trust) = (Policy::default(), store.message(Timestamp::from_unix(0)));
    let read = read_api_request("openid4vp-v1-unsigned", &request, "https://verifier.example", &policy, &mut trust);
    read.map(|_| ()).map_err(|refusal| refusal.error.code().to_string())
}

/// An error over the Digital Credentials API, as a verifier reads it.
pub(crate) fn error(path: &str) -> Outcome {
    let query = Query::parse(QUERY).expect("a query");
    let opened = open::data(&read_json(path), &Expected { query: &query, state: None, key: None });
    let opened = opened.map_err(|error| error.code())?;
    holds("the error", opened == Opened::Refused(OAuthError::InvalidRequest))
}
