//! `rid vault`: what a person can do with the store itself: look, check, export, lock, take along, wipe.
mod arguments;
mod doctor;
mod export;
mod history;
mod list;
mod recovery;
mod unlock_methods;
mod wipe;

use std::sync::Arc;

use rid_wallet::Wallet;
use serde_json::Value;

use crate::{
    failure::Failure,
    home::{self, Home},
    opened::Opening,
    verdict,
};

pub(crate) use arguments::VaultArguments;
use arguments::{PinCommand, VaultCommand};

pub(crate) fn run(arguments: &VaultArguments) -> Result<u8, Failure> {
    let home = Home::new(&arguments.home.home);
    let opening = Opening { home: &home, open: &arguments.open, locale: arguments.home.locale(), mac: false };
    let json = arguments.json;
    match &arguments.command {
        VaultCommand::Code => unlock_methods::code(&Opened::new(&opening)?, &arguments.open, json),
        VaultCommand::ConfirmCode => unlock_methods::confirm_code(&Opened::new(&opening)?, &arguments.open, json),
        VaultCommand::DeleteEntry { seq, yes } => history::delete(&Opened::new(&opening)?, *seq, *yes, json),
        VaultCommand::Doctor => doctor::run(&opening, json),
        VaultCommand::Export { out, force } => export::export(&Opened::new(&opening)?, out.as_deref(), *force, json),
        VaultCommand::History => history::history(&Opened::new(&opening)?, json),
        VaultCommand::List => list::list(&Opened::new(&opening)?, json),
        VaultCommand::Pin { command: PinCommand::Change { new_pin_file } } => {
            unlock_methods::change(&Opened::locked(&opening)?, &arguments.open, new_pin_file.as_deref(), json)
        }
        VaultCommand::Pin { command: PinCommand::Set { new_pin_file } } => {
            unlock_methods::set(&Opened::locked(&opening)?, &arguments.open, new_pin_file.as_deref(), json)
        }
        VaultCommand::Recover { folder } => recovery::recover(&Opened::made(&opening)?, &arguments.open, folder, json),
        VaultCommand::Repair { yes } => recovery::repair(&Opened::new(&opening)?, *yes, json),
        VaultCommand::Reset { yes } => wipe::reset(&opening, *yes, json),
        VaultCommand::Rotate => recovery::rotate(&Opened::new(&opening)?, json),
        VaultCommand::ExportRecovery { out, force } => {
            recovery::export_recovery(&Opened::new(&opening)?, &arguments.open, out, *force, json)
        }
        VaultCommand::ImportRecovery { file } => {
            recovery::import_recovery(&Opened::made(&opening)?, &arguments.open, file, json)
        }
        VaultCommand::VerifyExport { file } => export::verify(file, json),
        VaultCommand::Verify => history::verify(&Opened::new(&opening)?, json),
        VaultCommand::Wipe { yes } => wipe::wipe(&opening, *yes, json),
    }
}

/// The wallet for one verb; closed at its end.
struct Opened(Arc<Wallet>);

impl Opened {
    /// Unlocked. A store is never made by who only looks.
    fn new(opening: &Opening<'_>) -> Result<Self, Failure> {
        there(opening.home)?;
        opening.wallet(opening.any_trust()?).map(Self)
    }

    /// The same, made where there is none: what a recovery file is for begins on a new device.
    fn made(opening: &Opening<'_>) -> Result<Self, Failure> {
        opening.wallet(opening.any_trust()?).map(Self)
    }

    fn locked(opening: &Opening<'_>) -> Result<Self, Failure> {
        there(opening.home)?;
        opening.locked_wallet(opening.any_trust()?).map(Self)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // What was acknowledged stands without it.
        let _ = pollster::block_on(self.0.close());
    }
}

/// Whether there is a wallet in this home.
fn there(home: &Home) -> Result<(), Failure> {
    let folder = home.wallet();
    if home::is_there(&folder)? {
        return Ok(());
    }
    Err(Failure::usage(format!("{}: no wallet here; `rid demo` or `rid enrol` makes one", folder.display())))
}

/// One object for machines, or text for people.
fn say(json: bool, object: impl FnOnce() -> Value, text: impl FnOnce() -> String) -> Result<(), Failure> {
    verdict::write_out(&if json { format!("{:#}\n", object()) } else { text() })
}
