use std::io::IsTerminal;

use clap::ValueEnum;
use serde_json::Value;

/// The form of the output.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

impl Format {
    /// A table in a terminal, else JSON.
    pub(crate) fn of_output() -> Self {
        if std::io::stdout().is_terminal() { Self::Table } else { Self::Json }
    }

    /// Prints the facts of a session.
    pub(crate) fn print_session(self, session: &Value) {
        match self {
            Self::Json => println!("{session:#}"),
            Self::Table => rows(session).iter().for_each(|(name, value)| println!("{name:<10} {value}")),
        }
    }
}

fn rows(session: &Value) -> Vec<(&'static str, String)> {
    let text =
        |pointer: &str| session.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let methods = session.pointer("/assurance/amr").and_then(Value::as_array);
    let methods: Vec<_> = methods.into_iter().flatten().filter_map(Value::as_str).collect();
    let level = session.pointer("/assurance/aal").and_then(Value::as_u64).unwrap_or_default();
    let passkey = ["/credential/nickname", "/credential/authenticator/name", "/credential/id"].map(text);
    vec![
        ("User", format!("{} ({})", text("/user/displayName"), text("/user/name"))),
        ("Passkey", passkey.into_iter().find(|name| !name.is_empty()).unwrap_or_default()),
        ("Assurance", format!("AAL{level} {}", text("/assurance/acr")).trim_end().to_owned()),
        ("Methods", methods.join(", ")),
        ("Verified", text("/authTime")),
        ("Expires", text("/expiresAt")),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_the_facts_of_the_session() {
        let session = json!({
            "user": {"name": "kim", "displayName": "Kim"},
            "credential": {"id": "AQID", "authenticator": {"name": "A key"}},
            "assurance": {"aal": 2, "acr": "phr", "amr": ["pop", "user", "mfa"]},
            "authTime": "2026-06-01T00:00:00Z",
            "expiresAt": "2026-06-01T01:00:00Z",
        });
        let rows: Vec<_> =
            rows(&session).into_iter().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!(
            rows,
            [
                "User Kim (kim)",
                "Passkey A key",
                "Assurance AAL2 phr",
                "Methods pop, user, mfa",
                "Verified 2026-06-01T00:00:00Z",
                "Expires 2026-06-01T01:00:00Z",
            ]
        );
    }
}
