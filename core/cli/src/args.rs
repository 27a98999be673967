//! What the command line takes; the help texts teach.
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use rid_profile::Locale;

use crate::{inspect::InspectArguments, transcript::TranscriptArguments, vault::VaultArguments};

/// Rəqəmsal İD on the command line: enrol, hold, present, read, verify and inspect ISO/IEC 18013-5 credentials.
///
/// Start with `rid demo`: it makes a test State, issues two documents to a made-up citizen and walks one presentation between
/// two processes. Keys are kept by a software area that is NOT hardware; roots are test roots, and every view says so.
#[derive(Parser)]
#[command(name = "rid", version, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Demo(DemoArguments),
    Enrol(EnrolArguments),
    Hostile(HostileArguments),
    Inspect(InspectArguments),
    Issue(IssueArguments),
    Present(PresentArguments),
    Read(ReadArguments),
    Transcript(TranscriptArguments),
    Vault(VaultArguments),
    Verify(VerifyArguments),
    Wallet(WalletArguments),
}

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

    /// As the command line takes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Az => "az",
            Self::En => "en",
            Self::Ru => "ru",
        }
    }
}

/// What opens the wallet. Secrets come from the terminal, without an echo, or from the first line of a file; never from arguments
/// or the environment.
#[derive(Args, Clone, Default)]
pub(crate) struct OpenArguments {
    /// File with the PIN; without it the terminal is asked
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) pin_file: Option<PathBuf>,
    /// File with the recovery code; without --pin-file it unlocks, too
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) code_file: Option<PathBuf>,
    /// Key file that the software keys (NOT hardware) are sealed under, say on a stick; made if there are no keys yet
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "passphrase_file")]
    pub(crate) key_file: Option<PathBuf>,
    /// File with the passphrase that the software keys (NOT hardware) are sealed under; set if there are no keys yet
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl OpenArguments {
    /// The same for another process of this tool.
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

/// Walk one credential the whole way: test State, enrolment, wallet, QR, consent, presentation, verdict.
///
/// Wallet and reader run as two processes and talk over TCP on loopback, in BLE-sized writes. On a terminal you are the person
/// who consents; without one a scripted person does, and the output says so. Each of the four flags shows one failure with its
/// name: --refuse (not_returned), --expired (mdoc_expired), --forged (mdoc_digest_mismatch), --unknown-reader
/// (reader_auth_required on the wallet's side, not_returned on the reader's).
#[derive(Args)]
pub(crate) struct DemoArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    #[command(flatten)]
    pub(crate) open: OpenArguments,
    /// MTU of the link, 23 or more
    #[arg(long, default_value_t = 185)]
    pub(crate) mtu: u16,
    /// A scripted person consents even though there is a terminal
    #[arg(long)]
    pub(crate) yes: bool,
    /// The person refuses
    #[arg(long, group = "twist")]
    pub(crate) refuse: bool,
    /// The reader's clock is a year ahead: the credential has expired
    #[arg(long, group = "twist")]
    pub(crate) expired: bool,
    /// A hostile wallet alters an element
    #[arg(long, group = "twist")]
    pub(crate) forged: bool,
    /// A reader with a root nobody knows asks for the identity card
    #[arg(long, group = "twist")]
    pub(crate) unknown_reader: bool,
    /// The good walk and all four failures, one after the other
    #[arg(long, group = "twist")]
    pub(crate) all: bool,
    /// Answer with a deviceMac instead of a deviceSignature
    #[arg(long)]
    pub(crate) mac: bool,
    /// Print JSON for machines (one object per line)
    #[arg(long)]
    pub(crate) json: bool,
}

