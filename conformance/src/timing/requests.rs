//! The requests that are timed, and the forger of responses.
#![expect(clippy::indexing_slicing, reason = "a member that a JSON object lacks is null")]

use std::time::Duration;

use serde_json::{Value, json};

use super::population::{ORIGIN, RP_ID};
use super::statistics::Random;
use crate::authenticator::{Algorithm, Authenticator, Config, Fault};
use crate::connection::{Connection, Failure, expect};

/// Options for a username, and the time until they have arrived.
pub(super) async fn options(
    connection: &mut Connection,
    username: &str,
) -> Result<(Value, Duration), Failure> {
    connection.post_ok("authentication/options", &json!({ "username": username })).await
}

/// Options without a username.
pub(super) async fn discoverable(connection: &mut Connection) -> Result<(), Failure> {
    connection.post_ok("authentication/options", &json!({})).await.map(drop)
}

/// The time until a forged response is rejected.
pub(super) async fn verify(connection: &mut Connection, response: &Value) -> Result<Duration, Failure> {
    let (status, answer, time) = connection.post("authentication/verify", response).await?;
    expect(answer["code"] == "signature-invalid", status, &answer)?;
    Ok(time)
}

/// Makes responses whose signature is wrong, in the encodings of three algorithms.
pub(super) struct Forger(Vec<Authenticator>);

impl Default for Forger {
    fn default() -> Self {
        let forger = |algorithm| {
            let config = Config { algorithms: vec![algorithm], ..Config::default() };
            Authenticator::new("forger", config)
        };
        Self([Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256].map(forger).into())
    }
}

impl Forger {
    /// A response to one of the listed credentials.
    pub(super) fn forge(&mut self, options: &Value, random: &mut Random) -> Result<Value, Failure> {
        let at = random.below(self.0.len());
        let forger = self.0.get_mut(at).ok_or("no forger")?;
        if forger.credentials().is_empty() {
            let algorithm = forger.config.algorithms.first().copied().map(Algorithm::cose);
            let creation = json!({
                "rp": {"id": RP_ID}, "user": {"id": "AAAA"}, "challenge": "AAAA",
                "pubKeyCredParams": [{"type": "public-key", "alg": algorithm}],
                "authenticatorSelection": {"residentKey": "required"},
            });
            forger.create(&creation, ORIGIN)?;
            forger.config.fault = Some(Fault::AssertionOfOtherKey);
        }
        let request = json!({"challenge": options["challenge"], "rpId": RP_ID});
        let mut response: Value = serde_json::from_str(&forger.get(&request, ORIGIN)?)?;
        let listed = options["allowCredentials"].as_array().map_or(0, Vec::len);
        let id = options["allowCredentials"][random.below(listed)]["id"].clone();
        response["rawId"].clone_from(&id);
        response["id"] = id;
        if let Some(members) = response["response"].as_object_mut() {
            members.remove("userHandle");
        }
        Ok(response)
    }
}
