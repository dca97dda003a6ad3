//! Authenticator data, field by field.

use arbitrary::{Result, Unstructured};
use rp_core::AuthenticatorData;

use super::{bytes, cbor};

const FLAGS: usize = 32;
const COUNTER: usize = 33;
const AAGUID: usize = 37;
const EXTENSION_DATA: u8 = 0x80;

/// Alters a field; what cannot be read is altered byte by byte.
pub fn alter(data: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    if u.ratio(1, 8)? {
        return bytes::alter(data, u);
    }
    let Ok(read) = AuthenticatorData::parse(data) else { return bytes::alter(data, u) };
    let mut head = data[..AAGUID].to_vec();
    let mut attested = read.attested_credential().map(|one| {
        (one.aaguid.as_bytes().to_vec(), one.credential_id.to_vec(), one.credential_public_key.as_bytes().to_vec())
    });
    let mut extensions = read.extensions().unwrap_or_default().to_vec();
    match (u.int_in_range(0..=8)?, &mut attested) {
        (0 | 1, _) => head[u.choose_index(FLAGS)?] ^= u.int_in_range(1..=255)?,
        (2, _) => head[FLAGS] ^= 1 << u.int_in_range(0..=7)?,
        (3, _) => head[COUNTER..].copy_from_slice(&u.arbitrary::<u32>()?.to_be_bytes()),
        (4, Some((aaguid, ..))) => aaguid[u.choose_index(16)?] ^= u.int_in_range(1..=255)?,
        (5, Some((_, id, _))) => bytes::alter(id, u)?,
        (6 | 7, Some((.., key))) => cbor::alter_bytes(key, u)?,
        _ if extensions.is_empty() => {
            head[FLAGS] |= EXTENSION_DATA;
            extensions = b"\xa1\x6bcredProtect\x02".to_vec();
        }
        _ => cbor::alter_bytes(&mut extensions, u)?,
    }
    if let Some((aaguid, id, key)) = attested {
        head.extend(aaguid);
        head.extend(u16::try_from(id.len()).unwrap_or(u16::MAX).to_be_bytes());
        head.extend(id);
        head.extend(key);
    }
    head.extend(extensions);
    *data = head;
    Ok(())
}
