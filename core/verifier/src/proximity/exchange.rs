//! The response of one exchange: decrypted, judged, and compared with what was asked.
use rid_flow::{Env, Output};
use rid_mdoc::session::{SessionData, SessionError, Status};

use super::{CloseReason, Exchange, LIMITS, ReaderSession, State};
use crate::capture::{CaptureInput, judge_answer};

impl ReaderSession {
    pub(super) fn received(&mut self, bytes: &[u8], env: &mut Env<'_>) {
        let message = match SessionData::parse(bytes, LIMITS) {
            Ok(message) => message,
            Err(error) => {
                let reason = CloseReason::PeerInvalid(error.code());
                return self.close(Some(SessionData::encode(None, Some(status_of(error)))), reason);
            }
        };
        if let Some(data) = &message.data {
            if !matches!(self.state, State::Waiting) {
                return self.terminate(CloseReason::PeerInvalid(SessionError::State.code()));
            }
            if let Err(reason) = self.judge(data, env) {
                return self.terminate(reason);
            }
        }
        match message.status {
            None => {}
            Some(_) => self.close(None, CloseReason::PeerTerminated),
        }
    }

    fn judge(&mut self, data: &[u8], env: &Env<'_>) -> Result<(), CloseReason> {
        let Some(link) = &mut self.link else { return Err(CloseReason::PeerInvalid(SessionError::State.code())) };
        let response = link.cipher.decrypt(data).map_err(|e| CloseReason::PeerInvalid(e.code()))?;
        let input = CaptureInput {
            status_list: None,
            profile: &self.config.profile,
            locales: &self.config.locales,
            trust: &self.config.trust,
            transcript: Some(&link.transcript),
            reader_key: Some(&link.e_reader_key),
            at: env.now,
            limits: LIMITS,
        };
        let verdict = judge_answer(&response, &input, &self.config.asked);
        let transcript = link.transcript.as_bytes().to_vec();
        self.outputs.push_back(Output::Finished(Exchange { verdict, response, transcript }));
        self.state = State::Idle;
        self.restart_deadline(env);
        Ok(())
    }
}

const fn status_of(error: SessionError) -> Status {
    match error {
        SessionError::Cbor(_) => Status::CborError,
        _ => Status::Termination,
    }
}
