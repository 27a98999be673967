//! Selection from a stored copy and the signature of the holder, judged as a verifier does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]
extern crate std;

use alloc::{format, sync::Arc, vec};
use std::string::ToString;

use proptest::prelude::*;
use rid_claims::{CredentialId, CredentialType, Format};
use rid_crypto::{Secret, SigningKey, x509::Profile};
use rid_flow::CopyId;
use rid_kit::{Identity, NOON, SeededRng, trust};
use rid_sdjwt::{
    TYP,
    issue::{Template, UnsignedSdJwt},
    key_binding::KeyBindingInput,
    verify::verify_presented,
};
use rid_trust::{Role, TrustStore};
use rid_wire::{jose::Alg, json::Value};

use super::*;
use crate::format::{self, Checked};

const VCT: &str = "https://rid.example/vct/pid/1";
const AUDIENCE: &str = "x509_hash:verifier";
const NONCE: &str = "AAECAwQFBgcICQoLDA0ODw";

/// Every value occurs once, so that values name claims.
const CLAIMS: &str = r#""family_name":"a","birthdate":"b","nationalities":["c","d"],
    "address":{"formatted":"e","locality":"f","parts":{"street":"g","house":"h"}},"age_equal_or_over":{"18":"i","65":"j"},
    "former_names":[{"family":"k","given":"l"},{"family":"m"}]"#;

struct World {
    trust: Arc<TrustStore>,
    holder: SigningKey,
    copy: Copy,
}

impl World {
    /// A copy of which these paths are selectively disclosable; every path if `disclosable` is none.
    fn new(disclosable: Option<&[ClaimPath]>) -> Self {
        let mut rng = SeededRng::new(31);
        let root = Identity::make(Profile::Iaca, "Root", None, NOON, &mut rng);
        let signer = Identity::make(Profile::DocumentSigner, "Signer", Some(&root), NOON, &mut rng);
        let holder = SigningKey::make(&mut rng);
        let jwk = holder.public().to_jose().unwrap().to_value().to_text();
        let (now, end) = (NOON.unix(), NOON.plus_days(14).unix());
        let claims = format!(r#"{{"vct":"{VCT}","iat":{now},"exp":{end},"cnf":{{"jwk":{jwk}}},{CLAIMS}}}"#);
        let claims = Value::parse(&claims, 10_000).unwrap();
        let mut every = Vec::new();
        every_path(&claims, &mut Vec::new(), &mut every);
        every.retain(|path| !is_technical(path));
        let template = Template {
            typ: TYP,
            alg: Alg::Es256,
            chain: &[signer.certificate.der()],
            claims,
            disclosable: disclosable.unwrap_or(&every),
            decoys: 1,
        };
        let unsigned = UnsignedSdJwt::make(&template, &mut rng).unwrap();
        let text = unsigned.finish(&signer.key.sign(&[unsigned.to_be_signed()]));
        let copy = copy(text.into_bytes());
        Self { trust: trust(&[(&root.certificate, Role::Issuer)]), holder, copy }
    }

    fn prepare(&self, agreed: &[ClaimPath], binding: &OnlineBinding<'_>) -> Result<format::Prepared, Code> {
        let disclosure = Disclosure { disclosed: agreed.to_vec(), not_returned: Vec::new() };
        let credential_type = CredentialType { format: Format::SdJwt, id: VCT.into() };
        format::prepare_online(&self.copy, None, &credential_type, &disclosure, binding, NOON)
    }

    /// The presentation as its verifier gets it.
    fn present(&self, agreed: &[ClaimPath]) -> Result<String, Code> {
        let prepared = self.prepare(agreed, &binding())?;
        let signature = self.holder.sign(&[&prepared.to_be_signed()]);
        let (disclosed, expected): (BTreeSet<_>, BTreeSet<_>) =
            (prepared.disclosed()?.into_iter().collect(), agreed.iter().cloned().collect());
        assert_eq!(disclosed, expected);
        prepared.present(&Proof::Signature(&signature), &binding())
    }

    /// The values of the person that a verifier reads.
    fn read(&self, presentation: &str) -> BTreeSet<String> {
        let parsed = UnverifiedSdJwt::parse(presentation, MAX_BYTES).unwrap();
        let input = KeyBindingInput { audience: Some(AUDIENCE), nonce: Some(NONCE), max_age: Some(60) };
        let expected = Expected { types: &[VCT], ..Expected::default() };
        let report = verify_presented(&parsed, &expected, &input, &mut self.trust.message(NOON));
        assert_eq!(report.first_failure(), None);
        values(report.evidence.unwrap().issuer().claims())
    }
}

fn copy(bytes: Vec<u8>) -> Copy {
    let (credential, id) = (CredentialId("pid".into()), CopyId("1".into()));
    Copy { credential, id, key: KeyId("k".into()), bytes, consumed: true }
}

fn binding() -> OnlineBinding<'static> {
    OnlineBinding { audience: AUDIENCE, nonce: NONCE, thumbprint: None, response_uri: None, origin: None }
}

