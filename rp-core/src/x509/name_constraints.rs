//! Name constraints (RFC 5280 section 4.2.1.10): which names may stand below a certification authority.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem::discriminant;

use const_oid::db::rfc3280::EMAIL_ADDRESS;
use der::Tag;

use super::budget::Budget;
use super::certificate::Certificate;
use super::general_name::GeneralName;
use super::tlv::{DerError, Tlv, context, sequence};

const FIELD: &str = "nameConstraints";

/// The constraints of one certificate.
#[derive(Clone, Debug)]
pub(super) struct NameConstraints<'a> {
    permitted: Vec<GeneralName<'a>>,
    excluded: Vec<GeneralName<'a>>,
}

/// Why a name is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameConstraintError {
    /// It is in an excluded subtree.
    #[error("a {form} is excluded")]
    Excluded {
        /// The kind of name.
        form: &'static str,
    },
    /// It is in no permitted subtree, and there are some of its kind.
    #[error("a {form} is not among those permitted")]
    NotPermitted {
        /// The kind of name.
        form: &'static str,
    },
    /// It cannot be held against the constraints of its kind: such constraints are not processed, or the name is
    /// not well-formed.
    #[error("a {form} cannot be held against the constraints")]
    Unprocessed {
        /// The kind of name.
        form: &'static str,
    },
    /// There are more names and constraints than are compared.
    #[error("more names and constraints than are compared")]
    TooMany,
}

/// The names of one certificate that constraints above it speak of.
pub(super) struct ConstrainedNames<'a>(Vec<GeneralName<'a>>, Vec<String>);

impl<'a> ConstrainedNames<'a> {
    /// The subject where it is not empty, every alternative name, and the subject's mail addresses where there are
    /// no alternative names.
    pub(super) fn of(certificate: &'a Certificate) -> Result<Self, DerError> {
        let alternative = certificate.subject_alt_name()?;
        let mailboxes = match alternative {
            Some(_) => Vec::new(),
            None => certificate.subject().texts(&EMAIL_ADDRESS),
        };
        let mut names = alternative.unwrap_or_default();
        if !certificate.subject().is_empty() {
            names.push(GeneralName::Directory(certificate.subject().clone()));
        }
        Ok(Self(names, mailboxes))
    }
}

impl<'a> NameConstraints<'a> {
    /// Reads the value of the extension.
    ///
    /// Refused here: no subtree at all, a base that its form does not allow, and `minimum` or `maximum`, which
    /// the profile does not use and which must be processed or refused.
    pub(super) fn read(value: &'a [u8]) -> Result<Self, DerError> {
        let mut reader = sequence(value, FIELD)?;
        let permitted =
            subtrees(reader.take_optional(context(0, true), "nameConstraints.permittedSubtrees")?)?;
        let excluded = subtrees(reader.take_optional(context(1, true), "nameConstraints.excludedSubtrees")?)?;
        reader.finish(FIELD)?;
        if permitted.is_empty() && excluded.is_empty() {
            return Err(DerError { field: FIELD, offset: 0 });
        }
        Ok(Self { permitted, excluded })
    }

    /// Holds every name against these constraints.
    pub(super) fn check(
        &self,
        names: &ConstrainedNames<'_>,
        budget: &mut Budget,
    ) -> Result<(), NameConstraintError> {
        names.0.iter().try_for_each(|name| self.check_one(name, budget))?;
        names.1.iter().try_for_each(|mailbox| self.check_one(&GeneralName::Rfc822(mailbox), budget))
    }

    fn check_one(&self, name: &GeneralName<'_>, budget: &mut Budget) -> Result<(), NameConstraintError> {
        let form = form(name);
        let work = self.permitted.len().saturating_add(self.excluded.len());
        budget.take_name_comparisons(work).map_err(|_| NameConstraintError::TooMany)?;
        let same_form = |base: &&GeneralName<'_>| discriminant(*base) == discriminant(name);
        let mut permitted = self.permitted.iter().filter(same_form).peekable();
        let mut excluded = self.excluded.iter().filter(same_form).peekable();
        if permitted.peek().is_none() && excluded.peek().is_none() {
            return Ok(());
        }
        if !is_processed(name) {
            return Err(NameConstraintError::Unprocessed { form });
        }
        if excluded.any(|base| is_within(name, base) || wildcard_covers(name, base)) {
            return Err(NameConstraintError::Excluded { form });
        }
        if permitted.peek().is_some() && !permitted.any(|base| is_within(name, base)) {
            return Err(NameConstraintError::NotPermitted { form });
        }
        Ok(())
    }
}

/// `GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree`, or nothing.
fn subtrees<'a>(trees: Option<Tlv<'a>>) -> Result<Vec<GeneralName<'a>>, DerError> {
    let Some(trees) = trees else { return Ok(Vec::new()) };
    let mut bases = Vec::new();
    let mut reader = trees.reader();
    while !reader.is_finished() {
        let mut subtree = reader.take(Tag::Sequence, FIELD)?.reader();
        let tlv = subtree.any(FIELD)?;
        let base = GeneralName::read(&tlv, FIELD)?;
        // Within this profile minimum is 0, which DER leaves out but some write, and maximum absent.
        if let Some(minimum) = subtree.take_optional(context(0, false), "nameConstraints.minimum")?
            && minimum.unsigned("nameConstraints.minimum")? != 0
        {
            return Err(minimum.error("nameConstraints.minimum"));
        }
        subtree.finish("nameConstraints.maximum")?;
        if !is_valid_base(&base) {
            return Err(tlv.error(FIELD));
        }
        bases.push(base);
    }
    if bases.is_empty() {
        return Err(trees.error(FIELD));
    }
    Ok(bases)
}

