//! An attempt to unlock by PIN: counted, durably, before anything is compared; after five wrong PINs each further one
//! has a wait before it.
//!
//! Where the secure area is hardware it counts too: before each comparison one of its keys, a ticket, is deleted. Files
//! of an earlier time name tickets that are gone, so putting both files back gives no attempt back (neg-L11).
use std::sync::{Arc, Mutex, PoisonError};

use rid_crypto::Secret;
use rid_flow::ports::{Clock, KeyId, SecureAreaError, UserAuth};

use crate::{
    Pin, Vault, VaultError,
    commit::change_lock::Held,
    keys::envelope::{Envelope, PinSlot},
    keys::slots::stretch,
};

/// Wrong PINs before the first wait.
pub(crate) const FREE_TRIES: u32 = 5;
/// Wrong PINs from which on the wait is the longest.
const MOST_TRIES: u32 = 9;
/// Tickets that an envelope names before a comparison: one is used, and the other file still names one that exists.
const LEAST_TICKETS: usize = 3;
const ALL_TICKETS: usize = 6;

/// Seconds to wait after so many wrong PINs.
const fn wait(tries: u32) -> u64 {
    match tries {
        0..FREE_TRIES => 0,
        5 => 60,
        6 => 5 * 60,
        7 => 15 * 60,
        8 => 60 * 60,
        MOST_TRIES.. => 24 * 60 * 60,
    }
}

/// Measures waits. Only the time since the device's boot counts: no wall clock shortens a wait, and after a reboot it
/// begins again.
#[derive(Default)]
pub(crate) struct Waits {
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// When the wait of an earlier boot began again.
    again: Mutex<Option<u64>>,
}

impl Waits {
    /// Milliseconds since boot; without a clock no time passes.
    fn now(&self) -> u64 {
        self.clock.as_ref().map_or(0, |clock| clock.uptime().millis())
    }

    /// Since when the wait is measured. After a reboot the count can be lower: then the wait begins again. It can also
    /// be higher: then less time is measured than passed.
    fn since(&self, envelope: &Envelope) -> u64 {
        let now = self.now();
        let mut again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        if now < envelope.tried {
            return *again.get_or_insert(now);
        }
        again.unwrap_or(envelope.tried)
    }

    /// Seconds left.
    pub(crate) fn left(&self, envelope: &Envelope) -> u64 {
        let passed = self.now().saturating_sub(self.since(envelope)) / 1000;
        wait(envelope.tries).saturating_sub(passed)
    }

    /// The next wait begins now.
    fn begin(&self) -> u64 {
        *self.again.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.now()
    }
}

impl Vault {
    /// One attempt. Gives the key that every unlock method wraps.
    pub(crate) async fn try_pin(&self, held: &Held<'_>, pin: &Pin) -> Result<Secret<32>, VaultError> {
        self.count_tickets(held).await?;
        let mut envelope = self.envelope();
        let slot = envelope.slots.pin.clone().ok_or(VaultError::PinNotSet)?;
        let seconds = self.waits.left(&envelope);
        if seconds > 0 {
            self.note_wait(held).await;
            return Err(VaultError::PinWait { seconds });
        }
        // Before anything is counted: a device short of memory has not guessed.
        let stretched = stretch(pin.expose(), &slot.salt, slot.cost)?;
        let before = (envelope.tries, envelope.tried);
        let ticket = self.take_ticket(&mut envelope).await?;
        envelope.tries = envelope.tries.saturating_add(1);
        envelope.tried = self.waits.begin();
        self.write_envelope(held, envelope, false).await?;
        let opened = self.compare(&slot, ticket, &stretched).await;
        let mut envelope = self.envelope();
        if let Err(VaultError::SecureArea(error)) = opened {
            // Nothing was compared, and a chip that fails must not make the person wait. If the process ends before
            // this is written, the attempt stays counted.
            (envelope.tries, envelope.tried) = before;
            let _ = self.write_envelope(held, envelope, false).await;
            return Err(error.into());
        }
        let Some(kek) = opened? else {
            let left = FREE_TRIES.saturating_sub(envelope.tries);
            let seconds = self.waits.left(&envelope);
            return Err(if left == 0 { VaultError::PinWait { seconds } } else { VaultError::PinWrong { left } });
        };
        envelope.tries = 0;
        self.renew_tickets(&mut envelope).await;
        if let (Ok((head, _)), None) = (self.read_head().await, self.refused()) {
            envelope.counters = head.counters;
        }
        // A right PIN opens although its count cannot be written.
        let _ = self.write_envelope(held, envelope, false).await;
        Ok(kek)
    }

