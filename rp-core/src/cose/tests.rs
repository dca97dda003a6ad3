#![cfg_attr(
    not(feature = "all-algorithms"),
    allow(unused_imports, reason = "a build without an algorithm leaves its tests out")
)]

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::cbor::CborError;
use crate::crypto::{Curve, EdwardsCurve, Key, KeyError, RsaLimits};
use crate::error::Code;

/// The base point of P-256, which is the public key of the private key 1.
#[cfg(feature = "es256")]
const P256_X: &str = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY";
#[cfg(feature = "es256")]
const P256_Y: &str = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";

/// The public key of RFC 8032, section 7.1, test 1.
#[cfg(feature = "eddsa")]
const ED25519: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

#[cfg(any(feature = "es256", feature = "eddsa"))]
fn b64(text: &str) -> Vec<u8> {
    crate::base64url::decode(text).unwrap()
}

/// Bytes with their head, `58 len` or `59 len len`.
#[cfg(any(feature = "es256", feature = "eddsa", feature = "rs256", feature = "ml-dsa"))]
fn byte_string(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let head = if len[0] == 0 { vec![0x58, len[1]] } else { vec![0x59, len[0], len[1]] };
    [head, bytes.to_vec()].concat()
}

/// An EC2 key of ES256, its parts as given.
#[cfg(feature = "es256")]
fn es256(x: &[u8], y: &[u8]) -> Vec<u8> {
    let head = [
        0xa5, /* map(5) */ 0x01, /* kty */ 0x02, /* EC2 */ 0x03,
        /* alg */ 0x26, /* ES256 */
        0x20, /* crv */ 0x01, /* P-256 */
    ];
    [&head[..], &[0x21 /* x */], &byte_string(x), &[0x22 /* y */], &byte_string(y)].concat()
}

#[cfg(feature = "rs256")]
fn rs256(n: &[u8], e: &[u8]) -> Vec<u8> {
    let head = [
        0xa4, /* map(4) */ 0x01, /* kty */ 0x03, /* RSA */ 0x03, /* alg */ 0x39, 0x01,
        0x00, /* RS256 */
    ];
    [&head[..], &[0x20 /* n */], &byte_string(n), &[0x21 /* e */], &[0x43], e].concat()
}

#[cfg(feature = "eddsa")]
fn okp(algorithm: &[u8], curve: u8, x: &[u8]) -> Vec<u8> {
    let head = [0xa4, /* map(4) */ 0x01, /* kty */ 0x01, /* OKP */ 0x03 /* alg */];
    [&head[..], algorithm, &[0x20 /* crv */, curve, 0x21 /* x */], &byte_string(x)].concat()
}

#[test]
#[cfg(feature = "es256")]
fn an_es256_key_reads_and_writes() {
    let cose = es256(&b64(P256_X), &b64(P256_Y));
    let key = PublicKey::from_cose(&cose).unwrap();
    assert_eq!(key.algorithm(), Algorithm::Es256);
    let sec1 = [&[4][..], &b64(P256_X), &b64(P256_Y)].concat();
    assert_eq!(key.sec1_uncompressed(), Some(&sec1[..]));
    assert_eq!(key.ec_point(), Some((Curve::P256, &b64(P256_X)[..], &b64(P256_Y)[..])));
    assert_eq!((key.rsa(), key.okp()), (None, None));
    assert_eq!(key.to_cose(), cose);
}

#[test]
#[cfg(feature = "es256")]
fn labels_in_any_order_and_long_numbers_are_accepted() {
    let (x, y) = (b64(P256_X), b64(P256_Y));
    let cose = [
        &[0xa5, /* map(5) */ 0x22 /* y */][..],
        &byte_string(&y),
        &[0x21 /* x */],
        &byte_string(&x),
        &[0x20, 0x01, /* crv, P-256 */ 0x03, 0x38, 0x06 /* alg, -7 in two bytes */],
        &[0x01, 0x02 /* kty, EC2 */],
    ]
    .concat();
    let key = PublicKey::from_cose(&cose).unwrap();
    assert_eq!(key.to_cose(), es256(&x, &y));
}

/// The key with one more parameter.
#[cfg(any(feature = "es256", feature = "eddsa", feature = "rs256", feature = "ml-dsa"))]
fn with_parameter(mut cose: Vec<u8>, parameter: &[u8]) -> Result<PublicKey, PublicKeyError> {
    cose[0] = cose[0].checked_add(1).unwrap();
    cose.extend_from_slice(parameter);
    PublicKey::from_cose(&cose)
}