fn is_valid_base(base: &GeneralName<'_>) -> bool {
    match base {
        GeneralName::Dns(base) => base.is_empty() || is_host(base),
        GeneralName::Rfc822(base) if base.contains('@') => is_mailbox(base),
        GeneralName::Rfc822(base) | GeneralName::Uri(base) => {
            base.is_empty() || is_host(base.strip_prefix('.').unwrap_or(base))
        }
        GeneralName::Ip(base) => match base.split_at_checked(base.len() / 2) {
            Some((address, mask)) if matches!(base.len(), 8 | 32) => {
                is_prefix_mask(mask) && address.len() == mask.len()
            }
            _ => false,
        },
        _ => true,
    }
}

/// One `@`, with something before it and a host behind. A quoted local part that holds another is not processed.
fn is_mailbox(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, host)| !local.is_empty() && is_host(host))
}

/// Ones, then zeros.
fn is_prefix_mask(mask: &[u8]) -> bool {
    let zeros = mask.iter().skip_while(|byte| **byte == 0xff);
    let mut zeros = zeros.copied();
    zeros.next().is_none_or(|byte| byte.leading_ones() == byte.count_ones()) && zeros.all(|byte| byte == 0)
}

/// Whether the name is one of a kind that is processed, and well-formed.
fn is_processed(name: &GeneralName<'_>) -> bool {
    match name {
        GeneralName::Dns(name) => {
            let name = without_root_dot(name);
            is_host(name.strip_prefix("*.").unwrap_or(name))
        }
        GeneralName::Rfc822(name) => is_mailbox(without_root_dot(name)),
        GeneralName::Uri(uri) => host_of(uri).is_some(),
        GeneralName::Ip(address) => matches!(address.len(), 4 | 16),
        GeneralName::Directory(_) => true,
        _ => false,
    }
}

/// Whether a name is in the subtree of `base`, a base of its kind.
fn is_within(name: &GeneralName<'_>, base: &GeneralName<'_>) -> bool {
    match (name, base) {
        (GeneralName::Dns(name), GeneralName::Dns(base)) => {
            let name = without_root_dot(name);
            base.is_empty() || name.eq_ignore_ascii_case(base) || is_subdomain(name, base)
        }
        (GeneralName::Rfc822(name), GeneralName::Rfc822(base)) => {
            let Some((local, host)) = name.rsplit_once('@') else { return false };
            match base.rsplit_once('@') {
                Some((base_local, base_host)) => {
                    local == base_local && without_root_dot(host).eq_ignore_ascii_case(base_host)
                }
                None => is_host_within(without_root_dot(host), base),
            }
        }
        (GeneralName::Uri(uri), GeneralName::Uri(base)) => {
            host_of(uri).is_some_and(|host| is_host_within(host, base))
        }
        (GeneralName::Ip(address), GeneralName::Ip(base)) => {
            let Some((network, mask)) = base.split_at_checked(base.len() / 2) else { return false };
            address.len() == network.len()
                && address.iter().zip(network).zip(mask).all(|((a, n), m)| (a ^ n) & m == 0)
        }
        (GeneralName::Directory(name), GeneralName::Directory(base)) => name.is_within(base),
        _ => false,
    }
}

/// Whether `name` is a wildcard that stands for the base itself: `*.example.com` for `host.example.com`.
fn wildcard_covers(name: &GeneralName<'_>, base: &GeneralName<'_>) -> bool {
    let (GeneralName::Dns(name), GeneralName::Dns(base)) = (name, base) else { return false };
    match (without_root_dot(name).strip_prefix("*."), base.split_once('.')) {
        (Some(parent), Some((_, base_parent))) => parent.eq_ignore_ascii_case(base_parent),
        _ => false,
    }
}

/// For mail and URI: a base with a leading dot is every host below it, one without is that host alone.
fn is_host_within(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(base) => is_subdomain(host, base),
        None => base.is_empty() || host.eq_ignore_ascii_case(base),
    }
}

/// Whether at least one label stands before `.base`.
fn is_subdomain(name: &str, base: &str) -> bool {
    let Some(at) = name.len().checked_sub(base.len()) else { return false };
    match name.split_at_checked(at) {
        Some((labels, end)) => labels.len() > 1 && labels.ends_with('.') && end.eq_ignore_ascii_case(base),
        None => false,
    }
}

/// Labels of letters, digits, hyphens and underscores, none of them empty.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
        })
}

fn without_root_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// The host of a URI, where it is a fully qualified domain name: constraints speak of no other.
fn host_of(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host_and_port.split_once(':').map_or(host_and_port, |(host, _)| host);
    let host = without_root_dot(host);
    let last_label_is_a_number = host.rsplit('.').next()?.bytes().all(|c| c.is_ascii_digit());
    (is_host(host) && host.contains('.') && !last_label_is_a_number).then_some(host)
}

const fn form(name: &GeneralName<'_>) -> &'static str {
    match name {
        GeneralName::Other(_) => "otherName",
        GeneralName::Rfc822(_) => "rfc822Name",
        GeneralName::Dns(_) => "dNSName",
        GeneralName::X400(_) => "x400Address",
        GeneralName::Directory(_) => "directoryName",
        GeneralName::EdiParty(_) => "ediPartyName",
        GeneralName::Uri(_) => "uniformResourceIdentifier",
        GeneralName::Ip(_) => "iPAddress",
        GeneralName::RegisteredId(_) => "registeredID",
    }
}

#[cfg(test)]
#[cfg(feature = "es256")]
mod tests;
