//! The accounts of the service: every algorithm, and 1, 4 and 20 passkeys.

use std::error::Error;
use std::time::Duration;

use rp_core::{CredentialId, CredentialRecord, RelyingParty, Timestamp, UserHandle};
use rp_service::store::{
    AddPasskey, Authorization, CeremonyStore, Conditions, FactorStore, Passkey, SessionStore, SignUp,
    SignUpStore, UserRecord,
};
use rp_service::{DecoySurvey, Limit, Passkeys, Policy};

use super::statistics::Random;
use crate::authenticator::{Algorithm, KeyPair, Seed};

/// The origin of the service.
pub(super) const ORIGIN: &str = "https://example.org";
/// Its RP ID.
pub(super) const RP_ID: &str = "example.org";

/// A set of usernames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usernames(&'static str);

impl Usernames {
    /// Known, unknown, and other unknown usernames.
    pub(super) const SETS: [Self; 3] = [Self("member"), Self("nobody"), Self("no-one")];

    /// Each set has as many names as there are accounts, so that none is requested more often.
    pub(super) fn name(self, number: usize) -> String {
        format!("{}{}", self.0, number.checked_rem(accounts()).unwrap_or_default())
    }
}

/// The numbers of passkeys.
const COUNTS: [usize; 3] = [1, 4, 20];
/// The number of accounts with the same algorithm and number of passkeys.
const COPIES: usize = 4;

/// ID lengths and transports.
const SHAPES: [(usize, &[&str]); 5] = [
    (20, &["hybrid", "internal"]),
    (16, &["hybrid", "internal"]),
    (32, &["internal"]),
    (64, &["nfc", "usb"]),
    (243, &["usb"]),
];

/// RS1 is only for the profile `fido`.
fn algorithms() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.iter().copied().filter(|algorithm| *algorithm != Algorithm::Rs1)
}

/// The number of accounts.
fn accounts() -> usize {
    algorithms().count().saturating_mul(COUNTS.len()).saturating_mul(COPIES)
}

/// A service with these accounts, decoys that follow their profile, and no limits.
pub(super) async fn service<S>(store: S) -> Result<Passkeys, Box<dyn Error>>
where
    S: SignUpStore + CeremonyStore + SessionStore + FactorStore + Clone + 'static,
{
    let mut random = Random::new(2);
    let mut names = 0..accounts();
    for algorithm in algorithms() {
        let key =
            KeyPair::derive(algorithm, &Seed::new("timing"), "credential").public().cose(algorithm).encode();
        for _ in 0..COPIES {
            for count in COUNTS {
                let number = names.next().unwrap_or_default();
                add_account(&store, &Usernames::SETS[0].name(number), &key, count, &mut random).await?;
            }
        }
    }
    let profile = DecoySurvey::of_store(&store).await?.profile()?;
    let rp = RelyingParty::builder(RP_ID).origin(ORIGIN).build()?;
    let unlimited = |name| Limit::new(name, u32::MAX, Duration::from_hours(1));
    let mut policy = Policy::default();
    policy.limits.ceremonies_per_address = unlimited("ceremonies");
    let builder = Passkeys::builder(rp).store(store).secret([7; 32]).policy(policy);
    Ok(builder.decoy_profile(profile).events(|_: &rp_service::Event<'_>| {}).build()?)
}

async fn add_account(
    store: &impl SignUpStore,
    name: &str,
    key: &[u8],
    count: usize,
    random: &mut Random,
) -> Result<(), Box<dyn Error>> {
    let now = Timestamp::now();
    let handle = UserHandle::try_from(random.bytes(32).as_slice())?;
    let mut first: Option<CredentialId> = None;
    for _ in 0..count {
        let (id_len, transports) = SHAPES.get(random.below(SHAPES.len())).copied().unwrap_or_default();
        let id = CredentialId::try_from(random.bytes(id_len).as_slice())?;
        let mut record = CredentialRecord::imported(id.clone(), key, handle.clone());
        record.transports = transports.iter().map(|&transport| transport.to_owned()).collect();
        // As decoys: a forged response ends at backup eligibility for half of them.
        record.backup_eligible = Some(random.below(2) == 1);
        let passkey =
            Passkey { record, nickname: None, created_at: now, last_used_at: None, user_verified: true };
        let is_stored = match first.clone() {
            Some(first) => {
                let authorization = Authorization::Passkey(first);
                let conditions =
                    Conditions { check_user: true, check_factors: false, session: None, authorization, now };
                store.add_passkey(passkey, None, &conditions).await? == AddPasskey::Done
            }
            None => {
                let user = UserRecord {
                    handle: handle.clone(),
                    name: name.to_owned(),
                    name_key: name.to_owned(),
                    display_name: name.to_owned(),
                    created_at: now,
                    locked_at: None,
                };
                first = Some(id);
                store.create_user_with_passkey(user, passkey, false).await? == SignUp::Done
            }
        };
        if !is_stored {
            return Err(format!("the passkeys of {name} cannot be stored").into());
        }
    }
    Ok(())
}
