//! The command `passkeys-admin`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use rp_core::{Timestamp, UserHandle, base64url};

use super::arguments::{Command, PolicyCommand, UserArguments};
use super::command_error::CommandError;
use super::log::show_events;
use super::progress::Progress;
use super::show::show_user;
use super::table::Table;
use crate::causes::with_causes;
use crate::json::DateTime;
use crate::passkeys::{Admin, CheckedUser, ExportKey, Passkeys, Reassessed, Transferred};
use crate::policy::{Policy, Standing};
use crate::secret::Secret;
use crate::store::UserRecord;
use crate::transfer::{ForeignFormat, ForeignOptions};

/// Operates the passkeys of a site.
#[derive(Debug, Parser)]
#[command(name = "passkeys-admin")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Runs the command with the arguments of the process, the first of which is the name of the program. Results go to
/// standard output, errors to standard error.
///
/// # Examples
/// ```no_run
/// use std::process::ExitCode;
///
/// use rp_core::RelyingParty;
/// use rp_service::store::SqliteStore;
/// use rp_service::{Passkeys, Secret};
///
/// # #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
///     // The same configuration as that of the site.
///     let rp = RelyingParty::builder("example.org").name("Example").origin("https://example.org").build()?;
///     let passkeys = Passkeys::builder(rp)
///         .store(SqliteStore::connect("site.db").await?)
///         .secret(Secret::file("secret")?)
///         .build()?;
///     Ok(rp_service::admin::run(&passkeys, std::env::args_os()).await)
/// }
/// ```
pub async fn run(
    passkeys: &Passkeys,
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> ExitCode {
    let Arguments { command } = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing is left to do if that fails.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match execute(passkeys, command, &mut std::io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_closed_output() => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "passkeys-admin: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

/// Executes a command, and writes its result. If the output fails, a command that changes something first completes its
/// changes.
///
/// # Errors
/// [`CommandError`].
pub async fn execute(
    passkeys: &Passkeys,
    command: Command,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    match command {
        Command::Users => list_users(passkeys, out).await,
        Command::Show { user, sign_in } => {
            let user = find(passkeys, &user).await?;
            show_user(passkeys, &user, !sign_in.passwordless, out).await
        }
        Command::Events { user, log } => {
            let user = find_handle(passkeys, &user).await?;
            show_events(&user, &log, out)
        }
        Command::Lock(arguments) => {
            let (admin, user) = target(passkeys, arguments).await?;
            admin.lock(&user).await?;
            Ok(writeln!(out, "locked")?)
        }
        Command::Unlock(arguments) => {
            let (admin, user) = target(passkeys, arguments).await?;
            admin.unlock(&user).await?;
            Ok(writeln!(out, "unlocked")?)
        }
        Command::EndSessions(arguments) => {
            let (admin, user) = target(passkeys, arguments).await?;
            let ended = admin.end_sessions(&user).await?;
            Ok(writeln!(out, "{ended} sessions ended")?)
        }
        Command::Revoke { credential, operator } => {
            let passkey = passkeys.admin(operator.operator).revoke_passkey(&credential).await?;
            Ok(writeln!(out, "revoked; its user is handle:{}", passkey.record.user_handle)?)
        }
        Command::ResetFactors(arguments) => {
            let (admin, user) = target(passkeys, arguments).await?;
            let deleted = admin.reset_factors(&user).await?;
            Ok(writeln!(out, "{deleted} second factors deleted")?)
        }
        Command::Invite { user, hours } => {
            let (admin, user) = target(passkeys, user).await?;
            let grant = admin.invite(&user, Duration::from_hours(hours.into())).await?;
            Ok(writeln!(out, "{}", grant.expose())?)
        }
        Command::Policy(PolicyCommand::Check { at, policy, summary, sign_in }) => {
            let file = policy.map(|path| read(&path)).transpose()?;
            let file = file.map(|text| Policy::from_toml(&text)).transpose()?;
            let policy = file.as_ref().unwrap_or(passkeys.policy());
            let at = at.unwrap_or_else(|| passkeys.now());
            check_policy(passkeys, policy, !sign_in.passwordless, at, !summary, out).await
        }
        Command::Rejudge { operator, dry_run } => {
            let admin = operator.filter(|_| !dry_run).map(|operator| passkeys.admin(operator));
            rejudge(passkeys, admin.as_ref(), out).await
        }
        Command::Export { file, factors, operator } => {
            let key = factors.map(|path| export_key(&path)).transpose()?;
            export(&passkeys.admin(operator.operator), &file, key.as_ref(), out).await
        }
        Command::Import { file, from, user_verification_was_required, factors, operator } => {
            let admin = passkeys.admin(operator.operator);
            let bar = Progress::new("lines");
            let progress = |count| bar.at(&[], count, "lines");
            let done = match from {
                Some(library) => {
                    let mut options = ForeignOptions::new(passkeys.now());
                    options.user_verification_was_required = user_verification_was_required;
                    admin.import_foreign(&file, ForeignFormat::from(library), &options, progress).await?
                }
                None => {
                    let key = factors.map(|path| import_key(&path)).transpose()?;
                    admin.import(&file, key.as_ref(), progress).await?
                }
            };
            drop(bar);
            write_transferred(out, "read", &done)
        }
    }
}

/// The operations of the operator, and the user.
async fn target(
    passkeys: &Passkeys,
    UserArguments { user, operator }: UserArguments,
) -> Result<(Admin, UserHandle), CommandError> {
    Ok((passkeys.admin(operator.operator), find(passkeys, &user).await?.handle))
}

async fn find(passkeys: &Passkeys, user: &str) -> Result<UserRecord, CommandError> {
    let found = match handle(user) {
        Some(handle) => passkeys.user(&handle).await?,
        None => passkeys.user_by_name(user).await?,
    };
    found.ok_or_else(|| CommandError::NoSuchUser { user: user.to_owned() })
}

/// The handle of a user, who may be deleted.
async fn find_handle(passkeys: &Passkeys, user: &str) -> Result<UserHandle, CommandError> {
    match handle(user) {
        Some(handle) => Ok(handle),
        None => Ok(find(passkeys, user).await?.handle),
    }
}

/// The handle in `handle:HANDLE`.
fn handle(user: &str) -> Option<UserHandle> {
    let bytes = base64url::decode(user.strip_prefix("handle:")?).ok()?;
    UserHandle::try_from(bytes.as_slice()).ok()
}

async fn list_users(passkeys: &Passkeys, out: &mut impl Write) -> Result<(), CommandError> {
    let table = Table::begin(out, &[("username", 24), ("created", 20), ("locked", 20), ("handle", 0)])?;
    let mut after = None;
    loop {
        let users = passkeys.users(after.as_ref(), PAGE).await?;
        let Some(last) = users.last() else { return Ok(()) };
        after = Some(last.handle.clone());
        for user in users {
            let locked = user.locked_at.map(|at| DateTime(at).to_string()).unwrap_or_default();
            let created = DateTime(user.created_at).to_string();
            table.row(out, &[user.name, created, locked, user.handle.to_string()])?;
        }
    }
}

async fn check_policy(
    passkeys: &Passkeys,
    policy: &Policy,
    has_password: bool,
    at: Timestamp,
    lists_users: bool,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let table = match lists_users {
        true => Some(Table::begin(
            out,
            &[("state", 10), ("by", 20), ("username", 24), ("passkeys", 8), ("factors", 7), ("reason", 0)],
        )?),
        false => None,
    };
    let bar = Progress::new("users");
    let mut numbers: BTreeMap<Standing, u64> = BTreeMap::new();
    let (mut count, mut locked) = (0_u64, 0_u64);
    let mut after: Option<UserHandle> = None;
    loop {
        let page = passkeys.check_policy(policy, has_password, at, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.user.handle.clone());
        count = count.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
        for checked in &page {
            if checked.user.locked_at.is_some() {
                locked = locked.saturating_add(1);
                continue;
            }
            let number = numbers.entry(checked.outlook.standing).or_default();
            *number = number.saturating_add(1);
            if let Some(table) = table.as_ref().filter(|_| checked.outlook.standing != Standing::Ready) {
                bar.suspended(|| table.row(out, &checked_row(checked)))?;
            }
        }
        if let Some(last) = &after {
            bar.at(last.as_bytes(), count, "users");
        }
    }
    drop(bar);
    writeln!(out, "{count} users at {}", DateTime(at))?;
    for standing in Standing::ALL {
        writeln!(out, "{:<12}{}", standing.as_str(), numbers.get(&standing).unwrap_or(&0))?;
    }
    Ok(writeln!(out, "{:<12}{locked}", "locked")?)
}

fn checked_row(checked: &CheckedUser) -> [String; 6] {
    let decision = &checked.outlook.decision;
    let by = decision.reminder.as_ref().map(|reminder| DateTime(reminder.by).to_string());
    [
        checked.outlook.standing.as_str().to_owned(),
        by.unwrap_or_default(),
        checked.user.name.clone(),
        checked.passkeys.to_string(),
        checked.factors.to_string(),
        decision.reason.to_string(),
    ]
}

async fn rejudge(
    passkeys: &Passkeys,
    admin: Option<&Admin>,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let columns = &[("trusted", 10), ("model", 36), ("credential", 24), ("user", 24), ("reason", 0)];
    // After the first failed write, nothing more is written. A dry run ends; stored results do not depend on the output.
    let mut table = Table::begin(out, columns);
    let bar = Progress::new("passkeys");
    let (mut count, mut not_kept, mut changes) = (0_usize, 0_usize, 0_usize);
    let mut after = None;
    while table.is_ok() || admin.is_some() {
        let page = passkeys.reassess(after.as_ref(), PAGE).await?;
        let Some(last) = &page.last else { break };
        match admin {
            Some(admin) => changes = changes.saturating_add(admin.apply_reassessment(&page).await?),
            None => changes = changes.saturating_add(page.changes.len()),
        }
        table = table.and_then(|table| {
            let mut rows = page.changes.iter().map(reassessed_row);
            bar.suspended(|| rows.try_for_each(|row| table.row(out, &row)))?;
            Ok(table)
        });
        count = count.saturating_add(page.passkeys);
        not_kept = not_kept.saturating_add(page.not_kept);
        bar.at(last.as_bytes(), u64::try_from(count).unwrap_or(u64::MAX), "passkeys");
        after = page.last;
    }
    drop(bar);
    table?;
    let change = if admin.is_some() { "changed" } else { "would change" };
    Ok(writeln!(out, "{count} passkeys, {not_kept} without a stored attestation, {changes} {change}")?)
}

fn reassessed_row(change: &Reassessed) -> [String; 5] {
    let word = |trusted| if trusted { "yes" } else { "no" };
    let record = &change.passkey.record;
    [
        format!("{} -> {}", word(record.attestation.trusted), word(change.attestation.trusted)),
        record.aaguid.to_string(),
        record.id.to_string(),
        record.user_handle.to_string(),
        change.distrust.clone().unwrap_or_default(),
    ]
}

async fn export(
    admin: &Admin,
    file: &Path,
    key: Option<&ExportKey>,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let bar = Progress::new("users");
    let progress = |count, last: &UserHandle| bar.at(last.as_bytes(), count, "users");
    let done = admin.export(file, key, progress).await?;
    drop(bar);
    write_transferred(out, "written", &done)
}

fn write_transferred(out: &mut impl Write, what: &str, done: &Transferred) -> Result<(), CommandError> {
    let Transferred { users, passkeys, factors, skipped } = done;
    let skipped = if *skipped > 0 { format!(", {skipped} of them existed") } else { String::new() };
    Ok(writeln!(out, "{what}: {users} users, {passkeys} passkeys, {factors} second factors{skipped}")?)
}

/// The key of a new export; it is created if the file does not exist.
fn export_key(path: &Path) -> Result<ExportKey, CommandError> {
    let secret = Secret::file(path).map_err(|source| CommandError::File { path: path.to_owned(), source })?;
    Ok(ExportKey::new(secret)?)
}

/// The key of an export that exists already, so that a new key could decrypt nothing.
fn import_key(path: &Path) -> Result<ExportKey, CommandError> {
    let bytes = std::fs::read(path).map_err(|source| CommandError::File { path: path.to_owned(), source })?;
    Ok(ExportKey::new(Secret::from(bytes))?)
}

fn read(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|source| CommandError::File { path: path.to_owned(), source })
}

/// The number of users or passkeys that are read at once.
const PAGE: u32 = 1_000;
