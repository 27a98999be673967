//! The one place where a busy secure area is retried.
use alloc::{boxed::Box, sync::Arc, vec::Vec};

use async_trait::async_trait;

use crate::{
    Uptime,
    ports::{Clock, KeyId, KeyInfo, KeySpec, Prompt, Secret32, SecureArea, SecureAreaError, Timer},
};

/// Milliseconds between one try and the next.
const WAITS: [u64; 4] = [50, 100, 200, 400];

/// A secure area that asks again when it is told [`SecureAreaError::Busy`]: up to four more times over less than a
/// second, then the error stands (neg-K11). Every other error is passed on at once.
pub struct RetryingSecureArea {
    area: Arc<dyn SecureArea>,
    timer: Arc<dyn Timer>,
    clock: Arc<dyn Clock>,
}

impl RetryingSecureArea {
    /// Over an area; it waits on the timer, by the monotonic side of the clock.
    #[must_use]
    pub fn new(area: Arc<dyn SecureArea>, timer: Arc<dyn Timer>, clock: Arc<dyn Clock>) -> Self {
        Self { area, timer, clock }
    }

    async fn wait(&self, millis: u64) {
        let until = Uptime::from_millis(self.clock.uptime().millis().saturating_add(millis));
        self.timer.sleep_until(until).await;
    }
}

/// Awaits the expression again as long as it is `Busy` and a wait is left.
macro_rules! patiently {
    ($self:ident, $call:expr) => {{
        for millis in WAITS {
            match $call.await {
                Err(SecureAreaError::Busy) => $self.wait(millis).await,
                answer => return answer,
            }
        }
        $call.await
    }};
}

#[async_trait]
impl SecureArea for RetryingSecureArea {
    async fn create_keys(&self, count: u32, spec: KeySpec) -> Result<Vec<KeyInfo>, SecureAreaError> {
        patiently!(self, self.area.create_keys(count, spec.clone()))
    }

    async fn sign(&self, key: KeyId, message: Vec<u8>, prompt: Prompt) -> Result<[u8; 64], SecureAreaError> {
        patiently!(self, self.area.sign(key.clone(), message.clone(), prompt))
    }

    async fn agree(&self, key: KeyId, peer: Vec<u8>, prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        patiently!(self, self.area.agree(key.clone(), peer.clone(), prompt))
    }

    async fn derive(&self, key: KeyId, input: [u8; 32], prompt: Prompt) -> Result<Secret32, SecureAreaError> {
        patiently!(self, self.area.derive(key.clone(), input, prompt))
    }

    async fn info(&self, key: KeyId) -> Result<KeyInfo, SecureAreaError> {
        patiently!(self, self.area.info(key.clone()))
    }

    async fn delete(&self, key: KeyId) -> Result<(), SecureAreaError> {
        patiently!(self, self.area.delete(key.clone()))
    }
}

#[cfg(test)]
mod tests {
    use rid_wire::Timestamp;

    use super::*;
    use crate::{
        fake::{AreaCall, FakeClock, FakeTimer, ScriptedSecureArea, block_on, conformance},
        ports::{KeyUse, UserAuth},
    };

    struct World {
        area: Arc<ScriptedSecureArea>,
        clock: FakeClock,
        patient: RetryingSecureArea,
        sign: KeyInfo,
        derive: KeyInfo,
    }

    fn spec(usage: KeyUse) -> KeySpec {
        KeySpec { usage, user_auth: UserAuth::None, challenge: Vec::new() }
    }

    fn world() -> World {
        let area = Arc::new(ScriptedSecureArea::new(1));
        let clock = FakeClock::new(Timestamp::from_unix(1_800_000_000));
        let patient = RetryingSecureArea::new(area.clone(), Arc::new(FakeTimer::new(&clock)), Arc::new(clock.clone()));
        let [sign, derive] =
            [KeyUse::Sign, KeyUse::Derive].map(|usage| block_on(area.create_keys(1, spec(usage))).unwrap().remove(0));
        World { area, clock, patient, sign, derive }
    }

    impl World {
        /// What came of one call, and how long it took.
        fn call(&self, call: AreaCall) -> (Result<(), SecureAreaError>, u64) {
            let before = self.clock.uptime().millis();
            let Self { patient, sign, derive, .. } = self;
            let (key, prompt) = (sign.id.clone(), Prompt::Present);
            let answer = match call {
                AreaCall::Agree => block_on(patient.agree(key, sign.public.clone(), prompt)).map(drop),
                AreaCall::CreateKeys => block_on(patient.create_keys(2, spec(KeyUse::Sign))).map(drop),
                AreaCall::Delete => block_on(patient.delete(KeyId("other".into()))),
                AreaCall::Derive => block_on(patient.derive(derive.id.clone(), [7; 32], prompt)).map(drop),
                AreaCall::Info => block_on(patient.info(key)).map(drop),
                AreaCall::Sign => block_on(patient.sign(key, Vec::new(), prompt)).map(drop),
            };
            (answer, self.clock.uptime().millis() - before)
        }
    }

    #[test]
    fn neg_k11_busy_is_asked_again_with_back_off() {
        for call in AreaCall::ALL {
            for (busy, waited) in [(0, 0), (1, 50), (2, 150), (3, 350), (4, 750)] {
                let world = world();
                let keys = world.area.keys().len();
                (0..busy).for_each(|_| world.area.fail_once(call, SecureAreaError::Busy));
                let done = world.area.done(call);
                assert_eq!(world.call(call), (Ok(()), waited), "{call:?}");
                assert_eq!(world.area.done(call), done + 1, "it was done once");
                let made = if call == AreaCall::CreateKeys { 2 } else { 0 };
                assert_eq!(world.area.keys().len(), keys + made);
                assert_eq!(world.call(call), (Ok(()), 0), "the next call starts afresh");
            }
        }
    }

    #[test]
    fn neg_k11_busy_without_end_has_an_end() {
        for call in AreaCall::ALL {
            let world = world();
            let (keys, done) = (world.area.keys(), world.area.done(call));
            world.area.fail_always(call, SecureAreaError::Busy);
            assert_eq!(world.call(call), (Err(SecureAreaError::Busy), 750), "{call:?}");
            assert_eq!((world.area.keys(), world.area.done(call)), (keys, done));
            world.area.heal();
            assert_eq!(world.call(call), (Ok(()), 0));
        }
    }

    #[test]
    fn neg_k11_no_other_error_is_waited_for() {
        for call in AreaCall::ALL {
            for error in ScriptedSecureArea::ERRORS.into_iter().filter(|error| *error != SecureAreaError::Busy) {
                let world = world();
                world.area.fail_once(call, error);
                assert_eq!(world.call(call), (Err(error), 0), "{call:?}");
                world.area.fail_once(call, SecureAreaError::Busy);
                world.area.fail_once(call, error);
                assert_eq!(world.call(call), (Err(error), 50), "also behind a busy one");
            }
        }
    }

    #[test]
    fn a_patient_area_conforms() {
        let World { area, patient, .. } = world();
        for call in AreaCall::ALL {
            area.fail_after(call, 1, SecureAreaError::Busy);
        }
        block_on(conformance::secure_area(Arc::new(patient)));
    }
}
