//! A request to any route of the service: the number of the route, then cookies, `{id}` or `{name}`, and body, separated by NUL.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rp_fuzz::service::{Service, respond};
use rp_service::http::Route;
use rp_service::store::MemoryStore;

thread_local! {
    static SERVICE: Service = Service::with_running_clock(|builder| builder.store(MemoryStore::new()));
}

fuzz_target!(|data: &[u8]| {
    let Some((&number, rest)) = data.split_first() else { return };
    let route = Route::ALL[usize::from(number) % Route::ALL.len()];
    let mut parts = rest.splitn(3, |&byte| byte == 0);
    let (cookies, id, body) = (parts.next(), parts.next(), parts.next());
    SERVICE.with(|service| {
        let id = id.map(|id| String::from_utf8_lossy(id).into_owned());
        respond(service, route, cookies.unwrap_or_default(), id, body.unwrap_or_default());
    });
});
