//! One exchange without a session, over a transcript that both sides know.
use rid_crypto::{AgreementKey, Curve, SigningKey};
use rid_mdoc::{
    build::{Selection, UnsignedDocument, device_response},
    device_auth::{derive_mac_key, device_authentication_bytes, mac_tag, signature_to_be_signed},
    issuer_signed::UnverifiedIssuerSigned,
    transcript::Transcript,
};
use rid_verifier::{
    capture::{CaptureInput, judge_response},
    view::{Decision, Verdict},
};
use rid_wire::{
    base64,
    cbor::{Encoder, Limits},
};
use serde_json::Value;

use crate::world::{ASKED, MDL, World, now, private_jwk, profile};

const ES256: i64 = -7;

/// The data that both sides of an exchange know.
pub(crate) struct Exchange {
    pub(crate) world: World,
    pub(crate) device: SigningKey,
    pub(crate) reader: AgreementKey,
    pub(crate) transcript: Transcript,
}

impl Exchange {
    pub(crate) fn make(seed: u64) -> Self {
        let mut world = World::make(seed);
        let device = SigningKey::make(&mut world.rng);
        let reader = AgreementKey::make(&mut world.rng);
        // As in OpenID4VP: only a handover, here of a fictional protocol.
        let mut encoder = Encoder::new();
        encoder.array(3).null().null().array(2).text("Interop").bytes(&seed.to_be_bytes().repeat(4));
        let transcript = Transcript::received(&encoder.finish(), Limits::ONLINE).unwrap();
        Self { world, device, reader, transcript }
    }

    pub(crate) fn device_jwk(&self) -> Value {
        private_jwk(&self.device.public(), self.device.dangerous_scalar().expose())
    }

    pub(crate) fn reader_jwk(&self) -> Value {
        private_jwk(&self.reader.public(), self.reader.dangerous_scalar().unwrap().expose())
    }

    pub(crate) fn we_present(&self, issuer_signed: &[u8], mac: bool) -> Vec<u8> {
        let parsed = UnverifiedIssuerSigned::parse(issuer_signed, Limits::ONLINE).unwrap();
        let mut selection = Selection::new();
        for (namespace, identifier) in ASKED {
            match selection.iter_mut().find(|(known, _)| known == namespace) {
                Some((_, identifiers)) => identifiers.push(identifier.into()),
                None => selection.push((namespace.into(), vec![identifier.into()])),
            }
        }
        let unsigned = UnsignedDocument::select(MDL, &parsed, &selection, &Selection::new()).unwrap();
        let signed = device_authentication_bytes(&self.transcript, MDL, unsigned.device_namespaces());
        let document = if mac {
            let key = AgreementKey::from_scalar(Curve::P256, self.device.dangerous_scalar().expose()).unwrap();
            let secret = key.agree(&self.reader.public()).unwrap();
            unsigned.finish_mac(&mac_tag(&derive_mac_key(&secret, &self.transcript), &signed))
        } else {
            unsigned.finish_signature(ES256, &self.device.sign(&[&signature_to_be_signed(ES256, &signed)]))
        };
        device_response(&[document], &[])
    }

    pub(crate) fn we_verify(&self, response: &[u8]) -> Verdict {
        let (trust, profile) = (self.world.issuers(), profile());
        judge_response(response, &self.judge_with(&trust, &profile))
    }

    pub(crate) fn judge_with<'a>(
        &'a self,
        trust: &'a rid_trust::TrustStore,
        profile: &'a rid_profile::Profile,
    ) -> CaptureInput<'a> {
        CaptureInput {
            status_list: None,
            profile,
            locales: &[],
            trust,
            transcript: Some(&self.transcript),
            reader_key: Some(&self.reader),
            at: now(),
            limits: Limits::ONLINE,
        }
    }
}

pub(crate) fn bytes(text: &Value) -> Vec<u8> {
    base64::decode_url(text.as_str().expect("base64url")).expect("base64url")
}

pub(crate) fn accepted(verdict: &Verdict, name: &str) {
    let [document] = verdict.documents.as_slice() else { panic!("{name}: {:?}", verdict.checks) };
    assert_eq!((verdict.decision, verdict.code), (Decision::Accepted, None), "{name}: {:?}", document.checks);
    let mut disclosed: Vec<_> = document
        .elements
        .current()
        .unwrap()
        .issuer_signed
        .iter()
        .filter_map(|element| element.path.as_element())
        .collect();
    let mut asked = ASKED.to_vec();
    disclosed.sort_unstable();
    asked.sort_unstable();
    assert_eq!(disclosed, asked, "{name}");
}
