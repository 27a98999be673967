//! `rid issue`: the issuer's side of an enrolment, by files, and certificates of readers.
use std::path::PathBuf;

use rid_crypto::{CryptoRng, Curve, PublicKey};
use rid_issuer::{Issuer, IssuerKey, Order, sample_citizen};
use rid_shell::OsRng;
use rid_wire::{Code, hex, json::Value};

use crate::{
    args::IssueArguments,
    failure::Failure,
    home::{self, Home},
    input,
    pki::Pki,
    verdict,
};

/// The test issuer's name in an enrolment.
pub(crate) const AUDIENCE: &str = "https://issuer.rid.example";

fn challenge_path(home: &Home) -> PathBuf {
    home.exchange().join("challenge")
}

/// Runs `rid issue`.
pub(crate) fn run(arguments: &IssueArguments) -> Result<u8, Failure> {
    let home = Home::new(&arguments.home.home);
    let now = input::now()?;
    check_issue(arguments)?;
    // Files are read before anything is made.
    let request = arguments.request.as_deref().map(input::file).transpose()?;
    let challenge = request.as_ref().map(|_| given_challenge(&home)).transpose()?;
    let reader_key = arguments.reader_key.as_deref().map(reader_key).transpose()?;
    let pki = if arguments.init { Pki::load_or_make(&home.pki(), now)? } else { Pki::load(&home.pki())? };
    if arguments.init {
        let made = if pki.fresh { "made" } else { "reused" };
        verdict::write_out(&format!("test PKI {made}: {}\n", home.pki().display()))?;
    }
    if let (Some(key), Some(out)) = (&reader_key, &arguments.out) {
        let days = if arguments.days == 0 { READER_DAYS } else { arguments.days };
        let certificate = pki.certify_reader(key, &arguments.name, now, days)?;
        home::write(out, certificate.to_pem().as_bytes())?;
        verdict::write_out(&format!("reader certificate written to {}\n", out.display()))?;
    }
    if arguments.challenge {
        let challenge = fresh_challenge();
        home::make_private_dir(&home.exchange())?;
        home::write(&challenge_path(&home), hex::encode(&challenge).as_bytes())?;
        verdict::write_out(&format!("{}\n", hex::encode(&challenge)))?;
    }
    if let (Some(request), Some(challenge), Some(out)) = (&request, &challenge, &arguments.out) {
        let answer = answer(pki, request, challenge, arguments.days)?;
        home::write(out, &answer)?;
        // A challenge is valid for one request.
        let path = challenge_path(&home);
        std::fs::remove_file(&path).map_err(|error| Failure::file(&path, error))?;
        verdict::write_out(&format!("answer written to {}\n", out.display()))?;
    }
    Ok(0)
}

/// Days of validity of a reader certificate, as for the test State's own reader.
const READER_DAYS: u32 = 730;

fn check_issue(arguments: &IssueArguments) -> Result<(), Failure> {
    let jobs = [arguments.init, arguments.challenge, arguments.request.is_some(), arguments.reader_key.is_some()];
    if !jobs.contains(&true) {
        return Err(Failure::usage(
            "give --init, --challenge, --request FILE --out FILE, or --reader-key JWK --out FILE; see `rid issue --help`",
        ));
    }
    let writes = arguments.request.is_some() || arguments.reader_key.is_some();
    match &arguments.out {
        Some(out) if writes => home::check_out("--out", out, arguments.force)?,
        Some(_) => return Err(Failure::usage("--out goes with --request or --reader-key")),
        None => {}
    }
    if arguments.days != 0 && !writes {
        return Err(Failure::usage("--days goes with --request or --reader-key"));
    }
    if arguments.challenge && arguments.request.is_some() {
        return Err(Failure::usage(
            "--challenge is for the next request: run it before `rid enrol`, --request after it",
        ));
    }
    Ok(())
}

/// The challenge that the request must answer.
fn given_challenge(home: &Home) -> Result<Vec<u8>, Failure> {
    let path = challenge_path(home);
    let unusable = || {
        Failure::advised(
            "issuer",
            Code::new("nonce"),
            "no challenge is open, and each is good for one request; run `rid issue --challenge`, then `rid enrol` with it",
        )
    };
    if !home::is_there(&path)? {
        return Err(unusable());
    }
    let text = String::from_utf8(input::file(&path)?).map_err(|_| unusable())?;
    hex::decode(text.trim()).map_err(|_| unusable())
}

/// Reads a public P-256 key. A private key is refused, because it should not leave its owner.
fn reader_key(argument: &str) -> Result<PublicKey, Failure> {
    let jwk = input::jwk("--reader-key", argument)?;
    if Value::parse(&jwk, MAX_JWK).is_ok_and(|jwk| jwk.member("d").is_some()) {
        return Err(Failure::usage(
            "--reader-key: this is a private JWK; give its public members only (kty, crv, x, y)",
        ));
    }
    match PublicKey::from_jwk(&jwk) {
        Ok(key) if key.curve() == Curve::P256 => Ok(key),
        Ok(_) => Err(Failure::usage("--reader-key: a reader signs with a key of P-256; this one is of another curve")),
        Err(error) => Err(Failure::usage(format!(
            "--reader-key: not a public JWK ({}); it looks like {{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":...,\"y\":...}}",
            error.code()
        ))),
    }
}

/// The longest JWK that is read.
const MAX_JWK: usize = 8192;

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
