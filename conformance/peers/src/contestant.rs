//! A contestant: it reads the inputs, and answers the driver line by line.
//!
//! | request | answer |
//! |---|---|
//! | `accept NAME` | `accepted`, or `rejected` and the reason |
//! | `reject NAME NUMBER` | the same, for a response with a fault |
//! | `measure NAME ROUNDS` | the nanoseconds of each round |
//!
//! A round is measured from the JSON text of the response to the result. Its start, which makes the state that the library
//! keeps between the two steps, is not.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead, Write as _, stdin, stdout};
use std::time::Instant;

use crate::Result;
use crate::inputs::{Input, Inputs};

/// Rounds at the start of each turn that are not reported: the caches of the processor are another program's.
const WARM_UP: usize = 3;

/// A library with both ceremonies.
pub trait Library {
    /// The state of a registration, with the challenge of the input.
    type Registering;
    /// The credential as an application keeps it.
    type Registered;
    /// The state of an authentication, with the challenge of the input.
    type Authenticating;
    /// The result of an authentication.
    type Authenticated;

    /// Starts a registration.
    fn start_registration(&self, input: &Input) -> Result<Self::Registering>;

    /// Verifies the response to a registration.
    fn finish_registration(
        &self,
        input: &Input,
        json: &str,
        state: Self::Registering,
    ) -> Result<Self::Registered>;

    /// Starts an authentication with this credential.
    fn start_authentication(
        &self,
        challenge: &[u8],
        credential: &Self::Registered,
    ) -> Result<Self::Authenticating>;

    /// Verifies the response to an authentication.
    fn finish_authentication(
        &self,
        json: &str,
        state: Self::Authenticating,
        credential: &Self::Registered,
    ) -> Result<Self::Authenticated>;
}

/// Reads the inputs, whose file is the first argument, and answers the driver until it hangs up. `about` names the back end.
///
/// # Errors
/// If the inputs cannot be read, or the driver's requests are malformed.
pub fn run<L: Library>(about: &str, library: impl FnOnce(&Inputs) -> Result<L>) -> Result<()> {
    let file = std::env::args().nth(1).ok_or("usage: PROGRAM INPUTS")?;
    let inputs: Inputs = serde_json::from_slice(&std::fs::read(file)?)?;
    let library = library(&inputs)?;
    answer(about)?;
    for line in stdin().lock().lines() {
        let line = line?;
        let mut words = line.split(' ');
        let mut word = || words.next().ok_or("a request has two or three words");
        let (request, name) = (word()?, word()?);
        let input = inputs.ceremonies.iter().find(|one| one.name == name).ok_or("no such ceremony")?;
        match request {
            "accept" => verdict(once(&library, input, measured(input)))?,
            "reject" => {
                let number: usize = word()?.parse()?;
                let wrong = input.wrong.get(number).ok_or("no such response")?;
                verdict(once(&library, input, &wrong.json))?;
            }
            "measure" => {
                let mut times = String::new();
                for time in rounds(&library, input, word()?.parse()?)? {
                    write!(times, "{time} ")?;
                }
                answer(times.trim_end())?;
            }
            _ => return Err(format!("no such request: {request}").into()),
        }
    }
    Ok(())
}

fn answer(line: &str) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn verdict(outcome: Result<()>) -> Result<()> {
    match outcome {
        Ok(()) => answer("accepted"),
        Err(error) => answer(&format!("rejected {}", error.to_string().replace('\n', " "))),
    }
}

/// The response that is measured.
fn measured(input: &Input) -> &str {
    &input.authentication.as_ref().unwrap_or(&input.registration).json
}

/// One ceremony with this response, valid or not.
fn once(library: &impl Library, input: &Input, json: &str) -> Result<()> {
    let state = library.start_registration(input)?;
    let Some(authentication) = &input.authentication else {
        library.finish_registration(input, json, state)?;
        return Ok(());
    };
    let credential = library.finish_registration(input, &input.registration.json, state)?;
    let state = library.start_authentication(&authentication.challenge.0, &credential)?;
    library.finish_authentication(json, state, &credential)?;
    Ok(())
}

fn rounds(library: &impl Library, input: &Input, number: usize) -> Result<Vec<u128>> {
    let mut times = Vec::with_capacity(number + WARM_UP);
    match &input.authentication {
        None => {
            for _ in 0..number + WARM_UP {
                let state = library.start_registration(input)?;
                let json = black_box(measured(input));
                let began = Instant::now();
                let registered = library.finish_registration(input, json, state);
                times.push(began.elapsed().as_nanos());
                drop(black_box(registered?));
            }
        }
        Some(authentication) => {
            let state = library.start_registration(input)?;
            let credential = library.finish_registration(input, &input.registration.json, state)?;
            for _ in 0..number + WARM_UP {
                let state = library.start_authentication(&authentication.challenge.0, &credential)?;
                let json = black_box(measured(input));
                let began = Instant::now();
                let authenticated = library.finish_authentication(json, state, &credential);
                times.push(began.elapsed().as_nanos());
                drop(black_box(authenticated?));
            }
        }
    }
    Ok(times.split_off(WARM_UP))
}
