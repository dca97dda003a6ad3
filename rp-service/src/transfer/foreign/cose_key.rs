//! COSE keys (RFC 9052, section 7) from their parameters, in the order that CTAP2 requires.

/// A key on an elliptic curve with two coordinates: `kty` EC2, `alg`, `crv`, `x`, `y`.
pub(super) fn ec2(algorithm: i64, curve: u8, x: &[u8], y: &[u8]) -> Vec<u8> {
    let mut key = vec![0xa5 /* map(5) */, 0x01 /* kty */, 0x02 /* EC2 */, 0x03 /* alg */];
    negative(&mut key, algorithm);
    key.extend([0x20 /* crv */, curve, 0x21 /* x */]);
    bytes(&mut key, x);
    key.push(0x22 /* y */);
    bytes(&mut key, y);
    key
}

/// A key on an Edwards curve: `kty` OKP, `alg` EdDSA, `crv`, `x`.
pub(super) fn okp(curve: u8, x: &[u8]) -> Vec<u8> {
    let mut key = vec![0xa4 /* map(4) */, 0x01 /* kty */, 0x01 /* OKP */, 0x03 /* alg */];
    negative(&mut key, -8);
    key.extend([0x20 /* crv */, curve, 0x21 /* x */]);
    bytes(&mut key, x);
    key
}

/// An RSA key: `kty` RSA, `alg`, `n`, `e`.
pub(super) fn rsa(algorithm: i64, n: &[u8], e: &[u8]) -> Vec<u8> {
    let mut key = vec![0xa4 /* map(4) */, 0x01 /* kty */, 0x03 /* RSA */, 0x03 /* alg */];
    negative(&mut key, algorithm);
    key.push(0x20 /* n */);
    bytes(&mut key, n);
    key.push(0x21 /* e */);
    bytes(&mut key, e);
    key
}

/// A negative integer (major type 1).
fn negative(to: &mut Vec<u8>, value: i64) {
    let argument = usize::try_from((-1_i64).saturating_sub(value)).unwrap_or_default();
    head(to, 0x20, argument);
}

/// A byte string (major type 2).
fn bytes(to: &mut Vec<u8>, value: &[u8]) {
    head(to, 0x40, value.len());
    to.extend(value);
}

/// The head of a data item in its shortest form; arguments are at most 16 bits long.
fn head(to: &mut Vec<u8>, major: u8, argument: usize) {
    let [.., high, low] = argument.to_be_bytes();
    match argument {
        0..24 => to.push(major | low),
        24..256 => to.extend([major | 0x18, low]),
        _ => to.extend([major | 0x19, high, low]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_encoding_that_authenticators_send() {
        let key = ec2(-7, 1, &[7; 32], &[8; 32]);
        assert_eq!(key[..10], [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20]);
        assert_eq!(key[42..45], [0x22, 0x58, 0x20]);
        assert_eq!(okp(6, &[7; 32])[..10], [0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 0x20]);
        let key = rsa(-257, &[7; 256], &[1, 0, 1]);
        assert_eq!(key[..11], [0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0]);
        assert_eq!(key[267..], [0x21, 0x43, 1, 0, 1]);
    }
}
