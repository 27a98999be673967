//! The arguments of `rid vault`.
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::{HomeArguments, OpenArguments};

/// Look after the store: what is in it, whether it is whole, its PIN, its recovery file, its end.
///
/// The store is sealed under keys of a SOFTWARE secure area: this is NOT hardware. `--key-file` or `--passphrase-file`
/// seal those keys under something that does not lie beside them. What is promised, and what is not: spec/vault.md.
#[derive(Args)]
#[command(after_help = "Exit codes: 0 done and whole; 1 refused, by name; 3 looked at and not whole (doctor, verify, \
    verify-export of a history that was broken before it was exported); 64 wrong call.\n\n\
    Examples:\n  rid vault pin set\n  rid vault code                          (write it down: it is shown once)\n  \
    rid vault export --out history.json && rid vault verify-export history.json\n  rid vault export-recovery --out recovery.rid\n  rid vault doctor")]
pub(crate) struct VaultArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    #[command(flatten)]
    pub(crate) open: OpenArguments,
    /// Print JSON for machines
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(super) command: VaultCommand,
}

#[derive(Subcommand)]
pub(super) enum VaultCommand {
    /// Make a recovery code, shown this once; an earlier one stays valid until `confirm-code`
    Code,
    /// Confirm the new recovery code by typing it (--code-file FILE); the earlier one is void from then on
    ConfirmCode,
    /// Delete what one row of the history says; that there was one stays to be seen
    DeleteEntry {
        /// Its place, from `rid vault history`
        seq: u64,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// What is wrong with this store and what can be done; also for one that does not open
    ///
    /// Exit 0: nothing is wrong. Exit 3: something is, and each finding says what can be done. As every command it
    /// completes a wipe, a move aside or a migration that was cut off; besides that it changes nothing. Of a locked
    /// store only the outside is looked at.
    Doctor,
    /// Export the history as JSON lines with a chain of hashes (spec/history.md)
    Export {
        /// Where to write it; standard output if not given, or `-`
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Replace a file that is there
        #[arg(long)]
        force: bool,
    },
    /// What was shown, refused, received, deleted
    History,
    /// Credentials (those that cannot be read among them), copies left, unlock methods
    List,
    /// Set or change the PIN: six to twelve digits
    Pin {
        #[command(subcommand)]
        command: PinCommand,
    },
    /// Import what the recovery code gives back of another wallet's folder: one moved aside, or from a lost device
    Recover {
        /// The folder with its files, e.g. .rid/wallet/aside-1
        folder: PathBuf,
    },
    /// Copy what can be read into a new database; the loss is written into the history, the old files are kept aside
    Repair {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Move the files of a store that no unlock method opens aside, deleting nothing; the next command starts over
    Reset {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Seal everything under new keys
    Rotate,
    /// Write a recovery file, sealed by the recovery code: what to ask issuers for again, history, settings; never a
    /// key
    ExportRecovery {
        /// Where to write it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace a file that is there
        #[arg(long)]
        force: bool,
    },
    /// Take a recovery file in, all of it or nothing
    ImportRecovery {
        /// The recovery file
        file: PathBuf,
    },
    /// Walk the chain of this store's history
    Verify,
    /// Check without a wallet whether the lines of an export belong together
    VerifyExport {
        /// An export of `rid vault export`
        file: PathBuf,
    },
    /// Destroy the store, stores set aside and their software keys; also one that does not open, and without its PIN
    Wipe {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Subcommand)]
pub(super) enum PinCommand {
    /// Change the PIN, knowing the old one
    Change {
        /// File with the new PIN; without it the terminal is asked twice
        #[arg(long, value_name = "FILE")]
        new_pin_file: Option<PathBuf>,
    },
    /// Set the first PIN; or, with the recovery code, a new one
    Set {
        /// File with the new PIN; without it the terminal is asked twice
        #[arg(long, value_name = "FILE")]
        new_pin_file: Option<PathBuf>,
    },
}
