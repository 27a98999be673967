//! An issuer, a holder and a verifier, and ways to forge what they say.
use std::sync::Arc;

use rid_claims::{ClaimKey, ClaimPath};
use rid_crypto::{
    SigningKey, sha256,
    x509::{Certificate, CertificateRequest, Profile, dangerous::Recipe},
};
use rid_kit::{Identity, NOON, SeededRng, trust};
use rid_sdjwt::{
    SdJwtError, TYP, UnverifiedSdJwt,
    issue::{Template, UnsignedSdJwt},
    key_binding::{Binding, KeyBindingInput},
    present::StoredSdJwt,
    verify::{Expected, HolderReport, IssuerReport, verify_issued, verify_presented},
};
use rid_trust::{Role, TrustStore};
use rid_wire::{
    Timestamp,
    base64::{decode_url, encode_url},
    jose::Alg,
    json::Value,
};

pub(crate) const LIMIT: usize = 5 << 20;
pub(crate) const VCT: &str = "urn:example:identity:1";
pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "x509_hash:verifier";
pub(crate) const NONCE: &str = "0123456789abcdef0123";

pub(crate) struct World {
    pub(crate) root: Identity,
    pub(crate) signer: Identity,
    pub(crate) trust: Arc<TrustStore>,
    pub(crate) holder: SigningKey,
    pub(crate) rng: SeededRng,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut rng = SeededRng::new(15);
        let root = Identity::make(Profile::Iaca, "Root", None, NOON, &mut rng);
        let key = SigningKey::make(&mut rng);
        let certificate = certify(&root, &key, |_| {}, &mut rng);
        let trust = trust(&[(&root.certificate, Role::Issuer)]);
        let holder = SigningKey::make(&mut rng);
        Self { root, signer: Identity { key, certificate }, trust, holder, rng }
    }

    /// The claims of a credential with these further members.
    pub(crate) fn claims(&self, more: &str) -> Value {
        let jwk = self.holder.public().to_jose().expect("P-256").to_value().to_text();
        let now = NOON.unix();
        json(&format!(
            r#"{{"iss":"{ISSUER}","vct":"{VCT}","iat":{now},"nbf":{now},"exp":{},"cnf":{{"jwk":{jwk}}}{more}}}"#,
            now + 86_400
        ))
    }

    /// A person with nested, recursive and array disclosures.
    pub(crate) fn person(&mut self) -> String {
        let claims = self.claims(
            r#","given_name":"Aynur","birthdate":"1990-05-01","nationalities":["AZ","TR"],
            "address":{"locality":"Bakı","street":"Nizami 1"},"age":{"18":true,"21":true,"65":false},
            "degrees":[{"type":"BSc","year":2011},{"type":"MSc","year":2013}],"issuing_country":"AZ""#,
        );
        let disclosable = [
            path(&["given_name"]),
            path(&["birthdate"]),
            path(&["nationalities", "*"]),
            path(&["address"]),
            path(&["address", "street"]),
            path(&["age", "18"]),
            path(&["age", "21"]),
            path(&["age", "65"]),
            path(&["degrees", "*", "year"]),
        ];
        self.issue(claims, &disclosable, 2)
    }

    pub(crate) fn issue(&mut self, claims: Value, disclosable: &[ClaimPath], decoys: usize) -> String {
        let chain = [self.signer.certificate.der()];
        let template = Template { typ: TYP, alg: Alg::Es256, chain: &chain, claims, disclosable, decoys };
        let unsigned = UnsignedSdJwt::make(&template, &mut self.rng).expect("a credential");
        unsigned.finish(&self.signer.key.sign(&[unsigned.to_be_signed()]))
    }

    /// The standard's header with these further members.
    pub(crate) fn header(&self) -> String {
        let der = rid_wire_standard(self.signer.certificate.der());
        format!(r#"{{"alg":"ES256","typ":"dc+sd-jwt","x5c":["{der}"]}}"#)
    }

    /// Signs any header and payload, and appends any disclosures.
    pub(crate) fn forge(&self, header: &str, payload: &str, disclosures: &[&str]) -> String {
        let input = format!("{}.{}", encode_url(header.as_bytes()), encode_url(payload.as_bytes()));
        let signature = encode_url(&self.signer.key.sign(&[input.as_bytes()]));
        let disclosures: String = disclosures.iter().map(|disclosure| format!("{disclosure}~")).collect();
        format!("{input}.{signature}~{disclosures}")
    }

    /// A payload with these further members, signed under the usual header.
    pub(crate) fn forge_claims(&self, more: &str, disclosures: &[&str]) -> String {
        self.forge(&self.header(), &self.claims(more).to_text(), disclosures)
    }

    pub(crate) fn expected<'a>(&self) -> Expected<'a> {
        Expected { types: &[VCT], issuer: Some(ISSUER), ..Expected::default() }
    }

    /// The verdict of a wallet on receipt.
    pub(crate) fn receive(&self, text: &str) -> Result<IssuerReport, SdJwtError> {
        self.receive_at(text, NOON)
    }

    pub(crate) fn receive_at(&self, text: &str, at: Timestamp) -> Result<IssuerReport, SdJwtError> {
        let parsed = UnverifiedSdJwt::parse(text, LIMIT)?;
        let key = self.holder.public();
        let expected = Expected { holder_key: Some(&key), ..self.expected() };
        Ok(verify_issued(&parsed, &expected, &mut self.trust.message(at)))
    }

    /// The code with which a wallet refuses; nothing can then be read.
    #[track_caller]
    pub(crate) fn refusal(&self, text: &str) -> String {
        match self.receive(text) {
            Err(error) => error.code().to_string(),
            Ok(report) => {
                let code = report.first_failure().map(String::from).expect("refused");
                let timely = ["jwt_time"].contains(&code.as_str());
                assert_eq!(report.evidence.is_some(), timely, "{code}");
                code
            }
        }
    }

    /// A presentation of a stored credential.
    pub(crate) fn present(&self, stored: &str, disclose: &[ClaimPath]) -> String {
        let stored = StoredSdJwt::read(stored, LIMIT).expect("a credential");
        let unsigned = stored.present(disclose, &binding()).expect("a presentation");
        let signature = self.holder.sign(&[unsigned.to_be_signed()]);
        unsigned.finish(&signature, &binding()).expect("a presentation")
    }

    /// The verdict of a verifier.
    pub(crate) fn judge(&self, text: &str, input: &KeyBindingInput<'_>) -> Result<HolderReport, SdJwtError> {
        let parsed = UnverifiedSdJwt::parse(text, LIMIT)?;
        Ok(verify_presented(&parsed, &self.expected(), input, &mut self.trust.message(NOON)))
    }

    /// The code with which a verifier refuses; nothing can then be read.
    #[track_caller]
    pub(crate) fn rejection(&self, text: &str) -> String {
        match self.judge(text, &input()) {
            Err(error) => error.code().to_string(),
            Ok(report) => {
                assert!(report.evidence.is_none());
                report.first_failure().map(String::from).expect("refused")
            }
        }
    }

    /// Signs any KB-JWT payload and header with the holder's key.
    pub(crate) fn bind(&self, presented: &str, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", encode_url(header.as_bytes()), encode_url(payload.as_bytes()));
        format!("{presented}{input}.{}", encode_url(&self.holder.sign(&[input.as_bytes()])))
    }
}

