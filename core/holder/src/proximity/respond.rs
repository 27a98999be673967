//! From the commit to the response: checks of the copies, device authentication, encryption.
use alloc::{boxed::Box, collections::VecDeque, string::String, vec::Vec};

use rid_crypto::Secret;
use rid_flow::{
    AgreeRequest, Committed, Copy, Effect, Env, HistoryOutcome, LinkCommand, Output, SignRequest,
    ports::{Prompt, SecureAreaError, StorageError},
};
use rid_mdoc::{build::write_device_response, session::SessionData};
use rid_wire::{Code, Timestamp};

use super::{
    CloseReason, DeviceAuthMethod, HolderSession, Misuse, Receipt,
    end::note,
    state::{Decided, Planned, PreparedDocument, Sending, Signing, State},
};
use crate::format::{self, Binding, Proof};

/// A call was dropped while it awaited a commit.
const INTERRUPTED: Code = Code::new("interrupted");

/// Bytes of a DeviceResponse round its documents, roughly.
const RESPONSE_FRAME: usize = 256;

/// What the vault gave does not fit what was asked for.
const STORAGE_CORRUPT: Code = Code::new("storage_corrupt");

impl HolderSession {
    pub(super) fn committed(&mut self, result: Result<Committed, StorageError>, env: &Env<'_>) -> Result<(), Misuse> {
        if !matches!(self.state, State::Committing(_)) {
            return Err(Misuse::NotAsked);
        }
        if let State::Committing(decided) = core::mem::replace(&mut self.state, State::Closed) {
            match result {
                Ok(committed) => {
                    let consumed = committed.copies.iter().filter(|copy| copy.consumed);
                    self.consumed_keys = consumed.map(|copy| copy.key.clone()).collect();
                    let receipt = Receipt { low_water: committed.low_water, ..decided.receipt };
                    self.present(Decided { receipt, ..decided }, &committed.copies, env);
                }
                Err(error) => {
                    // Nothing was written, so no row waits for its outcome.
                    self.unsettled = None;
                    self.terminate(CloseReason::Port(error.code()));
                }
            }
        }
        Ok(())
    }

    /// The answer to the commit was lost: the copy may be used up, so nothing is signed with it.
    pub(super) fn interrupted(&mut self) -> Result<(), Misuse> {
        match self.state {
            State::Committing(_) => {
                self.terminate(CloseReason::Port(INTERRUPTED));
                Ok(())
            }
            _ => Err(Misuse::NotAsked),
        }
    }

    pub(super) fn signed(&mut self, result: Result<[u8; 64], SecureAreaError>, env: &Env<'_>) -> Result<(), Misuse> {
        let signing = self.take_signing(DeviceAuthMethod::Signature)?;
        match result {
            Ok(signature) => {
                self.proven(signing, &Proof::Signature(&signature), env);
            }
            Err(error) => self.terminate(CloseReason::Port(error.code())),
        }
        Ok(())
    }

    pub(super) fn agreed(&mut self, result: Result<Secret<32>, SecureAreaError>, env: &Env<'_>) -> Result<(), Misuse> {
        let signing = self.take_signing(DeviceAuthMethod::Mac)?;
        match result {
            Ok(secret) => self.proven(signing, &Proof::Agreement(&secret), env),
            Err(error) => self.terminate(CloseReason::Port(error.code())),
        }
        Ok(())
    }

    /// The secure area proved the device key for the current document.
    fn proven(&mut self, signing: Signing, proof: &Proof<'_>, env: &Env<'_>) {
        let Some(link) = &self.link else { return };
        match signing.current.prepared.finish(proof, &Binding::Mdoc(&link.transcript)) {
            Ok(document) => self.authenticated(signing, document, env),
            Err(code) => self.terminate(CloseReason::Port(code)),
        }
    }

    /// Takes the signing state if the secure area was asked in this way.
    fn take_signing(&mut self, method: DeviceAuthMethod) -> Result<Signing, Misuse> {
        if self.method != method {
            return Err(Misuse::NotAsked);
        }
        match core::mem::replace(&mut self.state, State::Closed) {
            State::Signing(signing) => Ok(*signing),
            other => {
                self.state = other;
                Err(Misuse::NotAsked)
            }
        }
    }

