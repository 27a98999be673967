//! `rid`: the command-line tool of integrators and verifiers of Rəqəmsal İD.
//!
//! It is the one binary that links every role. One file is one command, and what commands share has a file of its own:
//!
//! ```text
//! main ──► args ──► one command ──► Failure (exit code)
//!                     │
//!                     ├─ demo ──► issue, enrol, present, read ──► wallet, issuer, verifier over link (TCP on loopback)
//!                     └─ verify, inspect, transcript ──► capture, input ──► mdoc, verifier
//! ```
//!
//! ```sh
//! rid demo                                   # every step in one run
//! rid verify saved/ --json                   # the verdict on a saved exchange
//! ```
//!
//! A command judges nothing itself: verdicts come from `rid_verifier`, consent and storage from `rid_wallet`. Values of
//! a credential are printed only when the user asks for them. Secrets never come from arguments or the environment. The
//! JSON, the codes and the exit codes are stable (`spec/verify.md`).

mod args;
mod ask;
mod asked;
mod capture;
mod demo;
mod enrol;
mod explain;
mod failure;
mod hint;
mod home;
mod hostile;
mod input;
mod inspect;
mod issue;
mod link;
mod opened;
mod patience;
mod pki;
mod present;
mod present_online;
mod qr;
mod read;
mod receipt;
mod roots;
mod saved;
mod say;
mod terminal;
mod transcript;
mod vault;
mod verdict;
mod verify;
mod verify_request;
mod verify_sd_jwt;
mod wallet;
mod words;

use clap::{Parser, Subcommand};

use crate::{
    args::{
        DemoArguments, EnrolArguments, HostileArguments, IssueArguments, PresentArguments, ReadArguments,
        VerifyArguments, WalletArguments,
    },
    explain::ExplainArguments,
    failure::Failure,
    inspect::InspectArguments,
    transcript::TranscriptArguments,
    vault::VaultArguments,
};

/// Rəqəmsal İD on the command line: enrol, hold, present, read, verify and inspect ISO/IEC 18013-5 credentials.
///
/// Start with `rid demo`: it makes a test State, issues two documents to a fictional citizen and runs one presentation
/// between two processes. The keys are in a software secure area, which is NOT hardware; the roots are test roots, and
/// every view says so.
#[derive(Parser)]
#[command(name = "rid", version, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(DemoArguments),
    Enrol(EnrolArguments),
    Explain(ExplainArguments),
    Hostile(HostileArguments),
    Inspect(InspectArguments),
    Issue(IssueArguments),
    Present(PresentArguments),
    Read(ReadArguments),
    Transcript(TranscriptArguments),
    Vault(VaultArguments),
    Verify(VerifyArguments),
    Wallet(WalletArguments),
}

fn main() -> std::process::ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let usage = error.use_stderr();
            // Help and version go to stdout and are not failures. Everything else is a usage error.
            let _ = error.print();
            return if usage { failure::EXIT_USAGE.into() } else { 0.into() };
        }
    };
    // For `rid verify` an unreadable file is a usage error.
    let is_verify = matches!(arguments.command, Command::Verify(_));
    match run(arguments.command) {
        Ok(code) => code.into(),
        Err(failure) => {
            failure.print();
            if is_verify && matches!(failure, Failure::File { .. }) {
                return failure::EXIT_USAGE.into();
            }
            failure.exit_code().into()
        }
    }
}

fn run(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Enrol(arguments) => enrol::enrol(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Hostile(arguments) => hostile::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Issue(arguments) => issue::run(&arguments),
        Command::Present(arguments) => present::run(&arguments),
        Command::Read(arguments) => read::run(&arguments),
        Command::Transcript(arguments) => transcript::run(&arguments),
        Command::Vault(arguments) => vault::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Wallet(arguments) => wallet::run(&arguments),
    }
}
