//! The simulated link and its faults.
use std::collections::BTreeMap;

use rid_mdoc::chunk::{self, Assembler};
use rid_wire::cbor::Limits;

use crate::SimRng;

/// The faults of characteristic writes, each in percent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// One byte is altered.
    pub alter: u8,
    /// The write is truncated.
    pub cut: u8,
    /// The write arrives twice.
    pub double: u8,
    /// The write is lost.
    pub lose: u8,
    /// The write arrives before the previous one.
    pub reorder: u8,
    /// The write arrives a minute late.
    pub stall: u8,
    /// The wall clock jumps by up to ten years in either direction before a delivery.
    pub clock_jump: u8,
}

/// One direction of a link: writes by the millisecond of their arrival.
pub(crate) struct Direction {
    mtu: u16,
    flying: BTreeMap<(u64, u64), Vec<u8>>,
    sequence: u64,
    last_arrival: u64,
    assembler: Assembler,
}

/// The result of an arrival.
pub(crate) enum Arrival {
    Message(Vec<u8>),
    Partial,
    Refused(&'static str),
}

impl Direction {
    pub(crate) fn new(mtu: u16) -> Self {
        Self {
            mtu,
            flying: BTreeMap::new(),
            sequence: 0,
            last_arrival: 0,
            assembler: Assembler::new(Limits::PROXIMITY.max_bytes),
        }
    }

    /// Sends one message in chunks, with faults.
    pub(crate) fn send(&mut self, message: &[u8], now: u64, faults: &Faults, rng: &mut SimRng) {
        let Ok(chunks) = chunk::split(message, self.mtu) else { return };
        for mut piece in chunks {
            let mut at = (now + 1 + rng.below(5)).max(self.last_arrival + 1);
            if rng.happens(faults.lose) {
                continue;
            }
            if rng.happens(faults.reorder) {
                at += 20;
            } else {
                self.last_arrival = at;
            }
            if rng.happens(faults.stall) {
                at += 60_000;
                self.last_arrival = at;
            }
            if rng.happens(faults.cut) {
                let keep = rng.below(piece.len() as u64) as usize;
                piece.truncate(keep);
            }
            if rng.happens(faults.alter) {
                let position = rng.below(piece.len() as u64) as usize;
                if let Some(byte) = piece.get_mut(position) {
                    *byte ^= 1 << rng.below(8);
                }
            }
            if rng.happens(faults.double) {
                self.put(at + 1, piece.clone());
            }
            self.put(at, piece);
        }
    }

    fn put(&mut self, at: u64, piece: Vec<u8>) {
        self.sequence += 1;
        self.flying.insert((at, self.sequence), piece);
    }

    /// The time of the next arrival.
    pub(crate) fn next_arrival(&self) -> Option<u64> {
        self.flying.keys().next().map(|(at, _)| *at)
    }

    /// Removes the next write from the link.
    pub(crate) fn arrive(&mut self) -> Option<Arrival> {
        let (_, piece) = self.flying.pop_first()?;
        Some(match self.assembler.push(&piece) {
            Ok(Some(message)) => Arrival::Message(message),
            Ok(None) => Arrival::Partial,
            Err(error) => Arrival::Refused(error.code().as_str()),
        })
    }
}