    /// Deletes the ticket, so that no file gives this comparison again, and asks the secure area.
    async fn compare(
        &self,
        slot: &PinSlot,
        ticket: Option<KeyId>,
        stretched: &Secret<32>,
    ) -> Result<Option<Secret<32>>, VaultError> {
        if let Some(ticket) = ticket {
            self.area.delete(ticket.clone()).await?;
            self.stored().envelope.retired.retain(|known| *known != ticket);
        }
        self.slots().open_pin(slot, stretched).await
    }

    /// Writes down that a wait began again after a reboot: a restart of the app must not begin it once more.
    pub(crate) async fn note_wait(&self, held: &Held<'_>) {
        let mut envelope = self.envelope();
        let since = self.waits.since(&envelope);
        if self.waits.left(&envelope) > 0 && since != envelope.tried {
            envelope.tried = since;
            // If it cannot be written the wait begins again at the next start.
            let _ = self.write_envelope(held, envelope, false).await;
        }
    }

    /// Tickets for a new PIN; none where keys are files themselves, which are put back like the others.
    pub(crate) async fn first_tickets(&self, pin: &KeyId) -> Result<Vec<KeyId>, VaultError> {
        let mut tickets = Vec::new();
        if self.area.info(pin.clone()).await?.hardware {
            self.fill(&mut tickets).await?;
        }
        Ok(tickets)
    }

    /// Counts the tickets that are gone as wrong PINs. The wait is measured from now: the files do not say when those
    /// were.
    async fn count_tickets(&self, held: &Held<'_>) -> Result<(), VaultError> {
        let mut envelope = self.envelope();
        let Some(slot) = &mut envelope.slots.pin else { return Ok(()) };
        let mut gone = 0_u32;
        let all = slot.tickets.len();
        while let Some(ticket) = slot.tickets.first() {
            match self.area.info(ticket.clone()).await {
                Ok(_) => break,
                Err(SecureAreaError::NotFound | SecureAreaError::Invalidated) => drop(slot.tickets.remove(0)),
                Err(error) => return Err(error.into()),
            }
            gone = gone.saturating_add(1);
        }
        if gone == 0 {
            return Ok(());
        }
        let is_unknown = slot.tickets.is_empty() && all > 0;
        self.fill(&mut slot.tickets).await?;
        envelope.tries = envelope.tries.saturating_add(gone).max(if is_unknown { MOST_TRIES } else { 0 });
        envelope.tried = self.waits.begin();
        self.write_envelope(held, envelope, false).await
    }

    /// Takes the ticket of the next comparison; the envelope names it as a key to delete, and must be written before it
    /// is deleted.
    async fn take_ticket(&self, envelope: &mut Envelope) -> Result<Option<KeyId>, VaultError> {
        let Some(slot) = envelope.slots.pin.as_mut().filter(|slot| !slot.tickets.is_empty()) else { return Ok(None) };
        if slot.tickets.len() < LEAST_TICKETS {
            self.fill(&mut slot.tickets).await?;
        }
        let ticket = slot.tickets.remove(0);
        envelope.retired.push(ticket.clone());
        Ok(Some(ticket))
    }

    /// Makes tickets before they run out, while nobody waits for a comparison.
    async fn renew_tickets(&self, envelope: &mut Envelope) {
        if let Some(slot) = envelope.slots.pin.as_mut()
            && (1..=LEAST_TICKETS).contains(&slot.tickets.len())
        {
            // A ticket that could not be made is made before the comparison that needs it.
            let _ = self.fill(&mut slot.tickets).await;
        }
    }

    async fn fill(&self, tickets: &mut Vec<KeyId>) -> Result<(), VaultError> {
        while tickets.len() < ALL_TICKETS {
            tickets.push(self.method_key(UserAuth::None).await?);
        }
        Ok(())
    }
}
