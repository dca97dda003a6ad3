//! The changes of a new list: for the operator, and for stored credentials.

use std::collections::BTreeSet;

use rp_core::Timestamp;
use rp_core::x509::Certificate;
use serde::Serialize;
use serde_json::Value;

use crate::catalog::Catalog;
use crate::entry::Entry;
use crate::metadata::Metadata;
use crate::model_id::ModelId;
use crate::policy::Policy;
use crate::status::Status;
use crate::verdict::{ModelQuery, Verdict};

/// A model whose verdict has changed.
#[derive(Clone, Debug, Serialize)]
pub struct ModelChange {
    /// The model.
    pub model: ModelId,
    /// The verdict by the previous catalog.
    pub before: Verdict,
    /// The verdict by the new catalog.
    pub after: Verdict,
}

impl ModelChange {
    /// Whether the model was accepted and is now refused.
    #[must_use]
    pub fn is_now_refused(&self) -> bool {
        self.before.is_accepted() && !self.after.is_accepted()
    }
}

/// The facts of a stored credential that metadata depends on.
#[derive(Clone, Debug)]
pub struct StoredCredential<K> {
    /// The caller's key for it.
    pub key: K,
    /// The model that attestation proved at registration.
    pub model: ModelId,
    /// The attestation certificate and its issuers, if stored: they identify the batch, and may contain the firmware
    /// version. Only those of a path with a [`verified_leaf`](rp_core::x509::Path::verified_leaf).
    pub certificates: Vec<Certificate>,
}

/// A stored credential whose verdict has changed.
#[derive(Clone, Debug, Serialize)]
pub struct Affected<K> {
    /// The caller's key for it.
    pub key: K,
    /// The verdict by the previous catalog.
    pub before: Verdict,
    /// The verdict by the new catalog.
    pub after: Verdict,
}

impl Policy {
    /// The models whose verdict, status or level another catalog changes.
    #[must_use]
    pub fn changes(&self, before: &Catalog, after: &Catalog, at: Timestamp) -> Vec<ModelChange> {
        self.changes_between((before, at), (after, at))
    }

    /// As [`Policy::changes`], with a time for each catalog: a report may come into force in between.
    #[must_use]
    pub fn changes_between(
        &self,
        (before, then): (&Catalog, Timestamp),
        (after, now): (&Catalog, Timestamp),
    ) -> Vec<ModelChange> {
        let mut models: BTreeSet<ModelId> = before.models().into_iter().collect();
        models.extend(after.models());
        let change = |model: ModelId| {
            let judge = |catalog, at| self.judge(catalog, &ModelQuery::new(model.clone(), at));
            let (before, after) = (judge(before, then), judge(after, now));
            differ(&before, &after).then_some(ModelChange { model, before, after })
        };
        models.into_iter().filter_map(change).collect()
    }

    /// The stored credentials whose verdict another catalog changes.
    ///
    /// # Examples
    /// ```
    /// use rp_core::Timestamp;
    /// use rp_mds::{Catalog, Retention, Metadata, Policy, StoredCredential};
    ///
    /// let list = |status: &str| Metadata::from_own_entries(format!(
    ///     r#"[{{"aaguid": "a1000000-0000-4000-8000-000000000001", "statusReports": [{{"status": "{status}"}}]}}]"#
    /// ).as_bytes(), Retention::LEAN);
    /// let (before, after) = (Catalog::of("own", list("FIDO_CERTIFIED_L1")?), Catalog::of("own", list("REVOKED")?));
    ///
    /// let model = "a1000000-0000-4000-8000-000000000001".parse()?;
    /// let stored = [StoredCredential { key: "kim's key", model, certificates: Vec::new() }];
    /// let affected = Policy::default().affected(&before, &after, stored, Timestamp::now());
    /// assert_eq!(affected[0].key, "kim's key");
    /// assert!(!affected[0].after.is_accepted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn affected<K>(
        &self,
        before: &Catalog,
        after: &Catalog,
        credentials: impl IntoIterator<Item = StoredCredential<K>>,
        at: Timestamp,
    ) -> Vec<Affected<K>> {
        self.affected_between((before, at), (after, at), credentials)
    }

    /// As [`Policy::affected`], with a time for each catalog: a report may come into force in between.
    pub fn affected_between<K>(
        &self,
        (before, then): (&Catalog, Timestamp),
        (after, now): (&Catalog, Timestamp),
        credentials: impl IntoIterator<Item = StoredCredential<K>>,
    ) -> Vec<Affected<K>> {
        let affected = |StoredCredential { key, model, certificates }: StoredCredential<K>| {
            let judge = |catalog, at| {
                let query = ModelQuery::new(model.clone(), at).with_certificates(&certificates);
                self.judge_with_leaf(catalog, &query, certificates.first())
            };
            let (before, after) = (judge(before, then), judge(after, now));
            differ(&before, &after).then_some(Affected { key, before, after })
        };
        credentials.into_iter().filter_map(affected).collect()
    }
}

