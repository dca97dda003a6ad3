//! Names and pictures of models for users, never for trust.

use std::collections::BTreeMap;

use rp_core::Aaguid;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::catalog::Catalog;
use crate::entry::Entry;
use crate::entry::statement::{MetadataStatement, by_language};
use crate::members::Members;
use crate::model_id::ModelId;

/// Names and pictures of models, from the community's list of passkey providers or from FIDO's Convenience Metadata.
///
/// A client can claim any AAGUID, and these lists are not signed: use them for display only.
///
/// # Examples
/// ```
/// let names = rp_mds::Names::from_json(
///     br#"{"ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": {"name": "Google Password Manager"}}"#,
/// )?;
/// let shown = names.get("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4".parse()?).and_then(|shown| shown.name("en"));
/// assert_eq!(shown, Some("Google Password Manager"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<Aaguid, ModelName>);

/// How a model is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelName {
    /// Names by language tag; a name without a language counts as English.
    pub names: BTreeMap<Box<str>, Box<str>>,
    /// A picture for light backgrounds as `data:` URL.
    pub icon: Option<Box<str>>,
    /// A picture for dark backgrounds as `data:` URL.
    pub icon_dark: Option<Box<str>>,
}

/// Why a list of names cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("names: {0}")]
pub struct NamesError(#[from] serde_json::Error);

impl Names {
    /// Reads the community's list (`{"<aaguid>": {"name": …, "icon_light": …, "icon_dark": …}}`), or a list in the form of
    /// the Convenience Metadata (`{"entries": [{"aaguid": …, "friendlyNames": …, "icon": …, "providerLogoLight": …}]}`).
    /// Malformed entries are ignored.
    ///
    /// # Errors
    /// Returns [`NamesError`] if the JSON is not an object.
    pub fn from_json(json: &[u8]) -> Result<Self, NamesError> {
        let mut members: Members<'_> = serde_json::from_slice(json)?;
        let mut names = BTreeMap::new();
        for entry in members.optional::<Vec<&RawValue>>("entries").unwrap_or_default() {
            let Some(mut entry) = Members::read(entry.get()) else { continue };
            if let Some(aaguid) = entry.optional::<Aaguid>("aaguid") {
                // In an entry of metadata, the names are in the statement.
                let shown = entry.optional::<Members<'_>>("metadataStatement").unwrap_or(entry);
                names.insert(aaguid, ModelName::read(shown));
            }
        }
        for (name, value) in members.rest().iter() {
            if let (Ok(aaguid), Some(shown)) = (name.parse(), Members::read(value.get())) {
                names.insert(aaguid, ModelName::read(shown));
            }
        }
        names.retain(|_, shown| !shown.names.is_empty());
        Ok(Self(names))
    }

    /// How a model is shown by this list.
    #[must_use]
    pub fn get(&self, aaguid: Aaguid) -> Option<&ModelName> {
        self.0.get(&aaguid)
    }

    /// How a model is shown, in the look-up order of the Convenience Metadata: the friendly names of metadata (or its
    /// description), its icons, the logos of its provider, and then this list. Without a name, show a neutral word
    /// such as "Passkey".
    ///
    /// The AAGUID need not be proven: the result is for display only.
    #[must_use]
    pub fn show(&self, catalog: &Catalog, aaguid: Aaguid) -> Option<ModelName> {
        let listing = catalog.find(&ModelId::Aaguid(aaguid));
        let listed = listing.as_ref().and_then(|listing| listing.entries.first()).map(|entry| named(entry));
        let own = self.get(aaguid);
        match listed.filter(|listed| !listed.names.is_empty()) {
            // Pictures may be missing, or not retained.
            Some(listed) if listed.icon.is_none() && listed.icon_dark.is_none() => {
                let (icon, icon_dark) =
                    own.map(|own| (own.icon.clone(), own.icon_dark.clone())).unwrap_or_default();
                Some(ModelName { icon, icon_dark, ..listed })
            }
            Some(listed) => Some(listed),
            None => own.cloned(),
        }
    }

    /// The number of models with a name.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the list is empty: the community's list becomes an empty object when it is discontinued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How a model is shown by metadata.
fn named(entry: &Entry) -> ModelName {
    let statement = entry.statement();
    let mut names = statement.map(|statement| statement.friendly_names.clone()).unwrap_or_default();
    if names.is_empty() && !entry.description().is_empty() {
        names.insert("en".into(), entry.description().into());
    }
    let pictures = statement.map(|statement| {
        let MetadataStatement { icon, icon_dark, provider_logo_light, provider_logo_dark, .. } = statement;
        first_pair(
            (icon.clone(), icon_dark.clone()),
            (provider_logo_light.clone(), provider_logo_dark.clone()),
        )
    });
    let (icon, icon_dark) = pictures.unwrap_or_default();
    ModelName { names, icon, icon_dark }
}

type Pictures = (Option<Box<str>>, Option<Box<str>>);

/// The icons for light and dark backgrounds, or without icons the logos. The two are not mixed.
fn first_pair(icons: Pictures, logos: Pictures) -> Pictures {
    if icons == (None, None) { logos } else { icons }
}

impl ModelName {
    fn read(mut members: Members<'_>) -> Self {
        let mut names: BTreeMap<Box<str>, Box<str>> = members.optional("friendlyNames").unwrap_or_default();
        if let Some(name) = members.optional("name") {
            names.entry("en".into()).or_insert(name);
        }
        let mut either = |one, other| members.optional(one).or_else(|| members.optional(other));
        let icons = (either("icon_light", "icon"), either("icon_dark", "iconDark"));
        let logos = (members.optional("providerLogoLight"), members.optional("providerLogoDark"));
        let (icon, icon_dark) = first_pair(icons, logos);
        Self { names, icon, icon_dark }
    }

    /// The name in a language: in exactly this one, else in its primary language, else in English, else in any.
    #[must_use]
    pub fn name(&self, language: &str) -> Option<&str> {
        by_language(&self.names, language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::statement::Retention;
    use crate::metadata::Metadata;

    const AAGUID: &str = "a1000000-0000-4000-8000-000000000001";

    fn aaguid() -> Aaguid {
        AAGUID.parse().unwrap()
    }

    #[test]
    fn both_forms_are_read_and_malformed_entries_ignored() {
        let community = format!(
            r#"{{"{AAGUID}": {{"name": "A provider", "icon_light": "data:l", "icon_dark": "data:d"}},
                "nobody": {{"name": "x"}}, "a1000000-0000-4000-8000-000000000002": 7}}"#
        );
        let names = Names::from_json(community.as_bytes()).unwrap();
        assert_eq!((names.len(), names.is_empty()), (1, false));
        let shown = names.get(aaguid()).unwrap();
        assert_eq!((shown.name("de"), shown.icon.as_deref()), (Some("A provider"), Some("data:l")));

        let convenience = format!(
            r#"{{"no": 3, "entries": [7, {{"aaguid": "{AAGUID}", "friendlyNames": {{"en-US": "A key", "de-DE": "Ein Key"}},
                "iconDark": "data:d"}}]}}"#
        );
        let names = Names::from_json(convenience.as_bytes()).unwrap();
        let shown = names.get(aaguid()).unwrap();
        assert_eq!((shown.name("de-AT"), shown.icon_dark.as_deref()), (Some("Ein Key"), Some("data:d")));
        let discontinued = Names::from_json(b"{}").unwrap();
        assert_eq!((discontinued.len(), discontinued.is_empty()), (0, true));
        assert!(Names::from_json(b"[]").is_err());
    }

    #[test]
    fn the_list_names_models_that_metadata_does_not_name() {
        let names = Names::from_json(
            format!(r#"{{"{AAGUID}": {{"name": "community", "icon_light": "data:c"}}}}"#).as_bytes(),
        )
        .unwrap();
        let listed =
            format!(r#"[{{"aaguid": "{AAGUID}", "metadataStatement": {{"description": "listed"}}}}]"#);
        let catalog =
            Catalog::of("own", Metadata::from_own_entries(listed.as_bytes(), Retention::ALL).unwrap());
        let shown = names.show(&catalog, aaguid()).unwrap();
        assert_eq!((shown.name("en"), shown.icon.as_deref()), (Some("listed"), Some("data:c")));
        let shown = names.show(&Catalog::default(), aaguid()).unwrap();
        assert_eq!(shown.name("en"), Some("community"));
        let unknown = "b1000000-0000-4000-8000-000000000001".parse().unwrap();
        assert_eq!(names.show(&catalog, unknown), None);
    }

    #[test]
    fn logos_are_shown_after_icons_and_before_the_list() {
        let names = Names::from_json(
            format!(r#"{{"{AAGUID}": {{"name": "community", "icon_light": "data:c"}}}}"#).as_bytes(),
        )
        .unwrap();
        let shown = |pictures: &str| {
            let entry = format!(
                r#"[{{"aaguid": "{AAGUID}", "metadataStatement": {{"friendlyNames": {{"en-US": "listed"}}{pictures}}}}}]"#
            );
            let metadata = Metadata::from_own_entries(entry.as_bytes(), Retention::ALL).unwrap();
            let shown = names.show(&Catalog::of("own", metadata), aaguid()).unwrap();
            assert_eq!(shown.name("en"), Some("listed"));
            (shown.icon.map(String::from), shown.icon_dark.map(String::from))
        };
        let logos = r#", "providerLogoLight": "data:pl", "providerLogoDark": "data:pd""#;
        let pair = |light: &str, dark: Option<&str>| (Some(light.to_owned()), dark.map(str::to_owned));
        assert_eq!(shown(&format!(r#"{logos}, "icon": "data:i""#)), pair("data:i", None));
        assert_eq!(shown(logos), pair("data:pl", Some("data:pd")));
        assert_eq!(shown(""), pair("data:c", None));
        let convenience = format!(
            r#"{{"entries": [{{"aaguid": "{AAGUID}", "friendlyNames": {{"en-US": "A key"}}{logos}}}]}}"#
        );
        let names = Names::from_json(convenience.as_bytes()).unwrap();
        assert_eq!(names.get(aaguid()).unwrap().icon.as_deref(), Some("data:pl"));
    }
}
