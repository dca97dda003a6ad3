//! What a new list changes: for the operator who reads, and for credentials that are stored.

use std::collections::BTreeSet;

use rp_core::Timestamp;
use rp_core::x509::Certificate;
use serde::Serialize;
use serde_json::Value;

use crate::Metadata;
use crate::catalog::Catalog;
use crate::entry::{Entry, ModelId};
use crate::policy::Policy;
use crate::status::Status;
use crate::verdict::{ModelQuery, Verdict};

/// A model whose verdict is another than it was.
#[derive(Clone, Debug, Serialize)]
pub struct ModelChange {
    /// The model.
    pub model: ModelId,
    /// By the catalog that was there.
    pub before: Verdict,
    /// By the one that has come.
    pub after: Verdict,
}

impl ModelChange {
    /// Whether the model was accepted and is no more.
    #[must_use]
    pub fn is_now_refused(&self) -> bool {
        self.before.is_accepted() && !self.after.is_accepted()
    }
}

/// A stored credential, as far as metadata ask.
#[derive(Clone, Debug)]
pub struct StoredCredential<K> {
    /// By which the caller knows it.
    pub key: K,
    /// The model that attestation proved at registration.
    pub model: ModelId,
    /// The attestation certificate and those behind it, where they were kept: they tell the batch.
    pub certificates: Vec<Certificate>,
}

/// A stored credential whose model is judged otherwise than before.
#[derive(Clone, Debug, Serialize)]
pub struct Affected<K> {
    /// By which the caller knows it.
    pub key: K,
    /// By the catalog that was there.
    pub before: Verdict,
    /// By the one that has come.
    pub after: Verdict,
}

impl Policy {
    /// The models that another catalog has judged otherwise: accepted or refused, or with another status or level.
    #[must_use]
    pub fn changes(&self, before: &Catalog, after: &Catalog, at: Timestamp) -> Vec<ModelChange> {
        self.changes_between((before, at), (after, at))
    }

    /// As [`Policy::changes`], by each catalog at a time of its own: a report may come into force in between.
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

    /// The stored credentials that another catalog judges otherwise.
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

    /// As [`Policy::affected`], by each catalog at a time of its own: a report may come into force in between.
    pub fn affected_between<K>(
        &self,
        (before, then): (&Catalog, Timestamp),
        (after, now): (&Catalog, Timestamp),
        credentials: impl IntoIterator<Item = StoredCredential<K>>,
    ) -> Vec<Affected<K>> {
        let affected = |StoredCredential { key, model, certificates }: StoredCredential<K>| {
            let judge = |catalog, at| {
                let query = ModelQuery { certificates: &certificates, ..ModelQuery::new(model.clone(), at) };
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

/// What one list has that another has not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Models that are new.
    pub added: Vec<Named>,
    /// Models that are gone.
    pub removed: Vec<Named>,
    /// Models whose newest status is another.
    pub status: Vec<StatusChange>,
    /// Models of which something else is another, the order of lists aside.
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

/// A model whose newest status is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusChange {
    /// The model.
    #[serde(flatten)]
    pub model: Named,
    /// Its status before.
    pub before: Option<Status>,
    /// Its status now.
    pub after: Option<Status>,
}

impl Difference {
    /// What the newer of two lists has that the older has not.
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

    /// Whether both say the same.
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

/// Lists in an order of their own: the Alliance publishes the same lists in other orders.
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
