//! A migration that is added makes `sqlx::migrate!` run again.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
