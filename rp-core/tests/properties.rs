//! Properties of the readers of CBOR and authenticator data: they do not panic, whatever the input is, and no byte after
//! the end of an item has an effect. Encoded base64url is decoded to the same bytes.
#![expect(clippy::indexing_slicing, reason = "tests")]

use proptest::collection::vec;
use proptest::prelude::{
    ProptestConfig, Strategy, TestCaseError, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use rp_core::cbor::{self, CborError};
use rp_core::{AuthenticatorData, AuthenticatorDataError, base64url};

/// The head of an item: the argument in the shortest form, or in a longer one.
fn head(major: u8, argument: u64, form: usize) -> Vec<u8> {
    let forms: Vec<Vec<u8>> = [
        u8::try_from(argument).ok().filter(|short| *short < 24).map(|short| vec![major << 5 | short]),
        u8::try_from(argument).ok().map(|byte| vec![major << 5 | 24, byte]),
        u16::try_from(argument).ok().map(|word| [&[major << 5 | 25][..], &word.to_be_bytes()].concat()),
        u32::try_from(argument).ok().map(|word| [&[major << 5 | 26][..], &word.to_be_bytes()].concat()),
        Some([&[major << 5 | 27][..], &argument.to_be_bytes()].concat()),
    ]
    .into_iter()
    .flatten()
    .collect();
    forms[form.min(forms.len().saturating_sub(1))].clone()
}

fn with_len(major: u8, count: usize, form: usize, content: &[u8]) -> Vec<u8> {
    [&head(major, u64::try_from(count).unwrap_or(u64::MAX), form)[..], content].concat()
}

/// Any item that the reader accepts, nested up to four levels.
fn item() -> impl Strategy<Value = Vec<u8>> {
    let form = || 0_usize..5;
    let leaf = prop_oneof![
        (0_u8..2, any::<u64>(), form()).prop_map(|(major, number, form)| head(major, number, form)),
        (vec(any::<u8>(), 0..20), form()).prop_map(|(bytes, form)| with_len(2, bytes.len(), form, &bytes)),
        ("[a-zß]{0,8}", form()).prop_map(|(text, form)| with_len(3, text.len(), form, text.as_bytes())),
        any::<u16>().prop_map(|half| [&[0xf9][..], &half.to_be_bytes()].concat()),
        any::<u32>().prop_map(|single| [&[0xfa][..], &single.to_be_bytes()].concat()),
        any::<u64>().prop_map(|double| [&[0xfb][..], &double.to_be_bytes()].concat()),
        (0xe0_u8..0xf8).prop_map(|simple| vec![simple]),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            (vec(inner.clone(), 0..5), 0_usize..5).prop_map(|(items, form)| with_len(
                4,
                items.len(),
                form,
                &items.concat()
            )),
            (vec(inner, 0..5), 0_usize..5).prop_map(|(values, form)| map(&values, form)),
        ]
    })
}

/// A map from 0, 1, 2, … to the values.
fn map(values: &[Vec<u8>], form: usize) -> Vec<u8> {
    let pairs = (0_u8..).zip(values).map(|(key, value)| [&[key][..], value].concat());
    let content: Vec<_> = pairs.collect();
    with_len(5, values.len(), form, &content.concat())
}

/// An item of which one byte is another.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    (item(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut item, at, byte)| {
        let at = at.index(item.len());
        item[at] = byte;
        item
    })
}

/// Authenticator data with the parts that its flags announce.
fn authenticator_data() -> impl Strategy<Value = Vec<u8>> {
    let parts = (vec(any::<u8>(), 37), vec(any::<u8>(), 1..40), vec(item(), 0..3), vec(item(), 0..3));
    parts.prop_map(|(header, id, key, outputs)| {
        let attested = (header[32] & 0x40 != 0)
            .then(|| [&[7; 16][..], &[0, u8::try_from(id.len()).unwrap_or(0)], &id, &map(&key, 0)].concat());
        let extensions = (header[32] & 0x80 != 0).then(|| map(&outputs, 0));
        [&header[..], &attested.unwrap_or_default(), &extensions.unwrap_or_default()].concat()
    })
}

