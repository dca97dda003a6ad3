//! Whose credentials, which ceremony is pending, which policy holds, what is logged; stores.

pub mod store;