fn differ(before: &Verdict, after: &Verdict) -> bool {
    let facts = |verdict: &Verdict| {
        (
            verdict.is_accepted(),
            verdict.is_listed(),
            verdict.certification,
            verdict.fips,
            verdict.status.clone(),
        )
    };
    facts(before) != facts(after)
}

/// The differences between two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// New models.
    pub added: Vec<Named>,
    /// Removed models.
    pub removed: Vec<Named>,
    /// Models whose newest status has changed.
    pub status: Vec<StatusChange>,
    /// Models that have changed otherwise. The order of arrays is ignored.
    pub changed: Vec<Named>,
}

/// A model and its description.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Named {
    /// The model.
    pub model: ModelId,
    /// Its description.
    pub description: Box<str>,
}

/// A model whose newest status has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusChange {
    /// The model.
    #[serde(flatten)]
    pub model: Named,
    /// The previous status.
    pub before: Option<Status>,
    /// The current status.
    pub after: Option<Status>,
}

impl Difference {
    /// The differences between an older and a newer list.
    #[must_use]
    pub fn between(old: &Metadata, new: &Metadata) -> Self {
        let mut difference = Self::default();
        for entry in new.entries() {
            // A model may have several entries.
            let all_before = old.find(&entry.model());
            let Some(before) = all_before.first() else {
                difference.added.push(named(entry));
                continue;
            };
            let json = canonical(entry.to_json());
            if all_before.iter().any(|before| canonical(before.to_json()) == json) {
                continue;
            }
            let status = |entry: &Entry| entry.newest_report().map(|report| report.status.clone());
            let (was, is) = (status(before), status(entry));
            if was == is {
                difference.changed.push(named(entry));
            } else {
                difference.status.push(StatusChange { model: named(entry), before: was, after: is });
            }
        }
        // One of several entries of a model may be gone, too.
        for entry in old.entries() {
            let all_after = new.find(&entry.model());
            let has_fewer = !all_after.is_empty() && all_after.len() < old.find(&entry.model()).len();
            let name = named(entry);
            if has_fewer
                && !difference.changed.contains(&name)
                && difference.status.iter().all(|change| change.model != name)
                && all_after.iter().all(|after| canonical(after.to_json()) != canonical(entry.to_json()))
            {
                difference.changed.push(name);
            }
        }
        let gone = old.entries().iter().filter(|entry| new.find(&entry.model()).is_empty());
        difference.removed = gone.map(named).collect();
        difference
    }

    /// Whether the lists are equal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn named(entry: &Entry) -> Named {
    Named { model: entry.model(), description: entry.description().into() }
}

