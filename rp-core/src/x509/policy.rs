//! Certificate policies (RFC 5280 sections 6.1.2 to 6.1.5), for a caller that accepts any policy.
//!
//! The only outcome is whether a policy that a certificate requires is present. The tree of RFC 5280 may grow
//! exponentially with a hostile path, so this keeps one level of the graph of RFC 9618. A level without nodes is a tree
//! that is NULL.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use const_oid::db::rfc5280::{
    ANY_POLICY, ID_CE_CERTIFICATE_POLICIES, ID_CE_INHIBIT_ANY_POLICY, ID_CE_POLICY_CONSTRAINTS,
    ID_CE_POLICY_MAPPINGS,
};
use der::{Decode, Tag};
use x509_cert::ext::pkix::PolicyConstraints;

use super::certificate::Certificate;
use super::oid::Oid;
use super::tlv::{DerError, Reader, sequence};

/// The state of policy processing between two certificates of a path.
pub(super) struct Policies<'a> {
    /// The valid policies of the last level, each with the policies that it expects on the next.
    valid: BTreeMap<Oid<'a>, BTreeSet<Oid<'a>>>,
    explicit_policy: u64,
    inhibit_any_policy: u64,
    policy_mapping: u64,
}

/// Why a path is rejected because of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A policy is required, and none is valid.
    #[error("a policy is required, and none is valid")]
    Required,
    /// anyPolicy is mapped (6.1.4 a).
    #[error("anyPolicy is mapped")]
    AnyPolicyMapped,
}

/// The policy extensions of one certificate.
pub(super) struct PolicyExtensions<'a> {
    policies: Option<BTreeSet<Oid<'a>>>,
    /// Pairs of issuerDomainPolicy and subjectDomainPolicy.
    mappings: Vec<(Oid<'a>, Oid<'a>)>,
    constraints: Option<PolicyConstraints>,
    inhibit_any_policy: Option<u64>,
}

const ANY: Oid<'static> = Oid::new(ANY_POLICY.as_bytes());

impl<'a> Policies<'a> {
    /// 6.1.2 (a, d, e, f), for a path of `length` certificates, any initial policy and no initial restriction.
    pub(super) fn new(length: usize) -> Self {
        let unrestricted = u64::try_from(length).unwrap_or(u64::MAX).saturating_add(1);
        Self {
            valid: BTreeMap::from([(ANY, BTreeSet::from([ANY]))]),
            explicit_policy: unrestricted,
            inhibit_any_policy: unrestricted,
            policy_mapping: unrestricted,
        }
    }

    /// 6.1.3 (d, e, f): every certificate.
    pub(super) fn process(
        &mut self,
        extensions: &PolicyExtensions<'a>,
        self_issued: bool,
        last: bool,
    ) -> Result<(), PolicyError> {
        let mut next = BTreeMap::new();
        if let Some(policies) = &extensions.policies {
            let expected: BTreeSet<_> = self.valid.values().flatten().copied().collect();
            let any_is_valid = self.valid.contains_key(&ANY);
            // (d) (1)
            for policy in policies.iter().filter(|policy| **policy != ANY) {
                if any_is_valid || expected.contains(policy) {
                    next.insert(*policy, BTreeSet::from([*policy]));
                }
            }
            // (d) (2)
            let any_counts = self.inhibit_any_policy > 0 || (self_issued && !last);
            if any_counts && policies.contains(&ANY) {
                for policy in expected {
                    next.entry(policy).or_insert_with(|| BTreeSet::from([policy]));
                }
            }
        }
        // (e) without the extension, the tree is NULL
        self.valid = next;
        // (f)
        self.require()
    }

