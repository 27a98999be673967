//! The PIN and the recovery code.
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
    let state = pollster::block_on(wallet.unlock_state())?;
    if wallet.lock_state() == LockState::Locked {
        if !state.recovery {
            // Who knows the PIN changes it.
            return Err(Failure::core("`rid vault pin change` is for who knows the PIN", Code::new("pin_required")));
        }
        pollster::block_on(opened::unlock_by_code(wallet, open, &state))?;
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
    let text = "The PIN is set. After five wrong ones each further one has a wait before it; the recovery code sets a new one (`rid vault code`).\n";
    say(json, || json!({"pin": "set"}), || text.into()).map(|()| 0)
}

/// Makes a recovery code and shows it, this once.
pub(super) fn code(wallet: &Opened, open: &OpenArguments, json: bool) -> Result<u8, Failure> {
    let wallet = &wallet.0;
    let pin = match pollster::block_on(wallet.unlock_state())?.needs_pin {
        true => None,
        false => {
            let pin = terminal::secret("PIN: ", open.pin_file.as_deref(), "--pin-file")?;
            Some(pin.trim().as_bytes().to_vec())
        }
    };
    let code = pollster::block_on(wallet.make_recovery_code(pin))?;
    let text = || {
        format!(
            "{}\nWrite it down and keep it apart from this device: it is not shown again. Then `rid vault confirm-code`: until that is \
             done an earlier code stays valid, too.\n",
            code.expose()
        )
    };
    say(json, || json!({"code": code.expose()}), text).map(|()| 0)
}

/// Confirms the new code; the earlier one is void from then on.
pub(super) fn confirm_code(wallet: &Opened, open: &OpenArguments, json: bool) -> Result<u8, Failure> {
    let code = terminal::secret("New recovery code: ", open.code_file.as_deref(), "--code-file")?;
    pollster::block_on(wallet.0.confirm_recovery_code(code.as_str().into()))?;
    let text = "The new recovery code is confirmed; an earlier one is void. Recovery files made with that one still open with it.\n";
    say(json, || json!({"confirmed": true}), || text.into()).map(|()| 0)
}
