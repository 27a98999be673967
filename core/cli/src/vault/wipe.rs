//! The two ends of a store: destroyed, or moved aside.
use std::{fs, sync::Arc};

use rid_flow::ports::{Storage, StorageError};
use rid_shell::{SoftwareSecureArea, SqliteStorage};
use rid_vault::VaultError;
use rid_wallet::Wallet;
use serde_json::json;

use super::{say, there};
use crate::{
    failure::Failure,
    home,
    opened::{Opening, of_area},
    terminal,
};

pub(super) fn wipe(opening: &Opening<'_>, yes: bool, json: bool) -> Result<u8, Failure> {
    there(opening.home)?;
    let question = "Destroy this wallet, its history and its keys? Nothing brings them back.";
    if !yes && !terminal::confirmed(question)? {
        return Err(Failure::usage("not wiped"));
    }
    pollster::block_on(destroy(opening))?;
    let folder = opening.home.wallet();
    let fail = |error| Failure::file(&folder, error);
    let entries = fs::read_dir(&folder).map_err(fail)?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut left = names.collect::<std::io::Result<Vec<String>>>().map_err(fail)?;
    left.retain(|name| name != "lock");
    left.sort();
    let saved = home::is_there(&opening.home.saved())?;
    let text = || {
        let mut text = String::from("wiped: keys first, then files\n");
        if let Some(path) = &opening.open.key_file {
            text.push_str(&format!("left, for other areas may use it: the key file {}\n", path.display()));
        }
        if saved {
            text.push_str(&format!("left, for it is a reader's: {}\n", opening.home.saved().display()));
        }
        for name in &left {
            text.push_str(&format!("left, for it is no file of a wallet: {name}\n"));
        }
        text
    };
    say(json, || json!({"wiped": true, "left": left}), text).map(|()| 0)
}

async fn destroy(opening: &Opening<'_>) -> Result<(), Failure> {
    let folder = opening.home.wallet();
    let storage = opening.storage();
    // Never under the hands of who has it open.
    if let Err(error @ StorageError::Locked) = storage.open().await {
        return Err(VaultError::from(error).into());
    }
    // An argument that says nothing is no word on the area: nothing is begun by it.
    let area = match opening.try_area()? {
        Ok(area) => area,
        // Its keys are of no use to anybody: they go as files, and an empty area stands in.
        Err(_) => {
            SoftwareSecureArea::remove(&folder).map_err(of_area)?;
            SoftwareSecureArea::open(&folder).map_err(of_area)?
        }
    };
    destroy_store(opening, storage, Arc::new(area)).await?;
    // The area is of this wallet alone: keys of an enrolment that was never answered go, too.
    SoftwareSecureArea::remove(&folder).map_err(of_area)
}

async fn destroy_store(
    opening: &Opening<'_>,
    storage: Arc<SqliteStorage>,
    area: Arc<SoftwareSecureArea>,
) -> Result<(), Failure> {
    match opening.vault(storage.clone(), area.clone()).await {
        Ok(vault) => Ok(vault.wipe().await?),
        Err(_) => Ok(rid_vault::wipe(storage, area).await?),
    }
}

pub(super) fn reset(opening: &Opening<'_>, yes: bool, json: bool) -> Result<u8, Failure> {
    there(opening.home)?;
    let question =
        "Move the files of this wallet aside and start over? They are kept; what they hold is not shown any more.";
    if !yes && !terminal::confirmed(question)? {
        return Err(Failure::usage("nothing was moved"));
    }
    let storage = opening.storage();
    let asides = || storage.asides().map_err(VaultError::from);
    let before = asides()?;
    let area_opens = opening.try_area()?.is_ok();
    pollster::block_on(Wallet::reset(storage.clone()))?;
    if !area_opens {
        SoftwareSecureArea::set_aside(&opening.home.wallet()).map_err(of_area)?;
    }
    let moved: Vec<String> = asides()?.into_iter().filter(|name| !before.contains(name)).collect();
    say(
        json,
        || json!({"setAside": moved}),
        || match moved.as_slice() {
            [] => "there was nothing to move\n".into(),
            moved => format!(
                "moved aside: {}; the next command starts over\nThe way back, while no program has it open: `rid vault reset` again, \
                 then the files of one folder up into {}\n",
                moved.join(", "),
                opening.home.wallet().display()
            ),
        },
    )
    .map(|()| 0)
}