#[test]
#[cfg(all(feature = "es256", feature = "eddsa", feature = "rs256", feature = "ml-dsa"))]
fn a_key_with_its_private_part_is_rejected() {
    let ec2 = es256(&b64(P256_X), &b64(P256_Y));
    let okp = okp(&[0x27], 6, &b64(ED25519));
    let rsa = rs256(&[0xc5; 256], &[1, 0, 1]);
    let akp = [&[0xa3, 0x01, 0x07, 0x03, 0x38, 0x2f, 0x20][..], &byte_string(&[7; 1312])].concat();
    let mut cases = vec![(ec2, -4), (okp, -4), (akp, -2)];
    cases.extend((-12..=-3).map(|label| (rsa.clone(), label)));
    for (cose, label) in cases {
        let head = 0x20 + u8::try_from(-1 - label).unwrap();
        let refused = with_parameter(cose, &[head, 0x41, 0x07]).unwrap_err();
        assert_eq!(refused, PublicKeyError::PrivateKey { label });
        assert_eq!(refused.code(), Code::MalformedPublicKey);
    }
}

#[test]
#[cfg(feature = "es256")]
fn parameters_that_are_not_required_are_rejected() {
    let with = |parameter: &[u8]| with_parameter(es256(&b64(P256_X), &b64(P256_Y)), parameter).unwrap_err();
    // kid, key_ops, Base IV, and a label without a meaning
    for (label, parameter) in [(2, [0x02, 0x40]), (4, [0x04, 0x80]), (5, [0x05, 0x40]), (-5, [0x24, 0xf6])] {
        assert_eq!(with(&parameter), PublicKeyError::OptionalParameter { label });
    }
    assert_eq!(with(&[0x61, b'd', 0x40]), PublicKeyError::LabelType);
    assert_eq!(with(&[0x02, 0x40]).to_string(), "public key: parameter 2 is not allowed");
}

#[test]
#[cfg(feature = "es256")]
fn coordinates_may_lack_leading_zeros_where_that_is_allowed() {
    // 379 times the base point, whose x begins with a zero.
    let x = b64("VUOJSvPQDtfXQKvb11yWsGh3t4fbX3Dup4uQqNfACg");
    let y = b64("u0yFo9jqKe-q-iRAaRLdhNWxTcMr9lbvbGvVil2UP5I");
    let (stripped, whole) = (es256(&x, &y), es256(&[&[0][..], &x].concat(), &y));
    let key = EncodedKey::parse(&stripped).unwrap();
    let length = KeyError::Length { part: "x", expected: 32, got: 31 };
    assert_eq!(key.public_key(), Err(PublicKeyError::Key(length)));
    assert_eq!(key.public_key_without_leading_zeros(), PublicKey::from_cose(&whole));
    let long = es256(&[&[0, 0][..], &x].concat(), &y);
    let length = KeyError::Length { part: "x", expected: 32, got: 33 };
    let refused = EncodedKey::parse(&long).unwrap().public_key_without_leading_zeros();
    assert_eq!(refused, Err(PublicKeyError::Key(length)));
}

#[test]
#[cfg(feature = "es256")]
fn debug_of_an_encoded_key_prints_no_parameter() {
    let cose = es256(&b64(P256_X), &b64(P256_Y));
    assert_eq!(alloc::format!("{:?}", EncodedKey::parse(&cose).unwrap()), "EncodedKey(77 bytes)");
}

#[test]
#[cfg(feature = "es256")]
fn a_point_that_is_not_on_the_curve_is_refused() {
    let mut y = b64(P256_Y);
    y[31] ^= 1;
    let refused = PublicKey::from_cose(&es256(&b64(P256_X), &y)).unwrap_err();
    assert_eq!(refused, PublicKeyError::Key(KeyError::Point));
    assert_eq!(refused.code(), Code::MalformedPublicKey);
    let beyond_the_field = PublicKey::from_cose(&es256(&[0xff; 32], &b64(P256_Y)));
    assert_eq!(beyond_the_field, Err(PublicKeyError::Key(KeyError::Point)));
    let origin = PublicKey::from_cose(&es256(&[0; 32], &[0; 32]));
    assert_eq!(origin, Err(PublicKeyError::Key(KeyError::Point)));
}

#[test]
#[cfg(feature = "es256")]
fn a_coordinate_of_another_length_is_refused() {
    let refused = PublicKey::from_cose(&es256(&b64(P256_X)[1..], &b64(P256_Y))).unwrap_err();
    assert_eq!(refused, PublicKeyError::Key(KeyError::Length { part: "x", expected: 32, got: 31 }));
    assert_eq!(refused.to_string(), "x has 31 bytes, not 32");
    let long = [&[0][..], &b64(P256_Y)].concat();
    let refused = PublicKey::from_cose(&es256(&b64(P256_X), &long)).unwrap_err();
    assert_eq!(refused, PublicKeyError::Key(KeyError::Length { part: "y", expected: 32, got: 33 }));
}

