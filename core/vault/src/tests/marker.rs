//! A marker of a wipe that somebody else wrote into the folder: it costs no key, so that a backup of the files still
//! opens.
use std::sync::Arc;

use rid_flow::{
    fake::{MemoryDisk, MemoryStorage, ScriptedSecureArea, SeededRng, block_on},
    ports::{Generation, KeyId, SecureAreaError},
};

use crate::{
    Pin, Vault, VaultConfig, VaultError,
    keys::envelope::{self, Envelope},
};

fn open(disk: &MemoryDisk, area: &Arc<ScriptedSecureArea>, seed: u64) -> Result<Vault, VaultError> {
    disk.kill();
    let rng = Arc::new(move || Box::new(SeededRng::new(seed)) as _);
    block_on(Vault::open(Arc::new(MemoryStorage::new(disk)), area.clone(), rng, VaultConfig { low_water: 0 }))
}

/// A store with a PIN; its envelope as it lies on the disk.
fn made() -> (MemoryDisk, Arc<ScriptedSecureArea>, Generation, Envelope) {
    let (disk, area) = (MemoryDisk::new(), Arc::new(ScriptedSecureArea::new(5)));
    let vault = open(&disk, &area, 5).unwrap();
    block_on(vault.set_pin(&Pin::parse(b"583016").unwrap(), &[])).unwrap();
    drop(vault);
    let (generation, bytes) = disk.envelope().unwrap();
    (disk, area, generation, envelope::parse(&bytes).unwrap().envelope)
}

#[test]
fn neg_k15_a_marker_of_somebody_else_costs_no_key() {
    let stranger = |envelope: &Envelope| {
        let device_key = KeyId("no key of this device".into());
        Envelope { device_key, ..envelope.wiping(envelope.area_keys()) }.seal_without_keys()
    };
    // All that is in the file can be copied; the MAC cannot be made.
    let copied = |envelope: &Envelope| envelope.wiping(envelope.area_keys()).seal_without_keys();
    let bare = |envelope: &Envelope| {
        let device_key = envelope.device_key.clone();
        let bare = Envelope::bare(envelope.version, envelope.store_id, device_key);
        bare.wiping(envelope.area_keys()).seal_without_keys()
    };
    for (at, forge) in [&stranger as &dyn Fn(&Envelope) -> Vec<u8>, &copied, &bare].into_iter().enumerate() {
        let (disk, area, Generation(generation), envelope) = made();
        let (keys, before) = (area.keys(), disk.envelope());
        let rows = disk.rows();
        disk.alter_envelope(|place| *place = Some((Generation(generation + 1), forge(&envelope))));
        let vault = open(&disk, &area, 6).unwrap();
        assert!(!vault.is_locked(), "{at}: started over");
        drop(vault);
        assert!(keys.iter().all(|key| area.keys().contains(key)), "{at}: no key is gone");
        // What lay there before opens as it did.
        let backup = MemoryDisk::new();
        backup.alter(|place| place.extend(rows.into_iter().map(|row| (row.key.clone(), row))));
        backup.alter_layout(envelope::NEWEST);
        backup.alter_envelope(|place| *place = before);
        let vault = open(&backup, &area, 7).unwrap();
        block_on(vault.unlock_with_pin(&Pin::parse(b"583016").unwrap())).unwrap();
    }
}

#[test]
fn neg_k15_an_area_that_cannot_tell_whose_marker_it_is_is_asked_again() {
    let (disk, area, generation, _) = made();
    let vault = open(&disk, &area, 6).unwrap();
    area.fail_always(rid_flow::fake::AreaCall::Delete, SecureAreaError::Locked);
    assert_eq!(block_on(vault.wipe()), Err(SecureAreaError::Locked.into()));
    drop(vault);
    area.heal();
    area.fail_always(rid_flow::fake::AreaCall::Derive, SecureAreaError::Locked);
    let keys = area.keys();
    assert_eq!(open(&disk, &area, 7).err(), Some(SecureAreaError::Locked.into()));
    assert!(disk.envelope().is_some_and(|(now, _)| now > generation), "the marker stays");
    assert_eq!(area.keys(), keys);
    area.heal();
    drop(open(&disk, &area, 8).unwrap());
    assert!(keys.iter().all(|key| !area.keys().contains(key)));
}
