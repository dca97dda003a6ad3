use std::collections::BTreeMap;

use rp_core::{Algorithm, CredentialId};
use serde::{Deserialize, Serialize};

use super::draw::choose;
use super::error::DecoyError;
use super::shape::{DecoyShape, MAX_PASSKEYS, known_transports};

/// The shapes of a site's accounts: the decoys that options list for unknown usernames follow them.
///
/// The default describes common authenticators. It suits a new site, and a site on which accounts have one to three passkeys
/// of them. Otherwise derive the profile from the site's credentials once ([`DecoySurvey`](super::DecoySurvey), or the command
/// `rp-decoy-profile`), and keep the file: the decoys of a name depend on it and on the secret alone, so they stay the
/// same while the site grows, and no one changes them by signing up. If it must change, set
/// [`UsernameLists::Never`](crate::UsernameLists::Never) first, as for a new secret.
///
/// An account that at least [`DecoyProfile::COMMON`] accounts look like is recorded as a whole. Of the others, the profile has
/// how many passkeys look alike and how frequent each shape is, so that it does not describe a single user.
///
/// # Examples
/// ```
/// use rp_core::{Algorithm, UserHandle};
/// use rp_service::{DecoyProfile, DecoyShape, DecoySurvey};
///
/// let mut survey = DecoySurvey::default();
/// for _ in 0..40 {
///     let user = UserHandle::random()?;
///     // Every employee has two security keys of one model.
///     for _ in 0..2 {
///         survey.add(&user, DecoyShape::new(64, &["usb", "nfc"], Algorithm::Es256));
///     }
/// }
/// let file = survey.profile()?.to_json();
/// assert!(DecoyProfile::from_json(file.as_bytes()).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecoyProfile {
    /// Accounts that many others look like.
    pub(super) common: Vec<CommonAccount>,
    /// The other accounts, those with the same number of passkeys together.
    pub(super) mixed: Vec<MixedAccounts>,
}

/// Accounts that look the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CommonAccount {
    /// The number of such accounts.
    pub(super) accounts: u32,
    /// The passkeys of each.
    pub(super) passkeys: Vec<DecoyShape>,
}

/// Accounts with the same number of passkeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MixedAccounts {
    /// How many passkeys of an account look alike.
    pub(super) patterns: Vec<Pattern>,
    /// The shapes of their passkeys.
    pub(super) shapes: Vec<MixedShape>,
}

/// How many passkeys of an account look alike: `[3, 1]` is an account with three passkeys of one shape and one of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Pattern {
    /// The number of such accounts.
    pub(super) accounts: u32,
    /// The greatest number first.
    pub(super) alike: Vec<usize>,
}

/// A shape, and the number of accounts that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MixedShape {
    /// Accounts of which most passkeys have it.
    pub(super) most: u32,
    /// Accounts of which other passkeys have it.
    pub(super) others: u32,
    pub(super) shape: DecoyShape,
}

impl DecoyProfile {
    /// Accounts are common if this many look the same.
    pub const COMMON: u32 = 10;

    /// The maximum number of passkeys of an account.
    pub const MAX_PASSKEYS: usize = MAX_PASSKEYS;

    /// Reads a profile.
    ///
    /// # Errors
    /// [`DecoyError::Json`], [`DecoyError::Profile`].
    pub fn from_json(json: &[u8]) -> Result<Self, DecoyError> {
        let profile: Self =
            serde_json::from_slice(json).map_err(|error| DecoyError::Json { detail: error.to_string() })?;
        profile.checked()
    }

