//! From one version of the store to the next, there whole or not at all (neg-K16 to K18): the envelope of the next
//! version is written beside the old one, inside it; one transaction rewrites the rows and raises the layout; only then
//! does the new envelope stand alone. Whichever step a process exit comes at, the layout says which of the two counts.
use rid_crypto::Secret;
use rid_flow::ports::{Generation, Layout, Read, Row, Transaction};

use crate::{
    VaultError,
    keys::OpenKeys,
    keys::envelope::{self, Envelope},
    keys::envelope_store::{StoredEnvelope, replace},
    open::{Opened, unseal},
    rows::head::HeadRows,
    vault::Parts,
};

/// Brings a store of any version to the newest.
pub(crate) async fn raise(
    parts: &Parts,
    mut opened: Opened,
    mut layout: Layout,
    newest: Layout,
) -> Result<Opened, VaultError> {
    loop {
        let has = layout_of(&opened.stored.envelope);
        if layout > has {
            // The rows are of the next version, the envelope is not yet.
            let next = opened.stored.envelope.next.take().ok_or(VaultError::Rollback)?;
            opened = adopt(parts, &next, opened.stored.generation).await?;
        } else if layout < has {
            return Err(VaultError::Rollback);
        } else if has < newest {
            layout = Layout(has.0.saturating_add(1));
            opened = step(parts, opened, layout).await?;
        } else {
            return Ok(opened);
        }
    }
}

fn layout_of(envelope: &Envelope) -> Layout {
    Layout(u32::try_from(envelope.version).unwrap_or(u32::MAX))
}

/// One step. There is none yet but the made-up one of the tests, which writes the head again.
async fn step(parts: &Parts, opened: Opened, to: Layout) -> Result<Opened, VaultError> {
    let Opened { stored: StoredEnvelope { mut envelope, generation, .. }, keys, half } = opened;
    let mut next = envelope.clone();
    next.version = to.0.into();
    next.next = None;
    let reads = keys.heads().map(Read::Get).to_vec();
    let found: Vec<Row> =
        parts.storage.transact(Transaction { reads, ..Transaction::default() }).await?.into_iter().flatten().collect();
    let HeadRows { mut head, versions } = HeadRows::of(&keys, &found)?;
    let mut writes = Vec::new();
    if !versions.none() {
        head.counters.commits = head.counters.commits.saturating_add(1);
        writes = HeadRows::writes(&keys, versions, &head, &mut *(parts.rng)())?;
    }
    envelope.next = Some(next.seal(&keys));
    let generation = replace(&parts.storage, generation, envelope.seal(&keys)).await?;
    parts.storage.transact(Transaction { writes, layout: Some(to), ..Transaction::default() }).await?;
    stand_alone(parts, next, keys, half, generation).await
}

/// The envelope that waited inside the old one.
async fn adopt(parts: &Parts, next: &[u8], generation: Generation) -> Result<Opened, VaultError> {
    let (envelope, keys, half) = unseal(parts, envelope::parse(next)?).await?;
    stand_alone(parts, envelope, keys, half, generation).await
}

/// Writes it over both files. The rows are of its version already: a failure here is repaired by the next opening.
async fn stand_alone(
    parts: &Parts,
    envelope: Envelope,
    keys: OpenKeys,
    half: Secret<32>,
    mut generation: Generation,
) -> Result<Opened, VaultError> {
    for _ in 0..2 {
        generation = replace(&parts.storage, generation, envelope.seal(&keys)).await?;
    }
    Ok(Opened { stored: StoredEnvelope::new(envelope, generation), keys, half })
}
