//! What stands in a store's schema. Whoever can write the file can put statements there that SQLite runs by itself: a
//! trigger, or an action of a foreign key, brings back the row that was just deleted, and the count of rows changed is
//! 1 all the same (neg-K20).
use rid_flow::ports::{Layout, StorageError};
use rusqlite::Connection;

use super::{layout, rows::storage_error};

/// Type, name, table and statement; an index of SQLite's own has no statement.
type Entry = (String, String, String, Option<String>);

/// Whether the schema is the one that the steps to this layout make, and nothing else.
///
/// # Errors
///
/// `Damaged`: somebody else changed the file.
pub(super) fn check(connection: &Connection, layout: Layout) -> Result<(), StorageError> {
    let found = entries(connection).map_err(|error| storage_error(&error))?;
    if found == made_by(layout) { Ok(()) } else { Err(StorageError::Damaged) }
}

/// What the steps to this layout make, sorted.
fn made_by(layout: Layout) -> Vec<Entry> {
    let ours: [(&str, &str, &str, Option<&str>); 2] =
        [("table", "m", "m", Some(layout::MIRROR)), ("table", "r", "r", Some(layout::ROWS))];
    let made_up = ("table", "made_up", "made_up", Some(layout::MADE_UP));
    let mut entries = Vec::new();
    if layout > Layout::NEWEST {
        entries.push(made_up);
    }
    if layout > Layout(0) {
        entries.extend(ours);
    }
    let owned = |(kind, name, table, sql): (&str, &str, &str, Option<&str>)| {
        (kind.to_owned(), name.to_owned(), table.to_owned(), sql.map(str::to_owned))
    };
    let mut entries: Vec<Entry> = entries.into_iter().map(owned).collect();
    entries.sort();
    entries
}

/// `NOT INDEXED`, so that what is compared is what SQLite itself reads: an index over the schema, which only a forged
/// file has, would be believed. The order of entries is that of their making, which is of no interest.
fn entries(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = connection.prepare("SELECT type, name, tbl_name, sql FROM main.sqlite_schema NOT INDEXED")?;
    let entry = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let mut entries = statement.query_map([], entry)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests;
