//! Issuer roots on the command line: `--trust FILE[=TYPE,...]`.
use std::path::{Path, PathBuf};

use rid_profile::{Kind, Profile};
use rid_trust::{Anchor, Environment, Role, TrustStore};

use crate::{failure::Failure, home, input, verdict};

/// Reads the anchors of `--trust`. A file without types may sign for any type.
pub(crate) fn anchors(arguments: &[PathBuf], environment: Environment) -> Result<Vec<Anchor>, Failure> {
    let profile = verdict::profile()?;
    let mut anchors = Vec::new();
    for argument in arguments {
        let (path, credential_types) = split(argument, &profile)?;
        anchors.extend(input::certificates(&path)?.into_iter().map(|certificate| Anchor {
            certificate,
            role: Role::Issuer,
            environment,
            credential_types: credential_types.clone(),
        }));
    }
    Ok(anchors)
}

/// A trust store of these anchors with the rules of the profile.
pub(crate) fn store(anchors: Vec<Anchor>, environment: Environment) -> Result<TrustStore, Failure> {
    let store = TrustStore::new(environment, anchors).map_err(|error| Failure::core("trust", error.code()))?;
    Ok(verdict::profile()?.bind_trust(store))
}

/// The trust of a verdict. Each given certificate is an anchor for issuers. A certificate without keyCertSign is also
/// trusted as a signer if it is the leaf itself. A key is trusted without a certificate.
pub(crate) fn of_issuers(arguments: &[PathBuf], key: Option<&str>) -> Result<TrustStore, Failure> {
    let anchors = anchors(arguments, Environment::Production)?;
    let leaves: Vec<_> =
        anchors.iter().map(|anchor| (anchor.certificate.clone(), anchor.credential_types.clone())).collect();
    let store = store(anchors, Environment::Production)?;
    let store = leaves.into_iter().fold(store, |store, (leaf, types)| store.pin_leaf_for(leaf, types));
    Ok(match key {
        Some(jwk) => store.pin_key(input::public_jwk(jwk)?),
        None => store,
    })
}

/// The credential types of the profile in each format.
pub(crate) fn own_types(profile: &Profile) -> Vec<String> {
    profile.kinds().iter().flat_map(Kind::types).map(|own| own.id).collect()
}

/// Splits `FILE=TYPE,...`. If a file has a `=` in its name, that file is used.
fn split(argument: &Path, profile: &Profile) -> Result<(PathBuf, Option<Vec<String>>), Failure> {
    let Some((path, types)) = argument.to_str().and_then(|text| text.rsplit_once('=')) else {
        return Ok((argument.to_path_buf(), None));
    };
    if home::is_there(argument)? {
        return Ok((argument.to_path_buf(), None));
    }
    let types = types.split(',').map(|name| credential_types(name, profile)).collect::<Result<Vec<_>, _>>()?;
    Ok((PathBuf::from(path), Some(types.concat())))
}

/// The types of a kind in the profile, or the one type that the argument names.
fn credential_types(name: &str, profile: &Profile) -> Result<Vec<String>, Failure> {
    match (profile.kinds().iter().find(|kind| kind.id == name), profile.type_named(name)) {
        (Some(kind), _) => Ok(kind.types().map(|own| own.id).collect()),
        (None, Some(own)) => Ok(vec![own.id]),
        (None, None) if name.contains(['.', ':']) => Ok(vec![name.into()]),
        (None, None) => Err(Failure::usage(format!(
            "--trust FILE=TYPE,...: {name:?} is neither a kind (pid, mdl) nor a document type such as org.iso.18013.5.1.mDL"
        ))),
    }
}
