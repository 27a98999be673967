//! Lists credentials and unlock methods.
use rid_wallet::view::{CredentialState, CredentialSummary, UnlockMethod, UnlockState};
use serde_json::{Value, json};

use super::{Opened, say};
use crate::{
    failure::{Failure, tries_left},
    wallet,
};

pub(super) fn list(opened: &Opened, json: bool) -> Result<u8, Failure> {
    let views = pollster::block_on(opened.0.credentials())?;
    let state = pollster::block_on(opened.0.unlock_state())?;
    // What cannot be looked at is not in the way of what can be listed. No copy is opened for it: that is the doctor's.
    let whole = pollster::block_on(opened.0.is_whole()).unwrap_or(false);
    let healthy = whole && views.iter().all(|view| view.state != CredentialState::Damaged);
    let object = || {
        json!({
            "healthy": healthy, "credentials": views.iter().map(wallet::list_json).collect::<Value>(),
            "unlockMethods": methods_json(&state),
            "secureArea": "software, not hardware",
        })
    };
    say(json, object, || text(&views, &state, healthy)).map(|()| 0)
}

fn text(views: &[CredentialSummary], state: &UnlockState, healthy: bool) -> String {
    let mut text: String = views.iter().map(wallet::list_line).collect();
    if views.is_empty() {
        text.push_str("No credentials.\n");
    }
    if !healthy {
        text.push_str("Something is wrong with this store: `rid vault doctor` says what and what can be done\n");
    }
    let pin = if state.needs_pin {
        "none: whoever has this folder and its keys opens it (`rid vault pin set`)".into()
    } else {
        format!("set, {}", tries_left(state.pin_tries_left))
    };
    let code = if state.recovery { "made" } else { "none (`rid vault code`)" };
    text.push_str(&format!("PIN: {pin}\nRecovery code: {code}\nKeys: in software, NOT hardware\n"));
    text
}

pub(super) fn methods_json(state: &UnlockState) -> Value {
    let unlocked_by = state.unlocked_by.map(|method| match method {
        UnlockMethod::Biometric => "biometric",
        UnlockMethod::Device => "device",
        UnlockMethod::Pin => "pin",
        UnlockMethod::Recovery => "recovery",
    });
    json!({
        "unlockedBy": unlocked_by, "pin": !state.needs_pin, "pinTriesLeft": state.pin_tries_left, "biometric": state.biometric,
        "biometricLost": state.biometric_lost, "recovery": state.recovery, "pinWait": state.pin_wait,
    })
}
