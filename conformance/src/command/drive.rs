use std::path::PathBuf;
use std::thread;

use clap::ValueEnum;
use rp_conformance::authenticator::Format;
use rp_conformance::drive::{self, BindingName, Network, Reasons};

use super::serve::ProfileName;
use super::{Done, ReportArguments, progress_bar};

/// Plays every behaviour of a conforming server against a server that is running. The last line is `N passed, N failed`.
///
/// The status is 0 if nothing failed, 1 if a case failed, and 2 if the run could not start.
#[derive(clap::Args)]
pub(crate) struct Drive {
    /// The URL of the server, such as http://localhost:8090.
    url: String,
    /// The interface of the server: FIDO's transport binding for server tests, or the HTTP interface of rp.
    #[arg(long, default_value = "fido")]
    binding: Binding,
    /// The prefix of the routes; by default none for `fido` and /webauthn for `http`.
    #[arg(long, value_name = "PATH")]
    prefix: Option<String>,
    /// The origin of the page that the client reports, if it is not that of the URL.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// The rules that the server applies; by default `fido` for the binding `fido`, and `webauthn` for `http`.
    #[arg(long)]
    profile: Option<ProfileName>,
    /// The attestation formats that the server supports, by the names in the report; by default all.
    #[arg(long, value_delimiter = ',', value_name = "FORMAT")]
    formats: Vec<String>,
    /// The server knows the models that `conformance metadata DIR` writes.
    #[arg(long)]
    metadata: bool,
    /// The server trusts the root in `roots/certified.pem` that `conformance metadata DIR` writes, without metadata.
    #[arg(long)]
    anchor: bool,
    /// The server accepts attestation that is not trusted, and only reports it.
    #[arg(long)]
    trust_optional: bool,
    /// A file that says what the server's messages mean: a code and a text per line, `*` for any text.
    #[arg(long, value_name = "MAP")]
    reasons: Option<PathBuf>,
    /// Make the faults that have nothing to do with formats with every format.
    #[arg(long)]
    thorough: bool,
    /// Play only the cases whose id contains this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// The number of connections; by default that of processors.
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// The root certificates of an https server in PEM, instead of those of the platform.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    #[command(flatten)]
    report: ReportArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Binding {
    Fido,
    Http,
}

impl Drive {
    pub(crate) fn execute(&self) -> Done {
        let network = Network::new(&self.url, self.roots.as_deref())?;
        let (binding, name) = match self.binding {
            Binding::Fido => (BindingName::Fido, "FIDO's binding"),
            Binding::Http => (BindingName::Http, "the HTTP interface of rp"),
        };
        let origin = self.origin.as_deref().unwrap_or(network.origin());
        let mut drive = drive::Drive::new(binding, origin);
        drive.prefix.clone_from(&self.prefix);
        drive.profile = self.profile.map_or(drive.profile, Into::into);
        if !self.formats.is_empty() {
            drive.formats = self.formats.iter().map(|name| format(name)).collect::<Result<_, _>>()?;
        }
        drive.has_metadata = self.metadata;
        drive.has_anchor = self.anchor;
        drive.trust_is_optional = self.trust_optional;
        drive.reasons = self.reasons.as_deref().map(Reasons::read).transpose()?.unwrap_or_default();
        drive.thorough = self.thorough;
        drive.only.clone_from(&self.only);
        drive.jobs = self.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        drive.subject = format!("{} over {name}", self.url);
        if drive.is_empty() {
            return Err(format!(
                "--only {}: no case has this text in its id",
                self.only.as_deref().unwrap_or_default()
            )
            .into());
        }
        drive.check(&network)?;
        let progress = progress_bar(drive.len());
        let report = drive.run(&network, |outcome| {
            progress.set_message(outcome.id.clone());
            progress.inc(1);
        });
        progress.finish_and_clear();
        self.report.write(&report)
    }
}

fn format(name: &str) -> Result<Format, String> {
    let names = || Format::ALL.iter().map(|format| format.name()).collect::<Vec<_>>().join(", ");
    let found = Format::ALL.iter().copied().find(|format| format.name() == name);
    found.ok_or_else(|| format!("{name:?} is not a format; the formats are {}", names()))
}
