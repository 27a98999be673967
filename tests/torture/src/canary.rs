//! Looks for what must not stand in any file: values, names, PINs, codes, keys (inv-I7).
use std::{fs, path::Path};

use rid_wire::hex;

use crate::{model::Account, session::CANARY};

/// Needles, found by their first two bytes.
pub(crate) struct Canaries {
    needles: Vec<Vec<u8>>,
    starts: Vec<bool>,
}

impl Canaries {
    pub(crate) fn of(account: &Account) -> Self {
        let mut needles = vec![CANARY.to_vec()];
        for model in &account.possible {
            needles.extend(model.pin.iter().map(|pin| pin.clone().into_bytes()));
            needles.extend(model.code.iter().filter(|code| code.len() > 8).map(|code| code.clone().into_bytes()));
        }
        for secret in &account.secrets {
            match hex::decode(secret) {
                Ok(bytes) => needles.push(bytes),
                // A code, as it was shown.
                Err(_) => needles.extend([secret.clone().into_bytes(), secret.replace('-', "").into_bytes()]),
            }
        }
        Self::new(needles)
    }

    pub(crate) fn new(needles: Vec<Vec<u8>>) -> Self {
        let mut starts = vec![false; 1 << 16];
        for needle in &needles {
            if let [a, b, ..] = needle.as_slice()
                && let Some(start) = starts.get_mut(usize::from(u16::from_be_bytes([*a, *b])))
            {
                *start = true;
            }
        }
        Self { needles, starts }
    }

    fn are_in(&self, bytes: &[u8]) -> bool {
        bytes.windows(2).enumerate().any(|(at, pair)| {
            let [a, b] = pair else { return false };
            let begins = self.starts.get(usize::from(u16::from_be_bytes([*a, *b]))).copied().unwrap_or(false);
            begins && self.needles.iter().any(|needle| bytes.get(at..).is_some_and(|rest| rest.starts_with(needle)))
        })
    }

    /// A file in which one stands.
    pub(crate) fn found(&self, folder: &Path) -> Option<String> {
        for entry in fs::read_dir(folder).ok()?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                if let Some(name) = self.found(&path) {
                    return Some(name);
                }
            // The software area's key file is what stands for the hardware.
            } else if fs::read(&path).is_ok_and(|bytes| self.are_in(&bytes)) {
                return Some(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
            }
        }
        None
    }
}
