use super::*;
use crate::format::{Authentication, Ceremony, Chain, Mds, Metadata, Registration, Signature};
use crate::run::DriverError;

/// A server that implements nothing.
struct Unsupported;

impl Driver for Unsupported {
    fn registration(&self, _: &Registration) -> Result<Ceremony, DriverError> {
        Err(DriverError::Unsupported("registration"))
    }

    fn authentication(&self, _: &Authentication) -> Result<Ceremony, DriverError> {
        Err(DriverError::Unsupported("authentication"))
    }

    fn chain(&self, _: &Chain) -> Result<(), DriverError> {
        Err(DriverError::Unsupported("chain"))
    }

    fn mds(&self, _: &Mds) -> Result<Metadata, DriverError> {
        Err(DriverError::Unsupported("mds"))
    }

    fn signature(&self, _: &Signature) -> Result<(), DriverError> {
        Err(DriverError::Unsupported("signature"))
    }
}

fn of_es256() -> Vec<Case> {
    let cases = matrix::odd().unwrap();
    cases.into_iter().filter(|case| case.id.starts_with("minted/none-es256/")).collect()
}

#[test]
fn a_kind_that_is_not_supported_has_a_cross() {
    let support = Support::of(&Unsupported, &of_es256());
    let tables = support.to_string();
    assert!(!support.is_whole());
    assert!(tables.contains("| `none` |  | ✗ 0 of "), "{tables}");
    assert_eq!(tables.matches('✓').count(), 1, "in the legend alone: {tables}");
}

#[test]
fn a_passing_row_has_its_number_and_type() {
    let support = Support::of(&RpCore, &of_es256());
    let tables = support.to_string();
    assert!(support.is_whole());
    assert!(tables.contains("| `none` | None | ✓ "), "{tables}");
    assert!(tables.contains("| ES256 | -7 | by default | ✓ "), "{tables}");
    assert!(tables.contains("| RS1 | -65535 | when named, only in the `fido` profile |  |  |"), "{tables}");
}

#[test]
fn every_extension_is_reported() {
    assert!(extensions::results().iter().all(Extension::holds), "{:?}", extensions::results());
}

#[test]
fn every_case_of_the_matrix_has_a_subject() {
    for case in matrix::honest().unwrap() {
        let Some((format, algorithm)) = matrix::subject(&case) else { panic!("{}", case.id) };
        let facts = match &case.body {
            Body::Registration(Registration { expect: Expect::Accept(facts), .. })
            | Body::Authentication(Authentication { expect: Expect::Accept(facts), .. }) => facts,
            _ => panic!("{}", case.id),
        };
        assert_eq!(facts.alg, Some(algorithm.cose()), "{}", case.id);
        if let Some(fmt) = &facts.fmt {
            assert_eq!(fmt, format.fmt(), "{}", case.id);
        }
    }
}

#[test]
fn a_page_without_both_markers_in_order_is_refused() {
    for page in ["", "<!-- support -->", "<!-- /support --><!-- support -->"] {
        assert_eq!(renewed(page, "tables"), Err(MissingMarkerError), "{page}");
    }
}

#[test]
fn renewing_twice_changes_nothing_more() {
    let once = renewed("a <!-- support --> b <!-- /support --> c", "tables").unwrap();
    assert_eq!(renewed(&once, "tables").unwrap(), once);
}
