//! rp-core under test.

use super::{Driver, Refusal};
use crate::format::{Authentication, Ceremony, Chain, Mds, Metadata, Registration, Signature};

/// rp-core, as it was built with this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct RpCore;

impl Driver for RpCore {
    fn registration(&self, _: &Registration) -> Result<Ceremony, Refusal> {
        Err(Refusal::NotBuilt("registration"))
    }

    fn authentication(&self, _: &Authentication) -> Result<Ceremony, Refusal> {
        Err(Refusal::NotBuilt("authentication"))
    }

    fn chain(&self, _: &Chain) -> Result<(), Refusal> {
        Err(Refusal::NotBuilt("chain"))
    }

    fn mds(&self, _: &Mds) -> Result<Metadata, Refusal> {
        Err(Refusal::NotBuilt("mds"))
    }

    fn signature(&self, _: &Signature) -> Result<(), Refusal> {
        Err(Refusal::NotBuilt("signature"))
    }
}
