//! Runs `tests/vectors/INDEX`: one named test for each line and cryptographic backend, and two that compare the INDEX
//! with the folder.
//!
//! `cargo test -p rid-conformance -- PART` runs the lines whose path contains PART. A line `n/a` is printed with its
//! reason and is not a test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test runner: what is missing fails the test at hand"
)]

mod annex_d;
mod container;
mod data;
mod document;
mod index;
mod online;
mod primitive;
mod sd_jwt;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use rid_crypto::Backend;

use crate::index::{Expected, Line};

/// The result of a vector: accepted, or the code of the refusal, or the failed expectation in words.
type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let parts: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let lines = index::read();
    let mut tests: Vec<(String, Box<dyn Fn() -> Outcome>)> = vec![
        ("index_names_every_file".into(), Box::new(index::names_every_file)),
        ("index_names_no_file_twice_and_only_files".into(), Box::new(index::names_nothing_else)),
    ];
    for line in lines {
        match line.expected {
            Expected::NotApplicable => println!("not applicable: {}: {}", line.path, line.why),
            _ => tests.extend(Backend::AVAILABLE.iter().map(|backend| under(*backend, line.clone()))),
        }
    }
    tests.retain(|(name, _)| parts.is_empty() || parts.iter().any(|part| name.contains(part)));
    println!("\nrunning {} tests", tests.len());
    let mut failed = Vec::new();
    for (name, test) in &tests {
        let outcome = catch_unwind(AssertUnwindSafe(test)).unwrap_or_else(|_| Err("panicked".into()));
        println!("test {name} ... {}", if outcome.is_ok() { "ok" } else { "FAILED" });
        failed.extend(outcome.err().map(|why| format!("{name}: {why}")));
    }
    for line in &failed {
        println!("{line}");
    }
    let word = if failed.is_empty() { "ok" } else { "FAILED" };
    println!("\ntest result: {word}. {} passed; {} failed; 0 ignored", tests.len() - failed.len(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The test of a line with this backend.
fn under(backend: Backend, line: Line) -> (String, Box<dyn Fn() -> Outcome>) {
    let name = format!("{} {} {backend:?}", line.path, line.kind);
    let test = move || {
        backend.select();
        judge(&line)
    };
    (name, Box::new(test))
}

/// Reads the vector as its line says and compares the result.
fn judge(line: &Line) -> Outcome {
    let outcome = match line.kind.as_str() {
        "sign1" => container::sign1(&line.path),
        "mac0" => container::mac0(&line.path),
        "cbor" => container::cbor(&line.path),
        "answer" => document::answer(line),
        "device-response" => document::device_response(line),
        "request" => document::device_request(&line.path),
        "issuer-signed" => document::issuer_signed(line),
        "dcql" => online::dcql(&line.path),
        "json" => online::json(&line.path),
        "error" => online::error(&line.path),
        "metadata" => online::metadata(&line.path),
        "hpke" => online::hpke(&line.path),
        "transcripts" => online::transcripts(&line.path),
        "sd-jwt" => sd_jwt::sd_jwt(line),
        "sd-jwt-vc" => sd_jwt::sd_jwt_vc(line),
        "certificate" => document::certificate(&line.path),
        "aead" | "ecdh" | "ecdsa" | "hkdf" | "hmac" => primitive::cases(&line.path, &line.kind),
        _ => annex_d::judge(&line.path),
    };
    match (&line.expected, outcome) {
        (Expected::Accepted, Ok(())) => Ok(()),
        (Expected::Refused(code), Err(refused)) if *code == refused => Ok(()),
        (Expected::Accepted, Err(refused)) => Err(format!("expected acceptance, got refusal: {refused}")),
        (Expected::Refused(code), other) => Err(format!("expected refusal with {code}, got {other:?}")),
        (Expected::NotApplicable, _) => Ok(()),
    }
}

/// Returns `Ok` if the expectation holds.
fn holds(what: &str, holds: bool) -> Outcome {
    if holds { Ok(()) } else { Err(format!("does not hold: {what}")) }
}
