//! The reasons for which a transaction gives no request, takes no answer or shows no verdict.
use rid_openid::vp::VpError;
use rid_wire::Code;

/// An error of a transaction. A page can tell each of them to its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.code())]
pub enum TransactionError {
    /// The answer does not open for this transaction.
    Answer(#[from] VpError),
    /// An answer was taken before.
    Done,
    /// No answer came in time.
    Expired,
    /// The wallet refused.
    Refused,
    /// The response code is missing or is that of another answer.
    ResponseCode,
    /// No answer came yet.
    Waiting,
}

impl TransactionError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Answer(error) => return error.code(),
            Self::Done => "transaction_done",
            Self::Expired => "transaction_expired",
            Self::Refused => "transaction_refused",
            Self::ResponseCode => "response_code_wrong",
            Self::Waiting => "transaction_waiting",
        })
    }
}
