//! The recovery code: it opens on any device, an old one ends when the new one is confirmed, and a deleted entry stays
//! deleted.
use rid_flow::{HistorySeq, fake::block_on};
use rid_vault::{RecoveryCode, RecoveryError, VaultError, recover};

use crate::world::*;

const PIN: &str = "583016";

fn opens(world: &World, code: &RecoveryCode) -> bool {
    block_on(world.open().unlock_with_recovery_code(code)).is_ok()
}

fn last_group(code: &RecoveryCode) -> String {
    code.to_text().rsplit('-').next().unwrap().to_lowercase()
}

#[test]
fn neg_k33_making_a_code_asks_for_the_pin_and_the_old_code_ends_when_the_new_one_is_confirmed() {
    let world = World::new(601);
    let vault = world.open();
    let old = block_on(vault.make_recovery_code(None)).unwrap();
    block_on(vault.confirm_recovery_code(&last_group(&old))).unwrap();
    block_on(vault.set_pin(&pin(PIN), &[])).unwrap();
    assert_eq!(block_on(vault.make_recovery_code(None)).err(), Some(VaultError::PinRequired));
    let wrong = block_on(vault.make_recovery_code(Some(&pin("904417"))));
    assert_eq!(wrong.err(), Some(VaultError::PinWrong { left: 4 }), "and counts as a try");
    let new = block_on(vault.make_recovery_code(Some(&pin(PIN)))).unwrap();
    drop(vault);
    assert!(opens(&world, &old) && opens(&world, &new), "both until then");
    let vault = world.open();
    for wrong in ["", "00000", &old.to_text()] {
        assert_eq!(block_on(vault.confirm_recovery_code(wrong)).err(), Some(RecoveryError::WrongCode.into()));
    }
    // After a restart only the whole code shows that it was written down.
    assert!(block_on(vault.confirm_recovery_code(&last_group(&new))).is_err());
    block_on(vault.confirm_recovery_code(&new.to_text())).unwrap();
    assert_eq!(block_on(vault.confirm_recovery_code(&new.to_text())).err(), Some(VaultError::RecoveryNotSet));
    drop(vault);
    assert!(opens(&world, &new) && !opens(&world, &old));
}

#[test]
fn neg_k33_killed_at_each_call_a_confirmed_code_always_opens() {
    let base = World::new(602);
    let vault = base.open();
    let old = block_on(vault.make_recovery_code(None)).unwrap();
    block_on(vault.confirm_recovery_code(&old.to_text())).unwrap();
    drop(vault);
    let made = std::sync::Mutex::new(None);
    let renew = |vault: &rid_vault::Vault| {
        *made.lock().unwrap() = None;
        if let Ok(new) = block_on(vault.make_recovery_code(None)) {
            let confirmed = block_on(vault.confirm_recovery_code(&new.to_text())).is_ok();
            *made.lock().unwrap() = Some((new, confirmed));
        }
    };
    at_each_call(&base, renew, |world, _| match made.lock().unwrap().as_ref() {
        Some((new, true)) => assert!(opens(world, new)),
        Some((new, false)) => assert!(opens(world, new) || opens(world, &old)),
        None => assert!(opens(world, &old)),
    });
}

#[test]
fn neg_k34_files_and_code_give_back_history_settings_and_reissuance_without_the_devices_keys() {
    let world = World::new(603);
    let vault = world.open();
    commit(&vault, add("a", 3));
    commit(&vault, put("settings", "language", "az"));
    commit(&vault, put("enrolment", "pending", "token"));
    commit(&vault, log(1));
    commit(&vault, log(2));
    block_on(vault.delete_history(HistorySeq(1), at(9))).unwrap();
    block_on(vault.set_pin(&pin(PIN), &[])).unwrap();
    let code = block_on(vault.make_recovery_code(Some(&pin(PIN)))).unwrap();
    block_on(vault.confirm_recovery_code(&last_group(&code))).unwrap();
    block_on(vault.close()).unwrap();
    let elsewhere = world.on(604);
    assert_eq!(elsewhere.try_open().err().unwrap().code().as_str(), "key_not_found");
    elsewhere.disk.kill();
    let wrong = RecoveryCode::make(&mut *rng()());
    let refused = block_on(recover(elsewhere.storage(&Line::whole()), &wrong));
    assert_eq!(refused.err(), Some(RecoveryError::WrongCode.into()));
    let (rows, envelope) = (elsewhere.disk.rows(), elsewhere.disk.envelope());
    let recovery = block_on(recover(elsewhere.storage(&Line::whole()), &code)).unwrap();
    assert!(elsewhere.disk.rows() == rows && elsewhere.disk.envelope() == envelope, "nothing was changed");
    assert_eq!((recovery.reissue.len(), recovery.history.len(), recovery.settings.len()), (1, 1, 1));
    assert!(recovery.history[0].1 == event(2));
    let to = World::new(605).open();
    let imported = block_on(to.import(&recovery)).unwrap();
    assert_eq!((imported.reissue.len(), imported.history, imported.settings), (1, 1, 1));
    assert_eq!(block_on(to.record(&key("settings", "language"))).unwrap().unwrap(), b"az");
    assert_eq!(block_on(to.record(&key("enrolment", "pending"))).unwrap(), None, "no token travels");
}

#[test]
fn neg_k35_a_deleted_entry_does_not_come_back_by_an_import() {
    let world = World::new(606);
    let vault = world.open();
    commit(&vault, log(1));
    commit(&vault, log(2));
    let code = block_on(vault.make_recovery_code(None)).unwrap();
    let file = block_on(vault.export_recovery(&code, at(3))).unwrap();
    block_on(vault.delete_history(HistorySeq(1), at(4))).unwrap();
    assert_eq!(block_on(vault.import_recovery(&code, &file)).unwrap().history, 0);
    let rows = block_on(vault.history(0, 99)).unwrap();
    assert!(rows.len() == 2 && rows[0].kept().is_none());
    let other = World::new(607).open();
    assert_eq!(block_on(other.import_recovery(&code, &file)).unwrap().history, 2, "elsewhere it was never deleted");
}
