//! `rid explain`: what a code means and what to do next, in the three languages.
use std::io::Write;

use rid_profile::{Description, Locale, describe, is_described};

use crate::{failure::Failure, words};

/// Explain a code: what happened and what to do next, in Azerbaijani, English and Russian
#[derive(clap::Args)]
pub(crate) struct ExplainArguments {
    /// A code of spec/errors.md, `pin_wrong`
    code: String,
}

/// Prints the sentences.
pub(crate) fn explain(arguments: &ExplainArguments) -> Result<u8, Failure> {
    let code = arguments.code.as_str();
    if !is_described(code) {
        return Err(Failure::usage(format!("no such code: {code}. Codes are listed in spec/errors.md")));
    }
    let mut text = String::new();
    for (language, locale) in [("az", Locale::Az), ("en", Locale::En), ("ru", Locale::Ru)] {
        let Description { what, next } = describe(code, &[locale]);
        text.push_str(&format!("{language}: {what} {next}\n"));
    }
    if let Some(command) = words::command(code) {
        text.push_str(&format!("rid: {command}\n"));
    }
    // If stdout is closed, nobody reads the answer.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(0)
}
