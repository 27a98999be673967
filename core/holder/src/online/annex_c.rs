//! ISO/IEC TS 18013-7 Annex C (`org-iso-mdoc`): a DeviceRequest over the Digital Credentials API (std-S52).
use alloc::{string::String, vec::Vec};

use rid_claims::{CredentialId, CredentialType};
use rid_crypto::CryptoRng;
use rid_flow::{Copy, Holdings};
use rid_mdoc::{
    build::device_response,
    handover::{
        OnlineHandover,
        annex_c::{self, EncryptionInfo},
    },
    transcript::Transcript,
};
use rid_openid::vp::Message;
use rid_profile::{Profile, ReaderPolicy};
use rid_trust::{Party, PartyBasis, TrustStore};
use rid_wire::{Code, Timestamp, base64, json::Value};

use crate::{
    consent::{Question, QuestionId, Requester},
    format::{self, Binding, Checked, Prepared, Proof},
    held::Held,
    matching::Matched,
    proximity::{DeviceRequest, Planned, ask_device_request, read_device_request, requester},
    shown,
};

/// The protocol of the Digital Credentials API.
pub(super) const PROTOCOL: &str = "org-iso-mdoc";

/// The data of a request lacks a member, or has one of another type.
const FORM: Code = Code::new("vp_form");
/// The platform gives no origin.
const ORIGIN: Code = Code::new("vp_origin");

/// A request that could be read.
pub(super) struct AnnexC {
    request: DeviceRequest,
    info: EncryptionInfo,
    transcript: Transcript,
    origin: String,
}

impl AnnexC {
    pub(super) fn read(
        data: &Value,
        origin: &str,
        trust: &TrustStore,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<Self, Code> {
        if origin.is_empty() {
            return Err(ORIGIN);
        }
        let text = |name: &str| data.member(name).and_then(Value::as_str).ok_or(FORM);
        let encryption_info = text("encryptionInfo")?;
        let info = EncryptionInfo::parse(encryption_info).map_err(|error| error.code())?;
        let request = base64::decode_url(text("deviceRequest")?).map_err(|_| FORM)?;
        let transcript = OnlineHandover::AnnexC { encryption_info, origin }.transcript();
        let request = read_device_request(&request, &transcript, trust, profile.rules(), now);
        Ok(Self { request: request.map_err(|refusal| refusal.code)?, info, transcript, origin: origin.into() })
    }

    pub(super) fn types(&self) -> Vec<CredentialType> {
        self.request.types()
    }

    /// The reader that signed, or else the origin.
    pub(super) fn requester(&self) -> Requester {
        match requester(&self.request) {
            Requester::Unknown(reason) => {
                let basis = PartyBasis::Origin { origin: self.origin.clone() };
                let party = Party { name: String::new(), organization: None, country: None, basis };
                Requester::Identified { party: shown::party(&party), reason }
            }
            known => known,
        }
    }

    pub(super) fn ask(
        &self,
        id: QuestionId,
        found: &Holdings,
        profile: &Profile,
        policy: ReaderPolicy,
        now: Timestamp,
    ) -> Matched {
        let held = Held::read(found, now);
        let question = ask_device_request(id, &self.request, &held, profile, policy);
        let checked = held.iter().filter_map(|one| Some((one.credential.clone(), one.checked?))).collect();
        Matched { checked, ..Matched::none(Question { requester: self.requester(), ..question }) }
    }

    pub(super) fn prepare(
        &self,
        copy: &Copy,
        checked: &[(CredentialId, Checked)],
        planned: &Planned,
        now: Timestamp,
    ) -> Result<Prepared, Code> {
        let checked = checked.iter().find(|(of, _)| *of == planned.credential).map(|(_, checked)| *checked);
        let binding = Binding::Mdoc(&self.transcript);
        format::prepare(copy, checked, &planned.credential_type, &planned.disclosure, &binding, now)
    }

    pub(super) fn finish(&self, prepared: &Prepared, proof: &Proof<'_>) -> Result<Vec<u8>, Code> {
        prepared.finish(proof, &Binding::Mdoc(&self.transcript))
    }

    /// One encrypted DeviceResponse. What is not in it is answered as not held, so a refusal looks like that.
    pub(super) fn message(&self, done: &[(usize, Vec<u8>)], rng: &mut dyn CryptoRng) -> Result<Message, Code> {
        let mut not_returned: Vec<String> = Vec::new();
        for (position, CredentialType { id, .. }) in self.types().into_iter().enumerate() {
            if !done.iter().any(|(returned, _)| *returned == position) && !not_returned.contains(&id) {
                not_returned.push(id);
            }
        }
        let documents: Vec<Vec<u8>> = done.iter().map(|(_, document)| document.clone()).collect();
        let response = device_response(&documents, &not_returned);
        let text = annex_c::seal(&response, &self.info, &self.transcript, rng).map_err(|error| error.code())?;
        Ok(Message::Data(Value::Object([("response".into(), Value::String(text))].into())))
    }
}