    /// Prepares all documents before the first is signed: nothing is signed when one copy is bad.
    fn present(&mut self, decided: Decided, copies: &[Copy], env: &Env<'_>) {
        match self.prepare_all(&decided, copies, env.now) {
            Ok(mut prepared) => {
                let Decided { doc_types, receipt, .. } = decided;
                match prepared.pop_front() {
                    Some(current) => {
                        self.ask_key(Signing { doc_types, receipt, current, rest: prepared, done: Vec::new() });
                    }
                    None => self.respond(&doc_types, receipt, &[], env),
                }
            }
            Err(code) => self.terminate(CloseReason::Port(code)),
        }
    }

    fn prepare_all(
        &self,
        decided: &Decided,
        copies: &[Copy],
        now: Timestamp,
    ) -> Result<VecDeque<PreparedDocument>, Code> {
        let binding = Binding::Mdoc(&self.link.as_ref().ok_or(STORAGE_CORRUPT)?.transcript);
        if copies.len() != decided.changes.consume.len() {
            return Err(STORAGE_CORRUPT);
        }
        let prepare = |planned: &Planned| {
            let Planned { position, credential, credential_type, disclosure } = planned;
            let copy = copies.iter().find(|copy| copy.credential == *credential).ok_or(STORAGE_CORRUPT)?;
            let checked = self.checked.iter().find(|(of, _)| of == credential).map(|(_, checked)| *checked);
            let prepared = format::prepare(copy, checked, credential_type, disclosure, &binding, now)?;
            Ok(PreparedDocument { position: *position, prepared })
        };
        decided.planned.iter().map(prepare).collect()
    }

    /// Asks the secure area for the current document.
    fn ask_key(&mut self, signing: Signing) {
        let Some(link) = &self.link else { return };
        let prepared = &signing.current.prepared;
        let key = prepared.key().clone();
        let output = match self.method {
            DeviceAuthMethod::Signature => {
                Output::Io(Effect::Sign(SignRequest { key, message: prepared.to_be_signed(), prompt: Prompt::Present }))
            }
            DeviceAuthMethod::Mac => Output::Io(Effect::Agree(AgreeRequest {
                key,
                peer: link.reader_key.to_bytes(),
                prompt: Prompt::Present,
            })),
        };
        self.outputs.push_back(output);
        self.state = State::Signing(Box::new(signing));
    }

    /// One document is done; the next, or the response.
    fn authenticated(&mut self, signing: Signing, document: Vec<u8>, env: &Env<'_>) {
        let Signing { doc_types, receipt, current, mut rest, mut done } = signing;
        done.push((current.position, document));
        // Its bytes are in the document.
        drop(current);
        match rest.pop_front() {
            Some(current) => self.ask_key(Signing { doc_types, receipt, current, rest, done }),
            None => self.respond(&doc_types, receipt, &done, env),
        }
    }

    /// Encrypts and sends the response. A document that is not in it is answered as one not held, in the order of the
    /// request.
    fn respond(&mut self, doc_types: &[String], receipt: Receipt, done: &[(usize, Vec<u8>)], env: &Env<'_>) {
        let mut not_returned: Vec<String> = Vec::new();
        for (position, doc_type) in doc_types.iter().enumerate() {
            if !done.iter().any(|(returned, _)| *returned == position) && !not_returned.contains(doc_type) {
                not_returned.push(doc_type.clone());
            }
        }
        let documents: Vec<&[u8]> = done.iter().map(|(_, document)| document.as_slice()).collect();
        let bytes = documents.iter().map(|document| document.len()).chain(not_returned.iter().map(String::len));
        let capacity = bytes.fold(RESPONSE_FRAME, usize::saturating_add);
        let message = self.cipher().and_then(|cipher| {
            SessionData::seal(cipher, capacity, |encoder| write_device_response(encoder, &documents, &not_returned))
        });
        match message {
            Ok(message) => {
                let unsettled = self.unsettled.filter(|_| receipt.disclosed);
                self.outputs.extend(unsettled.map(|event| note(event, HistoryOutcome::UnknownDelivery)));
                self.outputs.push_back(Output::Link(LinkCommand::Send(message)));
                self.state = State::Sending(Sending { receipt, held: None });
                self.deadline = self.consent_deadline(env);
            }
            Err(error) => self.terminate(CloseReason::PeerInvalid(error.code())),
        }
    }
}
