use rid_flow::ports::{Expect, Layout, Read, Row, StorageError, Transaction, Visitor, Write};
use rusqlite::{Connection, ErrorCode, TransactionBehavior, ffi, params};

use super::{layout, read};

/// No body is longer; a document with a portrait is a tenth of it.
const MAX_BODY: usize = 8 << 20;
/// Of a row with such a body: a forged length takes no more memory than this.
pub(super) const MAX_LEN: i32 = (8 << 20) + 1024;
/// The version as it was served: a row whose version nobody can read can still be given up.
macro_rules! has_version {
    ($number:literal) => {
        concat!(" AND iif(typeof(v) = 'integer', max(v, 0), 0) = ", $number)
    };
}
const DELETE: &str = concat!("DELETE FROM r WHERE t = ?1 AND k = ?2", has_version!("?3"));
const INSERT: &str = "INSERT INTO r (t, k, v, i, b, rowid) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
/// The place after the last of these, or `NULL` where there is no room.
const NEXT_PLACE: &str =
    "SELECT nullif(coalesce(max(rowid), ?1) + 1, ?2) FROM r NOT INDEXED WHERE rowid >= ?1 AND rowid < ?2";
const UPDATE: &str = concat!("UPDATE r SET v = ?3, i = ?4, b = ?5 WHERE t = ?1 AND k = ?2", has_version!("?6"));

/// Runs one transaction; `newest` is the highest layout it may raise the store to.
pub(super) fn run(
    connection: &mut Connection,
    transaction: &Transaction,
    newest: Layout,
) -> Result<Vec<Vec<Row>>, StorageError> {
    let fail = |error: rusqlite::Error| storage_error(&error);
    if transaction.writes.iter().any(is_beyond) {
        return Err(StorageError::Io);
    }
    let reads_only = transaction.writes.is_empty() && transaction.layout.is_none();
    let behavior = if reads_only { TransactionBehavior::Deferred } else { TransactionBehavior::Immediate };
    let sql = connection.transaction_with_behavior(behavior).map_err(fail)?;
    if let Some(wanted) = transaction.layout {
        layout::raise(&sql, wanted, newest)?;
    }
    let mut results = Vec::with_capacity(transaction.reads.len());
    for read in &transaction.reads {
        results.push(read::rows(&sql, read).map_err(fail)?);
    }
    for write in &transaction.writes {
        if apply(&sql, write).map_err(fail)? != 1 {
            return Err(StorageError::Conflict);
        }
    }
    sql.commit().map_err(fail)?;
    Ok(results)
}

/// Shows the rows of one moment.
pub(super) fn visit(connection: &mut Connection, reads: &[Read], mut visitor: Visitor) -> Result<(), StorageError> {
    let fail = |error: rusqlite::Error| storage_error(&error);
    let sql = connection.transaction_with_behavior(TransactionBehavior::Deferred).map_err(fail)?;
    for (number, read) in reads.iter().enumerate() {
        read::each(&sql, read, &mut |lent| visitor(number, lent)).map_err(fail)?;
    }
    sql.commit().map_err(fail)
}

/// What could not be read again, or not as it was, is not written.
fn is_beyond(write: &Write) -> bool {
    matches!(write, Write::Put(row, _) if row.bytes.len() > MAX_BODY || i64::try_from(row.version).is_err())
}

/// The number of rows changed: 1, or the expectation did not hold.
fn apply(sql: &Connection, write: &Write) -> rusqlite::Result<usize> {
    let number = |version: u64| i64::try_from(version).unwrap_or(i64::MAX);
    match write {
        Write::Delete(key, Expect::Version(version)) => {
            sql.prepare_cached(DELETE)?.execute(params![key.table.0, key.id, number(*version)])
        }
        // Deleting what must be absent holds if it is.
        Write::Delete(key, Expect::Absent) => sql
            .prepare_cached("SELECT count(*) = 0 FROM r WHERE t = ?1 AND k = ?2")?
            .query_row(params![key.table.0, key.id], |row| row.get::<_, bool>(0))
            .map(usize::from),
        Write::Put(row, Expect::Absent) => insert(sql, row, number(row.version)),
        Write::Put(row, Expect::Version(version)) => sql.prepare_cached(UPDATE)?.execute(params![
            row.key.table.0,
            row.key.id,
            number(row.version),
            row.index,
            row.bytes,
            number(*version)
        ]),
    }
}

/// 0 when there is a row of that key. A place that is taken, as where one that is hurt reads as an earlier one, is no reason to refuse.
fn insert(sql: &Connection, row: &Row, version: i64) -> rusqlite::Result<usize> {
    let mut insert = sql.prepare_cached(INSERT)?;
    for place in [next_place(sql, row)?.unwrap_or_else(|| far_place(row)), far_place(row)] {
        let done = insert.execute(params![row.key.table.0, row.key.id, version, row.index, row.bytes, place]);
        match done.as_ref().err().and_then(rusqlite::Error::sqlite_error).map(|error| error.extended_code) {
            Some(ffi::SQLITE_CONSTRAINT_ROWID) => {}
            Some(ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => return Ok(0),
            _ => return done,
        }
    }
    // No error of SQLite's: the store is damaged.
    Err(rusqlite::Error::InvalidQuery)
}

/// Where no row lies in its turn.
const FAR: i64 = 1 << 62;

/// Where a new row is to lie: those of no index are read a table at a time, and lie together, below zero; all others above. `None`: there
/// is no room, which only a file that is hurt or forged has.
fn next_place(sql: &Connection, row: &Row) -> rusqlite::Result<Option<i64>> {
    const ROOM: i64 = 1 << 48;
    let (first, end) = if row.index == read::NO_INDEX {
        let first = i64::from(row.key.table.0).saturating_add(1).saturating_mul(-ROOM);
        (first, first.saturating_add(ROOM))
    } else {
        (0, FAR)
    };
    sql.prepare_cached(NEXT_PLACE)?.query_row(params![first, end], |row| row.get(0))
}

/// One that nobody else has: keys are as good as random.
fn far_place(row: &Row) -> i64 {
    row.key.id.iter().take(7).fold(FAR >> 56, |place, byte| place << 8 | i64::from(*byte))
}

pub(super) fn storage_error(error: &rusqlite::Error) -> StorageError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StorageError::ReadOnly,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Locked,
        // `Unknown` is SQLITE_ERROR: a table or column of ours is not there. `TooBig` is a column that we do not write.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown | ErrorCode::TooBig) => {
            StorageError::Damaged
        }
        Some(_) => StorageError::Io,
        // Rows of another form than this layout's.
        None => StorageError::Damaged,
    }
}

#[cfg(test)]
mod tests;
