//! The place in a page where the tables stand.

const BEGIN: &str = "<!-- support -->";
const END: &str = "<!-- /support -->";

/// The page has no place for the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page lacks a line `{BEGIN}` and a line `{END}` after it")]
pub struct MarkerMissing;

/// The page with these tables between its two markers, in place of what stood there.
///
/// # Errors
/// [`MarkerMissing`].
///
/// # Examples
/// ```
/// let page = "Above\n<!-- support -->\nold\n<!-- /support -->\nBelow\n";
/// assert_eq!(
///     rp_conformance::support::renewed(page, "new\n")?,
///     "Above\n<!-- support -->\n\nnew\n\n<!-- /support -->\nBelow\n"
/// );
/// # Ok::<(), rp_conformance::support::MarkerMissing>(())
/// ```
pub fn renewed(page: &str, tables: &str) -> Result<String, MarkerMissing> {
    let (above, rest) = page.split_once(BEGIN).ok_or(MarkerMissing)?;
    let (_, below) = rest.split_once(END).ok_or(MarkerMissing)?;
    Ok(format!("{above}{BEGIN}\n\n{}\n\n{END}{below}", tables.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_both_markers_in_order_is_refused() {
        for page in ["", "<!-- support -->", "<!-- /support --><!-- support -->"] {
            assert_eq!(renewed(page, "tables"), Err(MarkerMissing), "{page}");
        }
    }

    #[test]
    fn renewing_twice_changes_nothing_more() {
        let once = renewed("a <!-- support --> b <!-- /support --> c", "tables").unwrap();
        assert_eq!(renewed(&once, "tables").unwrap(), once);
    }
}
