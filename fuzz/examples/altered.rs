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

/// SplitMix64: alterations may be predictable.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..CHOICES / 8).flat_map(|_| self.next().to_le_bytes()).collect()
    }
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
    fn verify(&self, number: u64, seed: u64, counts: &Counts) {
        let mut random =
            Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let base = usize::try_from(random.next() >> 1).unwrap_or_default();
        let choices = random.bytes();
        let mut choices = Unstructured::new(&choices);
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
    let bases = Bases::new();
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
                bases.verify(number, seed, &counts);
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
