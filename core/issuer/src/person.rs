use alloc::{string::String, vec::Vec};

use rid_mdoc::build::ElementToIssue;

/// What the register says of one person for one document type: encoded element values.
#[derive(Clone)]
pub struct PersonRecord {
    /// Document type.
    pub doc_type: String,
    /// Elements.
    pub elements: Vec<ElementToIssue>,
}

/// The made-up sample citizen of `sample/`, one record per document type.
///
/// # Errors
/// [`crate::IssueError::Sample`]; a test proves that the embedded files have none.
pub fn sample_citizen() -> Result<Vec<PersonRecord>, crate::IssueError> {
    todo!()
}