#[test]
#[cfg(feature = "es256")]
fn a_compressed_point_is_refused() {
    let mut cose = es256(&b64(P256_X), &[]);
    cose.truncate(cose.len() - 2);
    cose.push(0xf5);
    assert_eq!(PublicKey::from_cose(&cose), Err(PublicKeyError::Type { parameter: "y" }));
}

#[test]
#[cfg(feature = "es256")]
fn type_and_curve_are_the_algorithms() {
    let cose = es256(&b64(P256_X), &b64(P256_Y));
    let changed = |at: usize, byte: u8| {
        let mut cose = cose.clone();
        cose[at] = byte;
        PublicKey::from_cose(&cose)
    };
    let algorithm = Algorithm::Es256;
    assert_eq!(changed(2, 0x01), Err(PublicKeyError::KeyType { algorithm }));
    assert_eq!(changed(6, 0x02), Err(PublicKeyError::Curve { algorithm }));
    assert_eq!(changed(6, 0xf6), Err(PublicKeyError::Type { parameter: "crv" }));
    assert_eq!(changed(6, 0x02).unwrap_err().to_string(), "public key: crv does not fit ES256");
}

#[test]
#[cfg(feature = "es256")]
fn what_is_missing_is_named() {
    let cose = es256(&b64(P256_X), &b64(P256_Y));
    // alg becomes 4 (key_ops), crv -20.
    let mut without = cose.clone();
    without[3] = 0x18;
    without.insert(4, 0x40);
    assert_eq!(PublicKey::from_cose(&without), Err(PublicKeyError::Missing { parameter: "alg" }));
    let mut without = cose.clone();
    without[5] = 0x33;
    assert_eq!(PublicKey::from_cose(&without), Err(PublicKeyError::Missing { parameter: "crv" }));
    let mut without = cose;
    without[7] = 0x33;
    assert_eq!(PublicKey::from_cose(&without), Err(PublicKeyError::Missing { parameter: "x" }));
}

#[test]
#[cfg(feature = "es256")]
fn a_key_is_one_strict_cbor_map() {
    let cose = es256(&b64(P256_X), &b64(P256_Y));
    let mut trailing = cose.clone();
    trailing.push(0);
    let refused = PublicKey::from_cose(&trailing).unwrap_err();
    assert_eq!(refused, PublicKeyError::Cbor(CborError::Trailing { offset: cose.len() }));
    assert_eq!(refused.code(), Code::MalformedPublicKey);
    assert_eq!(PublicKey::from_cose(&[0x80]), Err(PublicKeyError::NotAMap));
    let mut indefinite = cose;
    indefinite[0] = 0xbf;
    indefinite.push(0xff);
    let refused = PublicKeyError::Cbor(CborError::IndefiniteLength { offset: 0 });
    assert_eq!(PublicKey::from_cose(&indefinite), Err(refused));
}

#[test]
fn an_unknown_algorithm_is_not_allowed() {
    let unknown = [0xa2, 0x01, 0x02, 0x03, 0x25 /* -6 */];
    let refused = PublicKey::from_cose(&unknown).unwrap_err();
    assert_eq!(refused, PublicKeyError::UnknownAlgorithm { algorithm: -6 });
    assert_eq!(
        (refused.to_string().as_str(), refused.code()),
        ("unknown algorithm -6", Code::AlgorithmNotAllowed)
    );
    let text = [0xa2, 0x01, 0x02, 0x03, 0x61, b'x'];
    assert_eq!(PublicKey::from_cose(&text), Err(PublicKeyError::Type { parameter: "alg" }));
}

#[test]
fn what_a_build_lacks_is_not_allowed() {
    for algorithm in Algorithm::ALL {
        let mut cose = vec![0xa2, 0x01, 0x01, 0x03];
        let argument = u16::try_from(-1 - algorithm.id()).unwrap().to_be_bytes();
        cose.extend_from_slice(&[0x39, argument[0], argument[1]]);
        let refused = PublicKey::from_cose(&cose).unwrap_err();
        if algorithm.is_supported() {
            assert_eq!(refused.code(), Code::MalformedPublicKey, "{algorithm}");
        } else {
            assert_eq!(refused, PublicKeyError::AlgorithmNotSupported { algorithm: *algorithm });
            assert_eq!(refused.code(), Code::AlgorithmNotAllowed);
        }
    }
}

