use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::record::EventRecord;
use super::{Event, EventSink};

/// Writes each event as a line of JSON ([`EventRecord`]), for log collectors and for the operator's command.
///
/// Each line is one write. If it fails, the request continues, and the failure is reported through `tracing`. Rotation is
/// left to the system: a file is opened for appending, so a tool may copy and truncate it.
///
/// # Examples
/// ```
/// use rp_service::JsonLinesSink;
///
/// let to_standard_output = JsonLinesSink::new(std::io::stdout());
/// # drop(to_standard_output);
/// ```
#[derive(Debug)]
pub struct JsonLinesSink<W>(LineWriter<W>);

impl<W: Write + Send> JsonLinesSink<W> {
    /// Writes to this writer, which should not buffer.
    pub fn new(writer: W) -> Self {
        Self(LineWriter::new(writer))
    }
}

impl JsonLinesSink<std::fs::File> {
    /// Appends to a file. A new file is readable and writable by its owner only.
    ///
    /// # Errors
    /// [`io::Error`] with the path.
    pub fn append(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(path);
        let with_path =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        Ok(Self::new(file.map_err(with_path)?))
    }
}

impl<W: Write + Send> EventSink for JsonLinesSink<W> {
    fn record(&self, event: &Event<'_>) {
        self.0.write(&EventRecord::from(event));
    }
}

/// Writes values as lines of JSON.
#[derive(Debug)]
pub(super) struct LineWriter<W>(Mutex<W>);

impl<W: Write + Send> LineWriter<W> {
    pub(super) fn new(writer: W) -> Self {
        Self(Mutex::new(writer))
    }

    pub(super) fn write(&self, value: &impl serde::Serialize) {
        let written = serde_json::to_vec(value).map_err(io::Error::other).and_then(|mut line| {
            line.push(b'\n');
            let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            writer.write_all(&line)?;
            writer.flush()
        });
        if let Err(error) = written {
            tracing::error!(target: "rp", "an event was not written: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use rp_core::Timestamp;

    use super::*;
    use crate::event::action::Action;
    use crate::event::builder::EventBuilder;

    fn record(sink: &impl EventSink, action: Action) {
        sink.record(&EventBuilder::new(action).build(Timestamp::from_unix_seconds(0), None, None));
    }

    #[test]
    fn a_file_is_appended_to_and_its_owners_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        for action in [Action::SignIn, Action::SignOut] {
            record(&JsonLinesSink::append(&path).unwrap(), action);
        }
        let written = std::fs::read_to_string(&path).unwrap();
        let actions = written.lines().map(|line| serde_json::from_str::<EventRecord>(line).unwrap().action);
        assert_eq!(actions.collect::<Vec<_>>(), [Action::SignIn, Action::SignOut]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let error = JsonLinesSink::append(folder.path().join("missing/events")).unwrap_err();
        assert!(error.to_string().contains("missing/events"), "{error}");
    }

    #[test]
    fn a_writer_that_fails_stops_no_request() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        record(&JsonLinesSink::new(Full), Action::SignIn);
    }
}
