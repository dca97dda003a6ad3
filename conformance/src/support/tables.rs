//! The tables in Markdown.

use std::fmt;

use rp_core::{AttestationType, Profile, RelyingParty, User, UserHandle};

use super::app_attest::AppAttestSupport;
use super::extensions::Extension;
use super::tally::Tally;
use super::{AlgorithmSupport, FormatSupport, Support};
use crate::authenticator::{Algorithm, Format};

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary(f)?;
        self.formats(f)?;
        self.algorithms(f)?;
        self.registrations(f)?;
        self.extensions(f)
    }
}

impl Support {
    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut right, mut wrong) = (Tally::default(), Tally::default());
        for row in &self.formats {
            right.add(row.accepted);
            wrong.add(row.rejected);
        }
        right.add(self.app_attest.accepted);
        wrong.add(self.app_attest.rejected);
        for row in &self.algorithms {
            right.add(row.accepted);
            wrong.add(row.rejected);
        }
        writeln!(
            f,
            "The software authenticator of `conformance` makes {} honest responses and {} with one named fault; the \
             tables show the verdicts of `rp-core`.\n\
             ✓: all cases have the expected result; the number after it is the number of cases. ✗: some cases do not have \
             the expected result. A wrong response counts as rejected only if it is rejected for the reason of its fault. \
             *When named*: a relying party offers the algorithm only if `RelyingPartyBuilder::algorithms` names it.",
            right.count(),
            wrong.count()
        )
    }

    fn formats(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n| attestation format | attestation type | honest: accepted | wrong: rejected |\n|---|---|---|---|"
        )?;
        for FormatSupport { format, types, accepted, rejected } in &self.formats {
            let types: Vec<_> = types.iter().map(|one| type_name(*one)).collect();
            writeln!(f, "| {} | {} | {accepted} | {rejected} |", heading(*format), types.join(", "))?;
        }
        let AppAttestSupport { accepted, rejected } = self.app_attest;
        writeln!(f, "| `apple-appattest` (App Attest) |  | {accepted} | {rejected} |")
    }

    fn algorithms(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by_default = offered_by_default();
        writeln!(
            f,
            "\n| algorithm of the credential | COSE | offered | honest sign-in: accepted | wrong sign-in: rejected |\n\
             |---|--:|---|---|---|"
        )?;
        for AlgorithmSupport { algorithm, accepted, rejected, .. } in &self.algorithms {
            let (name, cose) = (name(*algorithm), algorithm.cose());
            let offered = offered(cose, &by_default);
            writeln!(f, "| {name} | {cose} | {offered} | {accepted} | {rejected} |")?;
        }
        Ok(())
    }

    fn registrations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n| honest registration: accepted |")?;
        for format in Format::ALL {
            write!(f, " {} |", heading(*format))?;
        }
        writeln!(f, "\n|---{}|", "|---".repeat(Format::ALL.len()))?;
        for AlgorithmSupport { algorithm, registrations, .. } in &self.algorithms {
            write!(f, "| {} |", name(*algorithm))?;
            for tally in registrations {
                write!(f, " {} |", tally.mark())?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn extensions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.extensions.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n| extension: output reported | registration | authentication |\n|---|---|---|")?;
        for Extension { name, registration, authentication } in &self.extensions {
            writeln!(f, "| `{name}` | {registration} | {authentication} |")?;
        }
        Ok(())
    }
}

fn heading(format: Format) -> String {
    match format {
        Format::PackedSelf => "`packed`, self".into(),
        Format::Packed => "`packed`, certificates".into(),
        other => format!("`{}`", other.fmt()),
    }
}

/// The name in the IANA registry, or ours.
fn name(algorithm: Algorithm) -> &'static str {
    rp_core::Algorithm::SUPPORTED
        .iter()
        .find(|one| one.id() == algorithm.cose())
        .map_or(algorithm.name(), |one| one.name())
}

/// The names of section 6.5.3.
const fn type_name(kind: AttestationType) -> &'static str {
    match kind {
        AttestationType::None => "None",
        AttestationType::SelfAttestation => "Self",
        AttestationType::Basic => "Basic",
        AttestationType::AttCa => "AttCA",
        AttestationType::AnonCa => "AnonCA",
    }
}

/// When a relying party offers an algorithm.
fn offered(cose: i64, by_default: &[i64]) -> &'static str {
    let builds = |profile| {
        let algorithm = rp_core::Algorithm::SUPPORTED.iter().copied().find(|one| one.id() == cose);
        algorithm.is_some_and(|algorithm| {
            let rp = RelyingParty::builder("example.org").origin("https://example.org");
            rp.algorithms([algorithm]).profile(profile).build().is_ok()
        })
    };
    match () {
        () if by_default.contains(&cose) => "by default",
        () if builds(Profile::Webauthn) => "when named",
        () if builds(Profile::Fido) => "when named, only in the `fido` profile",
        () => "✗",
    }
}

fn offered_by_default() -> Vec<i64> {
    let rp = RelyingParty::builder("example.org").origin("https://example.org").build();
    let (Ok(rp), Ok(handle)) = (rp, UserHandle::try_from(&[0][..])) else { return Vec::new() };
    let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
    let (options, _) = rp
        .registration(&user)
        .start_recorded(rp_core::Challenge::recorded(&[0; 32]), rp_core::Timestamp::from_unix_seconds(0));
    options.public_key.pub_key_cred_params.iter().map(|offered| offered.alg).collect()
}
