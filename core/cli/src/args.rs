//! The arguments of the commands. Their help texts teach.
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use rid_profile::Locale;

use crate::link;

/// The folder of all files, and the language of names.
#[derive(Args, Clone)]
pub(crate) struct HomeArguments {
    /// Folder with the test PKI, the wallet and exchanged files
    #[arg(long, value_name = "DIR", default_value = ".rid", global = true)]
    pub(crate) home: PathBuf,
    /// Language of names and labels [default: az; a verdict: all three]
    #[arg(long, value_name = "LANG", value_enum, global = true)]
    pub(crate) lang: Option<Language>,
}

impl HomeArguments {
    pub(crate) fn locale(&self) -> Locale {
        self.lang.map_or(Locale::Az, Language::locale)
    }
}

/// A language of names and labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Azerbaijani
    Az,
    /// English
    En,
    /// Russian
    Ru,
}

impl Language {
    pub(crate) const fn locale(self) -> Locale {
        match self {
            Self::Az => Locale::Az,
            Self::En => Locale::En,
            Self::Ru => Locale::Ru,
        }
    }

    /// The value on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Az => "az",
            Self::En => "en",
            Self::Ru => "ru",
        }
    }
}

/// Parses an MTU that the link can use.
fn mtu(text: &str) -> Result<u16, String> {
    let mtu: u16 = text.parse().map_err(|_| "an MTU is a number of bytes, e.g. 185".to_owned())?;
    link::check_mtu(mtu).map(|()| mtu)
}

/// Parses a time limit in seconds, at least one.
fn seconds(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0 => Ok(seconds),
        _ => Err("a time limit is a number of seconds, at least 1".to_owned()),
    }
}

/// The unlock methods of the wallet. Secrets come from the terminal, without an echo, or from the first line of a file;
/// never from arguments or the environment.
#[derive(Args, Clone, Default)]
pub(crate) struct OpenArguments {
    /// File with the PIN; without it the terminal is asked
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) pin_file: Option<PathBuf>,
    /// File with the recovery code, which also unlocks the wallet if --pin-file is not given
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) code_file: Option<PathBuf>,
    /// Key file that seals the software keys (NOT hardware), for instance on a USB stick; created if there are no keys
    /// yet
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "passphrase_file")]
    pub(crate) key_file: Option<PathBuf>,
    /// File with the passphrase that seals the software keys (NOT hardware); set if there are no keys yet
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl OpenArguments {
    /// Passes the same methods on to another process of this tool.
    pub(crate) fn pass_on(&self, command: &mut std::process::Command) {
        for (flag, path) in [
            ("--pin-file", &self.pin_file),
            ("--code-file", &self.code_file),
            ("--key-file", &self.key_file),
            ("--passphrase-file", &self.passphrase_file),
        ] {
            if let Some(path) = path {
                command.arg(flag).arg(path);
            }
        }
    }
}

/// Run one credential through every step: test State, enrolment, wallet, QR code, consent, presentation, verdict.
///
/// Wallet and reader are two processes that talk over TCP on loopback, in writes of BLE size. On a terminal you are the
/// person who consents; without one a scripted person does, and the output says so. Four flags show one failure each:
/// --refuse (not_returned), --expired (mdoc_expired), --forged (mdoc_digest_mismatch), --unknown-reader
/// (reader_auth_required in the wallet, not_returned in the reader).
#[derive(Args)]
pub(crate) struct DemoArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    #[command(flatten)]
    pub(crate) open: OpenArguments,
    /// MTU of the link in bytes, as the platform reports it; at least 23
    #[arg(long, default_value_t = 185, value_parser = mtu)]
    pub(crate) mtu: u16,
    /// End a presentation after this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<u32>,
    /// Let a scripted person consent even on a terminal
    #[arg(long)]
    pub(crate) yes: bool,
    /// The person refuses
    #[arg(long, group = "twist")]
    pub(crate) refuse: bool,
    /// The reader's clock is 60 days ahead: the credential has expired
    #[arg(long, group = "twist")]
    pub(crate) expired: bool,
    /// A hostile wallet alters an element
    #[arg(long, group = "twist")]
    pub(crate) forged: bool,
    /// A reader with an unknown root asks for the identity card
    #[arg(long, group = "twist")]
    pub(crate) unknown_reader: bool,
    /// Run the presentation that succeeds and all four failures, one after the other
    #[arg(long, group = "twist")]
    pub(crate) all: bool,
    /// Answer with a deviceMac instead of a deviceSignature
    #[arg(long)]
    pub(crate) mac: bool,
    /// Print JSON for machines: one object per line, the outcome of all walks last; a scripted person consents
    #[arg(long)]
    pub(crate) json: bool,
}

