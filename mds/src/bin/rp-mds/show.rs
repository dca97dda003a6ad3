//! `rp-mds show MODEL`.

use clap::Args;
use rp_mds::{Date, Entry, MetadataStatement, ModelId, ModelQuery, Names, Policy, Verdict};

use super::input::{At, Input, NameFile};
use super::output::{
    Answer, CommandResult, Tone, lines, of_status, paint, print, print_json, printable, short_name,
};

#[derive(Args)]
pub(crate) struct Arguments {
    /// An AAGUID, a key identifier of 40 hexadecimal digits, or an AAID.
    model: ModelId,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    names: NameFile,
    #[command(flatten)]
    at: At,
    /// Print the entry as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let at = arguments.at.time();
    let catalog = arguments.input.read()?;
    let names = arguments.names.read()?;
    let verdict = Policy::default().judge(&catalog, &ModelQuery::new(arguments.model.clone(), at));
    let Some(listing) = catalog.find(&arguments.model) else {
        return Ok(unlisted(&arguments.model, &names));
    };
    for entry in &listing.entries {
        if arguments.json {
            print_json(&entry.to_json())?;
        } else {
            print(&page(entry, &verdict, Date::from(at)));
        }
    }
    if listing.entries.is_empty() {
        print(&lines(&verdict));
    }
    Ok((!listing.entries.is_empty()).into())
}

fn unlisted(model: &ModelId, names: &Names) -> Answer {
    let name = match model {
        ModelId::Aaguid(aaguid) => names.get(*aaguid).and_then(|shown| shown.name("en")),
        _ => None,
    };
    match name {
        Some(name) => {
            print(&format!("{model}: {} according to the list of names; no metadata\n", printable(name)))
        }
        None => print(&format!("{model}: not listed\n")),
    }
    Answer::No
}

fn page(entry: &Entry, verdict: &Verdict, on: Date) -> String {
    let mut page = Page(String::new());
    page.heading(&printable(entry.description()));
    page.fact("model", &entry.model().to_string());
    for identifier in entry.key_identifiers() {
        page.fact("key", &identifier.to_string());
    }
    if let Some(source) = &verdict.source {
        let no = verdict.no.map_or(String::new(), |no| format!(", no. {no}"));
        page.fact("list", &format!("{}{no}", printable(source)));
    }
    page.fact("certification", &verdict.certification.map_or("none".into(), |level| level.to_string()));
    if let Some(level) = verdict.fips {
        page.fact("FIPS 140", &format!("level {level}"));
    }
    if let Some(statement) = entry.statement() {
        page.statement(statement);
    }
    page.heading("Reports");
    let mut reports: Vec<_> = entry.reports().iter().collect();
    reports.sort_by_key(|report| std::cmp::Reverse(report.effective_date));
    for report in reports {
        let tone = if report.is_in_force(on) { of_status(&report.status) } else { Tone::Plain };
        let since = report.effective_date.map_or("no date".into(), |date| date.to_string());
        let mut line = format!("{since:<10}  {}", paint(tone, &report.status));
        if let Some(version) = report.authenticator_version {
            line.push_str(&format!(", version {version}"));
        }
        if let Some(sunset) = report.sunset_date {
            line.push_str(&format!(", until {sunset}"));
        }
        for word in
            [&report.certification_descriptor, &report.certificate_number, &report.url].into_iter().flatten()
        {
            line.push_str(&format!(", {}", printable(word)));
        }
        page.line(&line);
    }
    page.heading("Anchors");
    for anchor in entry.anchors() {
        page.line(&short_name(anchor.name()));
    }
    for fault in entry.anchor_errors() {
        page.line(&paint(Tone::Doubtful, printable(&fault.to_string())));
    }
    if entry.anchors().is_empty() && entry.anchor_errors().is_empty() {
        page.line("none: the model uses self attestation, or no attestation");
    }
    page.heading("Verdict");
    page.0.push_str(&lines(verdict));
    page.0
}

struct Page(String);

impl Page {
    fn heading(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(&paint(Tone::Heading, text));
        self.0.push('\n');
    }

    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn fact(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.line(&format!("{name:<22}{}", printable(value)));
        }
    }

    fn statement(&mut self, statement: &MetadataStatement) {
        let version = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
        for (language, name) in &statement.friendly_names {
            self.fact("name", &format!("{name} ({language})"));
        }
        self.fact("protocol", &statement.protocol_family);
        self.fact("version", &version(statement.authenticator_version));
        self.fact("attestation", &statement.attestation_types.join(", "));
        self.fact("algorithms", &statement.authentication_algorithms.join(", "));
        self.fact("key protection", &statement.key_protection.join(", "));
        self.fact("matcher protection", &statement.matcher_protection.join(", "));
        self.fact("attachment", &statement.attachment_hint.join(", "));
        let ways = statement.user_verification_details.iter().map(|all| {
            all.iter().map(|one| &*one.user_verification_method).collect::<Vec<_>>().join(" and ")
        });
        self.fact("user verification", &ways.collect::<Vec<_>>().join(", "));
        if let Some(support) = &statement.multi_device_credential_support {
            self.fact("several devices", support);
        }
        if let Some(info) = &statement.get_info {
            self.fact("versions", &info.versions.join(", "));
            self.fact("extensions", &info.extensions.join(", "));
            self.fact("transports", &info.transports.join(", "));
            self.fact("formats", &info.attestation_formats.join(", "));
            self.fact("firmware", &version(info.firmware_version));
        }
    }
}
