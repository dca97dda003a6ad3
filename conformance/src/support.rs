//! Tables of supported features in Markdown. Each cell is the result of a run.

mod app_attest;
mod extensions;
mod tables;
mod tally;

use rp_core::AttestationType;

use crate::authenticator::{Algorithm, ClientError, Format};
use crate::format::{Body, Case, Expect};
use crate::matrix;
use crate::run::{Driver, RpCore, run};
use app_attest::AppAttestSupport;
use extensions::Extension;
use tally::Tally;

/// The results of the [`matrix`] by format and by algorithm. `Display` writes Markdown.
#[derive(Clone, Debug)]
pub struct Support {
    formats: Vec<FormatSupport>,
    app_attest: AppAttestSupport,
    algorithms: Vec<AlgorithmSupport>,
    extensions: Vec<Extension>,
}

/// The results of the registrations with one format.
#[derive(Clone, Debug)]
struct FormatSupport {
    format: Format,
    /// The attestation types of its statements.
    types: Vec<AttestationType>,
    accepted: Tally,
    rejected: Tally,
}

/// The results of the ceremonies with keys of one algorithm.
#[derive(Clone, Debug)]
struct AlgorithmSupport {
    algorithm: Algorithm,
    /// Honest registrations, in the order of [`Format::ALL`].
    registrations: Vec<Tally>,
    accepted: Tally,
    rejected: Tally,
}

impl Support {
    /// The results of rp-core for the whole matrix and the extensions.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn of_rp_core() -> Result<Self, ClientError> {
        let mut support = Self::of(&RpCore, &matrix::cases()?);
        support.app_attest = app_attest::results();
        support.extensions = extensions::results();
        Ok(support)
    }

    /// The results of a driver for cases of the [`matrix`]. Other cases are ignored, and extensions are not
    /// tested.
    #[must_use]
    pub fn of(driver: &dyn Driver, cases: &[Case]) -> Self {
        let mut support = Self::empty();
        for case in cases {
            if let Some((format, algorithm)) = matrix::subject(case) {
                support.note(case, format, algorithm, run(driver, case).is_ok());
            }
        }
        support
    }

    fn empty() -> Self {
        let format = |format: &Format| FormatSupport {
            format: *format,
            types: Vec::new(),
            accepted: Tally::default(),
            rejected: Tally::default(),
        };
        let algorithm = |algorithm: &Algorithm| AlgorithmSupport {
            algorithm: *algorithm,
            registrations: vec![Tally::default(); Format::ALL.len()],
            accepted: Tally::default(),
            rejected: Tally::default(),
        };
        Self {
            formats: Format::ALL.iter().map(format).collect(),
            app_attest: AppAttestSupport::default(),
            algorithms: Algorithm::ALL.iter().map(algorithm).collect(),
            extensions: Vec::new(),
        }
    }

    fn note(&mut self, case: &Case, format: Format, algorithm: Algorithm, as_expected: bool) {
        let by_format = self.formats.iter_mut().find(|row| row.format == format);
        let by_algorithm = self.algorithms.iter_mut().find(|row| row.algorithm == algorithm);
        let (Some(by_format), Some(by_algorithm)) = (by_format, by_algorithm) else { return };
        match &case.body {
            Body::Registration(registration) => match &registration.expect {
                Expect::Accept(facts) => {
                    by_format.accepted.note(as_expected);
                    let column = Format::ALL.iter().position(|one| *one == format);
                    if let Some(tally) = column.and_then(|at| by_algorithm.registrations.get_mut(at)) {
                        tally.note(as_expected);
                    }
                    // The expected type is the reported one: a fact that differs is a failure.
                    if let Some(kind) = facts.attestation_type.filter(|_| as_expected)
                        && !by_format.types.contains(&kind)
                    {
                        by_format.types.push(kind);
                    }
                }
                Expect::Reject(_) => by_format.rejected.note(as_expected),
            },
            Body::Authentication(authentication) => match &authentication.expect {
                Expect::Accept(_) => by_algorithm.accepted.note(as_expected),
                Expect::Reject(_) => by_algorithm.rejected.note(as_expected),
            },
            Body::Chain(_) | Body::Mds(_) | Body::Signature(_) => {}
        }
    }

    /// Whether every case has the expected result.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let formats = self.formats.iter().flat_map(|row| [row.accepted, row.rejected]);
        let app_attest = [self.app_attest.accepted, self.app_attest.rejected];
        let algorithms = self.algorithms.iter().flat_map(|row| [row.accepted, row.rejected]);
        let registrations = self.algorithms.iter().flat_map(|row| row.registrations.iter().copied());
        formats.chain(app_attest).chain(algorithms).chain(registrations).all(Tally::holds)
            && self.extensions.iter().all(Extension::holds)
    }
}

/// The page has no place for the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page lacks a line `{BEGIN}` and a line `{END}` after it")]
pub struct MissingMarkerError;

/// Replaces the text between the two markers of a page with `tables`.
///
/// # Errors
/// [`MissingMarkerError`] if a marker is missing.
///
/// # Examples
/// ```
/// let page = "Above\n<!-- support -->\nold\n<!-- /support -->\nBelow\n";
/// assert_eq!(
///     rp_conformance::support::renewed(page, "new\n")?,
///     "Above\n<!-- support -->\n\nnew\n\n<!-- /support -->\nBelow\n"
/// );
/// # Ok::<(), rp_conformance::support::MissingMarkerError>(())
/// ```
pub fn renewed(page: &str, tables: &str) -> Result<String, MissingMarkerError> {
    let (above, rest) = page.split_once(BEGIN).ok_or(MissingMarkerError)?;
    let (_, below) = rest.split_once(END).ok_or(MissingMarkerError)?;
    Ok(format!("{above}{BEGIN}\n\n{}\n\n{END}{below}", tables.trim()))
}

const BEGIN: &str = "<!-- support -->";
const END: &str = "<!-- /support -->";

#[cfg(test)]
mod tests;
