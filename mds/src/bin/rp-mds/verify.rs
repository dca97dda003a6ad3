//! `rp-mds verify FILE`.

use std::path::PathBuf;

use clap::Args;
use rp_core::Timestamp;
use rp_core::x509::{Crl, PathError, RevocationStatus};
use rp_mds::{BlobError, Date, Freshness, Metadata, Retention, SignerError, Staleness, Verification};

use super::input::{At, RootFiles};
use super::output::{Answer, CommandResult, Tone, paint, print, printable, short_name};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The BLOB.
    file: PathBuf,
    #[command(flatten)]
    roots: RootFiles,
    #[command(flatten)]
    at: At,
    /// CRLs in DER.
    #[arg(long = "crl", value_name = "FILE")]
    crls: Vec<PathBuf>,
    /// Reject a signer whose revocation status is not in these CRLs.
    #[arg(long)]
    require_crls: bool,
    /// The highest serial number seen before.
    #[arg(long, value_name = "NO")]
    previous_no: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", arguments.file.display());
    let bytes = std::fs::read(&arguments.file).map_err(|error| named(&error))?;
    let roots = arguments.roots.read()?;
    let crls = arguments.crls.iter().map(|path| -> Result<Crl, Box<dyn std::error::Error>> {
        Ok(Crl::from_der(&std::fs::read(path)?).map_err(|error| format!("{}: {error}", path.display()))?)
    });
    let crls: Vec<_> = crls.collect::<Result<_, _>>()?;
    let at = arguments.at.time();
    let verification = Verification {
        previous_no: arguments.previous_no,
        crls: &crls,
        require_crls: arguments.require_crls,
        retention: Retention::LEAN,
        ..arguments.roots.verification(&roots, at)
    };
    match verification.verify(&bytes) {
        Ok(metadata) => {
            let staleness = Staleness::default();
            let due = staleness.due(metadata.next_update(), Some(at));
            print(&facts(&metadata, staleness.freshness(due, at)));
            Ok(Answer::Yes)
        }
        Err(error) => {
            print(&refusal(&error, at));
            Ok(Answer::No)
        }
    }
}

fn refusal(error: &BlobError, at: Timestamp) -> String {
    let mut text =
        format!("{}: {} ({})\n", paint(Tone::Bad, "refused"), printable(&error.to_string()), error.code());
    if error.is_untrusted_root() {
        text.push_str(
            "The signer's root is not among the known roots. If the FIDO Alliance has announced a new root, add its\n",
        );
        text.push_str("certificate with --roots, in addition to the known ones.\n");
    }
    if matches!(error, BlobError::Signer(SignerError::Host { .. })) {
        text.push_str(
            "If the list is not published by the FIDO Alliance, name the signer with --signer-host.\n",
        );
    }
    if let BlobError::Signer(SignerError::Path(PathError::Expired { not_after, .. })) = error
        && *not_after < at
    {
        let day = Date::from(*not_after);
        text.push_str(&format!(
            "A BLOB that was signed before that date may be genuine: verify with --at {day}.\n"
        ));
    }
    text
}

fn facts(metadata: &Metadata, freshness: Freshness) -> String {
    let mut text = paint(Tone::Good, "verified");
    text.push('\n');
    let mut fact = |name: &str, value: String| text.push_str(&format!("{name:<14} {value}\n"));
    fact("number", metadata.no().map_or("none".into(), |no| no.to_string()));
    let next = metadata.next_update().map_or("missing".into(), |next| next.to_string());
    fact(
        "next update",
        match freshness {
            Freshness::Fresh => next,
            Freshness::Stale { .. } => paint(Tone::Doubtful, format!("{next}, overdue")),
            Freshness::TooOld { .. } => paint(Tone::Bad, format!("{next}, long overdue")),
        },
    );
    fact("entries", metadata.entries().len().to_string());
    if let Some(signer) = metadata.signer() {
        fact("algorithm", signer.algorithm().to_string());
        fact("signer", printable(&signer.names().join(", ")));
        for (certificate, status) in signer.path().certificates().iter().zip(signer.path().revocation()) {
            let known = match status {
                RevocationStatus::NotRevoked => "not revoked",
                _ => "revocation status unknown",
            };
            let until = Date::from(certificate.not_after());
            fact("  certificate", format!("{}; until {until}, {known}", short_name(certificate.subject())));
        }
        fact("  root", short_name(signer.path().anchor().name()));
    }
    let faults: Vec<String> = metadata
        .entries()
        .iter()
        .flat_map(|entry| {
            entry.anchor_errors().iter().map(move |fault| format!("{}: {fault}", entry.model()))
        })
        .collect();
    for rejected in metadata.rejected() {
        fact("rejected", paint(Tone::Bad, printable(&rejected.to_string())));
    }
    for fault in faults {
        fact("not an anchor", paint(Tone::Doubtful, printable(&fault)));
    }
    text
}
