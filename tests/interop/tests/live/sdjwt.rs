//! Our side of an exchange of SD-JWT VC.
use rid_claims::{ClaimKey, ClaimPath};
use rid_crypto::{PublicKey, SigningKey};
use rid_sdjwt::{
    TYP, UnverifiedSdJwt,
    issue::{Template, UnsignedSdJwt},
    key_binding::{Binding, KeyBindingInput},
    present::StoredSdJwt,
    verify::{Expected, HolderReport, verify_issued, verify_presented},
};
use rid_trust::{Environment, TrustStore};
use rid_wire::jose::Alg;
use serde_json::{Value, json};

use crate::world::{World, jwk, now, private_jwk};

pub(crate) const AUDIENCE: &str = "https://verifier.example";
pub(crate) const NONCE: &str = "n-0S6_WzA2Mj-0S6_WzA2Mj";
const LIMIT: usize = 1 << 20;

/// An issuer with a certificate, a holder's key and a verifier that trusts the issuer's root.
pub(crate) struct SdJwtExchange {
    pub(crate) world: World,
    pub(crate) holder: SigningKey,
}

impl SdJwtExchange {
    pub(crate) fn make(seed: u64) -> Self {
        let mut world = World::make(seed);
        let holder = SigningKey::make(&mut world.rng);
        Self { world, holder }
    }

    pub(crate) fn issuer_key(&self) -> Value {
        jwk(&self.world.signer.key.public())
    }

    pub(crate) fn private_issuer_key(&self) -> Value {
        private(&self.world.signer.key)
    }

    pub(crate) fn private_holder_key(&self) -> Value {
        private(&self.holder)
    }

    /// The claims of the credential: nested, in arrays, and with every kind of value.
    pub(crate) fn claims(&self) -> Value {
        let day = now().day_start().unix();
        json!({
            "vct": "urn:example:identity:1",
            "iat": day,
            "exp": day + 30 * 86_400,
            "cnf": { "jwk": jwk(&self.holder.public()) },
            "given_name": "Günel",
            "family_name": "Əliyeva",
            "height": 1.75,
            "address": { "locality": "Bakı", "street": "Nizami 1" },
            "nationalities": ["AZ", "TR"],
            "age_equal_or_over": { "18": true, "65": false },
            "none": null,
        })
    }

    /// We issue, with everything about the person selectively disclosable, and with decoys.
    pub(crate) fn we_issue(&mut self) -> String {
        let claims = rid_wire::json::Value::parse(&self.claims().to_string(), LIMIT).unwrap();
        let disclosable = [
            path(&["given_name"]),
            path(&["family_name"]),
            path(&["height"]),
            path(&["address"]),
            path(&["address", "street"]),
            ClaimPath { steps: [name("nationalities"), ClaimKey::Every].into() },
            path(&["age_equal_or_over", "18"]),
            path(&["age_equal_or_over", "65"]),
            path(&["none"]),
        ];
        let chain = [self.world.signer.certificate.der()];
        let template =
            Template { typ: TYP, alg: Alg::Es256, chain: &chain, claims, disclosable: &disclosable, decoys: 2 };
        let unsigned = UnsignedSdJwt::make(&template, &mut self.world.rng).unwrap();
        unsigned.finish(&self.world.signer.key.sign(&[unsigned.to_be_signed()]))
    }

    /// What is disclosed in every presentation.
    pub(crate) fn presented_claims(&self) -> Value {
        let mut claims = self.claims();
        let members = claims.as_object_mut().unwrap();
        for left_out in ["family_name", "height", "none"] {
            members.remove(left_out);
        }
        members.insert("address".into(), json!({ "locality": "Bakı" }));
        members.insert("age_equal_or_over".into(), json!({ "18": true }));
        claims
    }

    pub(crate) fn we_present(&self, credential: &str) -> String {
        let disclose = [
            path(&["given_name"]),
            path(&["address", "locality"]),
            ClaimPath { steps: [name("nationalities"), ClaimKey::Every].into() },
            path(&["age_equal_or_over", "18"]),
        ];
        let stored = StoredSdJwt::read(credential, LIMIT).unwrap();
        let binding = Binding { audience: AUDIENCE, nonce: NONCE, at: now(), transaction_data_hashes: &[] };
        let unsigned = stored.present(&disclose, &binding).unwrap();
        let signature = self.holder.sign(&[unsigned.to_be_signed()]);
        unsigned.finish(&signature, &binding).unwrap()
    }

    /// We verify a credential on receipt; every claim is there.
    pub(crate) fn we_receive(&self, credential: &str) {
        let parsed = UnverifiedSdJwt::parse(credential, LIMIT).unwrap();
        let key = self.holder.public();
        let expected = Expected { holder_key: Some(&key), ..expected() };
        let report = verify_issued(&parsed, &expected, &mut self.world.issuers().message(now()));
        assert_eq!(report.first_failure(), None, "{:?}", report.checks);
        assert_eq!(value(&report.evidence.unwrap().claims().to_value()), self.claims());
    }

    /// We verify a presentation under the issuer's root.
    pub(crate) fn we_verify(&self, presentation: &str) -> HolderReport {
        let parsed = UnverifiedSdJwt::parse(presentation, LIMIT).unwrap();
        verify_presented(&parsed, &expected(), &input(), &mut self.world.issuers().message(now()))
    }

    #[track_caller]
    pub(crate) fn accepted(&self, presentation: &str, who: &str) {
        let report = self.we_verify(presentation);
        assert_eq!(report.first_failure(), None, "{who}: {:?}", report.checks);
        assert_eq!(value(&report.evidence.unwrap().issuer().claims().to_value()), self.presented_claims(), "{who}");
    }
}

/// We verify a presentation under a bare key, with this audience and nonce, and return its claims.
pub(crate) fn verify_under(key: PublicKey, presentation: &str, audience: &str, nonce: &str) -> Value {
    let parsed = UnverifiedSdJwt::parse(presentation, LIMIT).unwrap();
    let store = TrustStore::new(Environment::Test, Vec::new()).unwrap().pin_key(key);
    let input = KeyBindingInput { audience: Some(audience), nonce: Some(nonce), max_age: Some(300) };
    let report = verify_presented(&parsed, &Expected::default(), &input, &mut store.message(now()));
    assert_eq!(report.first_failure(), None, "{:?}", report.checks);
    value(&report.evidence.unwrap().issuer().claims().to_value())
}

/// JSON of ours as JSON of theirs.
pub(crate) fn value(ours: &rid_wire::json::Value) -> Value {
    serde_json::from_str(&ours.to_text()).unwrap()
}

fn expected() -> Expected<'static> {
    Expected { types: &["urn:example:identity:1"], ..Expected::default() }
}

fn input() -> KeyBindingInput<'static> {
    KeyBindingInput { audience: Some(AUDIENCE), nonce: Some(NONCE), max_age: Some(300) }
}

fn private(key: &SigningKey) -> Value {
    private_jwk(&key.public(), key.dangerous_scalar().expose())
}

fn name(name: &str) -> ClaimKey {
    ClaimKey::Name { name: name.into() }
}

fn path(names: &[&str]) -> ClaimPath {
    ClaimPath { steps: names.iter().map(|step| name(step)).collect() }
}
