//! Name constraints (RFC 5280 section 4.2.1.10): the names that may appear below a certification authority.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use const_oid::db::rfc3280::EMAIL_ADDRESS;
use der::Tag;

use super::budget::Budget;
use super::general_name::GeneralName;
use super::name::Name;
use super::tlv::{DerError, Tlv, context, sequence};
use crate::host::is_host;

const FIELD: &str = "nameConstraints";

/// The constraints of one certificate.
#[derive(Clone, Debug)]
pub(super) struct NameConstraints<'a> {
    permitted: Vec<Base<'a>>,
    excluded: Vec<Base<'a>>,
}

/// Why a name is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameConstraintError {
    /// The name is in an excluded subtree.
    #[error("a {form} is excluded")]
    Excluded {
        /// The kind of name.
        form: &'static str,
    },
    /// The name is in no permitted subtree, and there are some of its kind.
    #[error("a {form} is not permitted")]
    NotPermitted {
        /// The kind of name.
        form: &'static str,
    },
    /// The name cannot be compared with the constraints of its kind: such constraints are not processed, or the name
    /// is not well-formed.
    #[error("a {form} cannot be compared with the constraints")]
    Unprocessed {
        /// The kind of name.
        form: &'static str,
    },
    /// There are more names and constraints than the budget allows to compare.
    #[error("too many names and constraints")]
    TooMany,
}

/// The names of one certificate that are subject to constraints.
pub(super) struct ConstrainedNames<'a>(Vec<GeneralName<'a>>, Vec<Cow<'a, str>>);

impl<'a> ConstrainedNames<'a> {
    /// The subject if it is not empty, every alternative name, and the subject's mail addresses if there are no
    /// alternative names.
    pub(super) fn new(subject: &'a Name, alternative: Option<Vec<GeneralName<'a>>>) -> Self {
        let mailboxes = match alternative {
            Some(_) => Vec::new(),
            None => subject.texts(&EMAIL_ADDRESS).collect(),
        };
        let mut names = alternative.unwrap_or_default();
        if !subject.is_empty() {
            names.push(GeneralName::Directory(subject.clone()));
        }
        Self(names, mailboxes)
    }
}

impl<'a> NameConstraints<'a> {
    /// Reads the value of the extension.
    ///
    /// Rejected: no subtree at all, a base that its form does not allow, and `minimum` or `maximum`, which the profile
    /// does not use and which must be processed or rejected.
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

    /// Checks every name against these constraints.
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
        let mut permitted = self.permitted.iter().filter(|base| base.form == form).peekable();
        let mut excluded = self.excluded.iter().filter(|base| base.form == form).peekable();
        if permitted.peek().is_none() && excluded.peek().is_none() {
            return Ok(());
        }
        let name = Constrained::of(name).ok_or(NameConstraintError::Unprocessed { form })?;
        if excluded.any(|base| name.is_within(&base.subtree) || name.wildcard_covers(&base.subtree)) {
            return Err(NameConstraintError::Excluded { form });
        }
        if permitted.peek().is_some() && !permitted.any(|base| name.is_within(&base.subtree)) {
            return Err(NameConstraintError::NotPermitted { form });
        }
        Ok(())
    }
}

/// `GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree`, or nothing.
fn subtrees<'a>(trees: Option<Tlv<'a>>) -> Result<Vec<Base<'a>>, DerError> {
    let Some(trees) = trees else { return Ok(Vec::new()) };
    let mut bases = Vec::new();
    let mut reader = trees.reader();
    while !reader.is_finished() {
        let mut subtree = reader.take(Tag::Sequence, FIELD)?.reader();
        let tlv = subtree.any(FIELD)?;
        let base = GeneralName::read(&tlv, FIELD)?;
        // Within this profile minimum is 0, which DER omits but some CAs write, and maximum is absent.
        if let Some(minimum) = subtree.take_optional(context(0, false), "nameConstraints.minimum")?
            && minimum.unsigned("nameConstraints.minimum")? != 0
        {
            return Err(minimum.error("nameConstraints.minimum"));
        }
        subtree.finish("nameConstraints.maximum")?;
        bases.push(Base::of(base).ok_or(tlv.error(FIELD))?);
    }
    if bases.is_empty() {
        return Err(trees.error(FIELD));
    }
    Ok(bases)
}

/// The base of a subtree, with its kind of name.
#[derive(Clone, Debug)]
struct Base<'a> {
    form: &'static str,
    subtree: Subtree<'a>,
}

#[derive(Clone, Debug)]
enum Subtree<'a> {
    Dns(&'a str),
    Mailbox {
        local: &'a str,
        host: &'a str,
    },
    /// For mail and URI: a host, or every host below it.
    Host {
        host: &'a str,
        below: bool,
    },
    Ip {
        network: &'a [u8],
        mask: &'a [u8],
    },
    Directory(Name),
    /// Any name of a kind that is not processed.
    Unprocessed,
}

