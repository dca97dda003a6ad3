use super::*;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

fn list(no: u64, next_update: &str) -> Metadata {
    Metadata::unsigned(&format!(r#"{{"no": {no}, "nextUpdate": "{next_update}", "entries": []}}"#))
}

/// The state with a current list of this hash.
fn with_current(metadata: Metadata, sha256: &str) -> Inner {
    let mut inner = Inner::default();
    inner.note(sha256);
    let metadata = Arc::new(metadata);
    let sha256 = sha256.to_owned();
    let current = CurrentList { metadata, confirmed_at: None, known_not_revoked: false, sha256, etag: None };
    Inner { current: Some(current), ..inner }
}

fn blob_record(sha256: &str) -> BlobRecord {
    BlobRecord {
        sha256: sha256.to_owned(),
        verified_at: NOW,
        confirmed_at: NOW,
        known_not_revoked: false,
        etag: None,
    }
}

fn from_network() -> Origin {
    Origin::Network { bytes: Vec::new(), etag: None }
}

/// The decision about a candidate, in a word.
fn decision(inner: &Inner, candidate: &Metadata, sha256: &str, origin: &Origin) -> &'static str {
    match inner.check_supersedes(candidate, sha256, origin) {
        Ok(true) => "replaces",
        Ok(false) => "ignored",
        Err(RefreshError::Earlier { no: 15 }) => "earlier",
        Err(RefreshError::Replaced { no: 15 }) => "replaced",
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_list_replaces_the_current_one_by_origin_and_edition() {
    let mut inner = with_current(list(15, "2026-02-01"), "current");
    inner.note("seen");
    let candidates = [
        list(14, "2026-03-01"),
        list(15, "2026-01-01"),
        list(15, "2026-02-01"),
        list(15, "2026-03-01"),
        list(16, "2026-01-01"),
    ];
    let decisions = |origin: Origin, sha256: &str| {
        candidates.each_ref().map(|candidate| decision(&inner, candidate, sha256, &origin))
    };
    // The record describes the list that was downloaded last: it decides between lists of one edition.
    let recorded = Origin::Cache { record: Some(blob_record("other")) };
    assert_eq!(decisions(recorded, "other"), ["ignored", "ignored", "replaces", "replaces", "replaces"]);
    let unrecorded = Origin::Cache { record: None };
    assert_eq!(decisions(unrecorded, "other"), ["ignored", "ignored", "ignored", "replaces", "replaces"]);
    // A lower serial number is rejected by the record, which may be lost. Servers that disagree must not alternate.
    let new = decisions(from_network(), "other");
    assert_eq!(new, ["replaces", "earlier", "replaces", "replaces", "replaces"]);
    let again = decisions(from_network(), "seen");
    assert_eq!(again, ["replaces", "earlier", "replaced", "replaces", "replaces"]);
    // The operator may put an earlier file back.
    let file = || Origin::File { stamp: None, known_not_revoked: false };
    for sha256 in ["other", "seen"] {
        let file = decisions(file(), sha256);
        assert_eq!(file, ["replaces", "earlier", "replaces", "replaces", "replaces"], "{sha256}");
    }
    let own = decisions(Origin::Static { stamp: (SystemTime::UNIX_EPOCH, 0) }, "seen");
    assert_eq!(own, ["replaces"; 5]);
}

#[test]
fn the_current_list_is_not_earlier_than_itself() {
    let current = || list(15, "2026-02-01");
    let inner = with_current(current(), "current");
    assert_eq!(decision(&inner, &current(), "current", &from_network()), "replaces");
}

#[test]
fn any_list_replaces_none() {
    for origin in [Origin::Cache { record: None }, from_network()] {
        assert_eq!(decision(&Inner::default(), &list(1, "2020-01-01"), "first", &origin), "replaces");
    }
}

#[test]
fn the_newest_hashes_are_remembered_once_each() {
    let mut inner = Inner::default();
    let hashes = |numbers: std::ops::Range<usize>| numbers.map(|number| number.to_string());
    for hash in hashes(0..MAX_SEEN).chain(hashes(0..MAX_SEEN)) {
        inner.note(&hash);
    }
    assert!(inner.seen.iter().cloned().eq(hashes(0..MAX_SEEN)), "{:?}", inner.seen);
    inner.note("one more");
    let newest = hashes(1..MAX_SEEN).chain(["one more".to_owned()]);
    assert!(inner.seen.iter().cloned().eq(newest), "{:?}", inner.seen);
}

#[test]
fn a_confirmation_counts_for_its_list_and_if_it_is_later() {
    let second = |seconds: i64| Timestamp::from_unix_seconds(NOW.as_unix_seconds() + seconds);
    let mut inner = with_current(list(15, "2026-02-01"), "current");
    let mut confirm = |sha256: &str, at: Timestamp| {
        inner.is_changed = false;
        inner.confirm(sha256, at);
        (inner.current.as_ref().and_then(|current| current.confirmed_at), inner.is_changed)
    };
    assert_eq!(confirm("other", NOW), (None, false));
    assert_eq!(confirm("current", NOW), (Some(NOW), true));
    assert_eq!(confirm("current", NOW), (Some(NOW), false), "nothing to publish");
    assert_eq!(confirm("current", second(-1)), (Some(NOW), false));
    assert_eq!(confirm("current", second(1)), (Some(second(1)), true));
}

/// The plan of a source with a current list that was last requested at [`NOW`] and is due a day later.
fn plan(not_before: Option<i64>, second: i64, force: bool) -> (Option<i64>, SourceRecord) {
    let at = |second: i64| Timestamp::from_unix_seconds(NOW.as_unix_seconds().saturating_add(second));
    let state = State::new(None, Emitter { source: "fido".into(), sink: Arc::new(|_| {}) });
    let record = SourceRecord {
        no: Some(15),
        last_attempt: Some(NOW),
        not_before: not_before.map(at),
        ..SourceRecord::default()
    };
    *state.lock() = Inner { record, ..with_current(list(15, "2026-02-01"), "current") };
    let schedule = Schedule { jitter: std::time::Duration::ZERO, ..Schedule::default() };
    let wait = match state.plan(&schedule, at(second), force) {
        Plan::Wait { next } => Some(next.as_unix_seconds().saturating_sub(NOW.as_unix_seconds())),
        Plan::Request(Conditions { no: Some(15), etag: None, previous_no: Some(15) }) => None,
        Plan::Request(conditions) => panic!("{conditions:?}"),
    };
    (wait, state.sync().unwrap())
}

#[test]
fn only_force_precedes_the_interval_and_not_retry_after() {
    const DAY: i64 = 86_400;
    for (not_before, second, force, expected) in [
        (None, DAY - 1, false, Some(DAY)),
        (None, DAY, false, None),
        (None, 1, true, None),
        // With `Retry-After`: a second before, and when it has passed.
        (Some(100), 99, true, Some(DAY)),
        (Some(100), 100, true, None),
        (Some(100), 100, false, Some(DAY)),
        (Some(2 * DAY), 2 * DAY - 1, false, Some(2 * DAY)),
        (Some(2 * DAY), 2 * DAY, false, None),
    ] {
        let (wait, _) = plan(not_before, second, force);
        assert_eq!(wait, expected, "{not_before:?} {second} {force}");
    }
}

#[test]
fn an_attempt_is_recorded_before_the_request() {
    let (_, waited) = plan(None, 1, false);
    assert_eq!((waited.last_attempt, waited.failures), (Some(NOW), 0));
    let (_, requested) = plan(None, 1, true);
    let at = Timestamp::from_unix_seconds(NOW.as_unix_seconds() + 1);
    assert_eq!((requested.last_attempt, requested.failures), (Some(at), 1), "a crash counts as a failure");
}

#[test]
fn a_source_with_an_older_list_than_was_verified_is_due_soon() {
    let state = State::new(None, Emitter { source: "fido".into(), sink: Arc::new(|_| {}) });
    let schedule = Schedule::default();
    let minutes = |no: Option<u64>, current: Option<u64>| {
        let record = SourceRecord { no, last_attempt: Some(NOW), ..SourceRecord::default() };
        let inner = current.map(|no| with_current(list(no, "2026-02-01"), "current")).unwrap_or_default();
        *state.lock() = Inner { record, ..inner };
        state.due(&schedule, NOW).saturating_since(NOW).as_secs() / 60
    };
    for (no, current) in [(Some(15), Some(15)), (Some(15), Some(16)), (None, Some(15))] {
        assert!(minutes(no, current) >= 24 * 60, "{no:?} {current:?}");
    }
    for (no, current) in [(Some(16), Some(15)), (Some(15), None), (None, None)] {
        assert!((5..=10).contains(&minutes(no, current)), "{no:?} {current:?}");
    }
}

#[test]
fn a_source_that_confirms_an_older_list_is_asked_less_and_less() {
    let state = State::new(None, Emitter { source: "fido".into(), sink: Arc::new(|_| {}) });
    let schedule = Schedule::default();
    let failures = |verified: u64| {
        let record = SourceRecord { no: Some(verified), ..SourceRecord::default() };
        *state.lock() = Inner { record, ..with_current(list(15, "2026-02-01"), "current") };
        [1, 2, 3].map(|day: u64| {
            let now = NOW.saturating_add(std::time::Duration::from_hours(24 * day));
            assert!(matches!(state.plan(&schedule, now, true), Plan::Request(_)));
            state.unchanged(now, true, None);
            state.sync().unwrap().failures
        })
    };
    assert_eq!(failures(15), [0, 0, 0]);
    assert_eq!(failures(16), [1, 2, 3]);
}