    /// The profile as JSON, for a file.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers and strings, which JSON can express.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The profile, if decoys can follow it.
    pub(super) fn checked(mut self) -> Result<Self, DecoyError> {
        let is_count = |count: usize| (1..=Self::MAX_PASSKEYS).contains(&count);
        let lengths = DecoyShape::MIN_ID_BYTES..=CredentialId::MAX_LEN;
        let is_drawn = |account: &CommonAccount| account.accounts > 0 && is_count(account.passkeys.len());
        let is_pattern = |pattern: &Pattern| {
            let passkeys = pattern.alike.iter().fold(0_usize, |sum, alike| sum.saturating_add(*alike));
            pattern.accounts > 0 && is_count(passkeys)
        };
        let is_mixed = |mixed: &MixedAccounts| {
            !mixed.patterns.is_empty() && mixed.patterns.iter().all(is_pattern) && !mixed.shapes.is_empty()
        };
        let is_valid = self.common.iter().all(is_drawn)
            && self.mixed.iter().all(is_mixed)
            && self.shapes().all(|(shape, _)| lengths.contains(&shape.id_len))
            && self.shapes().next().is_some();
        if !is_valid {
            return Err(DecoyError::Profile);
        }
        let common = self.common.iter_mut().flat_map(|account| &mut account.passkeys);
        let mixed = self.mixed.iter_mut().flat_map(|mixed| &mut mixed.shapes).map(|one| &mut one.shape);
        for shape in common.chain(mixed) {
            shape.transports = known_transports(&shape.transports);
        }
        Ok(self)
    }

    /// The passkeys of an account.
    pub(super) fn draw(&self, bytes: &mut impl Iterator<Item = u8>) -> Vec<&DecoyShape> {
        let common = self.common.iter().map(|one| (Kind::Common(one), one.accounts));
        let mixed = self.mixed.iter().flat_map(|mixed| {
            mixed.patterns.iter().map(move |pattern| (Kind::Mixed(mixed, pattern), pattern.accounts))
        });
        let kinds = common.chain(mixed).map(|(kind, accounts)| (kind, u64::from(accounts)));
        match choose(kinds, bytes) {
            Some(Kind::Common(account)) => account.passkeys.iter().collect(),
            Some(Kind::Mixed(mixed, pattern)) => mixed.draw(pattern, bytes),
            // A profile has accounts.
            None => Vec::new(),
        }
    }

    /// Every shape, with the number of accounts that have it.
    fn shapes(&self) -> impl Iterator<Item = (&DecoyShape, u64)> {
        let common = self
            .common
            .iter()
            .flat_map(|account| account.passkeys.iter().map(|shape| (shape, u64::from(account.accounts))));
        let mixed = self.mixed.iter().flat_map(|mixed| &mixed.shapes);
        common.chain(mixed.map(|one| (&one.shape, u64::from(one.most).saturating_add(u64::from(one.others)))))
    }

    /// The algorithms of IDs of each length, by their frequency.
    pub(super) fn algorithms(&self) -> BTreeMap<usize, Vec<(Algorithm, u64)>> {
        let mut lengths: BTreeMap<usize, BTreeMap<Algorithm, u64>> = BTreeMap::new();
        for (shape, weight) in self.shapes() {
            let sum = lengths.entry(shape.id_len).or_default().entry(shape.algorithm).or_default();
            *sum = sum.saturating_add(weight);
        }
        lengths.into_iter().map(|(length, algorithms)| (length, algorithms.into_iter().collect())).collect()
    }
}

/// The passkeys of common platforms and password managers, and a few security keys. Most accounts have one passkey, some two,
/// few three.
impl Default for DecoyProfile {
    fn default() -> Self {
        let shapes = [
            (5, DecoyShape::new(20, &["hybrid", "internal"], Algorithm::Es256)),
            (5, DecoyShape::new(16, &["hybrid", "internal"], Algorithm::Es256)),
            (2, DecoyShape::new(32, &["internal"], Algorithm::Es256)),
            // Windows Hello
            (2, DecoyShape::new(32, &["internal"], Algorithm::Rs256)),
            (1, DecoyShape::new(48, &["nfc", "usb"], Algorithm::EdDsa)),
            (1, DecoyShape::new(64, &["usb"], Algorithm::Es256)),
        ]
        .map(|(weight, shape)| MixedShape { most: weight, others: weight, shape });
        let patterns = [(10, vec![1]), (3, vec![1, 1]), (1, vec![2]), (1, vec![1, 1, 1]), (1, vec![2, 1])]
            .map(|(accounts, alike)| Pattern { accounts, alike });
        Self {
            common: Vec::new(),
            mixed: vec![MixedAccounts { patterns: patterns.into(), shapes: shapes.into() }],
        }
    }
}

