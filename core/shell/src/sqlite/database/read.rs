//! Reads: which rows they name, and each of these shown where it lies. Whoever can write the file, or one flipped bit, can have an index
//! and the table tell different things: what is shown is found by its key, and a row that is hurt hides no other (neg-K05, neg-K20).
use rid_flow::ports::{Lent, Read, Row, RowKey, Table};
use rusqlite::{Connection, Params, params, types::ValueRef};

/// Of a row that is not listed by an index value.
pub(super) const NO_INDEX: [u8; 32] = [0; 32];
/// A page holds fewer rows than this, of whatever tree.
const ROWS_OF_A_PAGE: u64 = 128;

/// A key, if it can be one: SQLite tells that from the head of the row, without reading the column. Whether it is a blob is seen then. What
/// no key is, names no row: who counts the others sees what is missing.
macro_rules! key {
    () => {
        "iif(octet_length(k) = 32, k, NULL)"
    };
}
/// What else a row holds, each column only if it can be what we write.
macro_rules! sound {
    ($body:literal) => {
        concat!("iif(typeof(v) = 'integer', v, NULL), iif(octet_length(i) = 32, i, NULL), ", $body)
    };
}
/// 8388608 is `MAX_BODY`.
macro_rules! row {
    () => {
        sound!("iif(octet_length(b) <= 8388608, b, NULL)")
    };
}
/// Of the rows that have an index value; the index `ri` holds no others.
macro_rules! indexed {
    () => {
        " AND i <> x'0000000000000000000000000000000000000000000000000000000000000000'"
    };
}
const ROW: &str = concat!("SELECT ", key!(), ", ", row!(), " FROM r WHERE t = ?1 AND k = ?2");
/// Where the rows of a table lie, by the primary key, by which they are found and changed.
pub(super) const PLACES: &str =
    concat!("SELECT rowid, ", key!(), " FROM r INDEXED BY sqlite_autoindex_r_1 WHERE t = ?1");
const PLACES_OF_INDEX: &str =
    concat!("SELECT rowid, ", key!(), " FROM r INDEXED BY ri WHERE t = ?1 AND i = ?2", indexed!());
const ROWS_AT: &str =
    concat!("SELECT rowid, ", key!(), ", ", row!(), " FROM r NOT INDEXED WHERE rowid BETWEEN ?1 AND ?2");
const HEADS_AT: &str =
    concat!("SELECT rowid, ", key!(), ", ", sound!("x''"), " FROM r NOT INDEXED WHERE rowid BETWEEN ?1 AND ?2");
/// The index is named, or the planner takes the one that spares it sorting and reads every row's page for it.
pub(super) const HEADS: &str =
    concat!("SELECT ", key!(), ", ", sound!("x''"), " FROM r INDEXED BY ri WHERE t = ?1", indexed!());
pub(super) const HEADS_OF_INDEX: &str = concat!(
    "SELECT ",
    key!(),
    ", ",
    sound!("x''"),
    " FROM r INDEXED BY ri WHERE t = ?1 AND i = ?2",
    indexed!(),
    " ORDER BY k"
);
pub(super) const KEYS_OF_INDEX: &str = concat!("SELECT ", key!(), " FROM r INDEXED BY ri WHERE t = ?1", indexed!());

type Key = [u8; 32];
/// Where a row lies, and the key by which it is found there.
type Place = (i64, Key);

/// The rows of a read, in the order of their keys.
pub(super) fn rows(sql: &Connection, read: &Read) -> rusqlite::Result<Vec<Row>> {
    let mut rows = Vec::new();
    each(sql, read, &mut |lent| rows.push(lent.to_row()))?;
    rows.sort_unstable_by_key(|row| row.key.id);
    Ok(rows)
}

