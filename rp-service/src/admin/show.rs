use std::io::Write;

use rp_core::Aaguid;

use super::command_error::CommandError;
use super::table::{Table, printable};
use crate::json::DateTime;
use crate::passkeys::{Passkeys, UserState};
use crate::store::{FactorStatus, UserRecord};

/// Writes what an operator sees of a user.
pub(super) async fn show_user(
    passkeys: &Passkeys,
    user: &UserRecord,
    has_password: bool,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let state = passkeys.user_state(&user.handle, has_password, passkeys.now()).await?;
    let state = state.ok_or_else(|| CommandError::NoSuchUser { user: user.name.clone() })?;
    write_user(&state, out)?;
    let optional =
        |time: Option<rp_core::Timestamp>| time.map(|at| DateTime(at).to_string()).unwrap_or_default();
    if !state.passkeys.is_empty() {
        writeln!(out, "\npasskeys")?;
        let columns = &[
            ("name", 16),
            ("model", 24),
            ("created", 20),
            ("used", 20),
            ("backup", 12),
            ("trusted", 7),
            ("credential", 0),
        ];
        let table = Table::begin(out, columns)?;
        for passkey in state.passkeys {
            let record = &passkey.record;
            let backup = match (record.backup_eligible, record.backup_state) {
                (None, _) => "unknown",
                (Some(false), _) => "device-bound",
                (Some(true), false) => "eligible",
                (Some(true), true) => "backed up",
            };
            let unnamed = || match record.aaguid {
                Aaguid::ZERO => String::new(),
                other => other.to_string(),
            };
            let model = passkeys.model_name(&record.aaguid).unwrap_or_else(unnamed);
            let trusted = if record.attestation.trusted { "yes" } else { "no" };
            let cells = [
                passkey.nickname.unwrap_or_default(),
                model,
                DateTime(passkey.created_at).to_string(),
                optional(passkey.last_used_at),
                backup.to_owned(),
                trusted.to_owned(),
                record.id.to_string(),
            ];
            table.row(out, &cells)?;
        }
    }
    if !state.factors.is_empty() {
        writeln!(out, "\nsecond factors")?;
        let table = Table::begin(out, &[("name", 16), ("use", 13), ("created", 20), ("used", 20)])?;
        for factor in state.factors {
            let status = match factor.status {
                FactorStatus::Pending => "pending",
                FactorStatus::SecondFactor => "second factor",
                FactorStatus::Recovery => "recovery",
            };
            let (created, used) = (DateTime(factor.created_at).to_string(), optional(factor.last_used_at));
            table.row(out, &[factor.name.to_string(), status.to_owned(), created, used])?;
        }
    }
    if !state.sessions.is_empty() {
        writeln!(out, "\nsessions")?;
        let columns = &[
            ("id", 22),
            ("kind", 7),
            ("state", 12),
            ("created", 20),
            ("used", 20),
            ("address", 15),
            ("user agent", 0),
        ];
        let table = Table::begin(out, columns)?;
        for session in state.sessions {
            let kind = match session.kind {
                crate::session::SessionKind::Browser => "browser",
                crate::session::SessionKind::Bearer => "bearer",
            };
            let signed_in = if session.is_signed_in() { "signed-in" } else { "first-factor" };
            let cells = [
                session.id.to_string(),
                kind.to_owned(),
                signed_in.to_owned(),
                DateTime(session.created_at).to_string(),
                DateTime(session.last_used_at).to_string(),
                session.client.address.unwrap_or_default(),
                session.client.user_agent.unwrap_or_default(),
            ];
            table.row(out, &cells)?;
        }
    }
    Ok(())
}

fn write_user(state: &UserState, out: &mut impl Write) -> Result<(), CommandError> {
    let user = &state.user;
    writeln!(out, "username      {}", printable(&user.name))?;
    writeln!(out, "display name  {}", printable(&user.display_name))?;
    writeln!(out, "handle        {}", user.handle)?;
    writeln!(out, "created       {}", DateTime(user.created_at))?;
    if let Some(locked_at) = user.locked_at {
        writeln!(out, "locked        {}", DateTime(locked_at))?;
    }
    let groups: Vec<_> = state.groups.iter().map(|group| printable(&group.group)).collect();
    if !groups.is_empty() {
        writeln!(out, "groups        {}", groups.join(", "))?;
    }
    let outlook = &state.outlook;
    writeln!(out, "state         {}: {}", outlook.standing.as_str(), outlook.decision.reason)?;
    if let Some(reminder) = &outlook.decision.reminder {
        writeln!(out, "enrol by      {}", DateTime(reminder.by))?;
    }
    Ok(())
}