impl<'a> Base<'a> {
    /// `None` if the form does not allow such a base.
    fn of(base: GeneralName<'a>) -> Option<Self> {
        let form = form(&base);
        let subtree = match base {
            GeneralName::Dns(base) => (base.is_empty() || is_host(base)).then_some(Subtree::Dns(base))?,
            GeneralName::Rfc822(base) if base.contains('@') => {
                let (local, host) = split_mailbox(base)?;
                Subtree::Mailbox { local, host }
            }
            GeneralName::Rfc822(base) | GeneralName::Uri(base) => {
                let (host, below) = base.strip_prefix('.').map_or((base, false), |host| (host, true));
                (base.is_empty() || is_host(host)).then_some(Subtree::Host { host, below })?
            }
            GeneralName::Ip(base) if matches!(base.len(), 8 | 32) => {
                let (network, mask) = base.split_at_checked(base.len() / 2)?;
                is_prefix_mask(mask).then_some(Subtree::Ip { network, mask })?
            }
            GeneralName::Ip(_) => return None,
            GeneralName::Directory(name) => Subtree::Directory(name),
            _ => Subtree::Unprocessed,
        };
        Some(Self { form, subtree })
    }
}

/// A well-formed name of a kind that is processed, taken apart once: comparing it with a base costs no more than the
/// shorter of the two is long.
enum Constrained<'n> {
    /// Without the dot of the root.
    Dns(&'n str),
    Mailbox {
        local: &'n str,
        host: &'n str,
    },
    /// The host of a URI.
    Host(&'n str),
    Ip(&'n [u8]),
    Directory(&'n Name),
}

impl<'n> Constrained<'n> {
    fn of(name: &'n GeneralName<'_>) -> Option<Self> {
        match name {
            GeneralName::Dns(name) => {
                let name = without_root_dot(name);
                is_host(name.strip_prefix("*.").unwrap_or(name)).then_some(Self::Dns(name))
            }
            GeneralName::Rfc822(name) => {
                let (local, host) = split_mailbox(without_root_dot(name))?;
                Some(Self::Mailbox { local, host })
            }
            GeneralName::Uri(uri) => host_of(uri).map(Self::Host),
            GeneralName::Ip(address) => matches!(address.len(), 4 | 16).then_some(Self::Ip(address)),
            GeneralName::Directory(name) => Some(Self::Directory(name)),
            _ => None,
        }
    }

    /// Whether the name is in a subtree of its kind.
    fn is_within(&self, subtree: &Subtree<'_>) -> bool {
        match (self, subtree) {
            (Self::Dns(name), Subtree::Dns(base)) => {
                base.is_empty() || name.eq_ignore_ascii_case(base) || is_subdomain(name, base)
            }
            (Self::Mailbox { local, host }, Subtree::Mailbox { local: base_local, host: base_host }) => {
                local == base_local && host.eq_ignore_ascii_case(base_host)
            }
            (Self::Mailbox { host, .. } | Self::Host(host), Subtree::Host { host: base, below: true }) => {
                is_subdomain(host, base)
            }
            (Self::Mailbox { host, .. } | Self::Host(host), Subtree::Host { host: base, below: false }) => {
                base.is_empty() || host.eq_ignore_ascii_case(base)
            }
            (Self::Ip(address), Subtree::Ip { network, mask }) => {
                address.len() == network.len()
                    && address.iter().zip(*network).zip(*mask).all(|((a, n), m)| (a ^ n) & m == 0)
            }
            (Self::Directory(name), Subtree::Directory(base)) => name.is_within(base),
            _ => false,
        }
    }

    /// Whether the name is a wildcard that matches the base itself: `*.example.com` for `host.example.com`.
    fn wildcard_covers(&self, subtree: &Subtree<'_>) -> bool {
        let (Self::Dns(name), Subtree::Dns(base)) = (self, subtree) else { return false };
        let Some(parent) = name.strip_prefix("*.") else { return false };
        let has_one_label_more = || base.split_once('.').is_some_and(|(_, rest)| rest.len() == parent.len());
        is_subdomain(base, parent) && has_one_label_more()
    }
}

/// One `@`, with something before it and a host after it. A quoted local part that contains another is not processed.
fn split_mailbox(text: &str) -> Option<(&str, &str)> {
    text.split_once('@').filter(|(local, host)| !local.is_empty() && is_host(host))
}

/// Ones, then zeros.
fn is_prefix_mask(mask: &[u8]) -> bool {
    let mut zeros = mask.iter().skip_while(|byte| **byte == 0xff);
    zeros.next().is_none_or(|byte| byte.leading_ones() == byte.count_ones()) && zeros.all(|byte| *byte == 0)
}

/// Whether at least one label precedes `.base`.
fn is_subdomain(name: &str, base: &str) -> bool {
    let Some(at) = name.len().checked_sub(base.len()) else { return false };
    match name.split_at_checked(at) {
        Some((labels, end)) => labels.len() > 1 && labels.ends_with('.') && end.eq_ignore_ascii_case(base),
        None => false,
    }
}

fn without_root_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// The host of a URI if it is a fully qualified domain name: constraints apply to no other.
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
