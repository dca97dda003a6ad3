use crate::causes::with_causes;
use crate::error::ServiceError;

/// The error with its causes. A client may have chosen parts of the text, so it is shortened, and control characters are
/// escaped.
pub(super) fn describe(error: &ServiceError) -> String {
    with_causes(error).chars().take(MAX_DETAIL_CHARS).flat_map(escape).collect()
}

fn escape(character: char) -> Box<dyn Iterator<Item = char>> {
    if character.is_control() {
        Box::new(character.escape_default())
    } else {
        Box::new(std::iter::once(character))
    }
}

/// Longer than any message of ours; a longer text contains input of a client.
const MAX_DETAIL_CHARS: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_shortened_and_control_characters_escaped() {
        let error = ServiceError::Body { detail: "a\nb\u{1b}[31m".into() };
        assert_eq!(describe(&error), "a\\nb\\u{1b}[31m");
        let error = ServiceError::Body { detail: "x".repeat(1_000) };
        assert_eq!(describe(&error).len(), MAX_DETAIL_CHARS);
    }

    #[test]
    fn details_name_the_cause() {
        let error = ServiceError::Storage(crate::store::StoreError::unavailable("the disk is full"));
        assert_eq!(describe(&error), "storage backend error: the disk is full");
    }
}