/// The texts of the values about the person.
fn values(claims: &Claims) -> BTreeSet<String> {
    let leaves = claims.every_leaf().into_iter().filter(|leaf| !is_technical(&leaf.path));
    leaves.filter_map(|leaf| leaf.claim.as_str().map(ToString::to_string)).collect()
}

fn every_path(value: &Value, path: &mut Vec<ClaimKey>, all: &mut Vec<ClaimPath>) {
    let mut below = |step, value: &Value| {
        path.push(step);
        all.push(ClaimPath { steps: path.clone() });
        every_path(value, path, all);
        path.pop();
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| below(ClaimKey::Name { name: name.clone() }, value));
        }
        Value::Array(items) => {
            (0..).zip(items).for_each(|(position, value)| below(ClaimKey::Index { position }, value));
        }
        _ => {}
    }
}

fn path(names: &[&str]) -> ClaimPath {
    let step = |name: &&str| match name.parse() {
        Ok(position) if name.len() == 1 => ClaimKey::Index { position },
        _ => ClaimKey::Name { name: (*name).into() },
    };
    ClaimPath { steps: names.iter().map(step).collect() }
}

/// The leaves about the person.
fn leaves(world: &World) -> Vec<ClaimPath> {
    let named = names(&world.copy.bytes, VCT).unwrap();
    named.into_iter().map(|claim| claim.path).filter(|path| !is_technical(path)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn neg_g15_any_choice_of_leaves_is_disclosed_and_nothing_else(mask: u16) {
        let world = World::new(None);
        let all = leaves(&world);
        prop_assert_eq!(all.len(), 13);
        let chosen: Vec<ClaimPath> =
            all.into_iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1).map(|(_, path)| path).collect();
        let stored = stored(&world.copy.bytes, VCT, true).unwrap();
        let expected: BTreeSet<String> = chosen
            .iter()
            .flat_map(|path| stored.claims().at(path).unwrap())
            .map(|(_, claim)| claim.as_str().unwrap().to_string())
            .collect();
        prop_assert_eq!(world.read(&world.present(&chosen).unwrap()), expected);
    }
}

#[test]
fn neg_g15_values_that_share_a_disclosure_leave_only_if_all_are_agreed() {
    let world = World::new(Some(&[path(&["family_name"]), path(&["address"])]));
    let refused = |agreed: &[ClaimPath]| world.prepare(agreed, &binding()).err().map(|code| code.as_str());
    // The other claims of this copy are always disclosed.
    assert_eq!(refused(&[path(&["family_name"])]), Some("disclosure_exceeds_consent"));
    let always: Vec<ClaimPath> =
        leaves(&world).into_iter().filter(|path| !["family_name", "address"].contains(&first(path))).collect();
    let with = |more: &[ClaimPath]| [always.as_slice(), more].concat();
    assert_eq!(refused(&with(&[path(&["family_name"])])), None);
    assert_eq!(refused(&with(&[path(&["address", "locality"])])), Some("disclosure_exceeds_consent"));
    assert_eq!(refused(&with(&[path(&["address"])])), Some("disclosure_exceeds_consent"));
    let whole: Vec<ClaimPath> = leaves(&world).into_iter().filter(|path| first(path) == "address").collect();
    assert_eq!(refused(&with(&whole)), None);
    let values = world.read(&world.present(&with(&whole)).unwrap());
    assert!(values.contains("e") && values.contains("h") && !values.contains("a"));
}

