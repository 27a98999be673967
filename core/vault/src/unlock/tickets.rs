//! Tries as the secure area counts them: before each comparison one of its keys, a ticket, is deleted. Files of an earlier time name
//! tickets that are gone, so putting both files back gives no try back (neg-L11).
use rid_flow::ports::{KeyId, SecureAreaError, UserAuth};

use crate::{Vault, VaultError, commit::latch::Held, keys::envelope::Envelope, unlock::waits::LONGEST};

/// Named by an envelope before a comparison: one is used, and the other file still names one that is there.
const LEAST: usize = 3;
const FULL: usize = 6;

impl Vault {
    /// Tickets for a new PIN; none where keys are files themselves, which are put back like the others.
    pub(crate) async fn first_tickets(&self, pin: &KeyId) -> Result<Vec<KeyId>, VaultError> {
        let mut tickets = Vec::new();
        if self.area.info(pin.clone()).await?.hardware {
            self.fill(&mut tickets).await?;
        }
        Ok(tickets)
    }

    /// Counts the tickets that are gone as wrong PINs. The wait is measured from now: the files do not say when those were.
    pub(crate) async fn count_tickets(&self, held: &Held<'_>) -> Result<(), VaultError> {
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
        envelope.tries = envelope.tries.saturating_add(gone).max(if is_unknown { LONGEST } else { 0 });
        envelope.tried = self.waits.begin();
        self.write_envelope(held, envelope, false).await
    }

    /// Takes the ticket of the next comparison; the envelope names it as a key to delete, and must be written before it is deleted.
    pub(crate) async fn take_ticket(&self, envelope: &mut Envelope) -> Result<Option<KeyId>, VaultError> {
        let Some(slot) = envelope.slots.pin.as_mut().filter(|slot| !slot.tickets.is_empty()) else { return Ok(None) };
        if slot.tickets.len() < LEAST {
            self.fill(&mut slot.tickets).await?;
        }
        let ticket = slot.tickets.remove(0);
        envelope.retired.push(ticket.clone());
        Ok(Some(ticket))
    }

    /// Deletes it: from now on no file gives this comparison again.
    pub(crate) async fn use_ticket(&self, ticket: KeyId) -> Result<(), VaultError> {
        self.area.delete(ticket.clone()).await?;
        self.beside().envelope.retired.retain(|known| *known != ticket);
        Ok(())
    }

    /// Makes tickets before they run out, while nobody waits for a comparison.
    pub(crate) async fn renew_tickets(&self, envelope: &mut Envelope) {
        if let Some(slot) = envelope.slots.pin.as_mut()
            && (1..=LEAST).contains(&slot.tickets.len())
        {
            // What could not be made is made before the comparison that needs it.
            let _ = self.fill(&mut slot.tickets).await;
        }
    }

    async fn fill(&self, tickets: &mut Vec<KeyId>) -> Result<(), VaultError> {
        while tickets.len() < FULL {
            tickets.push(self.method_key(UserAuth::None).await?);
        }
        Ok(())
    }
}
