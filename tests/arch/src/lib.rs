//! Reads `cargo metadata`, manifests and sources, so that the tests of this crate can check ARCHITECTURE.md and
//! CONTRIBUTING.md.
//!
//! ```text
//! cargo metadata          --> Package { room, dependencies }
//! files of the repository --> File --> Source { code, literals }
//! ```

mod file;
mod list;
mod modules;
mod package;
mod source;

pub use file::{File, Named, files, page, root};
pub use list::nonempty;
pub use modules::Modules;
pub use package::{Dependency, DependencyKind, Package, packages};
pub use source::{Source, product_sources, sources};
