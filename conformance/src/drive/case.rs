//! One case: the ceremony or the test, and the required verdict.

use super::played::{Expectation, Played, printable};
use super::player::Player;
use super::service;
use super::turn::Turn;
use crate::authenticator::Fault;
use crate::report::Outcome;

/// A case.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) note: String,
    pub(super) expect: Expectation,
    pub(super) play: Play,
}

/// The part of a case that is played.
#[derive(Clone, Debug)]
pub(super) enum Play {
    /// A registration.
    Registration(Turn),
    /// A registration and an authentication.
    Authentication(Turn),
    /// A step-up with a fault.
    StepUp(Fault),
    /// A proof without an account, with a fault.
    Proof(Fault),
    /// A test of its own.
    Test(Test),
    /// No binding can express it, for this reason.
    Impossible(&'static str),
}

/// A test of its own.
pub(super) type Test = fn(&mut Player<'_>, &Expectation) -> Result<Played, Played>;

impl Case {
    /// Plays the case.
    pub(super) fn play(&self, player: &mut Player<'_>) -> Outcome {
        let played = self.try_play(player).unwrap_or_else(|early| early);
        Outcome {
            id: self.id.clone(),
            group: self.group.clone(),
            note: Some(self.note.clone()),
            must: self.expect.must,
            expected: self.expect.describe(),
            result: played.result_of(self.expect.must),
            got: printable(&played.got),
            reason: played.reason.as_deref().map(printable),
            vector: None,
        }
    }

    fn try_play(&self, player: &mut Player<'_>) -> Result<Played, Played> {
        match &self.play {
            Play::Impossible(why) => Ok(Played::not_expressible(*why)),
            Play::Registration(turn) => {
                player.arrive().and_then(|()| player.registration(&self.expect, turn))
            }
            Play::Authentication(turn) => {
                player.arrive().and_then(|()| player.authentication(&self.expect, turn))
            }
            Play::StepUp(fault) => {
                player.arrive().and_then(|()| service::step_up_with(player, &self.expect, *fault))
            }
            Play::Proof(fault) => {
                player.arrive().and_then(|()| service::proof_with(player, &self.expect, *fault))
            }
            Play::Test(test) => player.arrive().and_then(|()| test(player, &self.expect)),
        }
    }
}
