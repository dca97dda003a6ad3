use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::record::EventRecord;
use super::{Event, EventSink};

/// Writes each event as a line of JSON ([`EventRecord`]), for log collectors and for the operator's command.
///
/// Each line is one write. If it fails, the request continues, and the failure is reported through `tracing`. If a part of
/// the line was written, the next event begins on a new line. Rotation is left to the system: a file is opened for
/// appending, so a tool may copy and truncate it.
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

impl JsonLinesSink<File> {
    /// Appends to a file. A new file is readable and writable by its owner only. If the last line of the file has no end,
    /// the first event begins on a new line.
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
        let writer = LineWriter::new(file.map_err(with_path)?);
        writer.lock().is_cut = ends_in_a_cut_line(path).unwrap_or(false);
        Ok(Self(writer))
    }
}

/// Whether the last line of a file has no end. A file that is not a regular one has no last line.
fn ends_in_a_cut_line(path: &Path) -> io::Result<bool> {
    // Opening a pipe could wait for its other end.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut file = File::open(path)?;
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

impl<W: Write + Send> EventSink for JsonLinesSink<W> {
    fn record(&self, event: &Event<'_>) {
        self.0.write(&EventRecord::from(event));
    }
}

/// Writes values as lines of JSON.
#[derive(Debug)]
pub(super) struct LineWriter<W>(Mutex<Output<W>>);

#[derive(Debug)]
struct Output<W> {
    writer: W,
    /// Whether the output ends in a part of a line.
    is_cut: bool,
}

impl<W: Write + Send> LineWriter<W> {
    pub(super) fn new(writer: W) -> Self {
        Self(Mutex::new(Output { writer, is_cut: false }))
    }

    fn lock(&self) -> MutexGuard<'_, Output<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self, value: &impl serde::Serialize) {
        let written = serde_json::to_vec(value).map_err(io::Error::other).and_then(|mut line| {
            line.push(b'\n');
            self.lock().write_line(line)
        });
        if let Err(error) = written {
            tracing::error!(target: "rp", "an event was not written: {error}");
        }
    }
}

impl<W: Write> Output<W> {
    fn write_line(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        if self.is_cut {
            line.insert(0, b'\n');
        }
        let mut rest = line.as_slice();
        while !rest.is_empty() {
            match self.writer.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            self.is_cut = !rest.is_empty();
        }
        self.writer.flush().inspect_err(|_| self.is_cut = true)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    /// A file on a disk that has space for so many bytes.
    struct Disk {
        written: Arc<Mutex<Vec<u8>>>,
        space: Arc<AtomicUsize>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.space.load(Ordering::Relaxed));
            if count == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.space.fetch_sub(count, Ordering::Relaxed);
            self.written.lock().unwrap().extend(&bytes[..count]);
            Ok(count)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_event_behind_a_cut_line_is_readable() {
        let (written, space) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::new(AtomicUsize::new(5)));
        let sink = JsonLinesSink::new(Disk { written: Arc::clone(&written), space: Arc::clone(&space) });
        record(&sink, Action::SignUp);
        record(&sink, Action::SignIn);
        space.store(10_000, Ordering::Relaxed);
        record(&sink, Action::StepUp);
        record(&sink, Action::SignOut);
        let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = written.lines().collect();
        assert_eq!((lines.len(), lines[0].len()), (3, 5), "{written}");
        let actions = lines[1..].iter().map(|line| serde_json::from_str::<EventRecord>(line).unwrap().action);
        assert_eq!(actions.collect::<Vec<_>>(), [Action::StepUp, Action::SignOut]);
    }

    #[test]
    fn a_file_that_ends_in_a_cut_line_goes_on_with_a_new_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        std::fs::write(&path, "{\"time").unwrap();
        for action in [Action::SignIn, Action::SignOut] {
            record(&JsonLinesSink::append(&path).unwrap(), action);
        }
        let written = std::fs::read_to_string(&path).unwrap();
        let events = written.lines().filter_map(|line| serde_json::from_str::<EventRecord>(line).ok());
        assert_eq!(events.map(|event| event.action).collect::<Vec<_>>(), [Action::SignIn, Action::SignOut]);
        assert_eq!(written.lines().count(), 3);
    }
}
