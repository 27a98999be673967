//! Folders that stay after a power cut.
use super::*;
use crate::testing::Folder;

#[test]
fn neg_k03_each_folder_that_is_made_is_durable_before_there_is_anything_in_it() {
    let root = Folder::new("folder");
    let place = root.0.parent().unwrap().to_path_buf();
    let (above, folder) = (root.0.join("above"), root.0.join("above/wallet"));
    let all = [
        Step::TrySync(place.parent().unwrap().to_path_buf()),
        Step::Make(root.0.clone()),
        Step::Sync(place.clone()),
        Step::Make(above.clone()),
        Step::Sync(root.0.clone()),
        Step::Make(folder.clone()),
        Step::Sync(above.clone()),
    ];
    assert_eq!(steps(&folder, "lock").unwrap(), all);
    // Cut off anywhere, the last name that may not be durable is synced by the next attempt.
    for (cut, done) in all.iter().enumerate() {
        step(done).unwrap();
        let left = steps(&folder, "lock").unwrap();
        if let Step::Make(made) = done {
            assert_eq!(left.first(), Some(&Step::TrySync(made.parent().unwrap().to_path_buf())), "after {cut}");
        }
        assert!(
            left.iter()
                .filter(|step| matches!(step, Step::Make(_)))
                .eq(all[cut + 1..].iter().filter(|step| matches!(step, Step::Make(_))))
        );
    }
    make(&folder, "lock").unwrap();
    fs::write(folder.join("lock"), b"").unwrap();
    assert_eq!(steps(&folder, "lock").unwrap(), [], "once is enough");
}

#[test]
fn a_folder_where_we_are_is_made_beside_us() {
    let name = Path::new("no-such-folder-of-a-wallet");
    assert_eq!(steps(name, "lock").unwrap(), [Step::Make(name.into()), Step::Sync("".into())]);
    assert_eq!(steps(Path::new("/"), "no-such-file-of-a-wallet").unwrap(), []);
}

#[test]
fn what_cannot_be_made_has_a_name() {
    let root = Folder::new("folder-file");
    fs::write(&root.0, b"").unwrap();
    assert!(make(&root.0.join("wallet"), "lock").is_err());
    fs::remove_file(&root.0).unwrap();
}
