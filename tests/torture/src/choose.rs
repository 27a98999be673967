//! What is done next: at random, by seed, and possible as far as the account knows.
use rid_wire::hex;

use crate::{
    model::{FOREIGN, Model, REPAIR, UNKNOWN},
    seed::Seed,
    work::{Kind, Work},
};

/// Any operation, mostly the use of copies.
pub(crate) fn any(model: &Model, seed: &mut Seed) -> Work {
    let kind = match seed.below(24) {
        0..8 => Kind::Use,
        8..12 => Kind::End,
        12..14 if model.credentials.len() > 4 => Kind::Delete,
        14..17 => Kind::Put,
        17 => Kind::Take,
        18 => Kind::Erase,
        _ => Kind::Add,
    };
    of_kind(kind, model, seed)
}

/// One of a kind; where none is possible, a credential is added.
pub(crate) fn of_kind(kind: Kind, model: &Model, seed: &mut Seed) -> Work {
    possible(kind, model, seed).unwrap_or_else(|| add(seed))
}

/// One of a kind, where the account allows it.
pub(crate) fn possible(kind: Kind, model: &Model, seed: &mut Seed) -> Option<Work> {
    let usable: Vec<&String> = model.credentials.iter().filter(|(_, left)| **left > 0).map(|(id, _)| id).collect();
    let kept = model.history.iter().flatten();
    let told: Vec<&String> = kept
        .clone()
        .map(|(event, _)| event)
        .filter(|event| *event != REPAIR && !FOREIGN.contains(&event.as_str()))
        .collect();
    let begun: Vec<&String> = kept.filter(|(_, outcome)| *outcome == 's').map(|(event, _)| event).collect();
    let held: Vec<&String> = model.credentials.keys().collect();
    let records: Vec<&String> = model.records.keys().filter(|name| name.starts_with(['r', 's'])).collect();
    let code = model.code.clone().filter(|code| code != UNKNOWN);
    Some(match kind {
        Kind::Add => add(seed),
        Kind::BioOff if model.biometric => Work::BioOff,
        Kind::BioOff => return None,
        Kind::BioOn => Work::BioOn,
        Kind::ChangePin => Work::ChangePin { old: model.pin.clone()?, new: pin(seed) },
        Kind::Delete => Work::Delete { id: seed.pick(&held)?, event: event(seed) },
        Kind::End => Work::End { event: seed.pick(&begun)? },
        Kind::Erase => Work::Erase { event: seed.pick(&told)? },
        Kind::Export => Work::Export { code: code? },
        Kind::Guess => model.pin.as_ref().map(|_| Work::UnlockPin { pin: pin(seed) })?,
        Kind::Import => Work::Import,
        Kind::MakeCode => Work::MakeCode { pin: model.pin.clone() },
        Kind::Put => {
            let letter = if seed.below(4) == 0 { 's' } else { 'r' };
            Work::Put { name: format!("{letter}{}", seed.below(6)), value: seed.draw().to_string() }
        }
        Kind::Reopen => Work::Reopen,
        Kind::Repair => Work::Repair,
        Kind::Reset => Work::Reset,
        Kind::Rotate => Work::Rotate,
        Kind::SetPin if model.pin.is_some() && !model.biometric => return None,
        Kind::SetPin => Work::SetPin { pin: pin(seed) },
        Kind::Take => Work::Take { name: seed.pick(&records)? },
        Kind::UnlockBio if model.biometric => Work::UnlockBio,
        Kind::UnlockBio => return None,
        Kind::UnlockCode => Work::UnlockCode { code: code? },
        Kind::UnlockPin => Work::UnlockPin { pin: model.pin.clone()? },
        Kind::Use => Work::Use { id: seed.pick(&usable)?, event: event(seed) },
        Kind::Wipe => Work::Wipe,
    })
}

fn add(seed: &mut Seed) -> Work {
    let copies = 1 + u32::try_from(seed.below(6)).unwrap_or(0);
    let kind = match seed.below(8) {
        0 => format!("L{copies}x"),
        1 => "P".into(),
        2 => "T".into(),
        _ => "c".into(),
    };
    Work::Add { id: format!("{kind}{:x}", seed.draw()), copies }
}

fn event(seed: &mut Seed) -> String {
    hex::encode(&[seed.draw().to_be_bytes(), seed.draw().to_be_bytes()].concat())
}

/// Twelve digits: so many are not met in a file by chance.
pub(crate) fn pin(seed: &mut Seed) -> String {
    loop {
        let text = format!("{:012}", seed.below(1_000_000_000_000));
        let strong = rid_vault::Pin::parse(text.as_bytes()).is_ok_and(|pin| pin.check_strength(&[""; 0]).is_ok());
        if strong {
            return text;
        }
    }
}
