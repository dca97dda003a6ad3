use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar on standard error, if it is a terminal. The walk is in the order of handles or credential IDs, which are
/// random, so the place of the last one says how much is done.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// `what` is counted.
    pub(super) fn new(what: &'static str) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {percent}% {msg} {elapsed}");
        let bar = ProgressBar::new(SCALE).with_message(what);
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// The walk has reached a handle or credential ID after so many.
    pub(super) fn at(&self, place: &[u8], count: u64, what: &str) {
        let mut bytes = place.iter().copied();
        let [high, low] = [bytes.next().unwrap_or_default(), bytes.next().unwrap_or_default()];
        self.0.set_position(u16::from_be_bytes([high, low]).into());
        self.0.set_message(format!("{count} {what}"));
    }

    /// Writes to a terminal that also has the bar.
    pub(super) fn suspended<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The number of values of the first two bytes.
const SCALE: u64 = 1 << 16;
