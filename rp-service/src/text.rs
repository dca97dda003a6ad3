//! Rules for names that people choose and other people read.

use crate::error::ServiceError;

/// Checks a display name or a nickname, and returns it without white space around it. The result may be empty.
///
/// Control characters and bidirectional controls are rejected, because they change how the surrounding text is displayed, and
/// so is text of which nothing is visible.
pub(crate) fn check_name<'a>(member: &str, text: &'a str, max_chars: usize) -> Result<&'a str, ServiceError> {
    let text = text.trim();
    let problem = if text.chars().count() > max_chars {
        format!("{member} has at most {max_chars} characters")
    } else if text.chars().any(|character| character.is_control() || is_bidi_control(character)) {
        format!("{member} has no control characters")
    } else if !text.is_empty() && text.chars().all(is_invisible) {
        format!("{member} has a visible character")
    } else {
        return Ok(text);
    };
    Err(ServiceError::Body { detail: problem })
}

/// The property `Bidi_Control` of Unicode.
fn is_bidi_control(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// White space, or the property `Default_Ignorable_Code_Point` of Unicode; and the blank of Braille.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fff8}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        check_name("nickname", text, 5).unwrap_err().to_string()
    }

    #[test]
    fn names_are_trimmed_and_limited() {
        assert_eq!(check_name("nickname", " käy ", 3).unwrap(), "käy");
        assert_eq!(check_name("nickname", " ", 3).unwrap(), "");
        assert_eq!(problem("too long"), "nickname has at most 5 characters");
    }

    #[test]
    fn controls_and_bidi_controls_are_rejected() {
        for text in ["a\u{7}b", "a\u{202e}b", "a\u{2066}b", "a\u{61c}b", "a\u{200f}b"] {
            assert_eq!(problem(text), "nickname has no control characters", "{}", text.escape_unicode());
        }
    }

    #[test]
    fn a_name_of_which_nothing_is_visible_is_rejected() {
        for text in ["\u{200b}", "\u{3164}", "\u{2800}", "\u{ad}\u{200d}", "\u{e0041}"] {
            assert_eq!(problem(text), "nickname has a visible character", "{}", text.escape_unicode());
        }
        assert!(
            check_name("nickname", "\u{1f469}\u{200d}\u{1f680}", 5).is_ok(),
            "an emoji of several characters"
        );
    }
}
