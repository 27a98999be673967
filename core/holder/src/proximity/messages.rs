//! Messages that come over the link, and which of them each state takes.
use alloc::vec::Vec;

use rid_flow::{Env, Output};
use rid_mdoc::{
    build::device_response_status,
    session::{SessionData, SessionError, Status},
};
use rid_wire::cbor::Limits;

use super::{
    CloseReason, HolderSession, Misuse,
    link::{Link, is_establishment, status_of},
    request::{self, Refusal},
    state::State,
};

/// A message that was not refused.
enum Message {
    /// A decrypted DeviceRequest.
    Request(Vec<u8>),
    /// The peer ends the session.
    End,
}

impl HolderSession {
    pub(super) fn connected(&mut self, env: &Env<'_>) -> Result<(), Misuse> {
        if !matches!(self.state, State::Advertising) {
            return Err(Misuse::NotAsked);
        }
        self.state = State::Engaged;
        self.deadline = self.link_deadline(env);
        Ok(())
    }

    /// One whole message of the peer, in any state with a link.
    pub(super) fn received(&mut self, message: &[u8], env: &Env<'_>) -> Result<(), Misuse> {
        match &mut self.state {
            State::Advertising => return Err(Misuse::NotAsked),
            // The peer may have our last chunk before the caller knows that the link took it.
            State::Sending(sending) if sending.held.is_none() => {
                sending.held = Some(message.to_vec());
                return Ok(());
            }
            _ => {}
        }
        match self.open(message) {
            Ok(Message::Request(plaintext)) => self.requested(&plaintext, env),
            Ok(Message::End) => self.close(None, CloseReason::PeerTerminated),
            Err(error) => {
                let farewell = SessionData::encode(None, Some(status_of(error)));
                self.close(Some(farewell), CloseReason::PeerInvalid(error.code()));
            }
        }
        Ok(())
    }

    /// Opens a message: the first must be SessionEstablishment, the others SessionData; one request at a time
    /// (neg-C02).
    fn open(&mut self, message: &[u8]) -> Result<Message, SessionError> {
        let first = matches!(self.state, State::Engaged);
        if is_establishment(message)? != first {
            return Err(SessionError::State);
        }
        if first {
            // Taken: whatever happens now, this key derives no second session.
            let ephemeral = self.ephemeral.take().ok_or(SessionError::State)?;
            let (mut link, data) = Link::establish(ephemeral, &self.engagement, message)?;
            let plaintext = link.cipher.decrypt(&data)?;
            self.link = Some(link);
            return Ok(Message::Request(plaintext));
        }
        let data = SessionData::parse(message, Limits::PROXIMITY)?;
        match (data.status, data.data, &mut self.link) {
            (Some(_), ..) => Ok(Message::End),
            (None, Some(data), Some(link)) if matches!(self.state, State::Idle) => {
                link.cipher.decrypt(&data).map(Message::Request)
            }
            _ => Err(SessionError::State),
        }
    }

    fn requested(&mut self, plaintext: &[u8], env: &Env<'_>) {
        let Some(link) = &self.link else { return };
        match request::read(plaintext, &link.transcript, &self.reader_trust, self.profile.rules(), env.now) {
            Ok(request) => {
                self.locked_lookups = 0;
                self.state = State::Unlocking(request);
                self.deadline = self.consent_deadline(env);
                self.outputs.push_back(Output::Unlock);
            }
            Err(refusal) => self.refuse_request(refusal),
        }
    }

    /// Answers a request that cannot be read: an encrypted DeviceResponse with its status and no data, and the end.
    fn refuse_request(&mut self, refusal: Refusal) {
        let reason = CloseReason::PeerInvalid(refusal.code);
        match self.encrypt(&device_response_status(refusal.status)) {
            Ok(data) => self.close(Some(SessionData::encode(Some(&data), Some(Status::Termination))), reason),
            Err(_) => self.terminate(reason),
        }
    }
}
