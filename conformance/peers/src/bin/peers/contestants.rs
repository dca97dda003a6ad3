//! The contestants: which program has which library, and what a library does not support.

use std::path::Path;
use std::process::Command;

/// A library with one back end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contestant {
    /// Its name in the arguments of `run`.
    pub(crate) key: &'static str,
    /// The library.
    pub(crate) name: &'static str,
    /// The back end or the platform: the first word is in the report of the program.
    pub(crate) variant: &'static str,
    program: Program,
    /// The file in which its version is pinned, and what precedes the version there.
    pinned: (&'static str, &'static str),
    /// Ceremonies that the library does not support, with the reason.
    pub(crate) gaps: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy, Debug)]
enum Program {
    /// A program in the folder `bin`, and an argument that it takes.
    Rust(&'static str, Option<&'static str>),
    Node(&'static str),
    Python(&'static str),
}

const RP: (&str, &str) = (include_str!("../../../../../Cargo.toml"), "[workspace.package]\nversion = \"");
const RUST: &str = include_str!("../../../rust/Cargo.toml");
const PASSKI: (&str, &str) = (RUST, "\npasski = { version = \"=");
const WEBAUTHN_RP: (&str, &str) = (RUST, "\nwebauthn_rp = { version = \"=");
const WEBAUTHN_RS_0_5: (&str, &str) =
    (RUST, "\nwebauthn-rs-core-0_5 = { package = \"webauthn-rs-core\", version = \"=");
const WEBAUTHN_RS_0_6: (&str, &str) =
    (RUST, "\nwebauthn-rs-core-0_6 = { package = \"webauthn-rs-core\", version = \"=");
const SIMPLEWEBAUTHN: (&str, &str) =
    (include_str!("../../../package.json"), "\"@simplewebauthn/server\": \"");
const PY_WEBAUTHN: (&str, &str) = (include_str!("../../../requirements.txt"), "\nwebauthn==");
const PYTHON_FIDO2: (&str, &str) = (include_str!("../../../requirements.txt"), "fido2==");

/// All of them, in the order of the table.
pub(crate) const ALL: &[Contestant] = &[
    rust("rp-graviola", "rp", "graviola", RP),
    Contestant {
        program: Program::Rust("rp-graviola", Some("no-caches")),
        ..rust("rp-graviola-no-caches", "rp", "graviola, without caches", RP)
    },
    rust("rp-aws-lc-rs", "rp", "aws-lc-rs", RP),
    Contestant {
        program: Program::Rust("rp-aws-lc-rs", Some("no-caches")),
        ..rust("rp-aws-lc-rs-no-caches", "rp", "aws-lc-rs, without caches", RP)
    },
    rust("rp-rustcrypto", "rp", "RustCrypto", RP),
    rust("passki-graviola", "passki", "graviola", PASSKI),
    rust("passki-aws-lc-rs", "passki", "aws-lc-rs", PASSKI),
    rust("passki-rustcrypto", "passki", "RustCrypto", PASSKI),
    Contestant {
        gaps: &[("registration-packed", "verifies `packed` only as self attestation")],
        ..rust("webauthn_rp", "webauthn_rp", "RustCrypto", WEBAUTHN_RP)
    },
    rust("webauthn-rs-0_5", "webauthn-rs", "OpenSSL", WEBAUTHN_RS_0_5),
    Contestant {
        gaps: &[("authentication-eddsa", "does not support keys of Ed25519 in version 0.6")],
        ..rust("webauthn-rs-0_6", "webauthn-rs", "RustCrypto", WEBAUTHN_RS_0_6)
    },
    Contestant {
        program: Program::Node("simplewebauthn.mjs"),
        ..rust("simplewebauthn", "SimpleWebAuthn", "Node.js", SIMPLEWEBAUTHN)
    },
    Contestant {
        program: Program::Python("py_webauthn.py"),
        ..rust("py_webauthn", "py_webauthn", "Python", PY_WEBAUTHN)
    },
    Contestant {
        program: Program::Python("python-fido2.py"),
        ..rust("python-fido2", "python-fido2", "Python", PYTHON_FIDO2)
    },
];

const fn rust(
    key: &'static str,
    name: &'static str,
    variant: &'static str,
    pinned: (&'static str, &'static str),
) -> Contestant {
    Contestant { key, name, variant, program: Program::Rust(key, None), pinned, gaps: &[] }
}

impl Contestant {
    /// Its program, in the folder where `run` builds.
    pub(crate) fn command(&self, work: &Path, inputs: &Path) -> Command {
        let (mut command, argument) = match self.program {
            Program::Rust(name, argument) => (Command::new(work.join("bin").join(name)), argument),
            Program::Node(file) => {
                let mut node = Command::new("node");
                node.arg(work.join(file));
                (node, None)
            }
            Program::Python(file) => {
                let mut python = Command::new(work.join("python/bin/python"));
                python.arg(work.join(file));
                (python, None)
            }
        };
        command.arg(inputs).args(argument);
        command
    }

    /// The version that is measured, if the file where it is pinned has it.
    pub(crate) fn version(&self) -> Option<&'static str> {
        let (text, before) = self.pinned;
        let (_, after) = text.split_once(before)?;
        let end = after.find(|one: char| one != '.' && !one.is_ascii_digit()).unwrap_or(after.len());
        Some(&after[..end]).filter(|version| !version.is_empty())
    }
}
