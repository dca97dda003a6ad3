//! Reports of browsers about ceremonies, counted as metrics. Off by default.
//!
//! A report consists of words from closed lists; a word that is in no list counts as `other`. So a report identifies no one,
//! whatever a client sends, and the number of time series is bounded. Reports are not authenticated: they show what goes wrong
//! for users, and prove nothing.

use serde::{Deserialize, Deserializer};

/// The body of `POST telemetry`, which `telemetry.js` sends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum BrowserReport {
    /// The end of a ceremony.
    Ceremony {
        /// Its purpose.
        purpose: CeremonyPurpose,
        /// Where it ended.
        phase: CeremonyPhase,
        /// How it ended.
        outcome: CeremonyOutcome,
        /// The `DOMException` that ended it.
        #[serde(default = "no_exception")]
        error: DomExceptionName,
    },
    /// The capabilities of the browser, once for each page.
    Capabilities {
        /// The capabilities that it has.
        capabilities: Vec<Capability>,
    },
}

/// Declares a closed list of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $variant,)*
            /// A word that is not in the list.
            Other,
        }

        impl $name {
            /// Every word of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)* Self::Other];

            /// The word, which is the value of a label.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* Self::Other => "other" }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                Ok(Self::ALL.iter().copied().find(|known| known.as_str() == word).unwrap_or(Self::Other))
            }
        }
    };
}

words! {
    /// The purpose of a ceremony.
    CeremonyPurpose {
        /// Creates an account.
        SignUp = "sign-up",
        /// Adds a passkey.
        AddPasskey = "add-passkey",
        /// Adds a passkey without a prompt.
        ConditionalCreate = "conditional-create",
        /// Signs in by a button.
        SignIn = "sign-in",
        /// Signs in with a passkey of this device.
        SignInImmediately = "sign-in-immediately",
        /// Signs in from the username field.
        Autofill = "autofill",
        /// Completes a sign-in.
        SecondFactor = "second-factor",
        /// Verifies the user again.
        StepUp = "step-up",
        /// Proves a genuine authenticator.
        Proof = "proof",
    }
}

words! {
    /// Where a ceremony ended.
    CeremonyPhase {
        /// The browser cannot perform it.
        Support = "support",
        /// The browser or the authenticator ended it.
        Prompt = "prompt",
        /// The server rejected a request.
        Server = "server",
        /// A request did not reach the server.
        Network = "network",
        /// It is complete.
        Done = "done",
    }
}

words! {
    /// How a ceremony ended.
    CeremonyOutcome {
        /// The user has the result.
        Succeeded = "succeeded",
        /// The user closed the prompt, or it timed out: browsers do not say which (`NotAllowedError`).
        Cancelled = "cancelled",
        /// The page ended it, for another ceremony or because it was closed.
        Aborted = "aborted",
        /// An error.
        Failed = "failed",
    }
}

words! {
    /// The name of a `DOMException` that a ceremony may throw (WebAuthn Level 3, sections 5.1.3 and 5.1.4).
    DomExceptionName {
        /// The ceremony succeeded.
        None = "none",
        /// `AbortError`
        Abort = "AbortError",
        /// `ConstraintError`
        Constraint = "ConstraintError",
        /// `InvalidStateError`
        InvalidState = "InvalidStateError",
        /// `NotAllowedError`
        NotAllowed = "NotAllowedError",
        /// `NotSupportedError`
        NotSupported = "NotSupportedError",
        /// `OptOutError`
        OptOut = "OptOutError",
        /// `SecurityError`
        Security = "SecurityError",
        /// `TimeoutError`
        Timeout = "TimeoutError",
        /// `TypeError`, which is no `DOMException`
        Type = "TypeError",
        /// `UnknownError`
        Unknown = "UnknownError",
    }
}

words! {
    /// A client capability (WebAuthn Level 3, section 5.8.7), or that passkeys work at all.
    Capability {
        /// `passkeys.js` works in the browser.
        Passkeys = "passkeys",
        /// `conditionalCreate`
        ConditionalCreate = "conditionalCreate",
        /// `conditionalGet`
        ConditionalGet = "conditionalGet",
        /// `hybridTransport`
        HybridTransport = "hybridTransport",
        /// `immediateGet`
        ImmediateGet = "immediateGet",
        /// `passkeyPlatformAuthenticator`
        PasskeyPlatformAuthenticator = "passkeyPlatformAuthenticator",
        /// `userVerifyingPlatformAuthenticator`
        UserVerifyingPlatformAuthenticator = "userVerifyingPlatformAuthenticator",
        /// `relatedOrigins`
        RelatedOrigins = "relatedOrigins",
        /// `signalAllAcceptedCredentials`
        SignalAllAcceptedCredentials = "signalAllAcceptedCredentials",
        /// `signalCurrentUserDetails`
        SignalCurrentUserDetails = "signalCurrentUserDetails",
        /// `signalUnknownCredential`
        SignalUnknownCredential = "signalUnknownCredential",
    }
}

