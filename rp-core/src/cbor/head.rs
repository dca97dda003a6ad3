//! The head of an item (RFC 8949, section 3), and the cursor that reads it.

use super::error::CborError;

/// The first bytes of an item: its major type and its argument.
pub(super) struct Head {
    pub(super) major: Major,
    /// The argument of an integer, the length of a string, or the number of items or pairs that follow.
    pub(super) argument: u64,
    /// The offset of the item.
    pub(super) offset: usize,
}

/// The major types. Tags are rejected.
#[derive(Clone, Copy)]
pub(super) enum Major {
    Unsigned,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    /// A boolean, null, undefined, or a value without a meaning.
    Simple(u8),
    /// A float of any size.
    Float(f64),
}

/// A position in the input.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub(super) input: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// Reads the head of an item.
    #[inline]
    pub(super) fn head(&mut self) -> Result<Head, CborError> {
        #[cfg(test)]
        work::count_head();
        let offset = self.at;
        let [initial] = self.array(offset)?;
        let (major, info) = (initial >> 5, initial & 0b1_1111);
        if major == 6 {
            return Err(CborError::Tag { offset });
        }
        if major == 7 {
            return Ok(Head { major: self.major_7(info, offset)?, argument: 0, offset });
        }
        let argument = match info {
            0..=23 => info.into(),
            24 => u8::from_be_bytes(self.array(offset)?).into(),
            25 => u16::from_be_bytes(self.array(offset)?).into(),
            26 => u32::from_be_bytes(self.array(offset)?).into(),
            27 => u64::from_be_bytes(self.array(offset)?),
            31 if major >= 2 => return Err(CborError::IndefiniteLength { offset }),
            _ => return Err(CborError::Reserved { offset }),
        };
        let major = match major {
            0 => Major::Unsigned,
            1 => Major::Negative,
            2 => Major::Bytes,
            3 => Major::Text,
            4 => Major::Array,
            _ => Major::Map,
        };
        Ok(Head { major, argument, offset })
    }

    /// Reads a simple value or a float.
    fn major_7(&mut self, info: u8, offset: usize) -> Result<Major, CborError> {
        match info {
            0..=23 => Ok(Major::Simple(info)),
            24 => match self.array(offset)? {
                // A value below 32 is not well-formed in two bytes.
                [0..=31] => Err(CborError::Reserved { offset }),
                [value] => Ok(Major::Simple(value)),
            },
            25 => Ok(Major::Float(half_to_double(u16::from_be_bytes(self.array(offset)?)))),
            26 => Ok(Major::Float(f32::from_be_bytes(self.array(offset)?).into())),
            27 => Ok(Major::Float(f64::from_be_bytes(self.array(offset)?))),
            _ => Err(CborError::Reserved { offset }),
        }
    }

    /// The next `len` bytes, which belong to the item at `offset`.
    #[inline]
    pub(super) fn take(&mut self, len: u64, offset: usize) -> Result<&'a [u8], CborError> {
        let rest = self.input.get(self.at..).unwrap_or_default();
        let taken = usize::try_from(len).ok().and_then(|len| rest.get(..len));
        let Some(taken) = taken else {
            return Err(CborError::UnexpectedEnd { offset, missing: len.saturating_sub(self.left()) });
        };
        self.at = self.at.saturating_add(taken.len());
        Ok(taken)
    }

    /// The text whose head was read.
    pub(super) fn text(&mut self, head: &Head) -> Result<&'a str, CborError> {
        let start = self.at;
        let bytes = self.take(head.argument, head.offset)?;
        core::str::from_utf8(bytes)
            .map_err(|error| CborError::Utf8 { offset: start.saturating_add(error.valid_up_to()) })
    }

    /// The number of bytes left.
    pub(super) fn left(&self) -> u64 {
        u64::try_from(self.input.len().saturating_sub(self.at)).unwrap_or(u64::MAX)
    }

    fn array<const N: usize>(&mut self, offset: usize) -> Result<[u8; N], CborError> {
        let mut bytes = [0; N];
        let len = u64::try_from(N).unwrap_or(u64::MAX);
        bytes.copy_from_slice(self.take(len, offset)?);
        Ok(bytes)
    }
}

/// A half-precision float, widened (RFC 8949, appendix D).
fn half_to_double(half: u16) -> f64 {
    let half = u64::from(half);
    let (sign, exponent, mantissa) = ((half >> 15) << 63, (half >> 10) & 0x1f, half & 0x3ff);
    let bits = match exponent {
        // Subnormal: a multiple of 2^-24.
        0 => (f64::from(u16::try_from(mantissa).unwrap_or(0)) / 16_777_216.0).to_bits(),
        0x1f => (0x7ff << 52) | (mantissa << 42),
        // The biases are 15 and 1023.
        _ => (exponent.saturating_add(1008) << 52) | (mantissa << 42),
    };
    f64::from_bits(sign | bits)
}

/// The work of a reader, counted for tests.
#[cfg(test)]
pub(super) mod work {
    extern crate std;

    use core::cell::Cell;

    std::thread_local! {
        static HEADS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count_head() {
        HEADS.set(HEADS.get().saturating_add(1));
    }

    /// The number of heads that `read` reads. A head that is read again counts again.
    pub(in super::super) fn heads(read: impl FnOnce()) -> usize {
        HEADS.set(0);
        read();
        HEADS.get()
    }
}
