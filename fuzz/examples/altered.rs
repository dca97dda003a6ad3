//! Alters valid responses at random and verifies them: `cargo run --release --example altered -- [COUNT [SEED]]`, a
//! million by default.
//!
//! Half of the responses are registrations, half are authentications. An accepted response must be what the software
//! authenticator signed, as the README of this folder defines it; otherwise the program panics and prints the response.
//! The last line has the numbers. The same seed makes the same responses.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use arbitrary::Unstructured;
use rp_conformance::authenticator::Seed;
use rp_conformance::seeds::{BaseAuthentication, BaseRegistration};
use rp_fuzz::minted::Minted;
use rp_fuzz::{alter, authentications, nth, registrations};
use serde_json::Value;

/// The choices of one alteration. An alteration reads fewer bytes than this.
const CHOICES: usize = 512;
const BATCH: u64 = 1_000;
const PROGRESS: Duration = Duration::from_secs(60);

/// The numbers of a run.
#[derive(Default)]
struct Counts {
    next: AtomicU64,
    altered: AtomicU64,
    rejected: AtomicU64,
    /// Altered only where nothing is signed.
    accepted: AtomicU64,
    /// The alteration replaced a part by itself.
    unchanged: AtomicU64,
}

/// The bases, and the signed data of each kind.
struct Bases {
    registrations: &'static [BaseRegistration],
    authentications: &'static [BaseAuthentication],
    attested: Minted,
    asserted: Minted,
}

impl Bases {
    fn new() -> Self {
        let (registrations, authentications) = (registrations(), authentications());
        let attested = Minted::registrations(registrations);
        let asserted = Minted::authentications(authentications);
        Self { registrations, authentications, attested, asserted }
    }

    /// Alters a response and verifies it.
    fn verify(&self, number: u64, seed: &Seed, counts: &Counts) {
        let choices = seed.vec(&number.to_string(), CHOICES);
        let (base, choices) = choices.split_at(size_of::<u16>());
        let base = base.iter().fold(0, |base, byte| base << 8 | usize::from(*byte));
        let mut choices = Unstructured::new(choices);
        if number.is_multiple_of(2) {
            let base = nth(self.registrations, base);
            let Ok(response) = alter::registration(base, self.registrations, &mut choices) else { return };
            let original = base.with_parts(&base.client_data, &base.attestation_object);
            if counts.is_altered(&response, &original) {
                let verdict = base.judge(&response).ok();
                counts.count(verdict.is_some());
                if let Some(verdict) = verdict {
                    self.attested.check_registration(base, &response, &verdict);
                }
            }
        } else {
            let base = nth(self.authentications, base);
            let Ok(response) = alter::authentication(base, self.authentications, &mut choices) else {
                return;
            };
            let original = base.with_parts(&base.client_data, &base.authenticator_data, &base.signature);
            if counts.is_altered(&response, &original) {
                let verdict = base.judge(&response).ok();
                counts.count(verdict.is_some());
                if let Some(verdict) = verdict {
                    self.asserted.check_authentication(base, &response, &verdict);
                }
            }
        }
    }
}

impl Counts {
    fn is_altered(&self, response: &Value, original: &Value) -> bool {
        let is_altered = response != original;
        if !is_altered {
            self.unchanged.fetch_add(1, Ordering::Relaxed);
        }
        is_altered
    }

    fn count(&self, is_accepted: bool) {
        self.altered.fetch_add(1, Ordering::Relaxed);
        let counter = if is_accepted { &self.accepted } else { &self.rejected };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn print(&self, began: Instant) {
        let [altered, rejected, accepted, unchanged] =
            [&self.altered, &self.rejected, &self.accepted, &self.unchanged]
                .map(|count| count.load(Ordering::Relaxed));
        println!(
            "{altered} altered responses in {} s: {rejected} rejected, {accepted} accepted with all signed data intact, \
             0 accepted otherwise; {unchanged} left as they were",
            began.elapsed().as_secs(),
        );
    }
}

fn main() {
    let mut arguments = env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Ok(count), Ok(seed)) =
        (arguments.next().unwrap_or(Ok(1_000_000)), arguments.next().unwrap_or(Ok(1)))
    else {
        eprintln!("usage: altered [COUNT [SEED]]");
        process::exit(2);
    };
    let (bases, seed) = (Bases::new(), Seed::new(&seed.to_string()));
    let counts = Counts::default();
    let began = Instant::now();
    let work = || {
        let mut printed = began;
        loop {
            let first = counts.next.fetch_add(BATCH, Ordering::Relaxed);
            if counts.altered.load(Ordering::Relaxed) >= count {
                return;
            }
            for number in first..first + BATCH {
                bases.verify(number, &seed, &counts);
            }
            if printed.elapsed() >= PROGRESS {
                printed = Instant::now();
                counts.print(began);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    counts.print(began);
}
