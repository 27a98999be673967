//! The process that is killed: works at random, says each operation before it and its answer after it.
use std::{
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    choose, fixture,
    model::Model,
    observe,
    seed::Seed,
    session::{Place, Session},
    work::{Kind, Work},
};

/// What the child is to do.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Orders {
    pub(crate) folder: PathBuf,
    pub(crate) seed: u64,
    /// So many operations; then it ends in order.
    pub(crate) operations: u64,
    /// The operation that is done first.
    #[arg(long)]
    pub(crate) first: Option<String>,
    /// After the first only small ones; without it, any.
    #[arg(long)]
    pub(crate) calm: bool,
    /// Nothing but this operation.
    #[arg(long)]
    pub(crate) only: Option<String>,
    #[arg(long)]
    pub(crate) pin: Option<String>,
    #[arg(long)]
    pub(crate) code: Option<String>,
    #[arg(long)]
    pub(crate) next_layout: bool,
    #[arg(long)]
    pub(crate) container: Option<PathBuf>,
}

/// Works until `operations` were done, or six failed; exit code 0 whatever the store answers.
pub(crate) fn run(orders: &Orders) -> u8 {
    if let Some(container) = &orders.container {
        fixture::use_container(container.clone());
    }
    let place = Place { folder: orders.folder.clone(), next_layout: orders.next_layout };
    match place.open_telling(Arc::new(say)) {
        Ok(session) => work(orders, session),
        Err(error) => say(&format!("err {}", error.code())),
    }
    0
}

fn work(orders: &Orders, session: Session) {
    let mut child = Child {
        session,
        model: Model::default(),
        pin: orders.pin.clone(),
        code: orders.code.clone(),
        wrong: 0,
        failed: 0,
    };
    say("open");
    let mut seed = Seed::new(orders.seed);
    let named = |name: &Option<String>| name.as_deref().and_then(Kind::named);
    let only = named(&orders.only);
    // Guesses alone are made at the locked unlock method.
    if only != Some(Kind::Guess) && !child.look() {
        return;
    }
    if only == Some(Kind::Guess) {
        child.model.pin.clone_from(&orders.pin);
    }
    for number in 0..orders.operations {
        let kind = if number == 0 { only.or(named(&orders.first)) } else { only };
        let work = match kind {
            Some(kind) => choose::of_kind(kind, &child.model, &mut seed),
            None if orders.calm => choose::any(&child.model, &mut seed),
            None => child.any(&mut seed),
        };
        if !child.act(&work, only.is_some()) || child.failed == 6 {
            return;
        }
    }
}

struct Child {
    session: Session,
    model: Model,
    pin: Option<String>,
    code: Option<String>,
    /// Wrong PINs since the last right one.
    wrong: u32,
    failed: u32,
}

impl Child {
    /// Unlocks and reads all of it.
    fn look(&mut self) -> bool {
        let locked = self.session.vault().is_ok_and(|vault| vault.is_locked());
        if locked {
            let Some(pin) = self.pin.clone() else { return false };
            if self.once(&Work::UnlockPin { pin }).is_none() {
                return false;
            }
        }
        let observed = self.session.vault().and_then(|vault| observe::observe(vault));
        match observed {
            Ok(observed) => {
                self.model = observed.model;
                self.model.pin = self.pin.clone().filter(|_| observed.methods.pin);
                self.model.code = self.code.clone().filter(|_| observed.methods.recovery);
                true
            }
            Err(error) => {
                say(&format!("err {}", error.code()));
                false
            }
        }
    }

    /// Any operation, unlock methods and keys now and then.
    fn any(&self, seed: &mut Seed) -> Work {
        let kind = match seed.below(240) {
            0..8 => Kind::SetPin,
            8..14 => Kind::ChangePin,
            14..20 => Kind::UnlockPin,
            20..28 if self.wrong < 3 => Kind::Guess,
            28..36 => Kind::BioOn,
            36..40 => Kind::BioOff,
            40..46 => Kind::UnlockBio,
            46 => Kind::MakeCode,
            47 => Kind::UnlockCode,
            48 => Kind::Export,
            49 => Kind::Import,
            50..56 => Kind::Rotate,
            56..64 => Kind::Reopen,
            64 => Kind::Wipe,
            65 => Kind::Reset,
            _ => return choose::any(&self.model, seed),
        };
        choose::of_kind(kind, &self.model, seed)
    }

    /// Does it, and goes on where it leads; whether there is a way on.
    fn act(&mut self, work: &Work, stay: bool) -> bool {
        self.once(work);
        if stay {
            return true;
        }
        if !self.session.is_open()
            && let Err(error) = self.session.open()
        {
            say(&format!("err {}", error.code()));
            return false;
        }
        // A wrong PIN, a closing, a failure: the right one opens again.
        let locked = self.session.vault().is_ok_and(|vault| vault.is_locked());
        match (locked, self.model.pin.clone()) {
            (true, Some(pin)) => self.once(&Work::UnlockPin { pin }).is_some() || self.once(&Work::UnlockBio).is_some(),
            (true, None) => false,
            (false, _) => true,
        }
    }

    fn once(&mut self, work: &Work) -> Option<()> {
        say(&format!("do {}", work.say()));
        match self.session.act(work) {
            Ok(said) => {
                say(format!("ok {said}").trim_end());
                self.model = self.model.after(work).unwrap_or_default();
                match work {
                    Work::MakeCode { .. } => self.model.code = Some(said),
                    Work::UnlockPin { .. } | Work::ChangePin { .. } | Work::SetPin { .. } => self.wrong = 0,
                    _ => {}
                }
                Some(())
            }
            Err(error) => {
                say(&format!("err {}", error.code()));
                match work {
                    Work::UnlockPin { .. } => self.wrong += 1,
                    _ => self.failed += 1,
                }
                None
            }
        }
    }
}

/// One write a line, so that a killed process leaves whole lines and at most one broken one.
fn say(line: &str) {
    let mut out = io::stdout();
    // A harness that went away kills this process too.
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}
