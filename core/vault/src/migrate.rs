//! From one version of the store to the next, there whole or not at all (neg-K16 to K18): the envelope of the next version is written
//! beside the old one, inside it; one transaction rewrites the rows and raises the layout; only then does the new envelope stand alone.
//! Whichever step a death comes at, the layout says which of the two counts.
use std::collections::BTreeMap;

use rid_flow::{
    CredentialId,
    ports::{Expect, Generation, KeyId, Layout, Read, Row, RowKey, StorageError, Transaction, Write},
};
use zeroize::Zeroizing;

use crate::{
    VaultError,
    beside::{Beside, replace},
    encode::{
        credential,
        history::{Link, decode_v1},
        small,
    },
    envelope::{self, Envelope, Found},
    head::{self, Counters, Head, HeadRows, HeadVersions},
    history,
    keys::{FIRST_EPOCH, Masters, OpenKeys, UserKeys, make_secret, v1::EnvelopeV1},
    open::{Opened, make, replace_first, unseal},
    rows,
    vault::Parts,
};

pub(crate) const SECOND: Layout = Layout(2);

/// A store whose envelope is of the first version; the rows may be of the second already.
pub(crate) async fn from_first(
    parts: &Parts,
    mut old: EnvelopeV1,
    generation: Generation,
    layout: Layout,
) -> Result<Opened, VaultError> {
    if layout >= SECOND {
        let next = old.next.take().ok_or(VaultError::EnvelopeCorrupt)?;
        return adopt(parts, &next, generation).await;
    }
    // An attempt of before made keys of its own; they wrap nothing that will ever count.
    let abandoned = old.next.take().map_or(Vec::new(), |next| match envelope::parse(&next) {
        Ok(Found::V2(sealed)) => sealed.envelope.area_keys(),
        _ => Vec::new(),
    });
    let (index, masters) = old.unwrap(&parts.area).await?;
    let fresh = |parts: &Parts| make_secret(&mut *(parts.rng)());
    let open = OpenKeys::new(index, Masters::new(old.store_id, vec![(FIRST_EPOCH, fresh(parts))]));
    let user = UserKeys::new(fresh(parts), fresh(parts), masters);
    let (transaction, counters) = rows_of_second(parts, &open, &user).await?;
    let mut next = make(parts, SECOND, &open, &user).await?;
    let made = next.area_keys();
    next.counters = counters;
    next.retired = abandoned;
    next.retired.push(old.key.clone());
    old.next = Some(next.seal(&open));
    let generation = replace_first(parts, generation, old.encode(), made).await?;
    parts.storage.transact(transaction).await?;
    stand_alone(parts, next, open, generation).await
}

