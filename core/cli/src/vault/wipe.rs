//! The two ends of a store: destroyed, or moved aside.
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use rid_flow::ports::{Storage, StorageError};
use rid_shell::{SoftwareSecureArea, SqliteStorage};
use rid_vault::VaultError;
use rid_wallet::Wallet;
use serde_json::json;

use super::{say, there};
use crate::{
    failure::Failure,
    home::{self, Home},
    opened::Opening,
    terminal,
};

/// How the files of the software area begin.
const AREA: &str = "software-keys";
/// Folders of what was moved aside; a wipe of the store takes them along.
const ASIDE: &str = "aside-";

pub(super) fn wipe(opening: &Opening<'_>, yes: bool, json: bool) -> Result<u8, Failure> {
    there(opening.home)?;
    let question = "Destroy this wallet, its history and its keys? Nothing brings them back.";
    if !yes && !terminal::confirmed(question)? {
        return Err(Failure::usage("not wiped"));
    }
    pollster::block_on(destroy(opening))?;
    let folder = opening.home.wallet();
    let left = names(&folder)?.into_iter().filter(|name| name != "lock").collect::<Vec<_>>();
    let text = || {
        let mut text = String::from("wiped: keys first, then files\n");
        if let Some(path) = &opening.open.key_file {
            text.push_str(&format!("left, for other areas may use it: the key file {}\n", path.display()));
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
            remove_area(&folder)?;
            SoftwareSecureArea::open(&folder)
                .map_err(|error| Failure::core("software secure area (NOT hardware)", error.code()))?
        }
    };
    destroy_store(opening, storage, Arc::new(area)).await?;
    // The area is of this wallet alone: keys of an enrolment that was never answered go, too.
    remove_area(&folder)
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

/// Sealed keys first: without them the rest of the area opens nothing.
fn remove_area(folder: &Path) -> Result<(), Failure> {
    for path in area_files(folder)? {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::file(&path, error)),
            _ => {}
        }
    }
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Failure::file(folder, error))
}

pub(super) fn reset(opening: &Opening<'_>, yes: bool, json: bool) -> Result<u8, Failure> {
    there(opening.home)?;
    let question =
        "Move the files of this wallet aside and begin anew? They are kept; what they hold is not shown any more.";
    if !yes && !terminal::confirmed(question)? {
        return Err(Failure::usage("nothing was moved"));
    }
    let before = asides(opening.home)?;
    let area_opens = opening.try_area()?.is_ok();
    pollster::block_on(Wallet::reset(opening.storage()))?;
    if !area_opens {
        set_area_aside(&opening.home.wallet())?;
    }
    let moved: Vec<String> = asides(opening.home)?.into_iter().filter(|name| !before.contains(name)).collect();
    say(
        json,
        || json!({"setAside": moved}),
        || match moved.as_slice() {
            [] => "there was nothing to move\n".into(),
            moved => format!("moved aside: {}; the next command begins anew\n", moved.join(", ")),
        },
    )
    .map(|()| 0)
}

/// Keys that do not open would be in the way of new ones.
fn set_area_aside(folder: &Path) -> Result<(), Failure> {
    let free = (1..u32::MAX).map(|number| folder.join(format!("{ASIDE}keys-{number}"))).find(|path| !path.exists());
    let aside = free.ok_or_else(|| Failure::usage("too much was moved aside"))?;
    home::make_private_dir(&aside)?;
    for from in area_files(folder)? {
        let to = aside.join(from.file_name().unwrap_or_default());
        fs::rename(&from, to).map_err(|error| Failure::file(&from, error))?;
    }
    Ok(())
}

/// Files of the software area, the sealed keys first.
fn area_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut names: Vec<String> = names(folder)?.into_iter().filter(|name| name.starts_with(AREA)).collect();
    names.sort();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

fn asides(home: &Home) -> Result<Vec<String>, Failure> {
    Ok(names(&home.wallet())?.into_iter().filter(|name| name.starts_with(ASIDE)).collect())
}

pub(super) fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let fail = |error| Failure::file(folder, error);
    let entries = fs::read_dir(folder).map_err(fail)?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<std::io::Result<Vec<String>>>().map_err(fail)?;
    names.sort();
    Ok(names)
}
