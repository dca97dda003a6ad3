//! A child process that prints a line when it is ready and is killed on drop.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The time limit of every wait; generous, because a loaded machine is slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A child process, killed on drop and by a panic.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts `command` and reads its standard output.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_with(command, Stdio::null())
    }

    /// Starts `command`, with its standard error in `errors`.
    pub(crate) fn start_with(command: &mut Command, errors: Stdio) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // After the line was found the receiver is gone; the pipe must still be emptied.
            output.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        Self { child, lines }
    }

    /// Waits for the first line in which `find` succeeds; `None` if the process ends before.
    pub(crate) fn wait_for<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => match find(&line) {
                    None => {}
                    found => return found,
                },
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("the process never said it was ready"),
            }
        }
    }
}

impl Process {
    /// Ends the process; returns the lines that were not read.
    pub(crate) fn end(&mut self) -> Vec<String> {
        drop(self.child.kill());
        drop(self.child.wait());
        self.lines.iter().collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The first of these programs that is on the `PATH`.
pub(crate) fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
}

/// The number that follows `before` in `line`.
pub(crate) fn number_after(line: &str, before: &str) -> Option<u16> {
    let (_, rest) = line.split_once(before)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
