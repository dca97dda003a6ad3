//! The tables of the README are up to date.

use std::fs;
use std::path::Path;

use rp_conformance::support::{Support, renewed};

#[test]
fn the_tables_of_the_readme_are_those_of_a_run() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let page = fs::read_to_string(&path).unwrap();
    let tables = Support::of_rp_core().unwrap().to_string();
    assert!(
        page == renewed(&page, &tables).unwrap(),
        "README.md has the tables of another run; renew them: \
         cargo run -p rp-conformance -- support --write README.md\n\n{tables}"
    );
}