/// All parts of authenticator data, one after another.
fn parts(data: &AuthenticatorData<'_>) -> Vec<u8> {
    let (flags, count) = (data.flags().as_byte(), data.sign_count().to_be_bytes());
    let mut parts = [&data.rp_id_hash()[..], &[flags], &count].concat();
    if let Some(attested) = data.attested_credential() {
        let id = attested.credential_id;
        let len = u16::try_from(id.len()).unwrap_or_default().to_be_bytes();
        parts.extend([attested.aaguid.as_bytes(), &len[..], id].concat());
        parts.extend(attested.credential_public_key.as_bytes());
    }
    parts.extend(data.extensions().unwrap_or_default());
    parts
}

/// The result of the reader as text: `NaN` is not equal to itself.
fn read(input: &[u8]) -> String {
    format!("{:?}", cbor::parse_prefix(input))
}

/// More bytes after an input do not change the result for it.
fn assert_no_byte_after_counts(input: &[u8], after: &[u8]) -> Result<(), TestCaseError> {
    let longer = [input, after].concat();
    match cbor::parse_prefix(input) {
        Ok((_, len)) => {
            prop_assert!(len <= input.len());
            for cut in 0..len {
                let is_cut =
                    matches!(cbor::parse_prefix(&input[..cut]), Err(CborError::UnexpectedEnd { .. }));
                prop_assert!(is_cut, "{cut} of {len} bytes");
            }
            prop_assert_eq!(read(&input[..len]), read(input));
        }
        // The bytes that follow may be those that are missing.
        Err(CborError::UnexpectedEnd { .. }) => return Ok(()),
        Err(_) => {}
    }
    prop_assert_eq!(read(&longer), read(input));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_item_is_read_to_its_last_byte(item in item(), after in vec(any::<u8>(), 0..20)) {
        prop_assert!(cbor::parse(&item).is_ok(), "{:?}", cbor::parse(&item));
        let longer = [&item[..], &after].concat();
        prop_assert_eq!(cbor::parse_prefix(&longer).map(|(_, len)| len), Ok(item.len()));
        assert_no_byte_after_counts(&item, &after)?;
    }

    #[test]
    fn no_byte_after_an_item_has_an_effect(
        input in prop_oneof![vec(any::<u8>(), 0..100), damaged()],
        after in vec(any::<u8>(), 0..20),
    ) {
        assert_no_byte_after_counts(&input, &after)?;
    }

    #[test]
    fn authenticator_data_is_read_to_its_last_byte(
        input in authenticator_data(),
        after in vec(any::<u8>(), 1..20),
    ) {
        let data = AuthenticatorData::parse(&input).map(|data| parts(&data));
        prop_assert_eq!(data.as_ref(), Ok(&input));
        let longer = AuthenticatorData::parse(&[&input[..], &after].concat()).map(|_| ());
        prop_assert_eq!(longer, Err(AuthenticatorDataError::Trailing { offset: input.len() }));
        for cut in 0..input.len() {
            prop_assert!(AuthenticatorData::parse(&input[..cut]).is_err(), "{cut} bytes");
        }
    }

    #[test]
    fn base64url_reads_what_it_wrote_and_nothing_else(bytes in vec(any::<u8>(), 0..100), other in any::<u8>()) {
        let text = base64url::encode(&bytes);
        prop_assert_eq!(base64url::decode(&text).ok(), Some(bytes.clone()));
        let padded = [&text, "="].concat();
        prop_assert!(base64url::decode(&padded).is_err());
        // Another text is the encoding of other bytes, or of none.
        let changed = [text.as_bytes(), &[other]].concat();
        if let Ok(changed) = String::from_utf8(changed) {
            prop_assert!(base64url::decode(&changed).ok().is_none_or(|decoded| decoded != bytes));
        }
    }

    #[test]
    fn damaged_authenticator_data_does_not_panic(
        input in prop_oneof![authenticator_data(), vec(any::<u8>(), 0..200)],
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut input = input;
        if !input.is_empty() {
            let at = at.index(input.len());
            input[at] = byte;
        }
        if let Ok(data) = AuthenticatorData::parse(&input) {
            prop_assert_eq!(parts(&data), input);
        }
    }
}