/// Ask an issuer for credentials: make keys, prove their possession, write the request; or accept the issuer's answer.
#[derive(Args)]
#[command(
    after_help = "The whole enrolment by hand:\n  rid issue --init\n  rid enrol --kind pid --kind mdl --challenge $(rid issue --challenge) --out request.cbor\n  \
    rid issue --request request.cbor --out answer.cbor\n  rid enrol --accept answer.cbor"
)]
pub(crate) struct EnrolArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    #[command(flatten)]
    pub(crate) open: OpenArguments,
    /// Kind of document: pid, mdl or a document type; may be repeated
    #[arg(long)]
    pub(crate) kind: Vec<String>,
    /// One-time copies of each, at most 100 (0: as many as the profile says)
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) copies: u32,
    /// The issuer's challenge (hex), from `rid issue --challenge`
    #[arg(long, value_name = "HEX")]
    pub(crate) challenge: Option<String>,
    /// The file for the request
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file of --out if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Accept this answer of the issuer, completely or not at all
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kind", "challenge", "out"])]
    pub(crate) accept: Option<PathBuf>,
    /// Withdraw the pending enrolment: its keys are deleted and its answer will be refused
    #[arg(long, conflicts_with_all = ["kind", "challenge", "out", "accept"])]
    pub(crate) withdraw: bool,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// Be the test issuer: make the test State, give a challenge, answer an enrolment request, certify a reader.
///
/// The answers are for the sample citizen. Only --init makes the test PKI; the other jobs need one and fail without it.
#[derive(Args)]
#[command(after_help = "A reader certificate for a reader app whose key stays in its secure area:\n  \
    rid issue --reader-key reader-public.jwk --name \"Test Reader\" --out reader.pem\n\n\
    The key is a public JWK of P-256: {\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":...,\"y\":...}. Give the app reader.pem as its chain; every wallet \
    of this test State knows it by pki/reader-root.pem. A private JWK is refused: a key that is to stay secret is not handed out.")]
pub(crate) struct IssueArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    /// Make the test PKI if there is none
    #[arg(long)]
    pub(crate) init: bool,
    /// Print a fresh challenge for the next request
    #[arg(long)]
    pub(crate) challenge: bool,
    /// The enrolment request to answer
    #[arg(long, value_name = "FILE", requires = "out")]
    pub(crate) request: Option<PathBuf>,
    /// Make a certificate for this reader key: a public JWK (P-256), as a file or as JSON
    #[arg(long, value_name = "JWK", requires = "out", conflicts_with = "request")]
    pub(crate) reader_key: Option<String>,
    /// Name of the reader in its certificate, as a wallet shows it
    #[arg(long, value_name = "NAME", requires = "reader_key", default_value = "Test Reader")]
    pub(crate) name: String,
    /// The file for the answer, or for the reader certificate (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file of --out if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Days of validity, at most 730 (0: as many as the profile says; a reader certificate: 730)
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=730))]
    pub(crate) days: u32,
}

/// Show a QR code, wait for one reader, ask the person, answer. With a LINK: answer the website behind it.
///
/// Without a terminal one of --yes and --refuse is required, because nobody could consent.
///
/// Exit 0: every request was answered (a refusal is an answer). Exit 1: no request was answered; the error is named.
#[derive(Args)]
pub(crate) struct PresentArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    #[command(flatten)]
    pub(crate) open: OpenArguments,
    /// A link of a website (openid4vp:, haip-vp: or https), or the text of its QR code
    pub(crate) link: Option<String>,
    /// The LINK was scanned from another device: no page is opened here
    #[arg(long, requires = "link")]
    pub(crate) scanned: bool,
    /// For tests, not in release builds: HOST stands for this port of 127.0.0.1, and nothing else is called
    #[cfg(debug_assertions)]
    #[arg(long, value_name = "HOST=PORT", requires = "link", value_parser = loopback)]
    pub(crate) loopback: Vec<(String, u16)>,
    /// TCP port on loopback (0: the system chooses; it is printed)
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// MTU of the link in bytes, as the platform reports it; at least 23
    #[arg(long, default_value_t = 185, value_parser = mtu)]
    pub(crate) mtu: u16,
    /// End after this many seconds [default: 300 seconds for a reader to connect, then the limits of the session]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<u32>,
    /// Agree to everything that is asked for and held
    #[arg(long, conflicts_with = "refuse")]
    pub(crate) yes: bool,
    /// Refuse everything
    #[arg(long)]
    pub(crate) refuse: bool,
    /// With --yes: leave this element out; may be repeated
    #[arg(long, value_name = "ELEMENT", requires = "yes")]
    pub(crate) untick: Vec<String>,
    /// With --yes: answer from this credential (rid wallet lists them) if it can answer; may be repeated
    #[arg(long, value_name = "ID", requires = "yes")]
    pub(crate) credential: Vec<String>,
    /// Also write qr.png, qr.txt and port into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) handoff: Option<PathBuf>,
    /// Answer with a deviceMac instead of a deviceSignature
    #[arg(long)]
    pub(crate) mac: bool,
    /// Print JSON for machines: one object per line, `closed` last; questions to a person go to stderr
    #[arg(long)]
    pub(crate) json: bool,
}

