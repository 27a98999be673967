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
        sweep(&[self])?.into_iter().next()
    }

    fn is_at(&self, bytes: &[u8]) -> bool {
        bytes
            .get(..self.0.len())
            .is_some_and(|window| window.iter().zip(&self.0).all(|(one, other)| one ^ MASK == *other))
    }
}

/// How often each stands in writable memory of the process, in one walk; `None` where that cannot be read.
#[must_use]
pub fn sweep(needles: &[&Needle]) -> Option<vec::Vec<usize>> {
    let longest = needles.iter().map(|needle| needle.0.len()).max()?;
    // By their first byte: most of memory is passed over without a second look.
    let mut firsts = [false; 256];
    for needle in needles {
        *firsts.get_mut(usize::from(needle.0.first()? ^ MASK))? = true;
    }
    let (maps, memory) = (read_to_string("/proc/self/maps").ok()?, File::open("/proc/self/mem").ok()?);
    let (mut buffer, mut hits) = (vec![0; 1 << 16], vec![0; needles.len()]);
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
            let last = at.saturating_add(u64::try_from(read).ok()?) >= stop;
            // The last bytes again with what follows them: a needle may lie across, and must not be counted twice.
            let fresh = if last { read } else { read.saturating_sub(longest.saturating_sub(1)) };
            let bytes = buffer.get(..read)?;
            for (place, byte) in bytes.iter().take(fresh).enumerate() {
                if firsts.get(usize::from(*byte)) == Some(&true) {
                    for (count, needle) in hits.iter_mut().zip(needles) {
                        *count += usize::from(needle.is_at(bytes.get(place..)?));
                    }
                }
            }
            buffer.fill(0);
            at = at.saturating_add(u64::try_from(fresh.max(1)).ok()?);
        }
    }
    Some(hits)
}
