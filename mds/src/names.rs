//! Names and pictures for people: never for trust.

use std::collections::BTreeMap;

use rp_core::Aaguid;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::catalog::Catalog;
use crate::entry::ModelId;
use crate::members::Members;

/// Names and pictures of models, from the community's list of passkey providers or the Alliance's convenience metadata.
///
/// A client can claim any AAGUID, and such lists are nobody's word: a name from here says what to show, and nothing of
/// whom to trust.
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
    /// By language tag; what tells no language counts as English.
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
    /// Reads the community's list (`{"<aaguid>": {"name": …, "icon_light": …, "icon_dark": …}}`), or one of the form of
    /// convenience metadata (`{"entries": [{"aaguid": …, "friendlyNames": …, "icon": …, "iconDark": …}]}`).
    ///
    /// What in it cannot be read is passed over.
    ///
    /// # Errors
    /// [`NamesError`] where it is no JSON object.
    pub fn from_json(json: &[u8]) -> Result<Self, NamesError> {
        let mut members: Members<'_> = serde_json::from_slice(json)?;
        let mut names = BTreeMap::new();
        for entry in members.optional::<Vec<&RawValue>>("entries").unwrap_or_default() {
            let Ok(mut entry) = Members::read(entry) else { continue };
            if let Some(aaguid) = entry.optional::<Aaguid>("aaguid") {
                // In an entry of metadata, what is shown stands in the statement.
                let shown = entry.optional::<Members<'_>>("metadataStatement").unwrap_or(entry);
                names.insert(aaguid, ModelName::read(shown));
            }
        }
        for (name, value) in members.rest().iter() {
            if let (Ok(aaguid), Ok(shown)) = (name.parse(), Members::read(value)) {
                names.insert(aaguid, ModelName::read(shown));
            }
        }
        names.retain(|_, shown| !shown.names.is_empty());
        Ok(Self(names))
    }

    /// How a model is shown.
    #[must_use]
    pub fn get(&self, aaguid: Aaguid) -> Option<&ModelName> {
        self.0.get(&aaguid)
    }

    /// How a model is shown that metadata may know: by them first, and by this list where they have no name.
    ///
    /// The AAGUID need not be proved: this is for showing.
    #[must_use]
    pub fn show(&self, catalog: &Catalog, aaguid: Aaguid) -> Option<ModelName> {
        let listing = catalog.find(&ModelId::Aaguid(aaguid));
        let entry = listing.as_ref().and_then(|listing| listing.entries.first().copied());
        let listed = entry.map(|entry| {
            let statement = entry.statement();
            let mut names = statement.map(|statement| statement.friendly_names.clone()).unwrap_or_default();
            if names.is_empty() && !entry.description().is_empty() {
                names.insert("en".into(), entry.description().into());
            }
            ModelName {
                names,
                icon: statement.and_then(|statement| statement.icon.clone()),
                icon_dark: statement.and_then(|statement| statement.icon_dark.clone()),
            }
        });
        let own = self.get(aaguid);
        match listed.filter(|listed| !listed.names.is_empty()) {
            // The pictures of metadata may have been dropped.
            Some(mut listed) if listed.icon.is_none() => {
                listed.icon = own.and_then(|own| own.icon.clone());
                listed.icon_dark = own.and_then(|own| own.icon_dark.clone());
                Some(listed)
            }
            Some(listed) => Some(listed),
            None => own.cloned(),
        }
    }

    /// How many models have a name.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none has: the community's list becomes an empty object on the day that it is given up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl ModelName {
    fn read(mut members: Members<'_>) -> Self {
        let mut names: BTreeMap<Box<str>, Box<str>> = members.optional("friendlyNames").unwrap_or_default();
        if let Some(name) = members.optional("name") {
            names.entry("en".into()).or_insert(name);
        }
        let mut either = |one, other| members.optional(one).or_else(|| members.optional(other));
        let (icon, icon_dark) = (either("icon_light", "icon"), either("icon_dark", "iconDark"));
        Self { names, icon, icon_dark }
    }

    /// The name in a language: the tag's own, or its primary language's, or English, or any.
    #[must_use]
    pub fn name(&self, language: &str) -> Option<&str> {
        by_language(&self.names, language)
    }
}

/// The text of this language, of its primary language, of English, of any; regions count for nothing where they are
/// not the same.
pub(crate) fn by_language<'a>(texts: &'a BTreeMap<Box<str>, Box<str>>, language: &str) -> Option<&'a str> {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let exact = texts.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(language));
    let of = |wanted: String| texts.iter().find(move |(tag, _)| primary(tag) == wanted);
    let found =
        exact.or_else(|| of(primary(language))).or_else(|| of("en".into())).or_else(|| texts.iter().next());
    found.map(|(_, text)| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Metadata, Retention};

    const AAGUID: &str = "a1000000-0000-4000-8000-000000000001";

    fn aaguid() -> Aaguid {
        AAGUID.parse().unwrap()
    }

    #[test]
    fn both_forms_are_read_and_what_cannot_be_read_is_passed_over() {
        let community = format!(
            r#"{{"{AAGUID}": {{"name": "A provider", "icon_light": "data:l", "icon_dark": "data:d"}},
                "nobody": {{"name": "x"}}, "a1000000-0000-4000-8000-000000000002": 7}}"#
        );
        let names = Names::from_json(community.as_bytes()).unwrap();
        assert_eq!(names.len(), 1);
        let shown = names.get(aaguid()).unwrap();
        assert_eq!((shown.name("de"), shown.icon.as_deref()), (Some("A provider"), Some("data:l")));

        let convenience = format!(
            r#"{{"no": 3, "entries": [7, {{"aaguid": "{AAGUID}", "friendlyNames": {{"en-US": "A key", "de-DE": "Ein Key"}},
                "iconDark": "data:d"}}]}}"#
        );
        let names = Names::from_json(convenience.as_bytes()).unwrap();
        let shown = names.get(aaguid()).unwrap();
        assert_eq!((shown.name("de-AT"), shown.icon_dark.as_deref()), (Some("Ein Key"), Some("data:d")));
        assert!(Names::from_json(b"{}").unwrap().is_empty());
        assert!(Names::from_json(b"[]").is_err());
    }

    #[test]
    fn metadata_name_a_model_first_and_the_list_names_those_that_they_do_not_know() {
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
}