/// Be a hostile wallet, to test readers: present a genuine credential with one element altered.
///
/// Exit 0: the reader received the answer. Its verdict must be refused with `mdoc_digest_mismatch`.
#[derive(Args)]
pub(crate) struct HostileArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    /// TCP port on loopback (0: the system chooses)
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// MTU of the link in bytes, as the platform reports it; at least 23
    #[arg(long, default_value_t = 185, value_parser = mtu)]
    pub(crate) mtu: u16,
    /// End after this many seconds [default: 60 seconds for each step of the reader]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<u32>,
    /// Also write qr.png, qr.txt and port into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) handoff: Option<PathBuf>,
    /// Print JSON for machines: one object per line
    #[arg(long)]
    pub(crate) json: bool,
}

/// The signature of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signed {
    /// No signature.
    Anonymous,
    /// Signed by the test State's registered reader.
    Registered,
    /// Signed by a reader whose root is unknown.
    UnknownRoot,
}

/// Be the reader: scan a QR code, connect, ask, judge the answer.
///
/// Exit 0: accepted. Exit 1: refused, or no answer came. Exit 2: undecided.
#[derive(Args)]
#[command(
    after_help = "Example:\n  rid read --qr qr.png --port 40001 --ask org.iso.18013.5.1.mDL/org.iso.18013.5.1/portrait:retain \\\n    \
    --ask org.iso.18013.5.1.mDL/org.iso.18013.5.1/age_over_18 --save saved/\n  rid verify saved/"
)]
pub(crate) struct ReadArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    /// An element to ask for: docType/namespace/element, with :retain if it will be kept and :optional if it may be
    /// missing; may be repeated
    #[arg(long, required = true, value_name = "PATH")]
    pub(crate) ask: Vec<String>,
    /// The QR code: a PNG, or a file with its text
    #[arg(long, value_name = "FILE", required_unless_present = "qr_text")]
    pub(crate) qr: Option<PathBuf>,
    /// The text of the QR code (`mdoc:...`)
    #[arg(long, value_name = "TEXT", conflicts_with = "qr")]
    pub(crate) qr_text: Option<String>,
    /// TCP port of the wallet, which `rid present` prints beside the QR code
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// MTU of the link in bytes, as the platform reports it; at least 23
    #[arg(long, default_value_t = 185, value_parser = mtu)]
    pub(crate) mtu: u16,
    /// End after this many seconds [default: the limits of the session]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<u32>,
    /// Trusted issuer root, PEM or DER, and the types it may sign for (pid, mdl or a document type; without them any);
    /// may be repeated; default: the home's test root
    #[arg(long, value_name = "FILE[=TYPE,...]")]
    pub(crate) trust: Vec<PathBuf>,
    /// The signature of the request
    #[arg(long, value_enum, default_value_t = Signed::Registered)]
    pub(crate) signed: Signed,
    /// The time of the reader's clock (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Keep response, transcript and reader key in this folder, for `rid verify DIR`
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
    /// Print JSON for machines: one object per line, the verdict last
    #[arg(long)]
    pub(crate) json: bool,
}

/// List, show and delete the credentials of the wallet, and read its history.
#[derive(Args)]
pub(crate) struct WalletArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    #[command(flatten)]
    pub(crate) open: OpenArguments,
    /// Print JSON for machines
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Option<WalletCommand>,
}

#[derive(Subcommand)]
pub(crate) enum WalletCommand {
    /// List all credentials, without values (the default)
    List,
    /// Show one credential with its values
    Show {
        /// Identifier from `rid wallet`, or its first characters
        id: String,
        /// Also write the portrait to this file
        #[arg(long, value_name = "FILE")]
        portrait: Option<PathBuf>,
        /// Replace the file of --portrait if it is there
        #[arg(long)]
        force: bool,
    },
    /// Delete one credential with all its copies and keys
    Delete {
        /// Identifier from `rid wallet`, or its first characters
        id: String,
        /// Delete without asking
        #[arg(long)]
        yes: bool,
    },
    /// List presentations, refusals, enrolments and deletions
    History,
}

