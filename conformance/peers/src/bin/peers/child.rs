//! A contestant that is running.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use rp_peers::Result;

use crate::contestants::Contestant;

/// A process that answers one line at a time. It ends when its input is closed, which dropping does.
pub(crate) struct Running {
    pub(crate) contestant: Contestant,
    /// Its back end or platform, as the program reports it.
    pub(crate) about: String,
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(contestant: Contestant, work: &Path, inputs: &Path) -> Result<Self> {
        let mut command = contestant.command(work, inputs);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", contestant.key))?;
        let requests = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().ok_or("a child without output")?);
        let mut running = Self { contestant, about: String::new(), process, requests, answers };
        running.about = running.answer()?;
        Ok(running)
    }

    /// Whether the valid response of a ceremony is accepted: the reason if it is not.
    pub(crate) fn accept(&mut self, ceremony: &str) -> Result<Option<String>> {
        self.verdict(&format!("accept {ceremony}"))
    }

    /// The reason for which a wrong response is rejected, if it is.
    pub(crate) fn reject(&mut self, ceremony: &str, number: usize) -> Result<Option<String>> {
        self.verdict(&format!("reject {ceremony} {number}"))
    }

    /// The nanoseconds of each round.
    pub(crate) fn measure(&mut self, ceremony: &str, rounds: usize) -> Result<Vec<u64>> {
        let times = self.ask(&format!("measure {ceremony} {rounds}"))?;
        Ok(times.split(' ').map(str::parse).collect::<std::result::Result<_, _>>()?)
    }

    fn verdict(&mut self, request: &str) -> Result<Option<String>> {
        let answer = self.ask(request)?;
        match answer.strip_prefix("rejected") {
            Some(reason) => Ok(Some(reason.trim_start().to_owned())),
            None if answer == "accepted" => Ok(None),
            None => Err(format!("{}: not a verdict: {answer}", self.contestant.key).into()),
        }
    }

    fn ask(&mut self, request: &str) -> Result<String> {
        let requests = self.requests.as_mut().ok_or("a child without input")?;
        writeln!(requests, "{request}")?;
        requests.flush()?;
        self.answer()
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line)? {
            0 => Err(format!("{} ended; its messages are above", self.contestant.key).into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.requests.take());
        let _ = self.process.wait();
    }
}
