//! `rp-mds list`.

use clap::Args;
use rp_core::Timestamp;
use rp_mds::{Catalog, CertificationLevel, Date, Entry, ModelQuery, Policy, Status, Verdict};
use serde_json::{Value, json};

use super::input::{At, Input};
use super::output::{Answer, CommandResult, Tone, of_status, print, print_json, printable, table};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    at: At,
    /// Only models with this status in force, such as REVOKED.
    #[arg(long)]
    status: Option<Status>,
    /// Only models certified at this level or higher: certified, L1, L1+, L2, L2+, L3, L3+.
    #[arg(long)]
    level: Option<CertificationLevel>,
    /// Only models with this attestation format (packed, tpm, …) or protocol (fido2, u2f, uaf).
    #[arg(long)]
    format: Option<String>,
    /// Only models with this transport or attachment: usb, nfc, ble, internal, wired, bluetooth, …
    #[arg(long)]
    transport: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let at = arguments.at.time();
    let catalog = arguments.input.read()?;
    let policy = Policy::default();
    let mut found = Vec::new();
    for model in catalog.models() {
        let Some(entry) = first(&catalog, &model) else { continue };
        let verdict = policy.judge(&catalog, &ModelQuery::new(model, at));
        if arguments.accept(entry, &verdict, at) {
            found.push((entry, verdict));
        }
    }
    if arguments.json {
        let list: Vec<Value> = found.iter().map(|(entry, verdict)| describe(entry, verdict)).collect();
        print_json(&list)?;
        return Ok(Answer::Yes);
    }
    let rows: Vec<_> = found.iter().map(|(entry, verdict)| row(entry, verdict)).collect();
    print(&table(&["MODEL", "STATUS", "LEVEL", "ATTACHMENT", "DESCRIPTION"], &rows));
    print(&format!("{} models\n", rows.len()));
    Ok(Answer::Yes)
}

fn first<'a>(catalog: &'a Catalog, model: &rp_mds::ModelId) -> Option<&'a Entry> {
    catalog.find(model)?.entries.first().copied()
}

impl Arguments {
    fn accept(&self, entry: &Entry, verdict: &Verdict, at: Timestamp) -> bool {
        let on = Date::from(at);
        let has_status = self.status.as_ref().is_none_or(|status| {
            rp_mds::status::report::in_force(entry.reports(), on).any(|one| one.status == *status)
        });
        let has_level = self.level.is_none_or(|level| verdict.certification >= Some(level));
        let has_format = self.format.as_ref().is_none_or(|format| {
            entry.statement().is_some_and(|statement| {
                let formats = statement.get_info.iter().flat_map(|info| &info.attestation_formats);
                *statement.protocol_family == **format || formats.into_iter().any(|one| **one == **format)
            })
        });
        let has_transport = self
            .transport
            .as_ref()
            .is_none_or(|transport| transports(entry).iter().any(|one| **one == **transport));
        has_status && has_level && has_format && has_transport
    }
}

/// Transports and attachment hints of a model.
fn transports(entry: &Entry) -> Vec<Box<str>> {
    let Some(statement) = entry.statement() else { return Vec::new() };
    let mut words = statement.attachment_hint.clone();
    for transport in statement.get_info.iter().flat_map(|info| &info.transports) {
        if !words.contains(transport) {
            words.push(transport.clone());
        }
    }
    words
}

fn row(entry: &Entry, verdict: &Verdict) -> Vec<(Tone, String)> {
    let status = verdict
        .status
        .as_ref()
        .map_or((Tone::Plain, "-".into()), |status| (of_status(status), status.to_string()));
    let level = verdict.certification.map_or("-".into(), |level| match level {
        CertificationLevel::Functional => "certified".into(),
        level => level.to_string(),
    });
    vec![
        (Tone::Plain, printable(&entry.model().to_string())),
        status,
        (Tone::Plain, level),
        (Tone::Plain, printable(&transports(entry).join(","))),
        (Tone::Plain, printable(entry.description())),
    ]
}

fn describe(entry: &Entry, verdict: &Verdict) -> Value {
    json!({
        "model": entry.model().to_string(),
        "description": entry.description(),
        "status": verdict.status,
        "certification": verdict.certification,
        "fips": verdict.fips,
        "attachment": transports(entry),
        "source": verdict.source,
    })
}
