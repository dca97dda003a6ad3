//! Metrics through the facade of the crate `metrics`, with the feature `metrics`. The application installs a recorder;
//! without one, nothing is counted.
//!
//! Every label has a closed set of values, and none identifies a user, a client or a credential.

use std::time::Duration;

#[cfg(feature = "metrics")]
use ::metrics::counter;

use crate::event::Event;
#[cfg(feature = "metrics")]
use crate::event::{Action, EventOutcome};
use crate::http::Route;
use crate::telemetry::BrowserReport;

/// The outcomes of requests, by `action`, `outcome` and `code` (`none` for a success).
pub const EVENTS: &str = "rp_events_total";
/// The decisions of the policy at sign-in, by `access` and whether the user was `reminded` of an enrolment.
pub const DECISIONS: &str = "rp_decisions_total";
/// Counters that did not increase, by whether the response was `accepted`.
pub const COUNTER_REGRESSIONS: &str = "rp_counter_regressions_total";
/// Uses of passkeys without the user verification of earlier uses.
pub const OMITTED_USER_VERIFICATIONS: &str = "rp_omitted_user_verifications_total";
/// The time from the complete body to the response, in seconds, by `method`, `route` and `status`.
pub const REQUEST_DURATION: &str = "rp_http_request_duration_seconds";

/// The name, kind and labels of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// The name.
    pub name: &'static str,
    /// Whether it is a histogram; else it is a counter.
    pub is_histogram: bool,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// The description of its value.
    pub description: &'static str,
}

/// Every metric of the service.
pub const METRICS: &[Metric] = &[
    Metric {
        name: EVENTS,
        is_histogram: false,
        labels: &["action", "outcome", "code"],
        description: "Outcomes of requests.",
    },
    Metric {
        name: DECISIONS,
        is_histogram: false,
        labels: &["access", "reminded"],
        description: "Decisions of the policy at sign-in.",
    },
    Metric {
        name: COUNTER_REGRESSIONS,
        is_histogram: false,
        labels: &["accepted"],
        description: "Signature counters that did not increase.",
    },
    Metric {
        name: OMITTED_USER_VERIFICATIONS,
        is_histogram: false,
        labels: &[],
        description: "Uses of passkeys without the user verification of earlier uses.",
    },
    Metric {
        name: REQUEST_DURATION,
        is_histogram: true,
        labels: &["method", "route", "status"],
        description: "Time from the complete body to the response.",
    },
    Metric {
        name: BrowserReport::CEREMONIES,
        is_histogram: false,
        labels: &["purpose", "phase", "outcome", "error"],
        description: "Ends of ceremonies, as browsers report them.",
    },
    Metric {
        name: BrowserReport::CAPABILITIES,
        is_histogram: false,
        labels: &["capability", "supported"],
        description: "Capabilities of browsers, as they report them.",
    },
];

/// Upper bounds of buckets for [`REQUEST_DURATION`], in seconds. Some responses leave at multiples of 25 ms.
pub const DURATION_BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.026, 0.051, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Describes the metrics to the recorder, which shows units and texts, and creates the series of the alert rules that
/// measure an increase, with the value 0. Call it once, after the recorder is installed: the first event of a series
/// that did not exist is not counted as an increase, so without this call it raises no alert.
#[cfg(feature = "metrics")]
pub fn describe() {
    for metric in METRICS {
        if metric.is_histogram {
            ::metrics::describe_histogram!(metric.name, ::metrics::Unit::Seconds, metric.description);
        } else {
            ::metrics::describe_counter!(metric.name, metric.description);
        }
    }
    for is_accepted in [false, true] {
        counter!(COUNTER_REGRESSIONS, "accepted" => word(is_accepted)).increment(0);
    }
    for is_reminded in [false, true] {
        let access = crate::policy::Access::Nothing.as_str();
        counter!(DECISIONS, "access" => access, "reminded" => word(is_reminded)).increment(0);
    }
    let outcome = EventOutcome::Failed.as_str();
    let every_action = Action::ALL.into_iter().map(|action| (action, "storage-unavailable"));
    for (action, code) in every_action.chain([(Action::Request, "misconfigured")]) {
        counter!(EVENTS, "action" => action.as_str(), "outcome" => outcome, "code" => code).increment(0);
    }
}

/// Counts an event.
#[cfg(feature = "metrics")]
pub(crate) fn count_event(event: &Event<'_>) {
    let code = event.error.map_or("none", crate::error::ServiceError::code);
    let outcome = EventOutcome::of(event.error).as_str();
    counter!(EVENTS, "action" => event.action.as_str(), "outcome" => outcome, "code" => code).increment(1);
    if let Some(decision) = event.decision {
        let reminded = word(decision.reminder.is_some());
        counter!(DECISIONS, "access" => decision.access.as_str(), "reminded" => reminded).increment(1);
    }
    if event.is_counter_regression() {
        counter!(COUNTER_REGRESSIONS, "accepted" => word(event.error.is_none())).increment(1);
    }
    if event.user_verification_omitted {
        counter!(OMITTED_USER_VERIFICATIONS).increment(1);
    }
}

