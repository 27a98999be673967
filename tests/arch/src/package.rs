//! Packages of the workspace, as cargo reads their manifests.
use std::{path::Path, process::Command};

use serde_json::Value;

use crate::{nonempty, root};

/// The table of the manifest that has a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DependencyKind {
    /// `[build-dependencies]`
    Build,
    /// `[dev-dependencies]`
    Dev,
    /// `[dependencies]`
    Normal,
}

/// One direct dependency.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The name of the package, even if the manifest renames it.
    pub name: String,
    /// The table of the manifest.
    pub kind: DependencyKind,
    /// The enabled features.
    pub features: Vec<String>,
}

/// One package of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    /// The name in its manifest.
    pub name: String,
    /// Folder relative to the root, like `core/wire`.
    pub folder: String,
    /// The direct dependencies.
    pub dependencies: Vec<Dependency>,
    /// The members of its feature `default`.
    pub default_features: Vec<String>,
}

impl Package {
    /// `wire` for `core/wire`; `None` outside `core`.
    #[must_use]
    pub fn room(&self) -> Option<&str> {
        self.folder.strip_prefix("core/")
    }

    /// The names of its normal dependencies.
    pub fn normal(&self) -> impl Iterator<Item = &str> {
        self.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal).map(|d| d.name.as_str())
    }
}

/// Every package of the workspace from `cargo metadata --no-deps`; never empty.
///
/// # Panics
/// If cargo fails, or a package is outside this repository: then nothing can be judged.
#[must_use]
#[expect(clippy::panic, reason = "without metadata nothing may pass")]
pub fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output();
    let Ok(output) = output.as_ref().map(|output| &output.stdout) else { panic!("cargo metadata does not start") };
    let Ok(metadata) = serde_json::from_slice::<Value>(output) else { panic!("cargo metadata gives no JSON") };
    nonempty("packages", array(&metadata, "packages").iter().map(package).collect())
}

#[expect(clippy::panic, reason = "a package without a folder belongs to no room, and no rule would see it")]
fn package(value: &Value) -> Package {
    let manifest = text(value, "manifest_path");
    let folder = Path::new(&manifest).parent().and_then(|folder| folder.strip_prefix(root()).ok());
    let Some(folder) = folder else { panic!("{manifest} is outside {}", root().display()) };
    Package {
        name: text(value, "name"),
        folder: folder.display().to_string(),
        dependencies: array(value, "dependencies").iter().map(dependency).collect(),
        default_features: value.get("features").map(|f| strings(f, "default")).unwrap_or_default(),
    }
}

fn dependency(value: &Value) -> Dependency {
    let kind = match value.get("kind").and_then(Value::as_str) {
        None => DependencyKind::Normal,
        Some("dev") => DependencyKind::Dev,
        Some(_) => DependencyKind::Build,
    };
    Dependency { name: text(value, "name"), kind, features: strings(value, "features") }
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    array(value, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
