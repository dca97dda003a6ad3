//! A caller's origin and a document of related origins: linted, and evaluated for the caller.
#![no_main]

use rp_conformance::seeds::unpack;
use rp_core::related_origins::{MAX_LABELS, RelatedOrigins};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((_, [caller, document])) = unpack(data) else { return };
    let (Ok(caller), Ok(document)) = (std::str::from_utf8(caller), serde_json::from_slice(document)) else {
        return;
    };
    let document: RelatedOrigins = document;
    let _ = document.lint("example.org");
    // A client with a higher label limit accepts more callers, and only those of the document.
    let (few, all) = (document.relates(caller, MAX_LABELS), document.relates(caller, usize::MAX));
    assert!(all || !few);
    assert!(!all || document.labels() > 0);
});
