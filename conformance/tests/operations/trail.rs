//! The events of every flow, word for word; and no secret in events, log or metrics.

use std::collections::BTreeMap;

use rp_conformance::http::has_secret;
use rp_service::EventRecord;
use rp_service::metrics::METRICS;
use serde_json::Value;

use crate::observed::Observed;
use crate::play::play;

#[tokio::test(flavor = "current_thread")]
async fn every_flow_leaves_its_trail() {
    let run = Observed::new();
    play(&run).await;
    let mut names = BTreeMap::new();
    let mut trail = String::new();
    for line in run.events.get().lines() {
        // A written line can be read.
        let event: EventRecord = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), line);
        trail.push_str(&named(line, &mut names));
        trail.push('\n');
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/events.jsonl");
    if std::env::var_os("UPDATE_TRAIL").is_some() {
        std::fs::write(path, &trail).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    for (at, (line, expected)) in trail.lines().zip(committed.lines()).enumerate() {
        assert_eq!(line, expected, "line {}", at + 1);
    }
    assert_eq!(trail.lines().count(), committed.lines().count(), "run the test with UPDATE_TRAIL=1");
}

/// The line with names in place of random values, each value with the same name.
fn named(line: &str, names: &mut BTreeMap<String, String>) -> String {
    let event: Value = serde_json::from_str(line).unwrap();
    let mut line = line.to_owned();
    for member in ["user", "operator", "session", "credential"] {
        let Some(value) = event[member].as_str() else { continue };
        let kind = if member == "operator" { "user" } else { member };
        let number = names.values().filter(|name| name.starts_with(kind)).count() + 1;
        let name = names.entry(value.to_owned()).or_insert_with(|| format!("{kind}-{number}"));
        line = line.replace(&format!("\"{value}\""), &format!("\"{name}\""));
    }
    line
}

#[tokio::test(flavor = "current_thread")]
async fn no_secret_is_in_events_log_or_metrics() {
    let run = Observed::new();
    let recorder = run.recorder();
    let guard = metrics::set_default_local_recorder(&recorder);
    play(&run).await;
    drop(guard);
    let written = [run.events.get(), run.ocsf.get(), run.log.get(), run.metrics.get()];
    assert!(written.iter().all(|text| text.lines().count() > 10), "everything was written");
    let secrets = run.secrets.lock().unwrap();
    assert!(secrets.len() > 100, "{}", secrets.len());
    for secret in secrets.iter().filter(|secret| secret.len() >= 6) {
        for text in &written {
            let place = text.lines().find(|line| has_secret(line, secret));
            assert_eq!(place, None, "{secret}");
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_run_exports_every_metric_with_its_labels() {
    let run = Observed::new();
    let recorder = run.recorder();
    let guard = metrics::set_default_local_recorder(&recorder);
    play(&run).await;
    drop(guard);
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in run.metrics.get().lines() {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap().to_owned();
        let labels: Vec<_> = words.map(|pair| pair.split('=').next().unwrap().to_owned()).collect();
        let earlier = seen.entry(name).or_insert_with(|| labels.clone());
        assert_eq!(*earlier, labels, "{line}");
    }
    for metric in METRICS {
        // A passkey of this run always verifies its user.
        if metric.name == rp_service::metrics::OMITTED_USER_VERIFICATIONS {
            continue;
        }
        let labels: Vec<_> = metric.labels.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!(seen.remove(metric.name), Some(labels), "{}", metric.name);
    }
    assert!(seen.is_empty(), "not in the list: {seen:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn sign_ins_are_events_of_the_class_authentication() {
    let run = Observed::new();
    play(&run).await;
    let (events, lines) = (run.events.get(), run.ocsf.get());
    let actions = [
        "sign-up",
        "sign-in",
        "step-up",
        "first-factor",
        "second-factor",
        "recovery",
        "sign-out",
        "end-sessions",
    ];
    let expected: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|event| actions.contains(&event["action"].as_str().unwrap()))
        .collect();
    let ocsf: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(ocsf.len(), expected.len());
    for (event, expected) in ocsf.iter().zip(&expected) {
        // The attributes that the schema requires, and the same user, session and outcome.
        let uid = event["class_uid"].as_i64().unwrap() * 100 + event["activity_id"].as_i64().unwrap();
        assert_eq!((event["class_uid"].as_i64(), event["type_uid"].as_i64()), (Some(3002), Some(uid)));
        for required in ["category_uid", "severity_id", "time", "metadata", "user", "service", "status_id"] {
            assert!(!event[required].is_null(), "{required} {event}");
        }
        assert_eq!(event["status_code"], expected["code"]);
        assert_eq!(event["status_id"] == 1, expected["outcome"] == "done", "{event}");
        assert_eq!(event["session"]["uid"], expected["session"]);
        assert_eq!(event["unmapped"]["action"], expected["action"]);
        if let Some(user) = expected["user"].as_str() {
            assert_eq!(event["user"]["uid"], user);
        }
    }
    let multi_factor =
        ocsf.iter().find(|event| event["unmapped"]["action"] == "second-factor" && event["status_id"] == 1);
    let multi_factor = multi_factor.unwrap();
    assert_eq!(
        (&multi_factor["is_mfa"], &multi_factor["activity_name"]),
        (&Value::from(true), &Value::from("Logon"))
    );
    assert_eq!(multi_factor["auth_factors"][0]["factor_type"], "Password");
    assert_eq!(multi_factor["auth_factors"][1]["is_totp"], true);
}