#[cfg(not(feature = "metrics"))]
pub(crate) fn count_event(_: &Event<'_>) {}

/// Measures a request.
#[cfg(feature = "metrics")]
pub(crate) fn time_request(route: Route, status: u16, duration: Duration) {
    let status = match status {
        ..400 => "success",
        400..500 => "rejected",
        500.. => "failed",
    };
    let labels = [("method", route.method()), ("route", route.path()), ("status", status)];
    ::metrics::histogram!(REQUEST_DURATION, &labels).record(duration.as_secs_f64());
}

#[cfg(not(feature = "metrics"))]
pub(crate) fn time_request(_: Route, _: u16, _: Duration) {}

#[cfg(feature = "metrics")]
const fn word(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "metrics")]
    use std::collections::BTreeMap;
    use std::collections::BTreeSet;
    #[cfg(feature = "metrics")]
    use std::sync::{Arc, Mutex};

    #[cfg(feature = "metrics")]
    use ::metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};

    use super::*;

    /// The names of metrics in a text, without the suffixes of the series of a histogram.
    fn names(text: &str) -> BTreeSet<String> {
        let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let names = words.filter(|word| word.starts_with("rp_"));
        names.map(|name| name.strip_suffix("_bucket").unwrap_or(name).to_owned()).collect()
    }

    #[test]
    fn the_dashboard_and_the_rules_name_exported_metrics() {
        let dashboard = include_str!("../operations/dashboard.json");
        let exported: BTreeSet<_> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
        for text in [dashboard, include_str!("../operations/alerts.yml")] {
            let names = names(text);
            assert!(!names.is_empty() && names.is_subset(&exported), "{names:?}");
        }
        assert_eq!(names(dashboard), exported, "the dashboard shows every metric");
    }

    #[test]
    fn the_dashboard_has_the_form_that_grafana_reads() {
        let dashboard: serde_json::Value =
            serde_json::from_str(include_str!("../operations/dashboard.json")).unwrap();
        assert!(dashboard["schemaVersion"].is_u64() && dashboard["title"].is_string());
        let panels = dashboard["panels"].as_array().unwrap();
        let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "each panel has an ID of its own");
        for panel in panels {
            let place = &panel["gridPos"];
            assert!(["h", "w", "x", "y"].iter().all(|member| place[member].is_u64()), "{panel}");
            assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{panel}");
            let targets = panel["targets"].as_array().unwrap();
            assert!(
                !targets.is_empty() && targets.iter().all(|target| target["expr"].is_string()),
                "{panel}"
            );
        }
    }

    /// The series of a recorder and the sums of their counts.
    #[cfg(feature = "metrics")]
    #[derive(Clone, Default)]
    struct Counts(Arc<Mutex<BTreeMap<String, u64>>>);

    #[cfg(feature = "metrics")]
    struct Count(Counts, String);

    #[cfg(feature = "metrics")]
    impl ::metrics::CounterFn for Count {
        fn increment(&self, value: u64) {
            let mut counts = self.0.0.lock().unwrap();
            let count = counts.entry(self.1.clone()).or_default();
            *count = count.saturating_add(value);
        }
        fn absolute(&self, _: u64) {}
    }

    #[cfg(feature = "metrics")]
    impl ::metrics::Recorder for Counts {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            let labels: Vec<_> =
                key.labels().map(|label| format!("{}={:?}", label.key(), label.value())).collect();
            let series = format!("{}{{{}}}", key.name(), labels.join(", "));
            Counter::from_arc(Arc::new(Count(self.clone(), series)))
        }
        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }
        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[cfg(feature = "metrics")]
    #[test]
    fn the_series_of_alerts_exist_before_their_first_event() {
        let counts = Counts::default();
        ::metrics::with_local_recorder(&counts, describe);
        let counts = counts.0.lock().unwrap();
        for series in [
            r#"rp_counter_regressions_total{accepted="no"}"#,
            r#"rp_counter_regressions_total{accepted="yes"}"#,
            r#"rp_decisions_total{access="nothing", reminded="no"}"#,
            r#"rp_events_total{action="sign-in", outcome="failed", code="storage-unavailable"}"#,
            r#"rp_events_total{action="request", outcome="failed", code="misconfigured"}"#,
        ] {
            assert_eq!(counts.get(series), Some(&0), "{series}");
        }
    }

    #[cfg(feature = "metrics")]
    #[test]
    fn a_missing_part_of_the_configuration_is_counted() {
        let counts = Counts::default();
        let misconfigure = || drop(crate::ServiceError::misconfigured("the layer"));
        ::metrics::with_local_recorder(&counts, misconfigure);
        let expected = r#"rp_events_total{action="request", outcome="failed", code="misconfigured"}"#;
        assert_eq!(*counts.0.lock().unwrap(), BTreeMap::from([(expected.to_owned(), 1)]));
    }
}
