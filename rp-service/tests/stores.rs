//! Every store is put through the test-kit.

mod memory {
    use rp_service::store::MemoryStore;

    rp_service::ceremony_store_tests!(async { MemoryStore::new() });
    rp_service::credential_store_tests!(async { MemoryStore::new() });
    rp_service::session_store_tests!(async { MemoryStore::new() });
}

#[cfg(feature = "sqlite")]
mod sqlite_in_memory {
    use rp_service::store::SqliteStore;

    rp_service::ceremony_store_tests!(async { SqliteStore::in_memory().await.unwrap() });
    rp_service::credential_store_tests!(async { SqliteStore::in_memory().await.unwrap() });
    rp_service::session_store_tests!(async { SqliteStore::in_memory().await.unwrap() });
}

#[cfg(feature = "sqlite")]
mod sqlite_file {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::path::Path;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, UNIX_EPOCH};

    use rp_service::store::SqliteStore;

    rp_service::ceremony_store_tests!(fresh());
    rp_service::credential_store_tests!(fresh());
    rp_service::session_store_tests!(fresh());

    /// A store over a file that was not there, in the folder that cargo keeps for tests.
    async fn fresh() -> SqliteStore {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let stores = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stores");
        std::fs::create_dir_all(&stores).unwrap();
        drop_files_of_earlier_runs(&stores);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let name = format!("{process}-{number}-{}.db", UNIX_EPOCH.elapsed().unwrap().as_nanos());
        SqliteStore::connect(stores.join(name).to_str().unwrap()).await.unwrap()
    }

    /// Other processes may be running other tests, so what is young stays, and what is gone already is gone.
    fn drop_files_of_earlier_runs(stores: &Path) {
        for file in std::fs::read_dir(stores).unwrap().flatten() {
            let modified = file.metadata().and_then(|file| file.modified());
            let age = modified.ok().and_then(|time| time.elapsed().ok());
            if age.is_some_and(|age| age > Duration::from_secs(600)) {
                drop(std::fs::remove_file(file.path()));
            }
        }
    }
}
