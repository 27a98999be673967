//! One operation, as it is said over the pipe before it is begun: `use c1 0f..`.

/// Which public operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Add,
    BioOff,
    BioOn,
    ChangePin,
    Delete,
    End,
    Erase,
    Export,
    Guess,
    Import,
    MakeCode,
    Put,
    Reopen,
    Repair,
    Reset,
    Rotate,
    SetPin,
    Take,
    UnlockBio,
    UnlockCode,
    UnlockPin,
    Use,
    Wipe,
}

/// All, with the word by which each is said.
pub(crate) const KINDS: [(Kind, &str); 23] = [
    (Kind::Add, "add"),
    (Kind::BioOff, "bio-off"),
    (Kind::BioOn, "bio-on"),
    (Kind::ChangePin, "change-pin"),
    (Kind::Delete, "delete"),
    (Kind::End, "end"),
    (Kind::Erase, "erase"),
    (Kind::Export, "export"),
    (Kind::Guess, "guess-pin"),
    (Kind::Import, "import"),
    (Kind::MakeCode, "make-code"),
    (Kind::Put, "put"),
    (Kind::Reopen, "reopen"),
    (Kind::Repair, "repair"),
    (Kind::Reset, "reset"),
    (Kind::Rotate, "rotate"),
    (Kind::SetPin, "set-pin"),
    (Kind::Take, "take"),
    (Kind::UnlockBio, "unlock-bio"),
    (Kind::UnlockCode, "unlock-code"),
    (Kind::UnlockPin, "unlock-pin"),
    (Kind::Use, "use"),
    (Kind::Wipe, "wipe"),
];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// The operation with what it is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Add {
        id: String,
        copies: u32,
    },
    BioOff,
    BioOn,
    ChangePin {
        old: String,
        new: String,
    },
    Delete {
        id: String,
        event: String,
    },
    End {
        event: String,
    },
    /// Deletes what one row of the history says.
    Erase {
        event: String,
    },
    Export {
        code: String,
    },
    /// Takes in the container of the fixtures.
    Import,
    MakeCode {
        pin: Option<String>,
    },
    Put {
        name: String,
        value: String,
    },
    Reopen,
    /// Copies everything into a new database.
    Repair,
    /// Moves the store aside.
    Reset,
    Rotate,
    SetPin {
        pin: String,
    },
    Take {
        name: String,
    },
    UnlockBio,
    UnlockCode {
        code: String,
    },
    /// By the right PIN or a wrong one.
    UnlockPin {
        pin: String,
    },
    Use {
        id: String,
        event: String,
    },
    Wipe,
}

impl Work {
    pub(crate) fn say(&self) -> String {
        match self {
            Self::Add { id, copies } => format!("add {id} {copies}"),
            Self::BioOff => "bio-off".into(),
            Self::BioOn => "bio-on".into(),
            Self::ChangePin { old, new } => format!("change-pin {old} {new}"),
            Self::Delete { id, event } => format!("delete {id} {event}"),
            Self::End { event } => format!("end {event}"),
            Self::Erase { event } => format!("erase {event}"),
            Self::Export { code } => format!("export {code}"),
            Self::Import => "import".into(),
            Self::MakeCode { pin: None } => "make-code".into(),
            Self::MakeCode { pin: Some(pin) } => format!("make-code {pin}"),
            Self::Put { name, value } => format!("put {name} {value}"),
            Self::Reopen => "reopen".into(),
            Self::Repair => "repair".into(),
            Self::Reset => "reset".into(),
            Self::Rotate => "rotate".into(),
            Self::SetPin { pin } => format!("set-pin {pin}"),
            Self::Take { name } => format!("take {name}"),
            Self::UnlockBio => "unlock-bio".into(),
            Self::UnlockCode { code } => format!("unlock-code {code}"),
            Self::UnlockPin { pin } => format!("unlock-pin {pin}"),
            Self::Use { id, event } => format!("use {id} {event}"),
            Self::Wipe => "wipe".into(),
        }
    }

    pub(crate) fn hear(text: &str) -> Option<Self> {
        let mut words = text.split(' ').map(str::to_owned);
        let (verb, one, two) = (words.next()?, words.next(), words.next());
        Some(match (verb.as_str(), one, two) {
            ("add", Some(id), Some(copies)) => Self::Add { id, copies: copies.parse().ok()? },
            ("bio-off", None, None) => Self::BioOff,
            ("bio-on", None, None) => Self::BioOn,
            ("change-pin", Some(old), Some(new)) => Self::ChangePin { old, new },
            ("delete", Some(id), Some(event)) => Self::Delete { id, event },
            ("end", Some(event), None) => Self::End { event },
            ("erase", Some(event), None) => Self::Erase { event },
            ("export", Some(code), None) => Self::Export { code },
            ("import", None, None) => Self::Import,
            ("make-code", pin, None) => Self::MakeCode { pin },
            ("put", Some(name), Some(value)) => Self::Put { name, value },
            ("reopen", None, None) => Self::Reopen,
            ("repair", None, None) => Self::Repair,
            ("reset", None, None) => Self::Reset,
            ("rotate", None, None) => Self::Rotate,
            ("set-pin", Some(pin), None) => Self::SetPin { pin },
            ("take", Some(name), None) => Self::Take { name },
            ("unlock-bio", None, None) => Self::UnlockBio,
            ("unlock-code", Some(code), None) => Self::UnlockCode { code },
            ("unlock-pin", Some(pin), None) => Self::UnlockPin { pin },
            ("use", Some(id), Some(event)) => Self::Use { id, event },
            ("wipe", None, None) => Self::Wipe,
            _ => return None,
        })
    }
}
