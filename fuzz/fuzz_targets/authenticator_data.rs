//! Authenticator data: read to the last byte or rejected.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(read) = rp_core::AuthenticatorData::parse(data) {
        let count = read.sign_count().to_be_bytes();
        let mut parts = [&read.rp_id_hash()[..], &[read.flags().as_byte()], &count].concat();
        if let Some(attested) = read.attested_credential() {
            let id = attested.credential_id;
            let len = (id.len() as u16).to_be_bytes();
            parts.extend(
                [attested.aaguid.as_bytes(), &len[..], id, attested.credential_public_key.as_bytes()]
                    .concat(),
            );
        }
        parts.extend(read.extensions().unwrap_or_default());
        assert_eq!(parts, data);
    }
});
