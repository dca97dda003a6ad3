//! `registration` cases for rp-core.

use rp_core::{
    Algorithm, Challenge, Code, Registered, RegistrationError, RegistrationResponse, StaticAnchors,
    Timestamp, TrustAnchor, User, UserHandle, cose,
};

use super::DriverError;
use super::convert::{extensions, policy, rejected, relying_party, supported, unrepresentable};
use crate::format::{AttestationSettings, Bytes, Ceremony, Registration};

/// The last step of section 7.1 before the algorithm is compared with the offered ones.
const BEFORE_ALGORITHM: u8 = 19;

pub(super) fn judge(case: &Registration) -> Result<Ceremony, DriverError> {
    let Registration { rp, challenge, attestation, response, .. } = case;
    let supported = supported(rp.profile);
    let offered = |algorithm: &Algorithm| {
        case.algorithms.as_ref().is_none_or(|offered| offered.contains(&algorithm.id()))
    };
    let algorithms: Vec<_> = supported.iter().copied().filter(offered).collect();
    // If the build supports no offered algorithm, it offers others, and any success is reported as a rejection.
    let none = algorithms.is_empty();
    let rp = relying_party(rp, if none { supported } else { algorithms }, policy(attestation))?;

    let at = attestation.at.unwrap_or_else(Timestamp::now);
    let handle = UserHandle::try_from(&[0; 16][..]).map_err(|error| unrepresentable("user handle", error))?;
    let user = User { handle, name: "user".into(), display_name: "User".into() };
    let mut request = rp.registration(&user);
    if !case.user_presence_required {
        request = request.conditional();
    }
    let (_, pending) = request
        .user_verification(case.user_verification)
        .start_recorded(Challenge::recorded(&challenge.0), at);

    let response =
        RegistrationResponse::from_json(response.get().as_bytes()).map_err(|error| rejected!(error))?;
    let judged = rp.finish_registration(pending, &response, &anchors(attestation)?, at);
    match judged {
        Err(error) if !none || error.step() <= BEFORE_ALGORITHM || is_about_the_key(&error) => {
            Err(rejected!(error))
        }
        Ok(registered) if !none => facts(&registered),
        Ok(_) | Err(_) => Err(DriverError::Rejected {
            code: Code::AlgorithmNotAllowed,
            detail: "no algorithm could be offered".into(),
        }),
    }
}

fn is_about_the_key(error: &RegistrationError) -> bool {
    matches!(error, RegistrationError::PublicKey(_))
}

fn anchors(settings: &AttestationSettings) -> Result<StaticAnchors, DriverError> {
    let anchors = settings.trust_anchors.iter().map(|der| TrustAnchor::from_der(&der.0));
    anchors
        .collect::<Result<Vec<_>, _>>()
        .map(StaticAnchors::new)
        .map_err(|error| unrepresentable("trust_anchors", error))
}

fn facts(registered: &Registered) -> Result<Ceremony, DriverError> {
    let Registered { credential, attestation, flags, authenticator_extensions, .. } = registered;
    let key = cose::PublicKey::from_cose(&credential.public_key).map_err(|error| rejected!(error))?;
    Ok(Ceremony {
        fmt: Some(attestation.format.as_str().into()),
        attestation_type: Some(attestation.r#type),
        trusted: Some(attestation.is_trusted()),
        credential_id: Some(Bytes::from(credential.id.as_bytes())),
        public_key: Some(Bytes::from(&*credential.public_key)),
        alg: Some(key.algorithm().id()),
        aaguid: Some(credential.aaguid),
        sign_count: Some(credential.sign_count),
        user_present: Some(flags.user_present()),
        user_verified: Some(flags.user_verified()),
        backup_eligible: Some(flags.backup_eligible()),
        backup_state: Some(flags.backup_state()),
        extensions: Some(extensions(authenticator_extensions.as_deref())?),
    })
}
