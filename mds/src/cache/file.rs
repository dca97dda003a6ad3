//! Replacing a file whole.

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// What a file is called until it is whole.
const ENDING: &str = "new";
/// No write takes as long: what is older was left by one that was interrupted.
const LEFT: Duration = Duration::from_secs(60 * 60);

/// Puts a file in the place of another: after this either is there, and never a part.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Its own name for every write, so that two threads, processes or containers do not write into one, and nobody
    // knows it beforehand.
    let random = RandomState::new().hash_one(path);
    let beside = path.with_extension(format!("{random:016x}.{ENDING}"));
    let mut file = File::create_new(&beside)?;
    let written = fill(&mut file, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
        return written;
    }
    // The rename itself is on the disk once its directory is; some systems do not open directories.
    if let Some(Ok(directory)) = path.parent().map(File::open) {
        let _ = directory.sync_all();
    }
    Ok(())
}

fn fill(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// Removes what interrupted writes have left; what cannot be removed now is removed another time.
pub(super) fn sweep(directory: &Path) {
    for path in fs::read_dir(directory).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
        let age = || fs::symlink_metadata(&path).ok()?.modified().ok()?.elapsed().ok();
        if path.extension().is_some_and(|ending| ending == ENDING) && age().is_some_and(|age| age > LEFT) {
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_that_is_full_is_an_error() {
        let mut full = File::options().write(true).open("/dev/full").unwrap();
        assert_eq!(fill(&mut full, b"bytes").unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
