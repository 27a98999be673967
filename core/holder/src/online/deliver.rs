//! The one POST of the answer, and what its reply says (std-M22, std-M26).
use rid_flow::{
    Changes, HistoryOutcome,
    ports::{HttpError, HttpRequest, HttpResponse},
};
use rid_openid::{
    HttpsUrl,
    vp::{Message, redirect_of},
};

use super::{
    Arrival, Delivery, Online, OnlineError, OnlineReceipt,
    fetch::{FORM, HTTP_MILLIS},
    state::{Sending, State},
};
use crate::proximity::Misuse;

/// Longest reply in bytes.
const MAX_REPLY: u64 = 65_536;

impl Sending {
    pub(super) fn request(&self) -> Result<HttpRequest, OnlineError> {
        let Message::Form { uri, body } = &self.message else { return Err(Misuse::NotAsked.into()) };
        Ok(HttpRequest {
            method: "POST".into(),
            url: uri.as_str().into(),
            headers: [("content-type".into(), FORM.into()), ("accept".into(), "application/json".into())].into(),
            body: body.clone().into_bytes(),
            max_response_bytes: MAX_REPLY,
            timeout_millis: HTTP_MILLIS,
        })
    }
}

impl Online {
    /// From now on the answer may be with the service, also if the process ends.
    pub(super) fn handed_out(&self) -> Changes {
        let outcomes = self.unsettled.iter().map(|event| (*event, HistoryOutcome::UnknownDelivery)).collect();
        Changes { outcomes, ..Changes::default() }
    }

    pub(super) fn recorded(&mut self) {
        if let State::Recording(sending) = core::mem::replace(&mut self.state, State::Failed(OnlineError::Interrupted))
        {
            self.hand_out(sending.message, sending.receipt);
        }
    }

    /// Whatever came back, or nothing: nothing is sent a second time (neg-G21).
    pub(super) fn posted(&mut self, reply: Option<Result<HttpResponse, HttpError>>) {
        let State::Posting(sending) = core::mem::replace(&mut self.state, State::Failed(OnlineError::Interrupted))
        else {
            return;
        };
        let delivery = match reply {
            Some(Ok(response)) if (200..300).contains(&response.status) => {
                Delivery::Taken { redirect: self.redirect(&response.body) }
            }
            Some(Ok(_)) => Delivery::Refused,
            Some(Err(HttpError::Forbidden)) => Delivery::NotSent,
            Some(Err(_)) | None => Delivery::Unknown,
        };
        self.settle(match delivery {
            Delivery::Taken { .. } | Delivery::Returned { .. } => HistoryOutcome::Finished,
            Delivery::Refused | Delivery::NotSent => HistoryOutcome::Failed,
            Delivery::Unknown => HistoryOutcome::UnknownDelivery,
        });
        self.state = State::Done(OnlineReceipt { receipt: sending.receipt, delivery });
    }

    /// A cross-device answer opens nothing on this device. A page that may not be opened is none (neg-G22).
    fn redirect(&self, body: &[u8]) -> Option<HttpsUrl> {
        if self.arrival == Arrival::Link { redirect_of(body).ok().flatten() } else { None }
    }
}
