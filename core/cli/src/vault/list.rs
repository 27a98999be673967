use rid_wallet::view::{CredentialState, CredentialSummary, UnlockMethod, UnlockState};
use serde_json::{Value, json};

use super::{Opened, say};
use crate::{
    failure::{Failure, tries_left},
    wallet,
};

pub(super) fn list(opened: &Opened, json: bool) -> Result<u8, Failure> {
    let views = pollster::block_on(opened.0.credentials())?;
    let doors = pollster::block_on(opened.0.unlock_state())?;
    // What cannot be looked at is not in the way of what can be listed. No copy is opened for it: that is the doctor's.
    let whole = pollster::block_on(opened.0.is_whole()).unwrap_or(false);
    let healthy = whole && views.iter().all(|view| view.state != CredentialState::Damaged);
    let object = || {
        json!({
            "healthy": healthy, "credentials": views.iter().map(wallet::list_json).collect::<Value>(),
            "doors": doors_json(&doors),
            "secureArea": "software, not hardware",
        })
    };
    say(json, object, || text(&views, &doors, healthy)).map(|()| 0)
}

fn text(views: &[CredentialSummary], doors: &UnlockState, healthy: bool) -> String {
    let mut text: String = views.iter().map(wallet::list_line).collect();
    if views.is_empty() {
        text.push_str("No credentials.\n");
    }
    if !healthy {
        text.push_str("Something is wrong with this store: `rid vault doctor` says what and what can be done\n");
    }
    let pin = if doors.needs_pin {
        "none: whoever has this folder and its keys opens it (`rid vault pin set`)".into()
    } else {
        format!("set, {}", tries_left(doors.pin_tries_left))
    };
    let code = if doors.recovery { "made" } else { "none (`rid vault code`)" };
    text.push_str(&format!("PIN: {pin}\nRecovery code: {code}\nKeys: in software, NOT hardware\n"));
    text
}

pub(super) fn doors_json(doors: &UnlockState) -> Value {
    let unlocked_by = doors.unlocked_by.map(|door| match door {
        UnlockMethod::Biometric => "biometric",
        UnlockMethod::Device => "device",
        UnlockMethod::Pin => "pin",
        UnlockMethod::Recovery => "recovery",
    });
    json!({
        "unlockedBy": unlocked_by, "pin": !doors.needs_pin, "pinTriesLeft": doors.pin_tries_left, "biometric": doors.biometric,
        "biometricLost": doors.biometric_lost, "recovery": doors.recovery, "pinWait": doors.pin_wait,
    })
}
