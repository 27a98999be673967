use alloc::vec::Vec;

use rid_crypto::Secret;

use crate::{
    AgreeRequest, Changes, Committed, Env, SignRequest, Uptime,
    ports::{HttpError, HttpRequest, HttpResponse, SecureAreaError, StorageError},
};

/// The types one session machine speaks with.
pub trait SessionTypes {
    /// How to advertise or connect.
    type Plan;
    /// What is matched against the credentials held.
    type Request;
    /// What matches: labels and element names, no values.
    type Candidates;
    /// What the person is asked.
    type Question;
    /// What the person answers.
    type Answer;
    /// What is told at the end of one exchange.
    type Receipt;
    /// Why the session closed.
    type Reason;
}

/// What a session wants done. Each question has exactly one [`Input`] that answers it, with its error where it can fail. Every
/// state that waits has a [`Session::deadline`].
pub enum Output<T: SessionTypes> {
    /// Turn the radio on (holder).
    Advertise(T::Plan),
    /// Ask the secure area for a key agreement; answered by [`Input::Agreed`].
    Agree(AgreeRequest),
    /// Ask the person; answered by [`Input::Consent`].
    AskConsent(T::Question),
    /// The session is over; nothing follows.
    Close(T::Reason),
    /// Write durably; answered by [`Input::Committed`].
    Commit(Changes),
    /// Connect to the peer (reader).
    Connect(T::Plan),
    /// Fetch over the network; answered by [`Input::Fetched`].
    Fetch(HttpRequest),
    /// One exchange is over; the session may go on with another request.
    Finished(T::Receipt),
    /// Look up what is held; answered by [`Input::Candidates`].
    Match(T::Request),
    /// Write durably when it can be done: the outcome of an event, or a closing row of the history. Nothing answers it; what cannot
    /// be written now (locked, full) is kept and written later, in order.
    Note(Changes),
    /// Send these bytes as one message; answered by [`Input::Sent`].
    Send(Vec<u8>),
    /// Ask the secure area for a signature; answered by [`Input::Signed`].
    Sign(SignRequest),
    /// Unlock the wallet; answered by [`Input::Unlocked`].
    Unlock,
}

/// What a session is told.
pub enum Input<T: SessionTypes> {
    /// To [`Output::Agree`].
    Agreed(Result<Secret<32>, SecureAreaError>),
    /// One whole message of the peer.
    Bytes(Vec<u8>),
    /// To [`Output::Match`]. [`StorageError::Locked`]: the wallet was locked in between.
    Candidates(Result<T::Candidates, StorageError>),
    /// To [`Output::Commit`].
    Committed(Result<Committed, StorageError>),
    /// The link is up.
    Connected,
    /// To [`Output::AskConsent`].
    Consent(T::Answer),
    /// The link is down.
    Disconnected,
    /// To [`Output::Fetch`].
    Fetched(Result<HttpResponse, HttpError>),
    /// To [`Output::Send`]: the link took the last chunk.
    Sent,
    /// To [`Output::Sign`]: raw r‖s.
    Signed(Result<[u8; 64], SecureAreaError>),
    /// Time has passed: [`Session::deadline`] may be reached.
    Tick,
    /// To [`Output::Unlock`]: whether it is unlocked now.
    Unlocked(bool),
}

/// A protocol on a link as a machine (proximity).
pub trait Session {
    /// Its types.
    type Types: SessionTypes;
    /// A misuse by the caller (an answer to nothing asked, a call after the end); the peer's faults end the session with a
    /// [`Output::Close`] instead.
    type Error;

    /// Takes one input. After the end, events of the link (`Bytes`, `Connected`, `Disconnected`, `Sent`, `Tick`) do nothing.
    ///
    /// # Errors
    /// A misuse; the session is unchanged.
    fn handle(&mut self, input: Input<Self::Types>, env: &mut Env<'_>) -> Result<(), Self::Error>;

    /// The next thing to be done, if any.
    fn poll(&mut self) -> Option<Output<Self::Types>>;

    /// When [`Input::Tick`] is wanted at the latest.
    fn deadline(&self) -> Option<Uptime>;
}