/// Ask an issuer for credentials: make keys, prove their possession, write the request; or accept an issuer's answer.
#[derive(Args)]
#[command(
    after_help = "The whole door by hand:\n  rid issue --init\n  rid enrol --kind pid --kind mdl --challenge $(rid issue --challenge) --out request.cbor\n  \
    rid issue --request request.cbor --out answer.cbor\n  rid enrol --accept answer.cbor"
)]
pub(crate) struct EnrolArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    #[command(flatten)]
    pub(crate) open: OpenArguments,
    /// Kind of document: pid, mdl or a document type; may be given again
    #[arg(long)]
    pub(crate) kind: Vec<String>,
    /// One-time copies of each (0: as many as the profile says)
    #[arg(long, default_value_t = 0)]
    pub(crate) copies: u32,
    /// The issuer's challenge (hex), from `rid issue --challenge`
    #[arg(long, value_name = "HEX")]
    pub(crate) challenge: Option<String>,
    /// Where to write the request
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Accept this answer of the issuer, all or nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kind", "challenge", "out"])]
    pub(crate) accept: Option<PathBuf>,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// Be the test issuer: make the test State, give a challenge, answer an enrolment request for the sample citizen.
#[derive(Args)]
pub(crate) struct IssueArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    /// Make the test PKI if it is not there
    #[arg(long)]
    pub(crate) init: bool,
    /// Print a fresh challenge for the next request
    #[arg(long)]
    pub(crate) challenge: bool,
    /// The enrolment request to answer
    #[arg(long, value_name = "FILE", requires = "out")]
    pub(crate) request: Option<PathBuf>,
    /// Where to write the answer
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Days of technical validity (0: as many as the profile says)
    #[arg(long, default_value_t = 0)]
    pub(crate) days: u32,
}

/// Show a QR code, wait for one reader, ask the person, answer.
///
/// Without a terminal and without --yes or --refuse it refuses to start: nobody would be there to consent.
#[derive(Args)]
pub(crate) struct PresentArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    #[command(flatten)]
    pub(crate) open: OpenArguments,
    /// TCP port on loopback (0: the system chooses; it is printed)
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// MTU of the link
    #[arg(long, default_value_t = 185)]
    pub(crate) mtu: u16,
    /// Agree to whatever is asked for and held
    #[arg(long, conflicts_with = "refuse")]
    pub(crate) yes: bool,
    /// Refuse whatever is asked for
    #[arg(long)]
    pub(crate) refuse: bool,
    /// With --yes: leave this element out; may be given again
    #[arg(long, value_name = "ELEMENT", requires = "yes")]
    pub(crate) untick: Vec<String>,
    /// With --yes: answer from this credential (rid wallet lists them) where it can answer; may be given again
    #[arg(long, value_name = "ID", requires = "yes")]
    pub(crate) credential: Vec<String>,
    /// Also write qr.png, qr.txt and port into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) handoff: Option<PathBuf>,
    /// Answer with a deviceMac instead of a deviceSignature
    #[arg(long)]
    pub(crate) mac: bool,
    /// Print JSON for machines (one object per line)
    #[arg(long)]
    pub(crate) json: bool,
}

/// Be a hostile wallet: present a genuine credential with one element altered. For testing readers.
#[derive(Args)]
pub(crate) struct HostileArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    /// TCP port on loopback (0: the system chooses)
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// MTU of the link
    #[arg(long, default_value_t = 185)]
    pub(crate) mtu: u16,
    /// Also write qr.png, qr.txt and port into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) handoff: Option<PathBuf>,
    /// Print JSON for machines (one object per line)
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signed {
    /// Not at all.
    Anonymous,
    /// By the test State's registered reader.
    Registered,
    /// By a reader whose root nobody knows.
    UnknownRoot,
}