fn first(path: &ClaimPath) -> &str {
    match &path.steps[0] {
        ClaimKey::Name { name } => name,
        _ => "",
    }
}

#[test]
fn neg_d14_what_was_prepared_for_another_request_does_not_leave() {
    let world = World::new(None);
    let prepared = world.prepare(&[path(&["birthdate"])], &binding()).unwrap();
    assert_eq!(prepared.key(), &KeyId("k".into()));
    let signature = world.holder.sign(&[&prepared.to_be_signed()]);
    let finish = |binding| prepared.present(&Proof::Signature(&signature), &binding).map_err(|code| code.as_str());
    assert!(finish(binding()).is_ok());
    assert_eq!(finish(OnlineBinding { audience: "x509_hash:evil", ..binding() }), Err("sdjwt_kb_audience"));
    assert_eq!(finish(OnlineBinding { nonce: "of the last request", ..binding() }), Err("sdjwt_kb_nonce"));
}

#[test]
fn neg_d12_a_proof_of_another_key_or_by_agreement_does_not_leave() {
    let world = World::new(None);
    let prepared = world.prepare(&[path(&["birthdate"])], &binding()).unwrap();
    let other = SigningKey::make(&mut SeededRng::new(8));
    let signature = other.sign(&[&prepared.to_be_signed()]);
    let refused = |proof: &Proof<'_>| prepared.present(proof, &binding()).unwrap_err().as_str();
    assert_eq!(refused(&Proof::Signature(&signature)), "device_key_mismatch");
    assert_eq!(refused(&Proof::Signature(&[0; 64])), "device_key_mismatch");
    assert_eq!(refused(&Proof::Agreement(&Secret::take(&mut [7; 32]))), "format_unsupported");
}

#[test]
fn a_corrupt_copy_is_found_before_the_person_is_asked_and_before_it_is_used() {
    let good = World::new(None);
    for at in (0..good.copy.bytes.len()).step_by(11) {
        let mut bytes = good.copy.bytes.to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(names(&bytes, VCT).is_err(), "byte {at}");
        let world = World { copy: copy(bytes), ..World::new(None) };
        assert!(world.prepare(&[path(&["birthdate"])], &binding()).is_err(), "byte {at}");
    }
    assert_eq!(names(&good.copy.bytes, "urn:other").unwrap_err().as_str(), "vct_mismatch");
    assert_eq!(names(&[0xff], VCT).unwrap_err().as_str(), "json_invalid");
    // Bytes that were checked for the question need no second check of the signature.
    let credential_type = CredentialType { format: Format::SdJwt, id: VCT.into() };
    let disclosure = Disclosure { disclosed: vec![path(&["birthdate"])], not_returned: Vec::new() };
    let checked = Some(Checked::of(&good.copy.bytes));
    assert!(format::prepare_online(&good.copy, checked, &credential_type, &disclosure, &binding(), NOON).is_ok());
}

#[test]
fn an_sd_jwt_vc_is_never_part_of_a_device_response() {
    let world = World::new(None);
    let credential_type = CredentialType { format: Format::SdJwt, id: VCT.into() };
    let disclosure = Disclosure { disclosed: vec![path(&["birthdate"])], not_returned: Vec::new() };
    let transcript = format::mdoc::transcript(&binding());
    let transcript = format::Binding::Mdoc(&transcript);
    let refused = format::prepare(&world.copy, None, &credential_type, &disclosure, &transcript, NOON).err();
    assert_eq!(refused.unwrap().as_str(), "format_unsupported");
    let prepared = world.prepare(&[path(&["birthdate"])], &binding()).unwrap();
    let refused = prepared.finish(&Proof::Signature(&[0; 64]), &transcript);
    assert_eq!(refused.unwrap_err().as_str(), "format_unsupported");
}