/// The content of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CaptureKind {
    /// A DeviceRequest (18013-5, 8.3.2.1.2.1): the request of a reader.
    DeviceRequest,
    /// A DeviceResponse (18013-5, 8.3.2.1.2.2).
    DeviceResponse,
    /// An IssuerSigned: a credential as issued, without a device's part.
    IssuerSigned,
    /// An SD-JWT VC (`dc+sd-jwt`), as issued or presented.
    SdJwt,
}

/// Judge a capture: a DeviceResponse, an IssuerSigned, a DeviceRequest or an SD-JWT VC that was saved to a file.
///
/// The verdict is `accepted` (exit 0), `refused` (exit 1: a check failed) or `undecided` (exit 2: no check failed, but
/// a required one had no input: `trust_missing`, `transcript_missing`, `reader_key_missing`, `not_returned`). Every
/// check is listed by name. There is no network access, so revocation is not checked. Completeness is checked only with
/// --asked.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rid verify response.cbor --kind device-response --transcript transcript.cbor --trust iaca.pem\n  \
    rid verify mdl.b64 --kind issuer-signed --trust-key '{\"kty\":\"EC\",...}' --at 2026-01-01T00:00:00Z --json\n  \
    rid verify request.cbor --kind device-request --transcript transcript.cbor --trust reader-root.pem\n  \
    rid verify pid.txt --kind sd-jwt --trust iaca.pem --audience x509_hash:... --nonce 0123456789abcdef\n  \
    rid verify saved/            (a folder that `rid read --save` wrote)\n\n\
    For a DeviceRequest --trust takes reader roots, and reader authentication of every document is judged; the elements asked for \
    are listed with intentToRetain. A request that is not signed is undecided (`reader_auth_absent`).\n\n\
    An SD-JWT with a KB-JWT is undecided without --audience and --nonce (`sdjwt_audience_missing`, `sdjwt_nonce_missing`); one without \
    is judged as issued, unless --audience or --nonce is given."
)]
pub(crate) struct VerifyArguments {
    /// The capture: raw CBOR, hex, base64 or base64url, or the text of an SD-JWT; or a folder that `rid read --save`
    /// wrote
    pub(crate) file: PathBuf,
    /// The content of the file (not needed for a folder)
    #[arg(long, value_enum)]
    pub(crate) kind: Option<CaptureKind>,
    /// The question: a DeviceRequest, or paths docType/namespace/element, each with or without `:optional`, as a JSON
    /// list or one per line
    #[arg(long, value_name = "FILE")]
    pub(crate) asked: Option<PathBuf>,
    /// SessionTranscript: the array of three or its tag-24 form, used as received
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
    /// Trusted certificate, PEM or DER: an anchor, with the types it may sign for (pid, mdl or a document type; without
    /// them any), or the document signer's own certificate; for a request, a reader root; may be repeated
    #[arg(long, value_name = "FILE[=TYPE,...]")]
    pub(crate) trust: Vec<PathBuf>,
    /// Trusted issuer key (public JWK, file or JSON); chain and certificate checks are then not done
    #[arg(long, value_name = "JWK")]
    pub(crate) trust_key: Option<String>,
    /// The reader's private key (JWK, file or JSON), for a deviceMac
    #[arg(long, value_name = "JWK")]
    pub(crate) reader_key: Option<String>,
    /// The audience that an SD-JWT must be presented to: the client identifier of the request
    #[arg(long, value_name = "TEXT")]
    pub(crate) audience: Option<String>,
    /// The nonce that an SD-JWT must be presented for
    #[arg(long, value_name = "TEXT")]
    pub(crate) nonce: Option<String>,
    /// Status List Token, as JWT or CWT, for a credential that refers to it
    #[arg(long, value_name = "FILE")]
    pub(crate) status_list: Option<PathBuf>,
    /// Judge as of this time (RFC 3339); default: now
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Language of names and labels [default: all three]; JSON holds none
    #[arg(long, value_name = "LANG", value_enum)]
    pub(crate) lang: Option<Language>,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// A host name and a port of this machine.
#[cfg(debug_assertions)]
fn loopback(text: &str) -> Result<(String, u16), String> {
    let named = text.split_once('=').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    named.ok_or_else(|| "HOST=PORT".into())
}
