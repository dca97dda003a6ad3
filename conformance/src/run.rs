//! Cases put before a driver, and what came out held against what was expected.

mod authentication;
mod chain;
mod mds;
mod registration;
mod rp_core;
mod signature;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ::rp_core::Code;
pub use rp_core::RpCore;

use crate::format::{
    Authentication, Body, Case, Ceremony, Chain, Expect, Mds, Metadata, Nothing, Registration, Rejected,
    Signature,
};

/// A server under test: it is given a case without its `expect` in mind, and tells what it makes of it.
///
/// A kind that a server does not offer answers [`Refusal::NotBuilt`], which no case expects.
pub trait Driver {
    /// Judges a registration response.
    ///
    /// # Errors
    /// [`Refusal`] where it is not accepted.
    fn registration(&self, case: &Registration) -> Result<Ceremony, Refusal>;

    /// Judges an authentication response.
    ///
    /// # Errors
    /// [`Refusal`] where it is not accepted.
    fn authentication(&self, case: &Authentication) -> Result<Ceremony, Refusal>;

    /// Validates a certification path.
    ///
    /// # Errors
    /// [`Refusal`] where it is not accepted.
    fn chain(&self, case: &Chain) -> Result<(), Refusal>;

    /// Verifies a metadata BLOB and tells of the models in `aaguids`, which are those that the case asks after.
    ///
    /// # Errors
    /// [`Refusal`] where it is not accepted.
    fn mds(&self, case: &Mds) -> Result<Metadata, Refusal>;

    /// Verifies a signature.
    ///
    /// # Errors
    /// [`Refusal`] where it is not accepted.
    fn signature(&self, case: &Signature) -> Result<(), Refusal>;
}

/// Why a driver did not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The server refused the input.
    Refused {
        /// The reason, as a code of the format.
        code: Code,
        /// The server's own words.
        detail: String,
    },
    /// The server does not do this at all; it is a failure whatever was expected.
    NotBuilt(&'static str),
    /// The case could not be put before the server; it is a failure whatever was expected.
    NotPut(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, detail } => write!(f, "reject, {code}: {detail}"),
            Self::NotBuilt(what) => write!(f, "not built: {what}"),
            Self::NotPut(why) => write!(f, "the case could not be put: {why}"),
        }
    }
}

/// What came of a case that did not come out as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was expected, in words.
    pub expected: String,
    /// What came out, in words.
    pub got: String,
}

/// Puts one case before a driver; a panic is a failure like any other.
///
/// # Errors
/// [`Failure`] where something else came out than was expected.
pub fn run(driver: &dyn Driver, case: &Case) -> Result<(), Failure> {
    let judged = catch_unwind(AssertUnwindSafe(|| match &case.body {
        Body::Registration(body) => judge(&body.expect, driver.registration(body)),
        Body::Authentication(body) => judge(&body.expect, driver.authentication(body)),
        Body::Chain(body) => judge(&body.expect, driver.chain(body).map(|()| Nothing {})),
        Body::Mds(body) => judge(&body.expect, driver.mds(body)),
        Body::Signature(body) => judge(&body.expect, driver.signature(body).map(|()| Nothing {})),
    }));
    judged.unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let expected = if case.must_be_accepted() { "accept" } else { "reject" };
        Err(Failure { expected: expected.into(), got: format!("a panic: {words}") })
    })
}

fn judge<A: Facts>(expect: &Expect<A>, got: Result<A, Refusal>) -> Result<(), Failure> {
    match (expect, got) {
        (Expect::Accept(expected), Ok(got)) => {
            let differences = expected.differences(&got);
            if differences.is_empty() {
                return Ok(());
            }
            let words = |side: fn(&Difference) -> &String| {
                let facts: Vec<_> =
                    differences.iter().map(|one| format!("{} {}", one.fact, side(one))).collect();
                format!("accept, {}", facts.join(", "))
            };
            Err(Failure { expected: words(|one| &one.expected), got: words(|one| &one.got) })
        }
        (Expect::Accept(_), Err(refusal)) => {
            Err(Failure { expected: "accept".into(), got: refusal.to_string() })
        }
        (Expect::Reject(_), Ok(_)) => Err(Failure { expected: in_words(expect), got: "accept".into() }),
        (Expect::Reject(Rejected { reason }), Err(Refusal::Refused { code, .. }))
            if reason.is_none_or(|reason| reason.0 == code) =>
        {
            Ok(())
        }
        (Expect::Reject(_), Err(refusal)) => {
            Err(Failure { expected: in_words(expect), got: refusal.to_string() })
        }
    }
}

fn in_words<A>(expect: &Expect<A>) -> String {
    match expect {
        Expect::Accept(_) => "accept".into(),
        Expect::Reject(Rejected { reason: Some(reason) }) => format!("reject, {reason}"),
        Expect::Reject(Rejected { reason: None }) => "reject".into(),
    }
}

/// One fact that is not as expected.
#[derive(Debug)]
struct Difference {
    fact: String,
    expected: String,
    got: String,
}

/// Facts that can be held against those that were expected.
trait Facts {
    /// Every expected fact that was not told, or told otherwise.
    fn differences(&self, got: &Self) -> Vec<Difference>;
}

impl Facts for Nothing {
    fn differences(&self, _: &Self) -> Vec<Difference> {
        Vec::new()
    }
}

impl Facts for Ceremony {
    fn differences(&self, got: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        compare(&mut found, "fmt", &self.fmt, &got.fmt);
        compare(&mut found, "attestation_type", &self.attestation_type, &got.attestation_type);
        compare(&mut found, "trusted", &self.trusted, &got.trusted);
        compare(&mut found, "credential_id", &self.credential_id, &got.credential_id);
        compare(&mut found, "public_key", &self.public_key, &got.public_key);
        compare(&mut found, "alg", &self.alg, &got.alg);
        compare(&mut found, "aaguid", &self.aaguid, &got.aaguid);
        compare(&mut found, "sign_count", &self.sign_count, &got.sign_count);
        compare(&mut found, "user_present", &self.user_present, &got.user_present);
        compare(&mut found, "user_verified", &self.user_verified, &got.user_verified);
        compare(&mut found, "backup_eligible", &self.backup_eligible, &got.backup_eligible);
        compare(&mut found, "backup_state", &self.backup_state, &got.backup_state);
        compare(&mut found, "extensions", &self.extensions, &got.extensions);
        found
    }
}

impl Facts for Metadata {
    fn differences(&self, got: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        compare(&mut found, "no", &self.no, &got.no);
        compare(&mut found, "next_update", &self.next_update, &got.next_update);
        compare(&mut found, "entries", &self.entries, &got.entries);
        for (aaguid, expected) in &self.aaguids {
            let told = got.aaguids.get(aaguid).cloned().unwrap_or_default();
            compare(&mut found, &format!("status of {aaguid}"), &expected.status, &told.status);
            compare(
                &mut found,
                &format!("description of {aaguid}"),
                &expected.description,
                &told.description,
            );
        }
        found
    }
}

fn compare<T: PartialEq + fmt::Debug>(
    found: &mut Vec<Difference>,
    fact: &str,
    expected: &Option<T>,
    got: &Option<T>,
) {
    if let Some(value) = expected
        && got.as_ref() != Some(value)
    {
        let words =
            |value: &Option<T>| value.as_ref().map_or("not told".into(), |value| format!("{value:?}"));
        found.push(Difference { fact: fact.into(), expected: words(expected), got: words(got) });
    }
}

#[cfg(test)]
mod tests;