#[test]
#[cfg(feature = "eddsa")]
fn eddsa_is_ed25519_alone() {
    let x = b64(ED25519);
    let key = PublicKey::from_cose(&okp(&[0x27], 6, &x)).unwrap();
    assert_eq!((key.algorithm(), key.okp()), (Algorithm::EdDsa, Some((EdwardsCurve::Ed25519, &x[..]))));
    let specified = PublicKey::from_cose(&okp(&[0x32], 6, &x)).unwrap();
    assert_eq!((specified.algorithm(), specified.key()), (Algorithm::Ed25519, key.key()));
    assert_eq!(specified.to_cose(), okp(&[0x32], 6, &x));
    let ed448 = PublicKey::from_cose(&okp(&[0x27], 7, &[1; 57]));
    assert_eq!(ed448, Err(PublicKeyError::Curve { algorithm: Algorithm::EdDsa }));
    let short = PublicKey::from_cose(&okp(&[0x27], 6, &x[1..]));
    assert_eq!(short, Err(PublicKeyError::Key(KeyError::Length { part: "x", expected: 32, got: 31 })));
}

#[test]
#[cfg(feature = "eddsa")]
fn ed25519_points_are_canonical_and_not_of_small_order() {
    let refused = |x: [u8; 32]| match PublicKey::from_cose(&okp(&[0x27], 6, &x)) {
        Err(PublicKeyError::Key(error)) => error,
        other => panic!("{other:?}"),
    };
    let mut encoded = [0; 32];
    encoded[0] = 2; // No point has this y.
    assert_eq!(refused(encoded), KeyError::Point);
    encoded[0] = 1; // The identity.
    assert_eq!(refused(encoded), KeyError::SmallOrder);
    encoded[31] = 0x80; // The identity, with the sign of a number that is zero.
    assert_eq!(refused(encoded), KeyError::SmallOrder);
    let mut beyond = [0xff; 32];
    beyond[31] = 0x7f;
    beyond[0] = 0xee; // p + 1: the identity again.
    assert_eq!(refused(beyond), KeyError::Point);
}

#[test]
#[cfg(feature = "rs256")]
fn an_rsa_key_reads_and_writes() {
    let n = [0xc5; 256];
    let key = PublicKey::from_cose(&rs256(&n, &[1, 0, 1])).unwrap();
    assert_eq!(key.rsa(), Some((&n[..], &[1, 0, 1][..])));
    assert_eq!(key.to_cose(), rs256(&n, &[1, 0, 1]));
    // Zeros in front, as some TPMs write them, are accepted and removed.
    let padded = PublicKey::from_cose(&rs256(&[&[0][..], &n].concat(), &[0, 0, 3])).unwrap();
    assert_eq!(padded.rsa(), Some((&n[..], &[3][..])));
}

#[test]
#[cfg(feature = "rs256")]
fn rsa_numbers_are_bounded() {
    let refused = |n: &[u8], e: &[u8]| match PublicKey::from_cose(&rs256(n, e)) {
        Err(PublicKeyError::Key(error)) => error,
        other => panic!("{other:?}"),
    };
    let size = |bits| KeyError::ModulusSize { bits, min: 2048, max: 8192 };
    assert_eq!(refused(&[0x7f; 256], &[1, 0, 1]), size(2047));
    assert_eq!(refused(&[0xc5; 128], &[1, 0, 1]), size(1024));
    assert_eq!(refused(&[&[1][..], &[0xc5; 1024]].concat(), &[1, 0, 1]), size(8193));
    assert_eq!(refused(&[0; 256], &[1, 0, 1]), size(0));
    assert_eq!(size(1024).to_string(), "a modulus of 1024 bits, not 2048 to 8192");
    assert_eq!(refused(&[0xc4; 256], &[1, 0, 1]), KeyError::ModulusEven);
    for exponent in [[0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 0, 0]] {
        assert_eq!(refused(&[0xc5; 256], &exponent), KeyError::Exponent, "{exponent:?}");
    }
    assert_eq!(Key::rsa(&[0xc5; 256], &[1, 0, 0, 0, 1], RsaLimits::DEFAULT), Err(KeyError::Exponent));
    assert!(PublicKey::from_cose(&rs256(&[0xc5; 1024], &[1, 0, 1])).is_ok());
}

#[test]
#[cfg(feature = "ml-dsa")]
fn ml_dsa_keys_have_the_length_of_their_set() {
    for (id, len) in [(0x2f, 1312), (0x30, 1952), (0x31, 2592)] {
        let cose = |len: usize| {
            let head = [
                0xa3, /* map(3) */ 0x01, /* kty */ 0x07, /* AKP */ 0x03, 0x38, id,
                0x20, /* pub */
            ];
            [&head[..], &byte_string(&vec![7; len])].concat()
        };
        let key = PublicKey::from_cose(&cose(len)).unwrap();
        assert_eq!(key.to_cose(), cose(len));
        let refused = KeyError::Length { part: "pub", expected: len, got: len - 1 };
        assert_eq!(PublicKey::from_cose(&cose(len - 1)), Err(PublicKeyError::Key(refused)));
    }
}
