//! `rid transcript` for online presentation: Appendix B of OpenID4VP 1.0, and Annex C of ISO/IEC TS 18013-7.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by failing"
)]

#[path = "rid/mod.rs"]
mod rid;

use rid::{Scratch, json, vector};

#[test]
fn std_m24_appendix_b_on_the_command_line() {
    let scratch = Scratch::new("transcript-online");
    let path = vector("openid4vp-1.0/session_transcript_appendix_b.json");
    let all: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let value = |case: &str, name: &str| all[case][name].as_str().unwrap().to_owned();
    let key = all["redirect"]["jwk"].to_string();
    let (client, uri, origin) =
        (value("redirect", "client_id"), value("redirect", "response_uri"), value("dcapi", "origin"));
    let nonce = value("redirect", "nonce");
    let code = |arguments: &[&str]| rid::run(&scratch, &[&["transcript"], arguments].concat()).status.code().unwrap();
    let transcript = |arguments: &[&str]| {
        let (code, printed) = json(&scratch, &[&["transcript"], arguments, &["--json"]].concat());
        assert_eq!(code, 0, "{printed}");
        let fields = printed["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == "SessionTranscript").unwrap()["hex"].as_str().unwrap().to_owned()
    };
    let vp = ["openid4vp", "--client-id", &client, "--nonce", &nonce, "--response-uri", &uri];
    let with_key = ["--encryption-key", &key];
    assert_eq!(transcript(&[&vp[..], &with_key].concat()), value("redirect", "SessionTranscript_hex"));
    assert_ne!(transcript(&vp), value("redirect", "SessionTranscript_hex"));
    let api = ["dc-api", "--origin", &origin, "--nonce", &nonce];
    assert_eq!(transcript(&[&api[..], &with_key].concat()), value("dcapi", "SessionTranscript_hex"));
    let annex_c = ["annex-c", "--origin", &origin, "--encryption-info", "gmVkY2FwaaA"];
    assert!(transcript(&annex_c).starts_with("83f6f682656463617069"));
    for wrong in
        [&vp[..3], &["openid4vp"], &[&api[..], &["--response-uri", "x"]].concat(), &[&annex_c[..], &with_key].concat()]
    {
        assert_eq!(code(wrong), 64, "{wrong:?}");
    }
}