/// Certifies a signer that is `issuer.example`, with something changed.
pub(crate) fn certify(
    root: &Identity,
    key: &SigningKey,
    change: impl Fn(&mut Recipe),
    rng: &mut SeededRng,
) -> Certificate {
    let request = CertificateRequest {
        profile: Profile::DocumentSigner,
        common_name: "Signer",
        organization: Some("Test"),
        country: "AZ",
        key: &key.public(),
        not_before: NOON.day_start().plus_days(-1),
        not_after: NOON.day_start().plus_days(300),
    };
    let mut recipe = Recipe::of(&request);
    recipe.extensions.push(("2.5.29.17".into(), false, alternative_names(&[(0x82, "issuer.example")])));
    change(&mut recipe);
    Certificate::parse(&recipe.sign(&root.key, Some(&root.certificate), rng)).expect("a certificate")
}

/// The DER of alternative names: tag 0x82 is a DNS name, 0x86 a URI.
pub(crate) fn alternative_names(names: &[(u8, &str)]) -> Vec<u8> {
    let short = |len: usize| u8::try_from(len).ok().filter(|len| *len < 128).expect("short");
    let names: Vec<u8> =
        names.iter().flat_map(|(tag, name)| [&[*tag, short(name.len())], name.as_bytes()].concat()).collect();
    [&[0x30, short(names.len())], names.as_slice()].concat()
}

pub(crate) fn binding() -> Binding<'static> {
    Binding { audience: AUDIENCE, nonce: NONCE, at: NOON, transaction_data_hashes: &[] }
}

pub(crate) fn input() -> KeyBindingInput<'static> {
    KeyBindingInput { audience: Some(AUDIENCE), nonce: Some(NONCE), max_age: Some(300) }
}

pub(crate) fn json(text: &str) -> Value {
    Value::parse(text, LIMIT).expect("JSON")
}

/// `*` is every element, digits a position, anything else a name.
pub(crate) fn path(steps: &[&str]) -> ClaimPath {
    let step = |step: &&str| match (*step, step.parse()) {
        ("*", _) => ClaimKey::Every,
        (step, Ok(position)) if step.len() == 1 => ClaimKey::Index { position },
        (step, _) => ClaimKey::Name { name: step.into() },
    };
    ClaimPath { steps: steps.iter().map(step).collect() }
}

/// A disclosure and its digest.
pub(crate) fn disclosure(json: &str) -> (String, String) {
    let text = encode_url(json.as_bytes());
    let digest = encode_url(&sha256(&[text.as_bytes()]));
    (text, digest)
}

/// The name (or empty) and value of each disclosure of an SD-JWT.
pub(crate) fn disclosed(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split('~').collect();
    let inner = parts.get(1..parts.len() - 1).expect("parts");
    inner.iter().map(|part| String::from_utf8(decode_url(part).expect("base64url")).expect("UTF-8")).collect()
}

fn rid_wire_standard(bytes: &[u8]) -> String {
    let digits = encode_url(bytes).replace('-', "+").replace('_', "/");
    let padding = "=".repeat(digits.len().next_multiple_of(4) - digits.len());
    format!("{digits}{padding}")
}
