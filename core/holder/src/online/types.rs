//! What an online presentation is begun with, asks, is answered and gives back.
use alloc::string::String;

use rid_openid::{HttpsUrl, vp::Invocation};

use super::OnlineError;
use crate::{
    consent::{Answer, Question},
    proximity::Receipt,
};

/// How a link came to the wallet. It is a fact of the transaction: the app knows by which way it got the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The system opened it: the verifier's page is on the same device.
    Link,
    /// It was scanned: the verifier's page is on another device, and nothing is opened on this one.
    Scan,
}

/// What a presentation begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// A request of the Digital Credentials API. The answer is given back to the app.
    Api {
        /// The protocol (`openid4vp-v1-signed`).
        protocol: String,
        /// The request data as JSON text.
        data: String,
        /// The origin as the platform gives it, not interpreted.
        origin: String,
    },
    /// A link or the content of a QR code.
    Invocation(Invocation, Arrival),
}

impl Beginning {
    /// Parses a link or the content of a QR code. Nothing of it is authenticated.
    ///
    /// # Errors
    /// [`OnlineError::Request`].
    pub fn link(text: &str, arrival: Arrival) -> Result<Self, OnlineError> {
        Ok(Self::Invocation(Invocation::parse(text).map_err(OnlineError::Request)?, arrival))
    }
}

/// What is needed from outside.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "it lives for one turn of the runner")]
pub enum OnlinePause {
    /// Ask the person.
    Ask(Question),
    /// Unlock the wallet.
    Unlock,
}

/// The answer to an [`OnlinePause`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnlineAnswer {
    /// To `Ask`.
    Consent(Answer),
    /// To `Unlock`: whether the wallet is unlocked now.
    Unlocked(bool),
}

/// What became of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was not sent: the address may not be called.
    NotSent,
    /// The service replied that it did not take it.
    Refused,
    /// It is given back to the app, for the platform.
    Returned {
        /// The data of the response, as JSON text.
        data: String,
    },
    /// The service took it.
    Taken {
        /// The page to open. Only for [`Arrival::Link`].
        redirect: Option<HttpsUrl>,
    },
    /// It was sent, and there is no reply that says what became of it. It is not sent again.
    Unknown,
}

/// How an online presentation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlineReceipt {
    /// What was agreed and written to the history; nothing is disclosed by a refusal.
    pub receipt: Receipt,
    /// What became of the answer or of the refusal.
    pub delivery: Delivery,
}