/// Shows each row of a read. Of a whole table those that the primary key names and, if they have an index value, the index too: one
/// damaged entry hides a row from one of the two alone, and who counts sees that it is missing, by whichever way it is looked for.
pub(super) fn each(sql: &Connection, read: &Read, show: &mut dyn FnMut(Lent<'_>)) -> rusqlite::Result<()> {
    match read {
        Read::Get(key) => {
            let mut statement = sql.prepare_cached(ROW)?;
            let mut rows = statement.query(params![key.table.0, key.id])?;
            rows.next()?.map_or(Ok(()), |row| {
                show(lend(key, row, 1)?);
                Ok(())
            })
        }
        Read::Heads(table, Some(index)) => heads(sql, HEADS_OF_INDEX, *table, params![table.0, index], show),
        Read::Rows(table, Some(index)) => {
            let places = places(sql, PLACES_OF_INDEX, params![table.0, index])?;
            let mut shown = 0_usize;
            lying(sql, ROWS_AT, *table, (&places, &places), &mut |lent| {
                shown = shown.saturating_add(1);
                // That it is one of these is what the index says, which is what is counted.
                show(Lent { index, ..lent });
            })?;
            // No count would see that one is missing here.
            if shown == places.len() { Ok(()) } else { Err(rusqlite::Error::InvalidQuery) }
        }
        Read::Heads(table, None) => {
            let all = places(sql, PLACES, params![table.0])?;
            let known = sorted(all.iter().map(|(_, key)| *key));
            let mut indexed = Vec::new();
            heads(sql, HEADS, *table, params![table.0], &mut |lent| {
                if known.binary_search(&lent.key.id).is_ok() {
                    indexed.push(lent.key.id);
                    show(lent);
                }
            })?;
            let indexed = sorted(indexed);
            let others = all.iter().filter(|(_, key)| indexed.binary_search(key).is_err()).copied();
            lying(sql, HEADS_AT, *table, (&others.collect::<Vec<_>>(), &all), &mut |lent| {
                if *lent.index == NO_INDEX {
                    show(lent);
                }
            })
        }
        Read::Rows(table, None) => {
            let mut indexed = Vec::new();
            scan(sql, KEYS_OF_INDEX, params![table.0], |row| {
                indexed.extend(key(row, 0)?);
                Ok(())
            })?;
            let indexed = sorted(indexed);
            let places = places(sql, PLACES, params![table.0])?;
            lying(sql, ROWS_AT, *table, (&places, &places), &mut |lent| {
                if *lent.index == NO_INDEX || indexed.binary_search(&lent.key.id).is_ok() {
                    show(lent);
                }
            })
        }
    }
}

fn sorted(keys: impl IntoIterator<Item = Key>) -> Vec<Key> {
    let mut keys: Vec<Key> = keys.into_iter().collect();
    // Mostly they come sorted: those of one index value do.
    keys.sort_unstable();
    keys
}

/// Each entry of an index. A forged tree whose pages name each other again and again has no end; the pages of the file have one.
fn scan(
    sql: &Connection,
    columns: &str,
    which: impl Params,
    mut each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let pages: u32 = sql.prepare_cached("PRAGMA page_count")?.query_row([], |row| row.get(0))?;
    let mut left = u64::from(pages).saturating_mul(ROWS_OF_A_PAGE);
    let mut statement = sql.prepare_cached(columns)?;
    let mut rows = statement.query(which)?;
    while let Some(row) = rows.next()? {
        // No error of SQLite's: the store is damaged.
        left = left.checked_sub(1).ok_or(rusqlite::Error::InvalidQuery)?;
        each(row)?;
    }
    Ok(())
}

fn heads(
    sql: &Connection,
    columns: &str,
    table: Table,
    which: impl Params,
    show: &mut dyn FnMut(Lent<'_>),
) -> rusqlite::Result<()> {
    scan(sql, columns, which, |row| {
        if let Some(id) = key(row, 0)? {
            show(lend(&RowKey { table, id }, row, 1)?);
        }
        Ok(())
    })
}

/// What an index says of where rows lie, in that order, so that each page is read once.
fn places(sql: &Connection, columns: &str, which: impl Params) -> rusqlite::Result<Vec<Place>> {
    let mut places = Vec::new();
    scan(sql, columns, which, |row| {
        if let Some(key) = key(row, 1)? {
            places.push((row.get(0)?, key));
        }
        Ok(())
    })?;
    places.sort_unstable();
    Ok(places)
}

/// Shows the rows of these places; `all` are those of the whole table, or of as much of it as was asked for.
fn lying(
    sql: &Connection,
    columns: &str,
    table: Table,
    (places, all): (&[Place], &[Place]),
    show: &mut dyn FnMut(Lent<'_>),
) -> rusqlite::Result<()> {
    let mut statement = sql.prepare_cached(columns)?;
    let (mut missed, mut known) = (Vec::new(), None);
    // Those without a gap between them, and without a place that is named twice, are asked for at once.
    for run in places.chunk_by(|(place, _), (next, _)| place.checked_add(1) == Some(*next)) {
        let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else { continue };
        if is_doubled(places, *first) || is_doubled(places, *last) {
            missed.extend_from_slice(run);
            continue;
        }
        let mut shown = vec![false; run.len()];
        let mut rows = statement.query(params![first, last])?;
        for _ in run {
            let Some(row) = rows.next()? else { break };
            let at = usize::try_from(row.get::<_, i64>(0)?.saturating_sub(*first)).unwrap_or(usize::MAX);
            let (Some((_, id)), Some(shown)) = (run.get(at), shown.get_mut(at)) else { continue };
            // A row whose place is hurt stands at another's; its own key tells.
            if !*shown && key(row, 1)? == Some(*id) {
                *shown = true;
                show(lend(&RowKey { table, id: *id }, row, 2)?);
            }
        }
        missed.extend(run.iter().zip(shown).filter(|(_, shown)| !shown).map(|(place, _)| *place));
    }
    // A place that is hurt ends a run too soon; sought one by one those after it are found.
    for named in missed.chunk_by(|(place, _), (next, _)| place == next) {
        let Some((place, id)) = named.first() else { continue };
        let mut rows = statement.query(params![place, place])?;
        let Some(row) = rows.next()? else { continue };
        let own = key(row, 1)?;
        let id = match own {
            Some(own) if named.iter().any(|(_, id)| *id == own) => own,
            _ if named.len() > 1 => continue,
            Some(own) => {
                let known = known.get_or_insert_with(|| sorted(all.iter().map(|(_, key)| *key)));
                if known.binary_search(&own).is_ok() {
                    continue;
                }
                *id
            }
            None => *id,
        };
        show(lend(&RowKey { table, id }, row, 2)?);
    }
    Ok(())
}

/// Whether more than one entry names this place.
fn is_doubled(places: &[Place], place: i64) -> bool {
    let from = places.partition_point(|(other, _)| *other < place);
    places.get(from.saturating_add(1)).is_some_and(|(next, _)| *next == place)
}

fn blob<'a>(row: &'a rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<&'a [u8]>> {
    Ok(match row.get_ref(at)? {
        ValueRef::Blob(blob) => Some(blob),
        _ => None,
    })
}

fn key(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<Key>> {
    Ok(blob(row, at)?.and_then(|key| key.try_into().ok()))
}

/// A row whose columns stand from `at` on. One with a column that we cannot have written is shown without bytes, so that who opens it
/// names this one and no other.
fn lend<'a>(key: &'a RowKey, row: &'a rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Lent<'a>> {
    let version = match row.get_ref(at)? {
        ValueRef::Integer(version) => u64::try_from(version).ok(),
        _ => None,
    };
    let index = blob(row, at + 1)?.and_then(|index| index.try_into().ok());
    let bytes = blob(row, at + 2)?;
    let bytes = version.and(index).and(bytes).unwrap_or_default();
    Ok(Lent { key, version: version.unwrap_or_default(), index: index.unwrap_or(&NO_INDEX), bytes })
}

#[cfg(test)]
mod tests;
