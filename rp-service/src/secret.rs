use std::fmt;
use std::io::{self, Write};
use std::path::Path;

/// The secret of a service: at least 32 random bytes. `Debug` does not print it.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The minimum length: HMAC-SHA256 makes full use of it.
    pub const MIN_BYTES: usize = 32;

    /// A random secret, for a service whose users do not outlive it.
    ///
    /// # Errors
    /// [`io::Error`] if the operating system returns no random bytes.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; Self::MIN_BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(bytes.into()))
    }

    /// Reads the secret from a file. If the file does not exist, it is created with 32 random bytes and is readable by
    /// its owner only. Of several processes that start at the same time one creates it, and all read the same.
    ///
    /// # Errors
    /// [`io::Error`] with the path: the file cannot be read or created.
    pub fn file(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let with_path =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        match std::fs::read(path) {
            Ok(bytes) => return Ok(Self(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(with_path(error)),
        }
        let mut bytes = [0; Self::MIN_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| with_path(io::Error::other(error)))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The temporary file has mode 0600. It gets its name only when it is complete, and only if no other process was
        // faster: then that one's secret is read.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(with_path)?;
        file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(with_path)?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(Self(bytes.into())),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                std::fs::read(path).map(Self).map_err(with_path)
            }
            Err(error) => Err(with_path(error.error)),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl<T: AsRef<[u8]> + ?Sized> From<&T> for Secret {
    fn from(bytes: &T) -> Self {
        Self(bytes.as_ref().into())
    }
}

impl<const N: usize> From<[u8; N]> for Secret {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes.into())
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_created_once_and_by_its_owner_readable_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let secrets = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| Secret::file(&path).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap().0).collect::<std::collections::BTreeSet<_>>()
        });
        assert_eq!(secrets.len(), 1, "all processes have the same secret");
        assert_eq!(secrets.first().unwrap().len(), Secret::MIN_BYTES);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn an_error_names_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let error = Secret::file(folder.path().join("missing/secret")).unwrap_err();
        assert!(error.to_string().contains("missing/secret"), "{error}");
    }

    #[test]
    fn debug_does_not_print_the_secret() {
        assert_eq!(format!("{:?}", Secret::from([7; 32])), "Secret(32 bytes)");
    }
}
