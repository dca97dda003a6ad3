//! Models as FIDO metadata name and picture them.

use std::sync::Arc;

use rp_core::{Aaguid, Timestamp, base64url};
use rp_mds::{CertificationLevel, FipsLevel, ModelId, ModelName, ModelQuery, Names, Policy, SharedCatalog};

use super::{AuthenticatorDirectory, AuthenticatorInfo, PasskeyProviders};
use crate::policy::{Certification, Fips, ModelFacts};

/// Models as FIDO metadata show them: those that the catalog of the moment does not name are looked up in a list of
/// names, if there is one, and then among [`PasskeyProviders`].
///
/// Pictures come from outside and end in a page: only a `data:` URL of a PNG, SVG, JPEG or WebP in base64 is handed out.
/// An SVG may hold a script: show it as an image, which runs none, and never as part of the document.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use rp_mds::{Catalog, Metadata, Retention, SharedCatalog};
/// use rp_service::{MetadataDirectory, AuthenticatorDirectory};
///
/// let own = br#"[{"aaguid": "00112233-4455-6677-8899-aabbccddeeff", "metadataStatement": {"description": "Our token"}}]"#;
/// let catalog = Catalog::of("own", Metadata::from_own_entries(own, Retention::ALL)?);
/// let models = MetadataDirectory::new(Arc::new(SharedCatalog::new(catalog)));
/// let model = models.info(&"00112233-4455-6677-8899-aabbccddeeff".parse()?);
/// assert_eq!(model.map(|model| model.name).as_deref(), Some("Our token"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MetadataDirectory {
    current: Arc<SharedCatalog>,
    names: Arc<Names>,
    language: Box<str>,
}

impl MetadataDirectory {
    /// By the catalog of the moment, in English.
    #[must_use]
    pub fn new(current: Arc<SharedCatalog>) -> Self {
        Self { current, names: Arc::default(), language: "en".into() }
    }

    /// Names for models that the catalog does not know, such as the community's list of passkey providers.
    #[must_use]
    pub fn names(mut self, names: Names) -> Self {
        self.names = Arc::new(names);
        self
    }

    /// Names in this language, as a language tag such as `de` or `pt-BR`, where there are any.
    #[must_use]
    pub fn language(mut self, language: &str) -> Self {
        self.language = language.into();
        self
    }

    fn named(&self, shown: &ModelName) -> Option<AuthenticatorInfo> {
        let name = shown.name(&self.language).filter(|name| !name.is_empty())?;
        let icon = shown.icon.as_deref().filter(|icon| is_picture(icon));
        Some(AuthenticatorInfo { name: name.to_owned(), icon: icon.map(str::to_owned) })
    }
}

impl AuthenticatorDirectory for MetadataDirectory {
    fn info(&self, aaguid: &Aaguid) -> Option<AuthenticatorInfo> {
        let shown = self.names.show(&self.current.load(), *aaguid);
        shown.and_then(|shown| self.named(&shown)).or_else(|| PasskeyProviders.info(aaguid))
    }

    /// Levels of certification are those that are in force at `now`. A model that is revoked or compromised has none, and
    /// its keys do not count as protected.
    fn facts(&self, model: &Aaguid, now: Timestamp) -> ModelFacts {
        let (catalog, model) = (self.current.load(), ModelId::Aaguid(*model));
        let verdict = Policy::default().judge(&catalog, &ModelQuery::new(model.clone(), now));
        if !verdict.is_accepted() {
            return ModelFacts::default();
        }
        let is_hardware = catalog.find(&model).is_some_and(|listed| {
            !listed.unreadable
                && !listed.entries.is_empty()
                && listed.entries.iter().all(|entry| {
                    entry.statement().is_some_and(|statement| is_hardware(&statement.key_protection))
                })
        });
        ModelFacts {
            certification: verdict.certification.map(Certification::from),
            fips: verdict.fips.map(Fips::from),
            is_hardware,
        }
    }

