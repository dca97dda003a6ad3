//! Authenticator data, valid or with faults.

use super::cbor::Cbor;
use super::fault::Fault;

/// UP.
pub(crate) const USER_PRESENT: u8 = 0x01;
/// UV.
pub(crate) const USER_VERIFIED: u8 = 0x04;
/// BE.
pub(crate) const BACKUP_ELIGIBLE: u8 = 0x08;
/// BS.
pub(crate) const BACKUP_STATE: u8 = 0x10;
/// AT.
const ATTESTED: u8 = 0x40;
/// ED.
const EXTENSIONS: u8 = 0x80;

/// Authenticator data before it is written ([section 6.1]).
///
/// [section 6.1]: https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data
#[derive(Clone, Debug)]
pub(crate) struct AuthData<'a> {
    pub(crate) rp_id_hash: [u8; 32],
    /// UP, UV, BE and BS.
    pub(crate) flags: u8,
    pub(crate) sign_count: u32,
    pub(crate) attested: Option<Attested<'a>>,
    /// The authenticator's extension outputs; an empty map is left out.
    pub(crate) extensions: Cbor,
}

/// Attested credential data ([section 6.5.1]).
///
/// [section 6.5.1]: https://www.w3.org/TR/webauthn-3/#sctn-attested-credential-data
#[derive(Clone, Debug)]
pub(crate) struct Attested<'a> {
    pub(crate) aaguid: [u8; 16],
    pub(crate) id: &'a [u8],
    pub(crate) key: Cbor,
}

impl AuthData<'_> {
    pub(crate) fn encode(&self, fault: Option<Fault>) -> Vec<u8> {
        let has_extensions = matches!(&self.extensions, Cbor::Map(members) if !members.is_empty());
        let attested = self.attested.as_ref().map(|attested| attested.encode(fault));
        let mut flags = self.flags;
        if attested.is_some() {
            flags |= ATTESTED;
        }
        if has_extensions {
            flags |= EXTENSIONS;
        }
        let mut rp_id_hash = self.rp_id_hash;
        let mut attested = attested.unwrap_or_default();
        let mut extensions = if has_extensions { self.extensions.encode() } else { Vec::new() };
        let member = || (Cbor::from("credProtect"), Cbor::Int(2));
        match fault {
            Some(Fault::RpIdHashOther) => rp_id_hash = rp_id_hash.map(|byte| !byte),
            Some(Fault::UserNotPresent) => flags &= !USER_PRESENT,
            Some(Fault::UserNotVerified) => flags &= !USER_VERIFIED,
            Some(Fault::BackupStateAlone) => flags = flags & !BACKUP_ELIGIBLE | BACKUP_STATE,
            Some(Fault::BackupEligibilityChanged) => flags = (flags ^ BACKUP_ELIGIBLE) & !BACKUP_STATE,
            Some(Fault::AttestedFlagClear) => flags &= !ATTESTED,
            Some(Fault::AttestedDataAbsent) => {
                flags &= !ATTESTED;
                attested.clear();
            }
            Some(Fault::AttestedFlagAlone) => {
                flags |= ATTESTED;
                attested.clear();
            }
            Some(Fault::ExtensionFlagAlone) => {
                flags |= EXTENSIONS;
                extensions.clear();
            }
            Some(Fault::ExtensionFlagClear) => {
                flags &= !EXTENSIONS;
                extensions = Cbor::Map(vec![member()]).encode();
            }
            Some(Fault::ExtensionsNotMap) => {
                flags |= EXTENSIONS;
                extensions = Cbor::Array(vec![Cbor::Int(2)]).encode();
            }
            Some(Fault::ExtensionsDuplicate) => {
                flags |= EXTENSIONS;
                extensions = Cbor::Map(vec![member(), member()]).encode();
            }
            Some(Fault::ExtensionsTrailing) => {
                flags |= EXTENSIONS;
                extensions = Cbor::Map(vec![member()]).encode();
                extensions.push(0);
            }
            _ => {}
        }
        let mut out = Vec::new();
        out.extend(rp_id_hash);
        out.push(flags);
        out.extend(self.sign_count.to_be_bytes());
        out.extend(attested);
        out.extend(extensions);
        match fault {
            Some(Fault::AuthDataTrailing) => out.push(0),
            Some(Fault::AuthDataTruncated) => out.truncate(36),
            Some(Fault::AuthDataWithinAaguid) => out.truncate(45),
            Some(Fault::AuthDataWithinId) => out.truncate(60),
            Some(Fault::AuthDataEmpty) => out.clear(),
            _ => {}
        }
        out
    }
}

impl Attested<'_> {
    fn encode(&self, fault: Option<Fault>) -> Vec<u8> {
        let length = match fault {
            Some(Fault::CredentialIdOverflow) => u16::MAX,
            _ => u16::try_from(self.id.len()).unwrap_or(u16::MAX),
        };
        let mut out = Vec::new();
        out.extend(self.aaguid);
        out.extend(length.to_be_bytes());
        out.extend_from_slice(self.id);
        out.extend(self.key.encode());
        out
    }
}

/// The credential key in attested credential data, with its fault if it has one.
pub(crate) fn damaged_key(mut key: Cbor, fault: Option<Fault>) -> Cbor {
    let (kty, alg, crv, x, y) = (Cbor::Int(1), Cbor::Int(3), Cbor::Int(-1), Cbor::Int(-2), Cbor::Int(-3));
    let zeros = |len: usize| Cbor::Bytes(vec![0; len]);
    match fault {
        Some(Fault::KeyNotMap) => key = Cbor::Array(vec![key]),
        Some(Fault::KeyDuplicate) => {
            let again = key.get(&alg).cloned();
            if let (Cbor::Map(members), Some(again)) = (&mut key, again) {
                members.insert(1, (alg, again));
            }
        }
        Some(Fault::KeyWithoutAlg) => key.remove(alg),
        Some(Fault::KeyWithoutType) => key.remove(kty),
        Some(Fault::KeyOffCurve) => {
            if let Some(Cbor::Bytes(bytes)) = key.get(&y).cloned() {
                key.set(y, bytes.iter().map(|byte| !byte).collect::<Vec<u8>>());
            }
        }
        Some(Fault::KeyAtInfinity) => {
            key.set(x, zeros(32));
            key.set(y, zeros(32));
        }
        Some(Fault::KeyCompressed) => key.set(y, true),
        Some(Fault::KeyWithoutY) => key.remove(y),
        Some(Fault::KeyShort) => key.set(x, zeros(31)),
        Some(Fault::KeyEd25519Short) => key.set(x, zeros(31)),
        Some(Fault::KeyCurveOther) => key.set(crv, 2),
        Some(Fault::KeyTypeOther) => key.set(kty, 1),
        Some(Fault::KeyEdDsaOnEd448) => {
            key.set(crv, 7);
            key.set(x, zeros(57));
        }
        Some(Fault::KeyRsaSmall) => {
            if let super::key::PublicKey::Rsa { n, e } = super::key::small_rsa() {
                key.set(crv, n);
                key.set(x, e);
            }
        }
        Some(Fault::KeyRsaEvenExponent) => key.set(x, vec![1, 0, 0]),
        _ => {}
    }
    key
}
