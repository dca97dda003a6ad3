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
                self.judge(catalog, &query)
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
            let Some(before) = first(old, entry) else {
                difference.added.push(named(entry));
                continue;
            };
            let status = |entry: &Entry| entry.newest_report().map(|report| report.status.clone());
            let (was, is) = (status(before), status(entry));
            if was != is {
                difference.status.push(StatusChange { model: named(entry), before: was, after: is });
            } else if canonical(before.to_json()) != canonical(entry.to_json()) {
                difference.changed.push(named(entry));
            }
        }
        let gone = old.entries().iter().filter(|entry| first(new, entry).is_none());
        difference.removed = gone.map(named).collect();
        difference
    }

    /// Whether the lists are equal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn first<'a>(metadata: &'a Metadata, entry: &Entry) -> Option<&'a Entry> {
    metadata.find(&entry.model()).first().copied()
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
