//! What native code needs of an engagement: the QR text and the BLE UUIDs.
use alloc::string::String;

use rid_mdoc::engagement::{Ble, RetrievalMethod};

use super::Advertisement;

impl Advertisement {
    /// The text of the QR code.
    #[must_use]
    pub fn qr(&self) -> String {
        self.engagement.to_qr()
    }

    /// UUID of the GATT service to serve (peripheral server mode).
    #[must_use]
    pub fn peripheral_server(&self) -> Option<[u8; 16]> {
        self.ble().and_then(|ble| ble.peripheral_server)
    }

    /// UUID of the GATT service to look for (central client mode).
    #[must_use]
    pub fn central_client(&self) -> Option<[u8; 16]> {
        self.ble().and_then(|ble| ble.central_client)
    }

    fn ble(&self) -> Option<&Ble> {
        self.engagement.methods().iter().find_map(|method| match method {
            RetrievalMethod::Ble(ble) => Some(ble),
            _ => None,
        })
    }
}