    /// 6.1.4 (a, b, h, i, j): every certificate but the last.
    pub(super) fn prepare(
        &mut self,
        extensions: &PolicyExtensions<'a>,
        self_issued: bool,
    ) -> Result<(), PolicyError> {
        // (a)
        if extensions.mappings.iter().any(|(issuer, subject)| *issuer == ANY || *subject == ANY) {
            return Err(PolicyError::AnyPolicyMapped);
        }
        // (b)
        let mut mapped: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (issuer, subject) in &extensions.mappings {
            mapped.entry(*issuer).or_default().insert(*subject);
        }
        let any_is_valid = self.valid.contains_key(&ANY);
        for (policy, expected) in mapped {
            if self.policy_mapping == 0 {
                self.valid.remove(&policy);
            } else if any_is_valid || self.valid.contains_key(&policy) {
                self.valid.insert(policy, expected);
            }
        }
        // (h)
        if !self_issued {
            for count in [&mut self.explicit_policy, &mut self.policy_mapping, &mut self.inhibit_any_policy] {
                *count = count.saturating_sub(1);
            }
        }
        // (i)
        if let Some(constraints) = &extensions.constraints {
            if let Some(certificates) = constraints.require_explicit_policy {
                self.explicit_policy = self.explicit_policy.min(certificates.into());
            }
            if let Some(certificates) = constraints.inhibit_policy_mapping {
                self.policy_mapping = self.policy_mapping.min(certificates.into());
            }
        }
        // (j)
        if let Some(certificates) = extensions.inhibit_any_policy {
            self.inhibit_any_policy = self.inhibit_any_policy.min(certificates);
        }
        Ok(())
    }

    /// 6.1.5 (a, b, g): the last certificate.
    pub(super) fn wrap_up(mut self, extensions: &PolicyExtensions<'a>) -> Result<(), PolicyError> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if extensions.constraints.as_ref().and_then(|c| c.require_explicit_policy) == Some(0) {
            self.explicit_policy = 0;
        }
        self.require()
    }

    fn require(&self) -> Result<(), PolicyError> {
        if self.explicit_policy == 0 && self.valid.is_empty() { Err(PolicyError::Required) } else { Ok(()) }
    }
}

impl<'a> PolicyExtensions<'a> {
    /// Reads the four extensions. Qualifiers are ignored.
    pub(super) fn of(certificate: &'a Certificate) -> Result<Self, DerError> {
        let value = |oid| certificate.extension(oid).map(|extension| extension.value);
        Ok(Self {
            policies: value(&ID_CE_CERTIFICATE_POLICIES).map(read_policies).transpose()?,
            mappings: value(&ID_CE_POLICY_MAPPINGS).map(read_mappings).transpose()?.unwrap_or_default(),
            constraints: value(&ID_CE_POLICY_CONSTRAINTS)
                .map(|value| PolicyConstraints::from_der(value).map_err(|_| error("policyConstraints")))
                .transpose()?,
            inhibit_any_policy: value(&ID_CE_INHIBIT_ANY_POLICY).map(read_skip_certs).transpose()?,
        })
    }
}

/// `CertificatePolicies ::= SEQUENCE SIZE (1..MAX) OF PolicyInformation`.
fn read_policies(value: &[u8]) -> Result<BTreeSet<Oid<'_>>, DerError> {
    const FIELD: &str = "certificatePolicies";
    let mut reader = sequence(value, FIELD)?;
    let mut policies = BTreeSet::new();
    while !reader.is_finished() {
        let mut information = reader.take(Tag::Sequence, FIELD)?.reader();
        policies.insert(information.any(FIELD)?.oid(FIELD)?);
    }
    Ok(policies)
}

/// `PolicyMappings ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE { issuerDomainPolicy, subjectDomainPolicy }`.
fn read_mappings(value: &[u8]) -> Result<Vec<(Oid<'_>, Oid<'_>)>, DerError> {
    const FIELD: &str = "policyMappings";
    let mut reader = sequence(value, FIELD)?;
    let mut mappings = Vec::new();
    while !reader.is_finished() {
        let mut pair = reader.take(Tag::Sequence, FIELD)?.reader();
        mappings.push((pair.any(FIELD)?.oid(FIELD)?, pair.any(FIELD)?.oid(FIELD)?));
        pair.finish(FIELD)?;
    }
    if mappings.is_empty() {
        return Err(error(FIELD));
    }
    Ok(mappings)
}

fn read_skip_certs(value: &[u8]) -> Result<u64, DerError> {
    const FIELD: &str = "inhibitAnyPolicy";
    let mut reader = Reader::new(value);
    let certificates = reader.take(Tag::Integer, FIELD)?.unsigned(FIELD)?;
    reader.finish(FIELD)?;
    Ok(certificates)
}

const fn error(field: &'static str) -> DerError {
    DerError { field, offset: 0 }
}
