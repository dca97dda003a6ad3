//! Temporary folders.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::process::PATIENCE;

/// A new folder in cargo's temporary folder; removed on drop.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(what: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("{what}-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Waits for a file and returns its text.
    pub(crate) fn wait_for(&self, name: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            match std::fs::read_to_string(self.0.join(name)) {
                Ok(text) if !text.is_empty() => return text,
                _ => assert!(Instant::now() < end, "{name} was not written"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Writes a file into it and returns its path.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that cannot be removed stays below `target`.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
