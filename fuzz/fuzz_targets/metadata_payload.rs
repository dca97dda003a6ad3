//! The payload of metadata: entries, reports, statements, certificates, and verdicts on all of them.
#![no_main]

use rp_core::Timestamp;
use rp_mds::{Catalog, Difference, Metadata, ModelQuery, Names, Policy, Retention};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = Names::from_json(data);
    let Ok(metadata) = Metadata::from_own_entries(data, Retention::ALL) else { return };
    for entry in metadata.entries() {
        let _ = (entry.statement(), entry.anchors(), entry.newest_report(), entry.to_json());
        assert!(metadata.find(&entry.model()).iter().any(|found| found.model() == entry.model()));
    }
    assert!(Difference::between(&metadata, &metadata).changed.is_empty());
    let lean = Metadata::from_own_entries(data, Retention::LEAN)
        .expect("what is read with pictures is read without");
    assert_eq!(metadata.entries().len(), lean.entries().len());
    let catalog = Catalog::of("fuzz", metadata);
    for model in catalog.models() {
        let verdict =
            Policy::default().judge(&catalog, &ModelQuery::new(model, Timestamp::from_unix_seconds(0)));
        assert!(verdict.is_listed());
    }
});