/// Brings a store of any later version to the newest.
pub(crate) async fn raise(
    parts: &Parts,
    mut opened: Opened,
    mut layout: Layout,
    newest: Layout,
) -> Result<Opened, VaultError> {
    loop {
        let has = layout_of(&opened.beside.envelope);
        if layout > has {
            // The rows are of the next version, the envelope is not yet.
            let next = opened.beside.envelope.next.take().ok_or(VaultError::Rollback)?;
            opened = adopt(parts, &next, opened.beside.generation).await?;
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

/// One step above the second version. There is none yet but the made-up one of the tests: every row of credentials is written again.
async fn step(parts: &Parts, opened: Opened, to: Layout) -> Result<Opened, VaultError> {
    let Opened { beside: Beside { mut envelope, generation, .. }, keys } = opened;
    let mut next = envelope.clone();
    next.version = to.0.into();
    next.next = None;
    next.structure = next.structure.saturating_add(1);
    let read = Transaction { reads: vec![Read::Rows(rows::HEAD, None)], ..Transaction::default() };
    let found: Vec<Row> = parts.storage.transact(read).await?.into_iter().flatten().collect();
    let HeadRows { mut head, versions } = HeadRows::of(&keys, &found)?;
    let mut writes = Vec::new();
    if !versions.none() {
        next.tries = envelope.counted(&head);
        head.structure = next.structure;
        head.counters.commits = head.counters.commits.saturating_add(1);
        writes = HeadRows::writes(&keys, versions, &head, &mut *(parts.rng)())?;
    }
    envelope.next = Some(next.seal(&keys));
    let generation = replace(&parts.storage, generation, envelope.seal(&keys)).await?;
    parts.storage.transact(Transaction { writes, layout: Some(to), ..Transaction::default() }).await?;
    stand_alone(parts, next, keys, generation).await
}

/// The envelope that waited inside the old one.
async fn adopt(parts: &Parts, next: &[u8], generation: Generation) -> Result<Opened, VaultError> {
    let Found::V2(sealed) = envelope::parse(next)? else { return Err(VaultError::EnvelopeCorrupt) };
    let (envelope, keys) = unseal(parts, *sealed).await?;
    stand_alone(parts, envelope, keys, generation).await
}

/// Writes it over both generations. The rows are of its version already: a failure here is made good at the next opening.
async fn stand_alone(
    parts: &Parts,
    envelope: Envelope,
    keys: OpenKeys,
    mut generation: Generation,
) -> Result<Opened, VaultError> {
    for _ in 0..2 {
        generation = replace(&parts.storage, generation, envelope.seal(&keys)).await?;
    }
    Ok(Opened { beside: Beside::new(envelope, generation), keys })
}

/// Rows of the second version from those of the first: a head with tallies, the chain, the names of device keys. The rows of
/// credentials, copies and records stay as they are.
async fn rows_of_second(
    parts: &Parts,
    open: &OpenKeys,
    user: &UserKeys,
) -> Result<(Transaction, Counters), VaultError> {
    let reads = vec![
        Read::Get(open.head_v1()),
        Read::Rows(rows::HISTORY, None),
        Read::Rows(rows::CREDENTIALS, None),
        Read::Rows(rows::COPIES, None),
        Read::Heads(rows::RECORDS, None),
    ];
    let found = parts.storage.transact(Transaction { reads, ..Transaction::default() }).await?;
    let [old_head, old_history, credentials, copies, records] =
        <[Vec<Row>; 5]>::try_from(found).map_err(|_| StorageError::Damaged)?;
    let mut head = Head { structure: 1, ..Head::default() };
    let mut writes = Vec::new();
    let told = old_head.first().map(|row| rows::open(&user.masters, row).and_then(|plain| head::decode_v1(&plain)));
    let last_seq = match told {
        Some(Ok(last_seq)) => last_seq,
        None if old_history.is_empty() => 0,
        // Where the history ended is not known: it goes on after a place that says so.
        Some(Err(_)) | None => u64::try_from(old_history.len()).unwrap_or(u64::MAX).saturating_add(1),
    };
    for row in &old_head {
        writes.push(Write::Delete(row.key.clone(), Expect::Version(row.version)));
    }
    let mut put = |head: &mut Head, old: Option<&Row>, row: Row| {
        head.tallies.table(row.key.table).add(open, &row.key, row.version, &row.index);
        writes.push(Write::Put(row, Expect::over(old.map(|old| old.version))));
    };
    let by_place: BTreeMap<&RowKey, &Row> = old_history.iter().map(|row| (&row.key, row)).collect();
    for seq in 1..=last_seq {
        let place = open.history(seq);
        let old = by_place.get(&place).copied();
        let index = old.map_or([0; 32], |row| row.index);
        let entry = old.and_then(|row| decode_v1(&rows::open(&user.masters, row).ok()?).ok());
        head.counters.last_seq = seq;
        let link: Link = match entry {
            Some((within, entry)) if within == seq => {
                history::link(user, head.counters, &entry, false, &mut *(parts.rng)())
            }
            _ => history::damaged_link(user, head.counters),
        };
        head.counters.chain = link.mac;
        let version = old.map_or(0, |row| row.version).saturating_add(1);
        let plain = Zeroizing::new(link.encode());
        put(&mut head, old, rows::seal(&user.masters, place, version, index, &plain, &mut *(parts.rng)())?);
    }
    let mut keys: BTreeMap<CredentialId, Vec<KeyId>> = BTreeMap::new();
    for row in &copies {
        // A copy that cannot be read keeps its place and is named when it is wanted.
        let Ok(copy) = rows::open(&user.masters, row).and_then(|plain| small::read_copy(&plain)) else { continue };
        keys.entry(copy.credential.clone()).or_default().push(copy.key.clone());
    }
    for row in &credentials {
        if let Ok(meta) = rows::open(&user.masters, row).and_then(|plain| credential::decode(&plain)) {
            head.signed = head.signed.max(Some(meta.signed));
            keys.entry(meta.id).or_default();
        }
    }
    for (id, names) in &keys {
        let plain = small::device_keys(id, names);
        let place = open.device_keys(id);
        put(
            &mut head,
            None,
            rows::seal(&open.masters, place, 1, open.device_keys_index(id), &plain, &mut *(parts.rng)())?,
        );
    }
    for row in credentials.iter().chain(&copies).chain(&records) {
        head.tallies.table(row.key.table).add(open, &row.key, row.version, &row.index);
    }
    // Versions of rows made from now on are those of commits: above all there were.
    let all = old_history.iter().chain(&credentials).chain(&copies).chain(&records);
    head.counters.commits = all.map(|row| row.version).max().unwrap_or_default().saturating_add(1);
    writes.extend(HeadRows::writes(open, HeadVersions::default(), &head, &mut *(parts.rng)())?);
    Ok((Transaction { writes, layout: Some(SECOND), ..Transaction::default() }, head.counters))
}
