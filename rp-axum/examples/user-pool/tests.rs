use rp_axum::rp_core::{RegistrationResponse, StaticAnchors, User};
use rp_conformance::authenticator::{Authenticator, Config, Fault, Page};

use super::*;

const ORIGIN: &str = "https://example.org";

/// A pool, without the cloud: it calls the functions, keeps their results and private parameters, and knows one user.
struct Pool {
    hooks: ChallengeHooks,
    attributes: Value,
    session: Vec<Value>,
    now: Timestamp,
}

/// The end of a step of the pool.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The pool asks for the password.
    Password,
    /// The pool shows these options and keeps the token.
    Passkey(Value, String),
    SignedIn,
    Failed,
}

impl Pool {
    /// A pool whose user has a passkey of this authenticator, if there is one.
    fn new(sign_in: PoolSignIn, authenticator: Option<&mut Authenticator>) -> Self {
        let hooks = hooks(sign_in, Secret::from([7; 32])).unwrap();
        let now = Config::default().now;
        let rp = RelyingParty::builder("example.org").origin(ORIGIN).build().unwrap();
        let handle = UserHandle::try_from(&b"7d1f0a52"[..]).unwrap();
        let user = User { handle, name: "kim".into(), display_name: "Kim".into() };
        let records: Vec<_> = authenticator
            .into_iter()
            .map(|authenticator| {
                let (options, pending) = rp.start_registration(&user, &[], now).unwrap();
                let options = serde_json::to_value(&options.public_key).unwrap();
                let response = authenticator.create(&options, Page::at(ORIGIN)).unwrap();
                let response = RegistrationResponse::from_json(response.as_bytes()).unwrap();
                rp.finish_registration(pending, &response, &StaticAnchors::none(), now).unwrap().credential
            })
            .collect();
        let passkeys = serde_json::to_string(&records).unwrap();
        let attributes = json!({"sub": "7d1f0a52", "custom:passkeys": passkeys});
        Self { hooks, attributes, session: Vec::new(), now }
    }

    fn call(&self, trigger: &str, mut request: Value) -> Value {
        request["userAttributes"] = self.attributes.clone();
        let trigger = format!("{trigger}_Authentication");
        let event =
            Event::from_iter([("triggerSource".to_owned(), json!(trigger)), ("request".to_owned(), request)]);
        respond(&self.hooks, event, self.now).unwrap().remove("response").unwrap()
    }

    /// Asks what comes next.
    fn next(&self) -> Outcome {
        let defined = self.call("DefineAuthChallenge", json!({"session": self.session}));
        match defined["challengeName"].as_str() {
            Some("PASSWORD_VERIFIER") => Outcome::Password,
            Some(_) => {
                let created = self.call("CreateAuthChallenge", json!({"challengeName": "CUSTOM_CHALLENGE"}));
                let options = created["publicChallengeParameters"]["options"].as_str().unwrap();
                let token = created["privateChallengeParameters"]["token"].as_str().unwrap().to_owned();
                Outcome::Passkey(serde_json::from_str(options).unwrap(), token)
            }
            None if defined["issueTokens"] == true => Outcome::SignedIn,
            None => Outcome::Failed,
        }
    }

    fn password(&mut self, is_correct: bool) -> Outcome {
        assert_eq!(self.next(), Outcome::Password);
        self.session.push(json!({"challengeName": "SRP_A", "challengeResult": true}));
        self.session.push(json!({"challengeName": "PASSWORD_VERIFIER", "challengeResult": is_correct}));
        self.next()
    }

    fn answer(&mut self, token: &str, answer: &str) -> Outcome {
        let request = json!({"privateChallengeParameters": {"token": token}, "challengeAnswer": answer});
        let verified = self.call("VerifyAuthChallengeResponse", request);
        let is_correct = verified["answerCorrect"].as_bool().unwrap();
        self.session.push(json!({"challengeName": "CUSTOM_CHALLENGE", "challengeResult": is_correct}));
        self.next()
    }

    fn passkey(&mut self, authenticator: &mut Authenticator) -> Outcome {
        let Outcome::Passkey(options, token) = self.next() else { panic!("another challenge") };
        let answer = authenticator.get(&options, Page::at(ORIGIN)).unwrap();
        self.answer(&token, &answer)
    }
}

fn key() -> Authenticator {
    Authenticator::new("kim", Config::default())
}

#[test]
fn a_passkey_alone_signs_in() {
    let mut key = key();
    let mut pool = Pool::new(PoolSignIn::Passkey, Some(&mut key));
    assert_eq!(pool.passkey(&mut key), Outcome::SignedIn);
}

#[test]
fn a_passkey_is_the_second_factor_of_who_has_one() {
    let mut key = key();
    let mut pool = Pool::new(PoolSignIn::PasswordThenPasskey, Some(&mut key));
    assert!(matches!(pool.password(true), Outcome::Passkey(..)));
    assert_eq!(pool.passkey(&mut key), Outcome::SignedIn);
    let mut pool = Pool::new(PoolSignIn::PasswordThenPasskey, None);
    assert_eq!(pool.password(true), Outcome::SignedIn);
}

#[test]
fn passkeys_that_cannot_be_read_never_sign_in() {
    let mut key = key();
    for passkeys in [json!(""), json!("{}"), json!("[{}]"), json!([])] {
        let mut pool = Pool::new(PoolSignIn::PasswordThenPasskey, Some(&mut key));
        pool.attributes["custom:passkeys"] = passkeys.clone();
        let mut request =
            json!({"session": [{"challengeName": "PASSWORD_VERIFIER", "challengeResult": true}]});
        request["userAttributes"] = pool.attributes.clone();
        let trigger = json!("DefineAuthChallenge_Authentication");
        let event = Event::from_iter([("triggerSource".into(), trigger), ("request".into(), request)]);
        assert!(respond(&pool.hooks, event, pool.now).is_err(), "{passkeys}");
    }
}

#[test]
fn a_password_alone_signs_in() {
    let mut pool = Pool::new(PoolSignIn::Password, None);
    assert_eq!(pool.password(false), Outcome::Password);
    assert_eq!(pool.password(true), Outcome::SignedIn);
}

#[test]
fn three_wrong_answers_fail() {
    let mut key = key();
    let mut pool = Pool::new(PoolSignIn::Passkey, Some(&mut key));
    key.config.fault = Some(Fault::AssertionFlipped);
    assert!(matches!(pool.passkey(&mut key), Outcome::Passkey(..)));
    assert!(matches!(pool.passkey(&mut key), Outcome::Passkey(..)));
    assert_eq!(pool.passkey(&mut key), Outcome::Failed);
}

#[test]
fn an_answer_to_another_challenge_is_wrong() {
    let mut key = key();
    let mut pool = Pool::new(PoolSignIn::Passkey, Some(&mut key));
    let (Outcome::Passkey(options, _), Outcome::Passkey(_, token)) = (pool.next(), pool.next()) else {
        panic!("another challenge")
    };
    let answer = key.get(&options, Page::at(ORIGIN)).unwrap();
    assert!(matches!(pool.answer(&token, &answer), Outcome::Passkey(..)));
}

#[test]
fn a_name_that_does_not_exist_gets_the_same_challenge() {
    let mut key = key();
    let known = Pool::new(PoolSignIn::Passkey, Some(&mut key));
    let unknown = Pool { attributes: Value::Null, ..Pool::new(PoolSignIn::Passkey, None) };
    let [known, unknown] = [known, unknown].map(|pool| match pool.next() {
        Outcome::Passkey(mut options, _) => {
            options["challenge"].take();
            options
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(known, unknown);
}
