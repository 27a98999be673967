//! What is left of a secret in the memory of this process (neg-N03, neg-N04). Linux lends the view.
use alloc::vec;
use std::{
    fs::{File, read_to_string},
    os::unix::fs::FileExt,
};

/// A needle is kept masked, so that looking for it does not find what looks.
const MASK: u8 = 0x5a;

/// Bytes to look for, as they are not to be found.
pub struct Needle(vec::Vec<u8>);

impl Needle {
    /// Takes a look at a secret; the least that says anything is eight bytes.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        Self(secret.iter().map(|byte| byte ^ MASK).collect())
    }

    /// The bytes again, in a buffer that the caller wipes.
    pub fn reveal(&self, into: &mut [u8]) {
        for (to, from) in into.iter_mut().zip(&self.0) {
            *to = from ^ MASK;
        }
    }

    /// How often it stands in writable memory of the process; `None` where that cannot be read.
    #[must_use]
    pub fn hits(&self) -> Option<usize> {
        let (maps, memory) = (read_to_string("/proc/self/maps").ok()?, File::open("/proc/self/mem").ok()?);
        let (mut buffer, mut hits) = (vec![0; 1 << 16], 0);
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (from, to) = line.split_once(' ')?.0.split_once('-')?;
            let (mut at, end) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
            while at < end {
                // Not what it reads into: that would copy itself on and on.
                let own = u64::try_from(buffer.as_ptr().addr()).ok()?;
                let own = own..own.saturating_add(u64::try_from(buffer.len()).ok()?);
                if own.contains(&at) {
                    at = own.end;
                    continue;
                }
                let stop = if at < own.start { end.min(own.start) } else { end };
                let wanted = buffer.len().min(usize::try_from(stop.saturating_sub(at)).ok()?);
                let Some(Ok(read)) = buffer.get_mut(..wanted).map(|window| memory.read_at(window, at)) else { break };
                hits += self.within(buffer.get(..read)?);
                buffer.fill(0);
                // The last ones again: a needle may lie across.
                let step = if read < wanted || at.saturating_add(u64::try_from(read).ok()?) >= stop {
                    read
                } else {
                    read.saturating_sub(self.0.len().saturating_sub(1))
                };
                at = at.saturating_add(u64::try_from(step.max(1)).ok()?);
            }
        }
        Some(hits)
    }

    fn within(&self, bytes: &[u8]) -> usize {
        let Some(first) = self.0.first() else { return 0 };
        let found = |window: &&[u8]| {
            window.first().is_some_and(|byte| byte ^ MASK == *first)
                && window.iter().zip(&self.0).all(|(one, other)| one ^ MASK == *other)
        };
        bytes.windows(self.0.len()).filter(found).count()
    }
}