/// A copy with sorted arrays: the FIDO Alliance publishes the same arrays in different orders.
fn canonical(value: Value) -> Value {
    match value {
        Value::Array(list) => {
            let mut list: Vec<_> = list.into_iter().map(canonical).collect();
            list.sort_by_cached_key(Value::to_string);
            Value::Array(list)
        }
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.into_iter().map(|(name, value)| (name, canonical(value))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.into_iter().collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entry::statement::Retention;

    const AAGUID: &str = "a1000000-0000-4000-8000-000000000001";
    const OTHER: &str = "b2000000-0000-4000-8000-000000000002";

    /// An entry with one report of this status.
    fn entry(aaguid: &str, status: &str) -> Value {
        json!({
            "aaguid": aaguid,
            "metadataStatement": {"description": "Example Key", "attachmentHint": ["external", "nfc"]},
            "statusReports": [{"status": status, "effectiveDate": "2024-01-01"}]
        })
    }

    fn list(entries: &[Value]) -> Metadata {
        Metadata::from_own_entries(json!(entries).to_string().as_bytes(), Retention::ALL).unwrap()
    }

    /// A catalog with one model of this status.
    fn catalog(status: &str) -> Catalog {
        Catalog::of("FIDO", list(&[entry(AAGUID, status)]))
    }

    fn at(day: &str) -> Timestamp {
        day.parse::<crate::date::Date>().unwrap().start()
    }

    #[test]
    fn a_list_with_two_entries_of_a_model_equals_itself() {
        let two = [entry(AAGUID, "FIDO_CERTIFIED"), entry(AAGUID, "REVOKED"), entry(OTHER, "FIDO_CERTIFIED")];
        let (both, reversed) = (list(&two), list(&[two[1].clone(), two[0].clone(), two[2].clone()]));
        assert!(Difference::between(&both, &both).is_empty());
        assert!(Difference::between(&both, &reversed).is_empty());
        let certified = list(&[two[0].clone(), entry(AAGUID, "USER_KEY_REMOTE_COMPROMISE"), two[2].clone()]);
        let difference = Difference::between(&both, &certified);
        assert_eq!((difference.status.len(), difference.changed.len()), (1, 0));
        let one = list(&[two[0].clone(), two[2].clone()]);
        let counts = |difference: Difference| {
            let Difference { added, removed, status, changed, .. } = difference;
            [added.len(), removed.len(), status.len(), changed.len()]
        };
        assert_eq!(counts(Difference::between(&both, &one)), [0, 0, 0, 1]);
    }

    #[test]
    fn a_model_is_now_refused_if_it_was_accepted_before() {
        let query = ModelQuery::new(AAGUID.parse().unwrap(), at("2026-01-01"));
        let verdict = |status: &str| Policy::default().judge(&catalog(status), &query);
        for (before, after, expected) in [
            ("FIDO_CERTIFIED", "REVOKED", true),
            ("FIDO_CERTIFIED", "FIDO_CERTIFIED_L1", false),
            ("REVOKED", "FIDO_CERTIFIED", false),
            ("REVOKED", "USER_KEY_REMOTE_COMPROMISE", false),
        ] {
            let (model, before, after) = (query.model.clone(), verdict(before), verdict(after));
            let change = ModelChange { model, before, after };
            assert_eq!(change.is_now_refused(), expected, "{change:?}");
        }
    }

    #[test]
    fn a_change_of_verdict_level_or_status_is_reported() {
        let policy = Policy::default();
        let day = at("2026-01-01");
        let models = |before: &Catalog, after: &Catalog| -> Vec<String> {
            let changes = policy.changes(before, after, day);
            changes.iter().map(|change| change.model.to_string()).collect()
        };
        let certified = catalog("FIDO_CERTIFIED_L1");
        assert_eq!(models(&certified, &certified), [""; 0]);
        for status in ["REVOKED", "FIDO_CERTIFIED_L2", "FIPS140_CERTIFIED_L2", "RETIRED"] {
            assert_eq!(models(&certified, &catalog(status)), [AAGUID], "{status}");
        }
        // Models of either catalog, once.
        let other = Catalog::of("FIDO", list(&[entry(OTHER, "FIDO_CERTIFIED_L1")]));
        assert_eq!(models(&certified, &other), [AAGUID, OTHER]);
        // The description is not part of a verdict.
        let mut renamed = entry(AAGUID, "FIDO_CERTIFIED_L1");
        renamed["metadataStatement"]["description"] = json!("Another name");
        assert_eq!(models(&certified, &Catalog::of("FIDO", list(&[renamed]))), [""; 0]);
    }

    #[test]
    fn two_lists_differ_by_models_statuses_and_content() {
        let certified = || entry(AAGUID, "FIDO_CERTIFIED_L1");
        let named = |model: &str| Named { model: model.parse().unwrap(), description: "Example Key".into() };
        let between = |old: &[Value], new: &[Value]| Difference::between(&list(old), &list(new));

        let same = between(&[certified()], &[certified()]);
        assert_eq!(same, Difference::default());
        assert!(same.is_empty());

        let added = between(&[certified()], &[certified(), entry(OTHER, "REVOKED")]);
        assert_eq!(added, Difference { added: vec![named(OTHER)], ..Difference::default() });
        assert!(!added.is_empty());

        let removed = between(&[certified(), entry(OTHER, "REVOKED")], &[certified()]);
        assert_eq!(removed, Difference { removed: vec![named(OTHER)], ..Difference::default() });

        // A new status is listed as such only, even if the statement has changed too.
        let mut revoked = entry(AAGUID, "REVOKED");
        revoked["metadataStatement"]["attachmentHint"] = json!(["external"]);
        let status = between(&[certified()], &[revoked]);
        let (before, after) = (Some(Status::from("FIDO_CERTIFIED_L1")), Some(Status::Revoked));
        let change = StatusChange { model: named(AAGUID), before, after };
        assert_eq!(status, Difference { status: vec![change], ..Difference::default() });

        let mut changed = certified();
        changed["metadataStatement"]["attachmentHint"] = json!(["external", "wireless"]);
        let changed = between(&[certified()], &[changed]);
        assert_eq!(changed, Difference { changed: vec![named(AAGUID)], ..Difference::default() });

        let mut reordered = certified();
        reordered["metadataStatement"]["attachmentHint"] = json!(["nfc", "external"]);
        assert!(between(&[certified()], &[reordered]).is_empty());
    }
}
