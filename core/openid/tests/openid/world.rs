//! A verifier with a certificate, and a wallet that knows its root.
use std::{collections::BTreeMap, sync::Arc};

use rid_crypto::{
    AgreementKey, Curve, SigningKey,
    x509::{Certificate, CertificateRequest, Profile, dangerous::Recipe},
};
use rid_kit::{Identity, NOON, SeededRng, trust};
use rid_openid::{
    dcql::Query,
    vp::{
        Policy, Refusal, Request,
        build::{Draft, DraftChannel, x509_hash},
        verify_request_object,
    },
};
use rid_trust::{Role, TrustStore};
use rid_wire::{
    base64::{self, encode_url},
    jose::{Alg, compact},
    json::Value,
};

pub(crate) const HOST: &str = "apteka.example";
pub(crate) const RESPONSE_URI: &str = "https://apteka.example/response/7";
pub(crate) const NONCE: &str = "AAECAwQFBgcICQoLDA0ODw";
pub(crate) const STATE: &str = "EBESExQVFhcYGRobHB0eHw";
pub(crate) const KID: &str = "k1";

pub(crate) struct World {
    pub(crate) root: Identity,
    pub(crate) verifier: Identity,
    pub(crate) trust: Arc<TrustStore>,
    pub(crate) key: AgreementKey,
    pub(crate) query: Query,
    pub(crate) rng: SeededRng,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut rng = SeededRng::new(15);
        let root = Identity::make(Profile::ReaderRoot, "Root", None, NOON, &mut rng);
        let key = SigningKey::make(&mut rng);
        let certificate = certify(&root, &key, |_| {}, &mut rng);
        let trust = trust(&[(&root.certificate, Role::Reader)]);
        let query = Query::parse(&crate::dcql::one(r#","claims":[{"path":["name"]}]"#)).unwrap();
        let encryption = AgreementKey::from_scalar(Curve::P256, &[7; 32]).unwrap();
        Self { root, verifier: Identity { key, certificate }, trust, key: encryption, query, rng }
    }

    pub(crate) fn client_id(&self) -> String {
        x509_hash(&self.verifier.certificate)
    }

    pub(crate) fn san_dns() -> String {
        format!("x509_san_dns:{HOST}")
    }

    /// The members of a request by POST with an encrypted answer.
    pub(crate) fn payload(&self, client_id: &str) -> Value {
        let public = self.key.public();
        let post = DraftChannel::Post { response_uri: RESPONSE_URI, state: STATE, wallet_nonce: None };
        self.draft(post, Some((&public, KID))).to_value(Some(client_id))
    }

    pub(crate) fn draft<'a>(
        &'a self,
        channel: DraftChannel<'a>,
        encryption: Option<(&'a rid_crypto::PublicKey, &'a str)>,
    ) -> Draft<'a> {
        Draft {
            channel,
            query: &self.query,
            nonce: NONCE,
            encryption,
            verifier_info: &[],
            transaction_data: &[],
            times: Some((NOON, NOON.plus_seconds(300))),
        }
    }

    /// The usual header with these members set; `null` removes one.
    pub(crate) fn header(&self, more: &[(&str, &str)]) -> String {
        let der = base64::encode_standard(self.verifier.certificate.der());
        let header = format!(r#"{{"alg":"ES256","typ":"oauth-authz-req+jwt","x5c":["{der}"]}}"#);
        with(&json(&header), more).to_text()
    }

    /// Signs any header and payload.
    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encode_url(header.as_bytes()), encode_url(payload.as_bytes()));
        compact(&input, &self.verifier.key.sign(&[input.as_bytes()]))
    }

    /// The usual request with these members set.
    pub(crate) fn request(&self, more: &[(&str, &str)]) -> String {
        self.sign(&self.header(&[]), &with(&self.payload(&self.client_id()), more).to_text())
    }

    pub(crate) fn verify(&self, text: &str, client_id: &str) -> Result<Request, Refusal> {
        self.verify_with(text, client_id, None, &Policy { encrypted_only: true, ..Policy::default() })
    }

    pub(crate) fn verify_with(
        &self,
        text: &str,
        client_id: &str,
        wallet_nonce: Option<&str>,
        policy: &Policy<'_>,
    ) -> Result<Request, Refusal> {
        verify_request_object(text, client_id, wallet_nonce, policy, &mut self.trust.message(NOON))
    }

    /// The code with which a wallet refuses, and what the verifier is told; nothing if it is not authenticated.
    #[track_caller]
    pub(crate) fn refusal(&self, text: &str) -> (String, Option<&'static str>) {
        told(self.verify(text, &self.client_id()))
    }

    #[track_caller]
    pub(crate) fn refused(&self, more: &[(&str, &str)]) -> (String, Option<&'static str>) {
        self.refusal(&self.request(more))
    }

    pub(crate) fn with_certificate(&mut self, change: impl Fn(&mut Recipe)) {
        self.verifier.certificate = certify(&self.root, &self.verifier.key, change, &mut self.rng);
    }

    /// Signs a draft with the tools of a verifier.
    pub(crate) fn finish(&self, draft: &Draft<'_>, client_id: &str) -> String {
        let input = draft.signing_input(client_id, Alg::Es256, std::slice::from_ref(&self.verifier.certificate));
        compact(&input, &self.verifier.key.sign(&[input.as_bytes()]))
    }
}

#[track_caller]
pub(crate) fn told(result: Result<Request, Refusal>) -> (String, Option<&'static str>) {
    let refusal = result.map(|_| ()).expect_err("refused");
    (refusal.error.code().to_string(), refusal.reply.map(|_| refusal.error.oauth().as_str()))
}

pub(crate) fn certify(
    root: &Identity,
    key: &SigningKey,
    change: impl Fn(&mut Recipe),
    rng: &mut SeededRng,
) -> Certificate {
    let request = CertificateRequest {
        profile: Profile::Reader,
        common_name: "Aptek",
        organization: Some("Aptek MMC"),
        country: "AZ",
        key: &key.public(),
        not_before: NOON.day_start().plus_days(-1),
        not_after: NOON.day_start().plus_days(300),
    };
    let mut recipe = Recipe::of(&request);
    let name = [&[0x30, 16, 0x82, 14], HOST.as_bytes()].concat();
    recipe.extensions.push(("2.5.29.17".into(), false, name));
    change(&mut recipe);
    Certificate::parse(&recipe.sign(&root.key, Some(&root.certificate), rng)).expect("a certificate")
}

pub(crate) fn json(text: &str) -> Value {
    Value::parse(text, 1_000_000).expect(text)
}

/// The object with these members set to this JSON; `-` removes one.
pub(crate) fn with(object: &Value, more: &[(&str, &str)]) -> Value {
    let Value::Object(mut members) = object.clone() else { panic!("an object") };
    for (name, value) in more {
        members.retain(|(known, _)| known != name);
        if *value != "-" {
            members.push(((*name).into(), json(value)));
        }
    }
    Value::Object(members)
}

pub(crate) fn answer() -> BTreeMap<String, Vec<String>> {
    BTreeMap::from([("a".into(), vec!["a~presentation~".into()])])
}
