//! `rid enrol` and `rid issue`: the two sides of the enrolment door, by files.
use std::path::{Path, PathBuf};

use rid_crypto::CryptoRng;
use rid_issuer::{Issuer, IssuerKey, Order, sample_citizen};
use rid_shell::OsRng;
use rid_wallet::{Wallet, view::CredentialView};
use rid_wire::{Code, hex};
use serde_json::json;

use crate::{
    args::{EnrolArguments, IssueArguments},
    failure::Failure,
    home::{self, Home},
    input,
    opened::{self, Opening},
    pki::Pki,
    verdict,
};

/// Who the test issuer is, towards the wallet.
pub(crate) const AUDIENCE: &str = "https://issuer.rid.example";

fn challenge_path(home: &Home) -> PathBuf {
    home.exchange().join("challenge")
}

fn pending_path(home: &Home) -> PathBuf {
    home.exchange().join("enrolment-id")
}

/// `rid enrol`.
pub(crate) fn enrol(arguments: &EnrolArguments) -> Result<u8, Failure> {
    let home = Home::new(&arguments.home.home);
    let opening = Opening { home: &home, open: &arguments.open, locale: arguments.home.locale(), mac: false };
    let wallet = opening.wallet(opened::home_trust(&home)?)?;
    let done = match &arguments.accept {
        Some(answer) => accept(&wallet, &home, answer, arguments.json),
        None => ask(&wallet, &home, arguments),
    };
    pollster::block_on(wallet.close())?;
    done.map(|()| 0)
}

fn ask(wallet: &Wallet, home: &Home, arguments: &EnrolArguments) -> Result<(), Failure> {
    let (Some(challenge), Some(out)) = (&arguments.challenge, &arguments.out) else {
        return Err(Failure::usage("--challenge HEX (from `rid issue --challenge`) and --out FILE are needed"));
    };
    if arguments.kind.is_empty() {
        return Err(Failure::usage("--kind pid, --kind mdl or a document type is needed"));
    }
    let challenge = hex::decode(challenge).map_err(|_| Failure::usage("--challenge is not hex"))?;
    let enrolment = pollster::block_on(wallet.enrol(&arguments.kind, arguments.copies, challenge, AUDIENCE.into()))?;
    home::write(out, &enrolment.message)?;
    home::make_private_dir(&home.exchange())?;
    home::write(&pending_path(home), enrolment.id.as_bytes())?;
    let text = if arguments.json {
        format!("{}\n", json!({"id": enrolment.id, "keys": enrolment.keys, "request": out.display().to_string()}))
    } else {
        format!("{} keys made and proved; request written to {}\n", enrolment.keys, out.display())
    };
    verdict::write_out(&text)
}

fn accept(wallet: &Wallet, home: &Home, answer: &Path, json: bool) -> Result<(), Failure> {
    let id = String::from_utf8(input::file(&pending_path(home))?)
        .map_err(|_| Failure::core("enrolment", Code::new("enrolment_unknown")))?;
    let stored = pollster::block_on(wallet.accept(id.trim(), &input::file(answer)?))?;
    let _ = std::fs::remove_file(pending_path(home));
    verdict::write_out(&if json {
        format!("{:#}\n", stored.iter().map(crate::wallet::list_json).collect::<serde_json::Value>())
    } else {
        stored.iter().map(|view| format!("{}\n", stored_line(view))).collect()
    })
}

/// One line on a credential that was just stored.
pub(crate) fn stored_line(view: &CredentialView) -> String {
    format!(
        "stored: {} from {}, {} one-time copies, valid until {}",
        view.name, view.issuer, view.copies_left, view.valid_until
    )
}

/// `rid issue`.
pub(crate) fn issue(arguments: &IssueArguments) -> Result<u8, Failure> {
    let home = Home::new(&arguments.home.home);
    let now = input::now()?;
    if !(arguments.init || arguments.challenge || arguments.request.is_some()) {
        return Err(Failure::usage("give --init, --challenge, or --request FILE --out FILE"));
    }
    let pki = Pki::load_or_make(&home.pki(), now)?;
    if arguments.init {
        let made = if pki.fresh { "made" } else { "reused" };
        verdict::write_out(&format!("test PKI {made}: {}\n", home.pki().display()))?;
    }
    if arguments.challenge {
        let challenge = fresh_challenge();
        home::make_private_dir(&home.exchange())?;
        home::write(&challenge_path(&home), hex::encode(&challenge).as_bytes())?;
        verdict::write_out(&format!("{}\n", hex::encode(&challenge)))?;
    }
    if let (Some(request), Some(out)) = (&arguments.request, &arguments.out) {
        let path = challenge_path(&home);
        let text = String::from_utf8(input::file(&path)?).unwrap_or_default();
        let challenge = hex::decode(text.trim()).map_err(|_| Failure::core("issuer", Code::new("nonce")))?;
        let answer = answer(pki, &input::file(request)?, &challenge, arguments.days)?;
        home::write(out, &answer)?;
        // A challenge is good for one request.
        std::fs::remove_file(&path).map_err(|error| Failure::file(&path, error))?;
        verdict::write_out(&format!("answer written to {}\n", out.display()))?;
    }
    Ok(0)
}

/// The test issuer's answer for the sample citizen.
pub(crate) fn answer(pki: Pki, request: &[u8], challenge: &[u8], days: u32) -> Result<Vec<u8>, Failure> {
    let fail = |error: rid_issuer::IssueError| Failure::core("issuer", error.code());
    let days = if days == 0 {
        verdict::profile()?.kinds().iter().map(|kind| kind.validity_days).min().unwrap_or(7)
    } else {
        days
    };
    let signer = IssuerKey { key: pki.document_signer.key, certificate: pki.document_signer.certificate };
    let issuer = Issuer::new(signer, AUDIENCE.into());
    let records = sample_citizen().map_err(fail)?;
    let order = Order { challenge, records: &records, validity_days: days, now: input::now()? };
    issuer.answer(request, &order, &mut OsRng).map_err(fail)
}

/// 32 random bytes.
pub(crate) fn fresh_challenge() -> [u8; 32] {
    let mut challenge = [0; 32];
    let rng: &mut dyn CryptoRng = &mut OsRng;
    rng.fill_bytes(&mut challenge);
    challenge
}