/// How the passkeys of an account are drawn.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Common(&'a CommonAccount),
    Mixed(&'a MixedAccounts, &'a Pattern),
}

impl MixedAccounts {
    /// A different shape for each part of the pattern, as long as there are any.
    fn draw(&self, pattern: &Pattern, bytes: &mut impl Iterator<Item = u8>) -> Vec<&DecoyShape> {
        let mut left: Vec<&MixedShape> = self.shapes.iter().collect();
        let mut drawn: Vec<&DecoyShape> = Vec::new();
        for &alike in &pattern.alike {
            let is_first = drawn.is_empty();
            let weight = |one: &MixedShape| u64::from(if is_first { one.most } else { one.others });
            let by_weight = choose(left.iter().enumerate().map(|(at, one)| (at, weight(one))), bytes);
            // No shape that is left has a weight, for example because the account has more shapes than any other.
            let at = by_weight.unwrap_or_default();
            let shape = if at < left.len() { Some(&left.remove(at).shape) } else { drawn.last().copied() };
            drawn.extend(shape.into_iter().flat_map(|shape| std::iter::repeat_n(shape, alike)));
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(count: usize, id_len: usize, accounts: u32) -> DecoyProfile {
        let shape = DecoyShape::new(id_len, &["usb"], Algorithm::Es256);
        DecoyProfile { common: vec![CommonAccount { accounts, passkeys: vec![shape; count] }], mixed: vec![] }
    }

    fn mixed(patterns: &[&[usize]]) -> DecoyProfile {
        let patterns = patterns.iter().map(|alike| Pattern { accounts: 1, alike: alike.to_vec() }).collect();
        let shape =
            |id_len| MixedShape { most: 1, others: 1, shape: DecoyShape::new(id_len, &[], Algorithm::Es256) };
        let shapes = [16, 20].map(shape).into();
        DecoyProfile { common: vec![], mixed: vec![MixedAccounts { patterns, shapes }] }
    }

    #[test]
    fn a_pattern_is_filled_with_different_shapes() {
        let profile = mixed(&[&[3, 1]]);
        let mut seen = std::collections::BTreeSet::new();
        for byte in 0..=u8::MAX {
            let lengths: Vec<_> =
                profile.draw(&mut std::iter::repeat(byte)).iter().map(|shape| shape.id_len).collect();
            seen.insert(lengths);
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [[16, 16, 16, 20], [20, 20, 20, 16]]);
        // More parts than shapes: the last shape again.
        assert_eq!(mixed(&[&[1, 1, 1]]).draw(&mut std::iter::repeat(0)).len(), 3);
    }

    #[test]
    fn profiles_that_no_decoy_can_follow_are_rejected() {
        for (count, id_len, accounts) in [(0, 16, 1), (101, 16, 1), (1, 15, 1), (1, 1024, 1), (1, 16, 0)] {
            let json = profile(count, id_len, accounts).to_json();
            assert_eq!(DecoyProfile::from_json(json.as_bytes()), Err(DecoyError::Profile), "{json}");
        }
        for patterns in [&[][..], &[&[][..]], &[&[0]], &[&[60, 41]], &[&[usize::MAX, 2]]] {
            let json = mixed(patterns).to_json();
            assert_eq!(DecoyProfile::from_json(json.as_bytes()), Err(DecoyError::Profile), "{json}");
        }
        let none = br#"{"common":[],"mixed":[]}"#;
        assert_eq!(DecoyProfile::from_json(none), Err(DecoyError::Profile));
        let unknown = br#"{"common":[],"mixed":[],"more":1}"#;
        let error = DecoyProfile::from_json(unknown).unwrap_err();
        assert!(
            error.to_string().starts_with("the decoy profile is malformed: unknown field `more`"),
            "{error}"
        );
    }

    #[test]
    fn a_profile_is_read_as_it_was_written() {
        let default = DecoyProfile::default();
        for profile in [profile(1, 16, 1), profile(100, 1023, u32::MAX), default] {
            assert_eq!(DecoyProfile::from_json(profile.to_json().as_bytes()), Ok(profile));
        }
    }
}
