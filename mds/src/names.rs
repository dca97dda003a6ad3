//! Names for people: never for trust.

use std::collections::BTreeMap;

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