    fn has_facts(&self) -> bool {
        true
    }
}

/// Whether `keyProtection` lists hardware, and no software.
fn is_hardware(protection: &[Box<str>]) -> bool {
    let has = |word: &str| protection.iter().any(|listed| &**listed == word);
    has("hardware") && !has("software")
}

impl From<CertificationLevel> for Certification {
    fn from(level: CertificationLevel) -> Self {
        match level {
            CertificationLevel::Functional => Self::Functional,
            CertificationLevel::L1 => Self::L1,
            CertificationLevel::L1Plus => Self::L1Plus,
            CertificationLevel::L2 => Self::L2,
            CertificationLevel::L2Plus => Self::L2Plus,
            CertificationLevel::L3 => Self::L3,
            CertificationLevel::L3Plus => Self::L3Plus,
        }
    }
}

impl From<FipsLevel> for Fips {
    fn from(level: FipsLevel) -> Self {
        match level {
            FipsLevel::L1 => Self::L1,
            FipsLevel::L2 => Self::L2,
            FipsLevel::L3 => Self::L3,
            FipsLevel::L4 => Self::L4,
        }
    }
}

/// Whether this is a picture that a page may be given (RFC 2397, in base64).
fn is_picture(url: &str) -> bool {
    let Some((head, data)) = url.split_once(',') else { return false };
    let head = head.to_ascii_lowercase();
    let media_type = head.strip_prefix("data:").and_then(|head| head.strip_suffix(";base64"));
    let is_known = media_type.is_some_and(|media_type| MEDIA_TYPES.contains(&media_type));
    // Browsers read the standard alphabet alone.
    let is_data =
        !data.contains(['-', '_']) && base64url::decode_lenient(data).is_ok_and(|data| !data.is_empty());
    is_known && url.len() <= MAX_PICTURE_BYTES && is_data
}

