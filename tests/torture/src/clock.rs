//! Clocks that jump: the history stands in the order in which it happened, nothing is deleted by time, and what may
//! be shown for a time is never shown for longer because a clock went back.
use std::collections::BTreeMap;

use pollster::block_on;
use rid_claims::ReusePolicy;
use rid_flow::{Changes, CredentialId, HistoryEventType, HistoryOutcome};
use rid_vault::VaultError;
use rid_wire::hex;

use crate::{
    check::Verdict,
    scratch::Scratch,
    seed::Seed,
    session::{NOW, Place, Session, commit, credential, draft},
    tally::Tally,
};

const SECONDS: u32 = 600;
const COPIES: u32 = 6;
const YEARS: i64 = 10 * 365 * 86_400;

/// The outside's own idea of a pool: since when the running copy is shown, and which copies are over.
#[derive(Default)]
struct Pool {
    running: Option<(String, i64)>,
    over: Vec<String>,
}

pub(crate) fn run(rounds: u64, seed: u64, scratch: &Scratch) -> Tally {
    let mut tally = Tally::default();
    for round in (seed..).take(usize::try_from(rounds).unwrap_or(usize::MAX)) {
        let mut seed = Seed::new(round);
        let place = Place::new(&scratch.fresh("clock"));
        let verdict =
            jumps(&place, &mut seed).unwrap_or_else(|error| Verdict::Wrong(format!("inv-I1: {}", error.code())));
        tally.add(verdict, &format!("clock jumps, seed {round}"));
    }
    tally
}

fn jumps(place: &Place, seed: &mut Seed) -> Result<Verdict, VaultError> {
    let mut session = place.open()?;
    let reuse = ReusePolicy::Limited { seconds: SECONDS };
    let changes = Changes { add: vec![credential("limited", COPIES, reuse)], ..Changes::default() };
    commit(session.vault()?, &changes)?;
    let (mut now, mut pool, mut told) = (NOW, Pool::default(), Vec::new());
    for _ in 0..40 {
        now += match seed.below(8) {
            0 => YEARS,
            1 => -YEARS,
            2 => -i64::try_from(seed.below(900)).unwrap_or(0),
            3 => i64::from(SECONDS),
            _ => i64::try_from(seed.below(300)).unwrap_or(0),
        };
        let event = hex::encode(&[seed.draw().to_be_bytes(), seed.draw().to_be_bytes()].concat());
        let changes = Changes {
            consume: vec![CredentialId("limited".into())],
            history: vec![draft(&event, HistoryEventType::Presentation, HistoryOutcome::Started, now)],
            ..Changes::default()
        };
        match commit(session.vault()?, &changes) {
            Ok(key) => {
                told.push((event, now));
                if let Some(words) = pool.shown(&key, now) {
                    return Ok(Verdict::DoubleUsed(words));
                }
            }
            // All copies had their time.
            Err(_) if pool.over.len() + usize::from(pool.running.is_some()) >= usize::try_from(COPIES).unwrap_or(0) => {
            }
            Err(error) => return Err(error),
        }
        if seed.below(6) == 0 {
            session.close()?;
            session.open()?;
        }
    }
    whole(&session, &told)
}

impl Pool {
    /// What is wrong with showing this copy now.
    fn shown(&mut self, key: &str, now: i64) -> Option<String> {
        if self.over.iter().any(|over| over == key) {
            return Some(format!("{key} is shown again after its time"));
        }
        match &self.running {
            Some((running, since)) if running == key => {
                let fits = now >= *since && now - since < i64::from(SECONDS);
                (!fits).then(|| format!("{key} is shown {} s after its first use", now - since))
            }
            running => {
                self.over.extend(running.iter().map(|(key, _)| key.clone()));
                self.running = Some((key.into(), now));
                None
            }
        }
    }
}

/// Every event, in the order in which it happened and with the time it was told; the credential still there.
fn whole(session: &Session, told: &[(String, i64)]) -> Result<Verdict, VaultError> {
    let vault = session.vault()?;
    let rows = block_on(vault.history(0, u32::MAX))?;
    let seen: Vec<(String, i64)> =
        rows.iter().filter_map(|row| row.kept()).map(|entry| (hex::encode(&entry.id.0), entry.at.unix())).collect();
    let held: BTreeMap<String, u32> = block_on(vault.credentials())?
        .credentials
        .into_iter()
        .map(|meta| (meta.summary.id.0, meta.summary.copies_left))
        .collect();
    let ordered = rows.iter().zip(1..).all(|(row, place)| row.seq.0 == place);
    Ok(if !ordered || seen != told {
        Verdict::Wrong("neg-K19: the history is not what happened, in its order".into())
    } else if !held.contains_key("limited")
        || !block_on(vault.examine())?.findings.iter().all(|f| f.code.as_str() == "no_pin")
    {
        Verdict::Lost("neg-K19: something is gone".into())
    } else {
        Verdict::Survived
    })
}
