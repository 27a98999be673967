//! Where a session stands between two calls.
use alloc::collections::VecDeque;

use rid_wire::Code;

use crate::{Input, LinkCommand, Output, Session, SessionTypes, Uptime};

/// A step that was given to the app and is not done yet.
pub enum Current<T: SessionTypes> {
    /// The person is asked.
    Ask(T::Question),
    /// One exchange is over.
    Finished(T::Receipt),
    /// Work for the radio.
    Link(LinkCommand<T::Plan>),
    /// The person has to unlock.
    Unlock,
}

/// The state of a runner beside the machine. It is locked for moments only.
pub(super) struct Standing<T: SessionTypes> {
    /// Outputs that come before those of the machine: their answer was lost, or the machine has closed.
    pub(super) pending: VecDeque<Output<T>>,
    /// An input that the machine did not take yet: the clock failed, or it came while a call was dropped.
    pub(super) unfed: Option<Input<T>>,
    pub(super) current: Option<Current<T>>,
    pub(super) deadline: Option<Uptime>,
    /// Why the session was ended from this side.
    pub(super) ended: Option<Code>,
    /// The machine has closed; its last outputs are in `pending`.
    pub(super) over: bool,
    /// A `next` that ran when the machine closed was interrupted for that, once.
    pub(super) overtaken: bool,
    /// No message can be sent any more.
    pub(super) link_lost: bool,
    pub(super) closed: Option<Code>,
}

impl<T: SessionTypes> Standing<T> {
    pub(super) const fn new() -> Self {
        Self {
            pending: VecDeque::new(),
            unfed: None,
            current: None,
            deadline: None,
            ended: None,
            over: false,
            overtaken: false,
            link_lost: false,
            closed: None,
        }
    }

    /// Without a link nothing is sent. Only a `next` withdraws the message that was given out: its last chunk may
    /// have been taken before the link went down, and `proceed` then still reports it.
    pub(super) fn withdraw_sends(&mut self) {
        if !self.link_lost {
            return;
        }
        if matches!(self.current, Some(Current::Link(LinkCommand::Send(_)))) {
            self.current = None;
        }
        self.pending.retain(|output| !matches!(output, Output::Link(LinkCommand::Send(_))));
    }

    pub(super) const fn is_over(&self) -> bool {
        self.over || self.ended.is_some()
    }

    /// Drops everything that was to be done, but for the farewell to the peer and the close of a machine that has
    /// closed.
    pub(super) fn end(&mut self, why: Code) {
        self.current = None;
        self.unfed = None;
        if self.over {
            self.pending.retain(is_farewell);
        } else {
            self.pending.clear();
            self.ended.get_or_insert(why);
        }
    }

    /// When the machine has closed: takes its last outputs. An open question is withdrawn; a response that was given
    /// out is still to be sent, and a receipt to be shown.
    pub(super) fn collect<S: Session<Types = T>>(&mut self, session: &mut S) {
        self.deadline = session.deadline();
        if self.deadline.is_some() || self.over {
            return;
        }
        self.over = true;
        self.pending.clear();
        self.unfed = None;
        if !matches!(self.current, Some(Current::Link(LinkCommand::Send(_)) | Current::Finished(_))) {
            self.current = None;
        }
        // After `cancel` only the farewell and the close are left.
        let ended = self.ended.is_some();
        let left = core::iter::from_fn(|| session.poll());
        self.pending.extend(left.filter(|output| !ended || is_farewell(output)));
    }

    /// The session is over. The machine's reason counts unless this side ended it for another one than the app's wish.
    pub(super) fn close(&mut self, reason: T::Reason) {
        let why = self.ended.filter(|why| *why != CANCELLED);
        self.closed = Some(why.unwrap_or_else(|| reason.into()));
    }
}

/// The app ended the session.
pub(super) const CANCELLED: Code = Code::new("cancelled");

const fn is_farewell<T: SessionTypes>(output: &Output<T>) -> bool {
    matches!(output, Output::Link(LinkCommand::Send(_)) | Output::Close(_))
}
