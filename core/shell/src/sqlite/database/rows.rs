//! Runs transactions and names their errors.
use rid_flow::ports::{Expect, Layout, Row, StorageError, Table, Transaction, Write};
use rusqlite::{Connection, ErrorCode, TransactionBehavior, ffi, params};

use super::{layout, read};

/// No body is longer; a document with a portrait is a tenth of it.
const MAX_BODY: usize = 8 << 20;
/// Of a row with such a body: a forged length takes no more memory than this.
pub(super) const MAX_LEN: i32 = (8 << 20) + 1024;
/// The version as it was read: a row whose version cannot be read can still be deleted or written over.
macro_rules! statements {
    ($table:literal) => {
        [
            concat!(
                "DELETE FROM ",
                $table,
                " WHERE t = ?1 AND k = ?2 AND iif(typeof(v) = 'integer', max(v, 0), 0) = ?3"
            ),
            concat!("INSERT INTO ", $table, " (t, k, v, i, b) VALUES (?1, ?2, ?3, ?4, ?5)"),
            concat!(
                "UPDATE ",
                $table,
                " SET v = ?3, i = ?4, b = ?5 WHERE t = ?1 AND k = ?2 AND iif(typeof(v) = 'integer', max(v, 0), 0) = ?6"
            ),
            concat!("SELECT count(*) = 0 FROM ", $table, " WHERE t = ?1 AND k = ?2"),
        ]
    };
}
const STATEMENTS: [[&str; 4]; 2] = [statements!("r"), statements!("m")];

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

/// What could not be read again, or not as it was, is not written.
fn is_beyond(write: &Write) -> bool {
    matches!(write, Write::Put(row, _) if row.bytes.len() > MAX_BODY || i64::try_from(row.version).is_err())
}

/// The number of rows changed: 1, or the expectation did not hold.
fn apply(sql: &Connection, write: &Write) -> rusqlite::Result<usize> {
    let number = |version: u64| i64::try_from(version).unwrap_or(i64::MAX);
    let (Write::Delete(key, _) | Write::Put(Row { key, .. }, _)) = write;
    let [rows, mirror] = STATEMENTS;
    let [delete, insert, update, absent] = if key.table == Table::MIRROR { mirror } else { rows };
    let done = match write {
        Write::Delete(key, Expect::Version(version)) => {
            sql.prepare_cached(delete)?.execute(params![key.table.0, key.id, number(*version)])
        }
        // Deleting what must be absent holds if it is.
        Write::Delete(key, Expect::Absent) => sql
            .prepare_cached(absent)?
            .query_row(params![key.table.0, key.id], |row| row.get::<_, bool>(0))
            .map(usize::from),
        Write::Put(Row { key, version, index, bytes }, Expect::Absent) => {
            sql.prepare_cached(insert)?.execute(params![key.table.0, key.id, number(*version), index, bytes])
        }
        Write::Put(Row { key, version, index, bytes }, Expect::Version(old)) => sql
            .prepare_cached(update)?
            .execute(params![key.table.0, key.id, number(*version), index, bytes, number(*old)]),
    };
    match done.as_ref().err().and_then(rusqlite::Error::sqlite_error).map(|error| error.extended_code) {
        Some(ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => Ok(0),
        _ => done,
    }
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
