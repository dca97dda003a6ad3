use std::io::Write;

use rp_core::Timestamp;
use serde_json::{Value, json};

use super::action::Action;
use super::detail::describe;
use super::json_lines::LineWriter;
use super::{Event, EventSink};
use crate::error::{ErrorKind, ServiceError};
use crate::policy::Access;
use crate::session::Method;

/// Writes the events of sign-ins, verifications and sign-outs as lines of JSON of the OCSF class "Authentication"
/// ([`Event::to_ocsf`]). Other events are left out.
#[derive(Debug)]
pub struct OcsfSink<W>(LineWriter<W>);

impl<W: Write + Send> OcsfSink<W> {
    /// Writes to this writer, which should not buffer.
    pub fn new(writer: W) -> Self {
        Self(LineWriter::new(writer))
    }
}

impl<W: Write + Send> EventSink for OcsfSink<W> {
    fn record(&self, event: &Event<'_>) {
        if let Some(value) = event.to_ocsf() {
            self.0.write(&value);
        }
    }
}

impl Event<'_> {
    /// The event in the class "Authentication" (`class_uid` 3002) of the Open Cybersecurity Schema Framework; `None` if its
    /// action is neither a sign-in nor a verification nor a sign-out.
    ///
    /// `activity_id` is 1 (Logon) or 2 (Logoff). Facts for which the class has no attribute are in `unmapped`.
    #[must_use]
    pub fn to_ocsf(&self) -> Option<Value> {
        let (activity_id, activity, type_uid) = activity(self.action)?;
        let (status_id, status) = if self.error.is_none() { (1, "Success") } else { (2, "Failure") };
        let (severity_id, severity) = self.severity();
        let is_signed_in = match self.decision.map(|decision| &decision.access) {
            Some(Access::SignedIn { .. }) => true,
            Some(_) => false,
            None => matches!(self.action, Action::SignUp | Action::SignIn | Action::StepUp),
        };
        let mut event = json!({
            "activity_id": activity_id,
            "activity_name": activity,
            "auth_factors": self.factors.iter().map(factor).collect::<Vec<_>>(),
            "auth_protocol": protocol(self.factors.last()),
            "auth_protocol_id": 99,
            "category_name": "Identity & Access Management",
            "category_uid": 3,
            "class_name": "Authentication",
            "class_uid": 3002,
            "is_cleartext": false,
            "is_mfa": self.factors.len() > 1 || self.user_verified == Some(true),
            "is_remote": true,
            "logon_type": "Other",
            "logon_type_id": 99,
            "metadata": {
                "log_name": "rp",
                "product": {"name": "rp", "vendor_name": "rp", "version": env!("CARGO_PKG_VERSION")},
                "version": OCSF_VERSION,
            },
            "service": {"name": "rp"},
            "severity": severity,
            "severity_id": severity_id,
            "status": status,
            "status_id": status_id,
            "time": milliseconds(self.at),
            "type_name": format!("Authentication: {activity}"),
            "type_uid": type_uid,
            "unmapped": {"action": self.action.as_str()},
            // The class requires a user.
            "user": {"type": "User", "type_id": 1},
        });
        let mut set = |pointer: &str, member: &str, value: Value| {
            if let Some(Value::Object(object)) = event.pointer_mut(pointer) {
                object.insert(member.to_owned(), value);
            }
        };
        if activity_id == LOGON {
            set(
                "",
                "is_new_logon",
                json!(self.error.is_none() && is_signed_in && self.action != Action::StepUp),
            );
        }
        if let Some(error) = self.error {
            set("", "status_code", json!(error.code()));
            set("", "status_detail", json!(describe(error)));
        }
        if let Some(user) = self.user {
            set("/user", "uid", json!(user.to_string()));
        } else {
            set("/user", "uid", json!("unknown"));
        }
        if let Some(session) = self.session {
            set("", "session", json!({"uid": session.to_string()}));
        }
        if let Some(client) = self.client {
            if let Some(address) = &client.address {
                set("", "src_endpoint", json!({"ip": address}));
            }
            let request = [("user_agent", &client.user_agent), ("uid", &client.request_id)];
            let request: serde_json::Map<_, _> = request
                .into_iter()
                .filter_map(|(member, value)| Some((member.to_owned(), json!(value.as_ref()?))))
                .collect();
            if !request.is_empty() {
                set("", "http_request", Value::Object(request));
            }
        }
        if let Some(credential) = self.credential {
            set("/unmapped", "credential", json!(credential.to_string()));
        }
        if let Some(aaguid) = self.aaguid {
            set("/unmapped", "aaguid", json!(aaguid.to_string()));
        }
        if let Some(model) = self.model {
            set("/unmapped", "model", json!(model));
        }
        if let Some(decision) = self.decision {
            set("/unmapped", "access", json!(decision.access.as_str()));
            set("/unmapped", "access_reason", json!(decision.reason.to_string()));
        }
        Some(event)
    }

    /// High if a key may have been copied, medium if the server failed, else informational.
    fn severity(&self) -> (u8, &'static str) {
        match self.error.map(ServiceError::kind) {
            _ if self.is_counter_regression() => (4, "High"),
            Some(ErrorKind::Server) => (3, "Medium"),
            _ => (1, "Informational"),
        }
    }
}

/// `activity_id`, its name, and `type_uid`.
fn activity(action: Action) -> Option<(u32, &'static str, u32)> {
    match action {
        Action::SignUp
        | Action::SignIn
        | Action::StepUp
        | Action::FirstFactor
        | Action::SecondFactor
        | Action::Recovery => Some((LOGON, "Logon", 300_201)),
        Action::SignOut | Action::EndSessions => Some((2, "Logoff", 300_202)),
        _ => None,
    }
}

/// An object `auth_factor`.
fn factor(method: &Method) -> Value {
    let (id, name) = match method {
        Method::Passkey => (10, "WebAuthn"),
        Method::Totp => (7, "OTP"),
        Method::Password => (11, "Password"),
        Method::RecoveryCode | Method::Other(_) => (99, method.as_str()),
    };
    let mut factor = json!({"factor_type": name, "factor_type_id": id});
    if *method == Method::Totp
        && let Some(object) = factor.as_object_mut()
    {
        object.insert("is_totp".to_owned(), json!(true));
    }
    factor
}

fn protocol(latest: Option<&Method>) -> &str {
    match latest {
        Some(Method::Passkey) => "WebAuthn",
        Some(method) => method.as_str(),
        None => "WebAuthn",
    }
}

fn milliseconds(time: Timestamp) -> i64 {
    time.as_unix_seconds().saturating_mul(1_000)
}

const LOGON: u32 = 1;

/// The version of the schema whose attributes are used.
const OCSF_VERSION: &str = "1.4.0";
