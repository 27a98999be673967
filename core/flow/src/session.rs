//! A protocol on a link as a machine, and the words it is spoken to in.
use alloc::vec::Vec;

use rid_wire::Code;

use crate::{Changes, Effect, Env, Reply, Uptime, ports::KeyId};

/// The types one session machine speaks with.
pub trait SessionTypes {
    /// How to advertise or connect.
    type Plan;
    /// What the person is asked.
    type Question;
    /// What the person answers.
    type Answer;
    /// The result of one exchange.
    type Receipt;
    /// Why the session closed; it has a stable code.
    type Reason: Into<Code>;
}

/// What a session wants done. Each request has exactly one [`Input`] that answers it, with its error where it can
/// fail. Every state that waits has a [`Session::deadline`].
pub enum Output<T: SessionTypes> {
    /// Ask the person; answered by [`Input::Answer`].
    Ask(T::Question),
    /// The session is over; nothing follows.
    Close(T::Reason),
    /// One exchange is over; the session may go on with another request.
    Finished(T::Receipt),
    /// Work for a port; answered by [`Input::Done`].
    Io(Effect),
    /// Work for the radio.
    Link(LinkCommand<T::Plan>),
    /// Work that nothing waits for. Nothing answers it.
    Note(Note),
    /// Unlock the wallet; answered by [`Input::Unlocked`].
    Unlock,
}

/// Work that can be done later and must not be forgotten.
pub enum Note {
    /// Delete the keys of copies that are used up.
    DeleteKeys(Vec<KeyId>),
    /// Write durably: the outcome of an event, or a closing row of the history. A change that cannot be written now
    /// (locked, full) is kept and written later, in order.
    Write(Changes),
}

/// What the radio is to do.
pub enum LinkCommand<P> {
    /// Show the engagement and wait for the peer (holder).
    Advertise(P),
    /// Connect to the peer (reader); answered by [`LinkEvent::Up`].
    Connect(P),
    /// Send these bytes as one message; answered by [`LinkEvent::Sent`].
    Send(Vec<u8>),
}

/// What a session is told.
pub enum Input<T: SessionTypes> {
    /// The answer to [`Output::Ask`].
    Answer(T::Answer),
    /// The answer to [`Output::Io`].
    Done(Reply),
    /// An event of the radio.
    Link(LinkEvent),
    /// Time has passed: [`Session::deadline`] may be reached.
    Tick,
    /// The answer to [`Output::Unlock`]: true if the wallet is unlocked now.
    Unlocked(bool),
}

impl<T: SessionTypes> Input<T> {
    /// True for an event of the link or of the clock. It comes when it comes, and after the end it does nothing.
    #[must_use]
    pub const fn is_event(&self) -> bool {
        matches!(self, Self::Link(_) | Self::Tick)
    }

    /// False for an event for which a machine reads no wall clock.
    #[must_use]
    pub const fn needs_time(&self) -> bool {
        !matches!(self, Self::Link(LinkEvent::Up | LinkEvent::Down) | Self::Tick)
    }
}

/// What the radio reports.
pub enum LinkEvent {
    /// One whole message of the peer.
    Bytes(Vec<u8>),
    /// The link is down.
    Down,
    /// The link took the last chunk of the message of [`LinkCommand::Send`].
    Sent,
    /// The link is up.
    Up,
}

/// A protocol on a link as a machine (proximity).
pub trait Session {
    /// Its types.
    type Types: SessionTypes;
    /// A misuse by the caller (an answer to nothing asked, a call after the end). A fault of the peer ends the
    /// session with an [`Output::Close`] instead.
    type Error;

    /// Takes one input. After the end, events (see [`Input::is_event`]) do nothing.
    ///
    /// # Errors
    /// A misuse; the session is unchanged.
    fn handle(&mut self, input: Input<Self::Types>, env: &mut Env<'_>) -> Result<(), Self::Error>;

    /// The next thing to be done, if any.
    fn poll(&mut self) -> Option<Output<Self::Types>>;

    /// When [`Input::Tick`] is wanted at the latest; `None` once the session is over.
    fn deadline(&self) -> Option<Uptime>;

    /// Ends the session at once, with a farewell to the peer if possible. After the end it does nothing.
    fn cancel(&mut self, env: &mut Env<'_>);

    /// Takes all [`Output::Note`]s, wherever they stand among the outputs.
    fn take_notes(&mut self) -> Vec<Note> {
        Vec::new()
    }
}
