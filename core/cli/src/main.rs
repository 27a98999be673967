//! `rid`: the command-line tool of integrators and verifiers of Rəqəmsal İD.

mod args;
mod ask;
mod asked;
mod demo;
mod enrol;
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
mod qr;
mod read;
mod roots;
mod saved;
mod say;
mod terminal;
mod transcript;
mod vault;
mod verdict;
mod verify;
mod verify_request;
mod wallet;
mod words;

use clap::Parser;

use crate::{
    args::{Arguments, Command},
    failure::Failure,
};

fn main() -> std::process::ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let usage = error.use_stderr();
            // Help and version go to stdout and are no failure; everything else is a wrong call.
            let _ = error.print();
            return if usage { failure::EXIT_USAGE.into() } else { 0.into() };
        }
    };
    // A judge that cannot read what it is to judge was called wrongly.
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
