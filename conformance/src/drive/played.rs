//! The outcome of a case, and its judgement.

use serde_json::Value;

use super::client::{Answer, Broken, Message};
use super::reasons::Reasons;
use crate::report::{CaseResult, Must};

/// The required verdict of a server.
#[derive(Clone, Debug)]
pub(super) struct Expectation {
    pub(super) must: Must,
    /// The reasons for which a server may reject the response; the first one is the usual one.
    pub(super) reasons: Vec<&'static str>,
}

impl Expectation {
    pub(super) fn accept() -> Self {
        Self { must: Must::Accept, reasons: Vec::new() }
    }

    pub(super) fn reject(reasons: &[&'static str]) -> Self {
        Self { must: Must::Reject, reasons: reasons.into() }
    }

    /// The expectation in words.
    pub(super) fn describe(&self) -> String {
        match (self.must, self.reasons.is_empty()) {
            (Must::Accept, _) => "accept".into(),
            (Must::Reject, true) => "reject".into(),
            (Must::Reject, false) => format!("reject, {}", self.reasons.join(" or ")),
        }
    }

    /// Judges the answer to a response.
    pub(super) fn judge(&self, answer: &Answer, map: &Reasons) -> Played {
        match (self.must, answer) {
            (Must::Accept, Answer::Accepted(_)) => Played::passed("accept"),
            (Must::Accept, Answer::Rejected(message)) => Played::failed(format!("reject, {message}")),
            (Must::Reject, Answer::Accepted(_)) => Played::failed("accept"),
            (Must::Reject, Answer::Rejected(message)) => self.judge_rejection(message, map),
        }
    }

    fn judge_rejection(&self, message: &Message, map: &Reasons) -> Played {
        let reasons = map.interpret(message);
        let got = format!("reject, {message}");
        let expected = reasons.iter().find(|reason| self.reasons.contains(&reason.as_str()));
        match expected {
            Some(reason) => Played { reason: Some(reason.clone()), ..Played::passed(got) },
            None if self.reasons.is_empty() => {
                Played { reason: reasons.into_iter().next(), ..Played::passed(got) }
            }
            None if reasons.is_empty() => Played::passed(got),
            None => Played { reason: reasons.into_iter().next(), ..Played::failed(got) },
        }
    }
}

/// The outcome of a case.
#[derive(Clone, Debug)]
pub(super) struct Played {
    pub(super) result: CaseResult,
    pub(super) got: String,
    pub(super) reason: Option<String>,
    /// Whether the server rejected a request for options.
    lacks_options: bool,
}

impl Played {
    fn new(result: CaseResult, got: impl Into<String>) -> Self {
        Self { result, got: got.into(), reason: None, lacks_options: false }
    }

    pub(super) fn passed(got: impl Into<String>) -> Self {
        Self::new(CaseResult::Passed, got)
    }

    pub(super) fn failed(got: impl Into<String>) -> Self {
        Self::new(CaseResult::Failed, got)
    }

    pub(super) fn unproven(got: impl Into<String>) -> Self {
        Self::new(CaseResult::Unproven, got)
    }

    /// The result of a case with this verdict.
    pub(super) fn result_of(&self, must: Must) -> CaseResult {
        if self.lacks_options && must == Must::Accept { CaseResult::Failed } else { self.result }
    }

    pub(super) fn not_expressible(got: impl Into<String>) -> Self {
        Self::new(CaseResult::NotExpressible, got)
    }
}

impl Answer {
    /// The options that were requested. Without them, a rejection proves nothing, and what must be accepted is not.
    pub(super) fn options(self) -> Result<Value, Played> {
        match self {
            Self::Accepted(options) => Ok(options),
            Self::Rejected(message) => {
                let unproven = Played::unproven(format!("options were rejected: {message}"));
                Err(Played { lacks_options: true, ..unproven })
            }
        }
    }
}

/// A server that fails is a failure of every case.
impl From<Broken> for Played {
    fn from(Broken(what): Broken) -> Self {
        Self::failed(format!("the server failed: {what}"))
    }
}

/// Text of a server without characters that control the terminal or change the direction of writing, which could imitate
/// lines of the report, and without those that XML does not allow.
pub(super) fn printable(text: &str) -> String {
    let is_unsafe = |character: char| {
        character.is_control()
            || matches!(
                character,
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}'
            )
    };
    text.chars().map(|character| if is_unsafe(character) { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_server_does_not_control_the_terminal() {
        let text = printable("x\u{1b}[2J\n0 failed\r::error \u{202e}y\u{feff}\u{ffff}");
        assert_eq!(text, "x [2J 0 failed ::error  y\u{feff} ");
    }
}
