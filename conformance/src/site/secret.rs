//! The secret that makes the responses to unknown usernames repeatable.

use std::error::Error;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use rp_core::{Challenge, base64url};

/// A new secret.
pub(super) fn random() -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(Challenge::random()?.as_bytes().to_vec())
}

/// The secret in a file, which is created at the first start.
pub(super) fn of_file(file: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    read_or_create(file).map_err(|error| format!("cannot keep the secret {file}: {error}").into())
}

fn read_or_create(file: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(base64url::decode(text.trim())?),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret = random()?;
            write_private(file, base64url::encode(&secret).as_bytes())?;
            Ok(secret)
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes a file that only its owner can read, completely or not at all.
fn write_private(file: &str, content: &[u8]) -> std::io::Result<()> {
    let unfinished = format!("{file}.{}", std::process::id());
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(&unfinished)?;
    opened.write_all(content)?;
    opened.sync_all()?;
    fs::rename(&unfinished, Path::new(file))
}
