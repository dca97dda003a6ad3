//! The size of programs with and without a library, from builds that `run` has made.

use std::fs;
use std::path::Path;

use rp_peers::{Inputs, Result};

use crate::contestants;
use crate::results::Size;

/// The programs: name, title, the contestant whose version it has, and the program without the library.
const PROGRAMS: [(&str, &str, &str, &str); 11] = [
    ("empty", "empty program", "", ""),
    ("rp-core", "rp-core (RustCrypto)", "rp-graviola", "empty"),
    ("rp-core-graviola", "rp-core (graviola)", "rp-graviola", "empty"),
    ("passki", "passki (RustCrypto)", "passki-graviola", "empty"),
    ("passki-graviola", "passki (graviola)", "passki-graviola", "empty"),
    ("webauthn_rp", "webauthn_rp", "webauthn_rp", "empty"),
    ("webauthn-rs-0_5", "webauthn-rs-core (OpenSSL)", "webauthn-rs-0_5", "empty"),
    ("webauthn-rs-0_6", "webauthn-rs-core (RustCrypto)", "webauthn-rs-0_6", "empty"),
    ("axum", "axum, one page", "", ""),
    ("rp-axum-memory", "rp-axum without default features", "rp-graviola", "axum"),
    ("rp-axum", "rp-axum with SQLite", "rp-graviola", "axum"),
];

/// The figures of `file`: on each line name, seconds, bytes and number of dependencies of a program.
pub(crate) fn read(file: &str) -> Result<Vec<Size>> {
    let text = fs::read_to_string(file)?;
    let mut sizes = Vec::new();
    for line in text.lines() {
        let [name, seconds, bytes, dependencies] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("not four columns: {line}").into());
        };
        let program = PROGRAMS.iter().find(|(one, ..)| *one == name).ok_or("no such program")?;
        let contestant = contestants::ALL.iter().find(|one| one.key == program.2);
        sizes.push(Size {
            name: name.into(),
            title: program.1.into(),
            version: contestant.and_then(|one| one.version()).unwrap_or_default().into(),
            baseline: program.3.into(),
            build_seconds: seconds.parse()?,
            bytes: bytes.parse()?,
            dependencies: dependencies.parse()?,
        });
    }
    sizes.sort_by_key(|size| PROGRAMS.iter().position(|(name, ..)| *name == size.name));
    Ok(sizes)
}

/// Writes a registration that the programs accept, and one that they reject.
pub(crate) fn write_inputs(inputs: &Inputs, work: &Path) -> Result<()> {
    let registration = inputs.ceremonies.first().ok_or("no ceremony")?;
    let wrong = registration.wrong.first().ok_or("no wrong response")?;
    fs::write(work.join("registration.json"), &registration.registration.json)?;
    Ok(fs::write(work.join("wrong.json"), &wrong.json)?)
}
