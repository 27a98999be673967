//! A busy secure area is asked again, and neither facade reports it (neg-K11).
use std::sync::Arc;

use pollster::block_on;
use rid_flow::{
    fake::{AreaCall, FakeTimer},
    ports::{KeySpec, KeyUse, SecureArea, SecureAreaError, UserAuth},
};
use rid_kit::{reader_config, rngs};
use rid_reader::{Reader, ReaderConfig, ReaderError, ReaderIdentity, ReaderPorts, ReadingStep};
use rid_sim::SimRng;
use rid_wallet::{PresentationStep, WalletError};

use crate::world::{World, asked};

fn busy(world: &World, calls: usize) {
    (0..calls).for_each(|_| world.area.script.fail_once(AreaCall::Sign, SecureAreaError::Busy));
}

#[test]
fn neg_k11_a_busy_key_only_delays_an_enrolment() {
    let world = World::empty();
    busy(&world, 4);
    assert!(block_on(world.wallet.enrol(&["mdl".into()], 2, vec![7; 32], "sim".into())).is_ok());
    busy(&world, 5);
    let failed = block_on(world.wallet.enrol(&["mdl".into()], 2, vec![7; 32], "sim".into()));
    assert!(matches!(failed, Err(WalletError::Misuse { code }) if code.as_str() == "key_busy"));
}

#[test]
fn neg_k11_a_busy_key_only_delays_a_reading() -> Result<(), ReaderError> {
    let world = World::empty();
    let spec = KeySpec { usage: KeyUse::Sign, user_auth: UserAuth::None, challenge: vec![] };
    let key = block_on(world.area.create_keys(1, spec)).unwrap().remove(0).id;
    let identity = ReaderIdentity { key, chain: vec![world.state.reader().1.clone()] };
    let config = ReaderConfig { identity: Some(identity), ..reader_config(world.state.own_trust().unwrap()) };
    let ports = ReaderPorts {
        secure_area: world.area.clone(),
        clock: world.clock.clone(),
        timer: Arc::new(FakeTimer::new(&world.clock.hands)),
        rng: rngs(SimRng::new),
    };
    let reader = Arc::new(Reader::new(ports, config));
    for (calls, signs) in [(4, true), (5, false)] {
        let presentation = world.wallet.present().unwrap();
        let Ok(PresentationStep::Advertise { qr, .. }) = block_on(presentation.next()) else { panic!("no QR code") };
        let reading = reader.read(&qr, &asked())?;
        assert!(matches!(block_on(reading.next())?, ReadingStep::Connect { .. }));
        reading.connected(185)?;
        busy(&world, calls);
        match block_on(reading.next())? {
            ReadingStep::Send { .. } => assert!(signs, "{calls}"),
            ReadingStep::Closed { code } => assert_eq!((signs, code.as_str()), (false, "key_busy")),
            step => panic!("{step:?}"),
        }
    }
    Ok(())
}
