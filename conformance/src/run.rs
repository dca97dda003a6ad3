//! Runs cases against a driver and compares the results with the expected ones.

mod authentication;
mod convert;
mod native;
mod registration;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use native::RpCore;
use rp_core::Code;

use crate::format::{
    Authentication, Body, Case, Ceremony, Chain, Expect, Mds, Metadata, NoFacts, Registration, Rejected,
    Signature,
};

/// A server under test: receives a case and returns a result, without looking at `expect`.
///
/// For a kind of case that the server does not implement, the method returns [`DriverError::Unsupported`].
pub trait Driver {
    /// Verifies a registration response.
    ///
    /// # Errors
    /// [`DriverError`] if it is not accepted.
    fn registration(&self, case: &Registration) -> Result<Ceremony, DriverError>;

    /// Verifies an authentication response.
    ///
    /// # Errors
    /// [`DriverError`] if it is not accepted.
    fn authentication(&self, case: &Authentication) -> Result<Ceremony, DriverError>;

    /// Validates a certification path.
    ///
    /// # Errors
    /// [`DriverError`] if it is not accepted.
    fn chain(&self, case: &Chain) -> Result<(), DriverError>;

    /// Verifies a metadata BLOB and reports the models that the expectation names in `aaguids`.
    ///
    /// # Errors
    /// [`DriverError`] if it is not accepted.
    fn mds(&self, case: &Mds) -> Result<Metadata, DriverError>;

    /// Verifies a signature.
    ///
    /// # Errors
    /// [`DriverError`] if it is not accepted.
    fn signature(&self, case: &Signature) -> Result<(), DriverError>;
}

/// Why a driver did not accept a case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriverError {
    /// The server rejected the input.
    #[error("reject, {code}: {detail}")]
    Rejected {
        /// The reason, as a code of the format.
        code: Code,
        /// The server's own message.
        detail: String,
    },
    /// The server does not implement this kind of case. Counts as a failure, whatever was expected.
    #[error("not supported: {0}")]
    Unsupported(&'static str),
    /// The server's types cannot represent the case. Counts as a failure, whatever was expected.
    #[error("the case cannot be represented: {0}")]
    Unrepresentable(String),
}

/// A case with another result than the expected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The expected result.
    pub expected: String,
    /// The actual result.
    pub got: String,
}

/// The verdict of a server, which was the expected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The input was accepted.
    Accepted,
    /// The input was rejected.
    Rejected {
        /// The reason.
        code: Code,
        /// The server's own message.
        detail: String,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accept"),
            Self::Rejected { code, detail } => write!(f, "reject, {code}: {detail}"),
        }
    }
}

/// Runs one case. A panic of the driver is a failure.
///
/// # Errors
/// [`Failure`] if the result is not the expected one.
pub fn run(driver: &dyn Driver, case: &Case) -> Result<Verdict, Failure> {
    let judged = catch_unwind(AssertUnwindSafe(|| match &case.body {
        Body::Registration(body) => judge(&body.expect, driver.registration(body)),
        Body::Authentication(body) => judge(&body.expect, driver.authentication(body)),
        Body::Chain(body) => judge(&body.expect, driver.chain(body).map(|()| NoFacts {})),
        Body::Mds(body) => judge(&body.expect, driver.mds(body)),
        Body::Signature(body) => judge(&body.expect, driver.signature(body).map(|()| NoFacts {})),
    }));
    judged.unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let expected = if case.must_be_accepted() { "accept" } else { "reject" };
        Err(Failure { expected: expected.into(), got: format!("panic: {message}") })
    })
}

/// The expected result of a case in words.
pub(crate) fn expected(case: &Case) -> String {
    match &case.body {
        Body::Registration(body) => describe(&body.expect),
        Body::Authentication(body) => describe(&body.expect),
        Body::Chain(body) => describe(&body.expect),
        Body::Mds(body) => describe(&body.expect),
        Body::Signature(body) => describe(&body.expect),
    }
}

fn judge<A: Facts>(expect: &Expect<A>, got: Result<A, DriverError>) -> Result<Verdict, Failure> {
    match (expect, got) {
        (Expect::Accept(expected), Ok(got)) => {
            let differences = expected.differences(&got);
            if differences.is_empty() {
                return Ok(Verdict::Accepted);
            }
            let facts = |side: fn(&Difference) -> &String| {
                let facts: Vec<_> =
                    differences.iter().map(|one| format!("{} {}", one.fact, side(one))).collect();
                format!("accept, {}", facts.join(", "))
            };
            Err(Failure { expected: facts(|one| &one.expected), got: facts(|one| &one.got) })
        }
        (Expect::Accept(_), Err(error)) => Err(Failure { expected: "accept".into(), got: error.to_string() }),
        (Expect::Reject(_), Ok(_)) => Err(Failure { expected: describe(expect), got: "accept".into() }),
        (Expect::Reject(Rejected { reason }), Err(DriverError::Rejected { code, detail }))
            if reason.is_none_or(|reason| reason.0 == code) =>
        {
            Ok(Verdict::Rejected { code, detail })
        }
        (Expect::Reject(_), Err(error)) => {
            Err(Failure { expected: describe(expect), got: error.to_string() })
        }
    }
}

fn describe<A>(expect: &Expect<A>) -> String {
    match expect {
        Expect::Accept(_) => "accept".into(),
        Expect::Reject(Rejected { reason: Some(reason) }) => format!("reject, {reason}"),
        Expect::Reject(Rejected { reason: None }) => "reject".into(),
    }
}

/// A fact that differs from the expected one.
#[derive(Debug)]
struct Difference {
    fact: String,
    expected: String,
    got: String,
}

/// Facts that can be compared with the expected ones.
trait Facts {
    /// The expected facts that `got` lacks or has with another value.
    fn differences(&self, got: &Self) -> Vec<Difference>;
}

impl Facts for NoFacts {
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
            let reported = got.aaguids.get(aaguid).cloned().unwrap_or_default();
            compare(&mut found, &format!("status of {aaguid}"), &expected.status, &reported.status);
            compare(
                &mut found,
                &format!("description of {aaguid}"),
                &expected.description,
                &reported.description,
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
        let describe =
            |value: &Option<T>| value.as_ref().map_or("not reported".into(), |value| format!("{value:?}"));
        found.push(Difference { fact: fact.into(), expected: describe(expected), got: describe(got) });
    }
}

#[cfg(test)]
mod tests;