fn no_exception() -> DomExceptionName {
    DomExceptionName::None
}

impl BrowserReport {
    /// The counter of ceremonies, with the labels `purpose`, `phase`, `outcome` and `error`.
    pub const CEREMONIES: &'static str = "rp_browser_ceremonies_total";
    /// The counter of capabilities, with the labels `capability` and `supported` (`true` or `false`).
    pub const CAPABILITIES: &'static str = "rp_browser_capabilities_total";

    /// Counts the report. Without the feature `metrics`, no report is accepted.
    #[cfg(not(feature = "metrics"))]
    pub(crate) const fn count(&self) {}

    /// Counts the report.
    #[cfg(feature = "metrics")]
    pub(crate) fn count(&self) {
        match self {
            Self::Ceremony { purpose, phase, outcome, error } => {
                ::metrics::counter!(
                    Self::CEREMONIES,
                    "purpose" => purpose.as_str(),
                    "phase" => phase.as_str(),
                    "outcome" => outcome.as_str(),
                    "error" => error.as_str(),
                )
                .increment(1);
            }
            Self::Capabilities { capabilities } => {
                for &capability in Capability::ALL {
                    let has = capabilities.contains(&capability);
                    // An unknown capability is reported by browsers that have it, so others say nothing.
                    if has || capability != Capability::Other {
                        let supported = if has { "true" } else { "false" };
                        let labels = [("capability", capability.as_str()), ("supported", supported)];
                        ::metrics::counter!(Self::CAPABILITIES, &labels).increment(1);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[cfg(feature = "metrics")]
mod tests {
    use std::sync::{Arc, Mutex};

    use ::metrics::{
        Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };

    use super::*;

    /// Keeps each counter that was increased.
    #[derive(Clone, Default)]
    struct Counted(Arc<Mutex<Vec<String>>>);

    struct One(Counted, String);

    impl CounterFn for One {
        fn increment(&self, value: u64) {
            self.0.0.lock().unwrap().push(format!("{} {value}", self.1));
        }

        fn absolute(&self, _: u64) {}
    }

    impl Recorder for Counted {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            let labels: Vec<_> = key.labels().map(|label| label.value().to_owned()).collect();
            Counter::from_arc(Arc::new(One(self.clone(), format!("{} {}", key.name(), labels.join(" ")))))
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    fn counted(json: &str) -> Vec<String> {
        let counted = Counted::default();
        let report: BrowserReport = serde_json::from_str(json).unwrap();
        ::metrics::with_local_recorder(&counted, || report.count());
        let lines = counted.0.lock().unwrap();
        lines.clone()
    }

    #[test]
    fn a_ceremony_is_counted_by_its_words() {
        let json =
            r#"{"purpose":"sign-in","phase":"prompt","outcome":"cancelled","error":"NotAllowedError"}"#;
        assert_eq!(counted(json), ["rp_browser_ceremonies_total sign-in prompt cancelled NotAllowedError 1"]);
        let json = r#"{"purpose":"sign-up","phase":"done","outcome":"succeeded"}"#;
        assert_eq!(counted(json), ["rp_browser_ceremonies_total sign-up done succeeded none 1"]);
    }

    #[test]
    fn unknown_words_are_counted_as_other() {
        let json = r#"{"purpose":"kim@example.org","phase":"10.0.0.1","outcome":"","error":"EvilError","user":"kim"}"#;
        assert_eq!(counted(json), ["rp_browser_ceremonies_total other other other other 1"]);
        let lines = counted(r#"{"capabilities":["kim","sam","kim"]}"#);
        assert_eq!(lines.iter().filter(|line| line.contains(" true ")).count(), 1, "{lines:?}");
        assert!(lines.contains(&"rp_browser_capabilities_total other true 1".to_owned()), "{lines:?}");
    }

    #[test]
    fn every_capability_is_counted_once_for_a_page() {
        let lines = counted(r#"{"capabilities":["conditionalGet","conditionalGet"]}"#);
        assert_eq!(lines.len(), Capability::ALL.len() - 1);
        assert!(
            lines.contains(&"rp_browser_capabilities_total conditionalGet true 1".to_owned()),
            "{lines:?}"
        );
        assert!(lines.contains(&"rp_browser_capabilities_total passkeys false 1".to_owned()), "{lines:?}");
    }

    #[test]
    fn a_report_of_another_form_is_malformed() {
        for wrong in ["{}", r#"{"capabilities":7}"#, r#"{"purpose":"sign-in"}"#, r#"{"capabilities":[[]]}"#] {
            assert!(serde_json::from_str::<BrowserReport>(wrong).is_err(), "{wrong}");
        }
    }
}
