//! `Debug` of what goes to a port shows no content: a token is in a header, a secret in what is derived from.
use rid_flow::{
    DeriveRequest, Effect, SignRequest,
    enrolment::{EnrolmentRequest, ProvenKey},
    ports::{HttpRequest, HttpResponse, KeyId, Prompt},
};

#[test]
fn neg_n06_debug_of_effects_shows_no_content() {
    let secret = || b"bearer-token".to_vec();
    let headers = || vec![("authorization".to_owned(), "Bearer bearer-token".to_owned())];
    let request = HttpRequest {
        method: "POST".into(),
        url: "https://issuer.example/token?code=bearer-token".into(),
        headers: headers(),
        body: secret(),
        max_response_bytes: 190_112,
        timeout_millis: 1,
    };
    let response = HttpResponse { status: 200, headers: headers(), body: secret() };
    let sign = SignRequest { key: KeyId("key".into()), message: secret(), prompt: Prompt::Present };
    let derive = DeriveRequest { key: KeyId("key".into()), input: [77; 32], prompt: Prompt::Present };
    let proof = ProvenKey { public: secret(), proof: secret() };
    let enrolment = EnrolmentRequest {
        id: [77; 16],
        audience: "issuer".into(),
        challenge: secret(),
        kinds: vec![("mdl".into(), vec![proof])],
    };
    let printed = format!("{:?} {:?} {:?}", Effect::Http(request), Effect::Sign(sign), Effect::Derive(derive));
    let printed = format!("{printed} {response:?} {enrolment:?}");
    assert_eq!(printed, "Http(HttpRequest) Sign(SignRequest) Derive(DeriveRequest) HttpResponse EnrolmentRequest");
}