/// Scan a QR code, connect, ask, judge.
///
/// The exit code is the verdict's: 0 accepted, 1 refused (or no answer came), 2 undecided.
#[derive(Args)]
#[command(
    after_help = "Example:\n  rid read --qr qr.png --port 40001 --ask org.iso.18013.5.1.mDL/org.iso.18013.5.1/portrait:retain \\\n    \
    --ask org.iso.18013.5.1.mDL/org.iso.18013.5.1/age_over_18 --save saved/\n  rid verify saved/"
)]
pub(crate) struct ReadArguments {
    #[command(flatten)]
    pub(crate) home: HomeArguments,
    /// docType/namespace/element, with :retain if it will be kept and :optional if it may be missing; may be given again
    #[arg(long, required = true, value_name = "PATH")]
    pub(crate) ask: Vec<String>,
    /// The QR code: a PNG, or a file with its text
    #[arg(long, value_name = "FILE")]
    pub(crate) qr: Option<PathBuf>,
    /// The QR code's text itself (`mdoc:...`)
    #[arg(long, value_name = "TEXT", conflicts_with = "qr")]
    pub(crate) qr_text: Option<String>,
    /// TCP port of the wallet, told apart from the QR code
    #[arg(long)]
    pub(crate) port: u16,
    /// MTU of the link
    #[arg(long, default_value_t = 185)]
    pub(crate) mtu: u16,
    /// Trusted issuer root, PEM or DER, and the types it may sign for (pid, mdl or a document type; without them any); may be
    /// given again; default: the home's test root
    #[arg(long, value_name = "FILE[=TYPE,...]")]
    pub(crate) trust: Vec<PathBuf>,
    /// How the request is signed
    #[arg(long, value_enum, default_value_t = Signed::Registered)]
    pub(crate) signed: Signed,
    /// The reader's clock stands at this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Keep response, transcript and reader key in this folder, for `rid verify DIR`
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
    /// Print JSON for machines
    #[arg(long)]
    pub(crate) json: bool,
}

/// List, show and delete what the wallet holds, and read its history.
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
    /// All credentials, without values (the default)
    List,
    /// One credential with its values
    Show {
        /// Identifier, or its beginning
        id: String,
        /// Also write the portrait here
        #[arg(long, value_name = "FILE")]
        portrait: Option<PathBuf>,
    },
    /// Delete one credential with all its copies and keys
    Delete {
        /// Identifier, or its beginning
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// What was shown, refused, received, deleted
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
}

/// Judge a capture: a DeviceResponse, an IssuerSigned or a DeviceRequest that was saved to a file.
///
/// The verdict is `accepted` (exit 0), `refused` (exit 1: a check failed) or `undecided` (exit 2: no check failed, but one
/// that is needed had no input: `trust_missing`, `transcript_missing`, `reader_key_missing`, `not_returned`). Every check is
/// listed by name. No network is opened, so revocation is not checked. Completeness is checked with --asked alone.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rid verify response.cbor --kind device-response --transcript transcript.cbor --trust iaca.pem\n  \
    rid verify mdl.b64 --kind issuer-signed --trust-key '{\"kty\":\"EC\",...}' --at 2026-01-01T00:00:00Z --json\n  \
    rid verify request.cbor --kind device-request --transcript transcript.cbor --trust reader-root.pem\n  \
    rid verify saved/            (a folder that `rid read --save` wrote)\n\n\
    For a DeviceRequest --trust takes reader roots, and reader authentication of every document is judged; the elements asked for \
    are listed with intentToRetain. A request that is not signed is undecided (`reader_auth_absent`)."
)]
pub(crate) struct VerifyArguments {
    /// The capture: raw CBOR, hex, base64 or base64url; or a folder that `rid read --save` wrote
    pub(crate) file: PathBuf,
    /// The content of the file (not needed for a folder)
    #[arg(long, value_enum)]
    pub(crate) kind: Option<CaptureKind>,
    /// The question: a DeviceRequest, or paths docType/namespace/element[:optional] as a JSON list or one per line
    #[arg(long, value_name = "FILE")]
    pub(crate) asked: Option<PathBuf>,
    /// SessionTranscript: the array of three or its tag-24 form, used as received
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
    /// Trusted certificate, PEM or DER: an anchor, with the types it may sign for (pid, mdl or a document type; without them
    /// any), or the document signer's own certificate; of a request, a reader root; may be given again
    #[arg(long, value_name = "FILE[=TYPE,...]")]
    pub(crate) trust: Vec<PathBuf>,
    /// Trusted issuer key (public JWK, file or JSON): chain and certificate checks are then not done
    #[arg(long, value_name = "JWK")]
    pub(crate) trust_key: Option<String>,
    /// The reader's private key (JWK, file or JSON), for a deviceMac
    #[arg(long, value_name = "JWK")]
    pub(crate) reader_key: Option<String>,
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
