use std::error::Error;
use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::site::Site;

/// The file that keeps the token: mode 0600, in a folder of mode 0700.
pub(crate) struct TokenFile(PathBuf);

/// The content of the file.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredToken {
    /// The site that the token is for. It is sent nowhere else.
    pub(crate) site: String,
    pub(crate) token: String,
}

impl TokenFile {
    /// The file, by default `passkeys-login/token.json` in the user's folder for state.
    pub(crate) fn new(chosen: Option<PathBuf>) -> Result<Self, Box<dyn Error>> {
        if let Some(file) = chosen {
            return Ok(Self(file));
        }
        let state =
            std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state"));
        let folder = state.or_else(home).ok_or("no folder for the token: use --token-file")?;
        Ok(Self(folder.join("passkeys-login/token.json")))
    }

    /// Writes a token. The file is complete or not there, and no one else can read it at any time.
    pub(crate) fn write(&self, token: &StoredToken) -> Result<(), Box<dyn Error>> {
        let folder =
            self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        // Created with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(token)?)?;
        file.persist(&self.0)?;
        Ok(())
    }

    /// The token for a site.
    pub(crate) fn token_for(&self, site: &Site) -> Result<String, Box<dyn Error>> {
        let name = self.0.display();
        let file = match File::open(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err("You are not signed in: run `passkeys-login login`.".into());
            }
            file => file.map_err(|error| format!("{name}: {error}"))?,
        };
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::mode(&file.metadata()?) & 0o077 != 0 {
            return Err(format!("{name} can be read by others: delete it, and sign in again").into());
        }
        let stored: StoredToken =
            serde_json::from_reader(file).map_err(|_| format!("{name} is not a token"))?;
        if stored.site != site.origin() {
            return Err(format!("you are signed in to {}: use --site", stored.site).into());
        }
        Ok(stored.token)
    }

    /// Deletes the file.
    pub(crate) fn delete(&self) -> std::io::Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
