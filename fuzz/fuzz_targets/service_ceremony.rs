//! The state of a ceremony as another version of the service, or a damaged store, may return it.
#![no_main]

use std::sync::Mutex;

use libfuzzer_sys::fuzz_target;
use rp_core::Timestamp;
use rp_fuzz::service::{AUTHENTICATION, BROWSER, REGISTRATION, Service, respond};
use rp_service::http::Route;
use rp_service::store::{CeremonyKey, CeremonyStore, MemoryStore, StoreError, TakeCeremony};

static STATE: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Returns the input as the state of every ceremony.
struct AnyCeremony;

impl CeremonyStore for AnyCeremony {
    async fn put_ceremony(&self, _: CeremonyKey, _: &[u8], _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn take_ceremony(&self, _: CeremonyKey, _: Timestamp) -> Result<TakeCeremony, StoreError> {
        Ok(TakeCeremony::Found(STATE.lock().unwrap().clone()))
    }

    async fn sweep_ceremonies(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }
}

thread_local! {
    static SERVICE: Service = Service::new(|builder| builder.store(MemoryStore::new()).ceremonies(AnyCeremony));
}

fuzz_target!(|data: &[u8]| {
    data.clone_into(&mut STATE.lock().unwrap());
    SERVICE.with(|service| {
        respond(service, Route::RegistrationVerify, BROWSER, None, REGISTRATION);
        respond(service, Route::ProofVerify, BROWSER, None, REGISTRATION);
        respond(service, Route::AuthenticationVerify, BROWSER, None, AUTHENTICATION);
    });
});
