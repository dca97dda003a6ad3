//! Domain names, in origins, RP IDs and certificates.

/// Whether `text` is a domain name of at most 253 characters, whose labels have 1 to 63 letters, digits, hyphens and
/// underscores.
pub(crate) fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn labels_and_the_whole_name_are_bounded() {
        let label = "a".repeat(63);
        let longest = [&*label, &label, &label, &label[..61]].join(".");
        for host in ["localhost", "Example.org", "_dmarc.example.org", "xn--bcher-kva.example", &longest] {
            assert!(is_host(host), "{host}");
        }
        let too_long: String = longest.clone() + "a";
        for other in ["", ".", "example.org.", "a..b", "a b", "bücher.example", &(label + "a"), &too_long] {
            assert!(!is_host(other), "{other}");
        }
    }
}
