//! Both facades bind their roots to the profile, however the roots came in.
use std::sync::Arc;

use pollster::block_on;
use rid_flow::ports::UserAuth;
use rid_profile::{Profile, ReaderPolicy};
use rid_reader::{IssuerRoot, Reader, ReaderError, ReaderOptions, view::Decision};
use rid_sim::{SimRng, TestState};
use rid_trust::Environment;
use rid_wallet::{WalletError, WalletOptions};

use crate::walk::{Cutter, Folder, filled, open_with, reader_config, reader_ports, walk};

/// The embedded profile, in which driving licences come from Georgia.
fn profile() -> Profile {
    let file = include_str!("../../../../core/profile/profile.json");
    let free = r#""signers": {"purposes": ["1.0.18013.5.1.2"], "intermediates": 0}"#;
    assert!(file.contains(free));
    Profile::parse(&file.replace(free, &free.replace('}', r#", "country": "GE"}"#))).unwrap()
}

/// neg-F30: the root may sign driving licences, `issuing_country` is not shown, and the signer is of another country.
#[test]
fn neg_f30_a_reader_refuses_a_foreign_signer_of_a_national_type() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("foreign-reader"));
    let wallet = filled(&state, &folder, 3);
    let config = rid_reader::ReaderConfig { profile: profile(), ..reader_config(&state) };
    let reader = Arc::new(Reader::new(reader_ports(&state), config));
    let walk = walk(&wallet, &reader, &mut Cutter { left: None, by_park: false, cut: false });
    for verdict in &walk.verdicts {
        assert_eq!(verdict.decision, Decision::Refused);
        assert_eq!(verdict.code.map(|code| code.as_str()), Some("issuer_country_mismatch"));
    }
    assert_eq!(walk.verdicts.len(), 2);
}

#[test]
fn neg_f30_a_wallet_takes_no_credential_of_a_foreign_signer() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("foreign-wallet"));
    let wallet = open_with(profile(), &state, &folder);
    let enrolling = wallet.enrolling(&["mdl".into()], 2, vec![7; 32], "sim".into()).unwrap();
    let enrolment = block_on(enrolling.next()).unwrap();
    let answer = state.answer(&enrolment.message, &[7; 32], &mut SimRng::new(3)).unwrap();
    let refused = block_on(wallet.accept(&enrolment.id, &answer)).unwrap_err();
    assert_eq!(refused.code().as_str(), "issuer_country_mismatch");
    assert_eq!(block_on(wallet.credentials()).unwrap(), []);
}

/// neg-F30, neg-F34: a root says what it may sign for; one that cannot be read is named and not used.
#[test]
fn neg_f30_roots_of_an_app_say_their_credential_types() {
    let state = TestState::make(0, &mut SimRng::new(1)).unwrap();
    let pem = state.iaca().to_pem();
    let torn = pem.replacen('\n', "\n!", 1);
    let root = |file: &str, types: &[&str]| IssuerRoot {
        certificate: file.as_bytes().to_vec(),
        credential_types: types.iter().map(|name| String::from(*name)).collect(),
    };
    let reader = |issuer_roots| ReaderOptions {
        environment: Environment::Test,
        issuer_roots,
        locales: vec![],
        key: None,
        chain: vec![],
    };
    let wallet = |issuer_roots| WalletOptions {
        environment: Environment::Test,
        issuer_roots,
        reader_roots: vec![torn.clone().into_bytes()],
        locales: vec![],
        user_auth: UserAuth::None,
        device_auth: rid_wallet::DeviceAuthMethod::Signature,
        reader_policy: ReaderPolicy::USUAL,
    };
    let Err(ReaderError::BadInput { code }) = reader(vec![root(&pem, &[])]).configure() else { panic!("accepted") };
    assert_eq!(code.as_str(), "trust_types_missing");
    let Err(WalletError::BadInput { code }) = wallet(vec![root(&pem, &[])]).configure() else { panic!("accepted") };
    assert_eq!(code.as_str(), "trust_types_missing");
    let Err(WalletError::BadInput { code }) = wallet(vec![root(&pem, &["a.b"])]).configure() else {
        panic!("accepted")
    };
    assert_eq!(code.as_str(), "cert_form", "the one reader root cannot be read");
    let config = reader(vec![root(&format!("{torn}{pem}"), &["a.b"])]).configure().unwrap();
    let reader = Reader::new(reader_ports(&state), config);
    let [warning] = reader.root_warnings() else { panic!("one warning") };
    assert_eq!((warning.root.as_str(), warning.code.as_str()), ("issuer_roots[0], certificate 1", "cert_form"));
}

/// neg-F30: the roots' types bind a verdict.
#[test]
fn neg_f30_a_root_of_another_type_accepts_no_answer() {
    let (state, folder) = (TestState::make(0, &mut SimRng::new(1)).unwrap(), Folder::new("other-type"));
    let wallet = filled(&state, &folder, 3);
    let options = ReaderOptions {
        environment: Environment::Test,
        issuer_roots: vec![IssuerRoot {
            certificate: state.iaca().der().to_vec(),
            credential_types: vec!["az.gov.rid.pid.1".into()],
        }],
        locales: vec![],
        key: None,
        chain: vec![],
    };
    let config = rid_reader::ReaderConfig { identity: reader_config(&state).identity, ..options.configure().unwrap() };
    let reader = Arc::new(Reader::new(reader_ports(&state), config));
    let walk = walk(&wallet, &reader, &mut Cutter { left: None, by_park: false, cut: false });
    assert_eq!(walk.verdicts.len(), 2);
    for verdict in &walk.verdicts {
        assert_eq!(verdict.code.map(|code| code.as_str()), Some("cert_untrusted"));
    }
}
