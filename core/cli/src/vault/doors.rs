use std::path::Path;

use rid_wallet::view::LockState;
use rid_wire::Code;
use serde_json::json;

use super::{Opened, say};
use crate::{args::OpenArguments, failure::Failure, opened, terminal};

const NEW_PIN_FILE: &str = "--new-pin-file";

/// The first PIN; or a new one, by who has the recovery code.
pub(super) fn set(wallet: &Opened, open: &OpenArguments, new: Option<&Path>, json: bool) -> Result<u8, Failure> {
    let wallet = &wallet.0;
    let doors = pollster::block_on(wallet.doors())?;
    if wallet.lock_state() == LockState::Locked {
        if !doors.recovery && doors.pin_tries_left > 0 {
            // Who knows the PIN changes it.
            return Err(Failure::core("`rid vault pin change` is for who knows the PIN", Code::new("pin_required")));
        }
        pollster::block_on(opened::unlock_by_code(wallet, open, &doors))?;
    }
    let pin = terminal::new_secret("PIN (6 to 12 digits)", new, NEW_PIN_FILE)?;
    pollster::block_on(wallet.set_pin(pin.trim().as_bytes().to_vec()))?;
    done(json)
}

pub(super) fn change(wallet: &Opened, open: &OpenArguments, new: Option<&Path>, json: bool) -> Result<u8, Failure> {
    let wallet = &wallet.0;
    if wallet.lock_state() == LockState::Unlocked {
        return Err(Failure::core("wallet", Code::new("pin_not_set")));
    }
    let old = terminal::secret("PIN: ", open.pin_file.as_deref(), "--pin-file")?;
    // Unlocked first: only then are the dates of birth known that the new PIN must not repeat.
    pollster::block_on(opened::try_pin(wallet, &old))?;
    let pin = terminal::new_secret("PIN (6 to 12 digits)", new, NEW_PIN_FILE)?;
    pollster::block_on(wallet.change_pin(old.trim().as_bytes().to_vec(), pin.trim().as_bytes().to_vec()))?;
    done(json)
}

fn done(json: bool) -> Result<u8, Failure> {
    let text = "The PIN is set. After five wrong ones only the recovery code sets a new one (`rid vault code`).\n";
    say(json, || json!({"pin": "set"}), || text.into()).map(|()| 0)
}

/// Makes a recovery code and shows it, this once.
pub(super) fn code(wallet: &Opened, json: bool) -> Result<u8, Failure> {
    let code = pollster::block_on(wallet.0.make_recovery_code())?;
    say(
        json,
        || json!({"code": code.expose()}),
        || {
            format!(
                "{}\nWrite it down and keep it apart from this device: it is not shown again. An earlier code is void; recovery \
                 files made with it still open with it.\n",
                code.expose()
            )
        },
    )
    .map(|()| 0)
}