const MEDIA_TYPES: [&str; 4] = ["image/png", "image/svg+xml", "image/jpeg", "image/webp"];
/// Ten times the longest of the BLOB of 2021. Each passkey of an account brings its own in a list.
const MAX_PICTURE_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use rp_mds::{Catalog, Metadata, Retention};

    use super::*;

    const AAGUID: &str = "00112233-4455-6677-8899-aabbccddeeff";
    const PICTURE: &str = "data:image/png;base64,iVBORw0KGgo=";

    fn models(statement: &str) -> MetadataDirectory {
        listed(statement, "[]")
    }

    fn listed(statement: &str, reports: &str) -> MetadataDirectory {
        let entries = format!(
            r#"[{{"aaguid": "{AAGUID}", "metadataStatement": {statement}, "statusReports": {reports}}}]"#
        );
        let metadata = Metadata::from_own_entries(entries.as_bytes(), Retention::ALL).unwrap();
        MetadataDirectory::new(Arc::new(SharedCatalog::new(Catalog::of("own", metadata))))
    }

    fn model(models: &MetadataDirectory, aaguid: &str) -> Option<AuthenticatorInfo> {
        models.info(&aaguid.parse().unwrap())
    }

    #[test]
    fn a_model_has_the_name_of_its_language_and_the_picture_of_its_statement() {
        let models = models(&format!(
            r#"{{"description": "A key", "friendlyNames": {{"en-US": "The key", "de-DE": "Der Schlüssel"}}, "icon": "{PICTURE}"}}"#
        ));
        let expected = AuthenticatorInfo { name: "The key".into(), icon: Some(PICTURE.into()) };
        assert_eq!(model(&models, AAGUID), Some(expected));
        assert_eq!(model(&models.language("de"), AAGUID).unwrap().name, "Der Schlüssel");
    }

    #[test]
    fn a_model_without_metadata_is_looked_up_among_names_and_then_among_providers() {
        let models = models(r#"{"description": "A key"}"#);
        let bitwarden = "d548826e-79b4-db40-a3d8-11116f7e8349";
        assert_eq!(model(&models, bitwarden).unwrap().name, "Bitwarden");
        let names = format!(r#"{{"{bitwarden}": {{"name": "A name of ours", "icon_light": "{PICTURE}"}}}}"#);
        let models = models.names(Names::from_json(names.as_bytes()).unwrap());
        let expected = AuthenticatorInfo { name: "A name of ours".into(), icon: Some(PICTURE.into()) };
        assert_eq!(model(&models, bitwarden), Some(expected));
        assert_eq!(model(&models, "00000000-0000-0000-0000-000000000000"), None);
    }

    fn facts(directory: &MetadataDirectory, model: Aaguid) -> ModelFacts {
        directory.facts(&model, Timestamp::from_unix_seconds(1_780_272_000))
    }

    #[test]
    fn only_metadata_that_list_hardware_protect_keys() {
        let protects = |statement: &str| facts(&models(statement), AAGUID.parse().unwrap()).is_hardware;
        assert!(protects(r#"{"description": "A key", "keyProtection": ["hardware", "secure_element"]}"#));
        assert!(!protects(r#"{"description": "A key", "keyProtection": ["software"]}"#));
        assert!(!protects(r#"{"description": "A key", "keyProtection": ["hardware", "software"]}"#));
        assert!(!protects(r#"{"description": "A key"}"#));
        let key = models(r#"{"description": "A key", "keyProtection": ["hardware"]}"#);
        assert_eq!(facts(&key, Aaguid::ZERO), ModelFacts::default(), "another model");
    }

    #[test]
    fn levels_are_those_in_force_and_none_after_a_revocation() {
        let statement = r#"{"description": "A key", "keyProtection": ["hardware"]}"#;
        let of = |reports: &str| facts(&listed(statement, reports), AAGUID.parse().unwrap());
        let certified = r#"{"status": "FIDO_CERTIFIED_L2", "effectiveDate": "2024-01-01"}"#;
        let fips = r#"{"status": "FIPS140_CERTIFIED_L1", "effectiveDate": "2024-01-01"}"#;
        let expected =
            ModelFacts { certification: Some(Certification::L2), fips: Some(Fips::L1), is_hardware: true };
        assert_eq!(of(&format!("[{certified}, {fips}]")), expected);
        let later = r#"{"status": "FIDO_CERTIFIED_L3", "effectiveDate": "2030-01-01"}"#;
        assert_eq!(of(&format!("[{certified}, {fips}, {later}]")), expected);
        let revoked = r#"{"status": "REVOKED", "effectiveDate": "2025-01-01"}"#;
        assert_eq!(of(&format!("[{certified}, {fips}, {revoked}]")), ModelFacts::default());
    }

    #[test]
    fn a_name_without_text_is_none() {
        assert_eq!(model(&models(r#"{"description": " "}"#), AAGUID), None);
    }

    #[test]
    fn what_is_no_picture_is_not_handed_out() {
        for picture in [PICTURE, "data:image/svg+xml;base64,PHN2Zy8+", "DATA:IMAGE/WEBP;BASE64,UklGRg"] {
            assert!(is_picture(picture), "{picture}");
        }
        let long = format!("data:image/png;base64,{}", "A".repeat(MAX_PICTURE_BYTES));
        for other in [
            "",
            "https://example.org/icon.png",
            "javascript:alert(1)",
            "data:image/png;base64,",
            "data:image/png;base64,<svg>",
            "data:image/png;base64,iVBORw0KGgo-",
            "data:image/png,iVBORw0KGgo=",
            "data:image/gif;base64,R0lGODlh",
            "data:text/html;base64,PGI+",
            "data:image/png;charset=x;base64,iVBORw0KGgo=",
            " data:image/png;base64,iVBORw0KGgo=",
            &long,
        ] {
            assert!(!is_picture(other), "{other}");
        }
    }
}
