//! The bytes of the format: tags, and numbers of variable length.

/// The version that we write, and the newest that we read.
pub const VERSION: u32 = 15;
/// The oldest version that we read; older ones are those of Node 8 and before.
pub const OLDEST_VERSION: u32 = 13;

/// Tags, each one byte.
pub mod tag {
    pub const VERSION: u8 = 0xff;
    pub const PADDING: u8 = 0;
    pub const VERIFY_OBJECT_COUNT: u8 = b'?';
    pub const HOLE: u8 = b'-';
    pub const UNDEFINED: u8 = b'_';
    pub const NULL: u8 = b'0';
    pub const TRUE: u8 = b'T';
    pub const FALSE: u8 = b'F';
    pub const INT32: u8 = b'I';
    pub const UINT32: u8 = b'U';
    pub const DOUBLE: u8 = b'N';
    pub const BIGINT: u8 = b'Z';
    pub const UTF8_STRING: u8 = b'S';
    pub const ONE_BYTE_STRING: u8 = b'"';
    pub const TWO_BYTE_STRING: u8 = b'c';
    pub const REFERENCE: u8 = b'^';
    pub const OBJECT: u8 = b'o';
    pub const END_OBJECT: u8 = b'{';
    pub const SPARSE_ARRAY: u8 = b'a';
    pub const END_SPARSE_ARRAY: u8 = b'@';
    pub const DENSE_ARRAY: u8 = b'A';
    pub const END_DENSE_ARRAY: u8 = b'$';
    pub const DATE: u8 = b'D';
    pub const TRUE_OBJECT: u8 = b'y';
    pub const FALSE_OBJECT: u8 = b'x';
    pub const NUMBER_OBJECT: u8 = b'n';
    pub const BIGINT_OBJECT: u8 = b'z';
    pub const STRING_OBJECT: u8 = b's';
    pub const REGEXP: u8 = b'R';
    pub const MAP: u8 = b';';
    pub const END_MAP: u8 = b':';
    pub const SET: u8 = b'\'';
    pub const END_SET: u8 = b',';
    pub const BUFFER: u8 = b'B';
    pub const RESIZABLE_BUFFER: u8 = b'~';
    pub const BUFFER_TRANSFER: u8 = b't';
    pub const VIEW: u8 = b'V';
    pub const SHARED_BUFFER: u8 = b'u';
    pub const HOST_OBJECT: u8 = b'\\';
    pub const ERROR: u8 = b'r';
}

/// Tags within an error.
pub mod error_tag {
    pub const MESSAGE: u8 = b'm';
    pub const CAUSE: u8 = b'c';
    pub const STACK: u8 = b's';
    pub const END: u8 = b'.';
    /// The classes that the format knows besides `Error`.
    pub const CLASSES: [(u8, &str); 6] = [
        (b'E', "EvalError"),
        (b'R', "RangeError"),
        (b'F', "ReferenceError"),
        (b'S', "SyntaxError"),
        (b'T', "TypeError"),
        (b'U', "URIError"),
    ];
}

/// The flags of a regular expression, each at its bit. Bit 6 asks for V8's own engine of linear time.
pub const REGEXP_FLAGS: [(u32, char); 8] =
    [(1, 'g'), (2, 'i'), (4, 'm'), (8, 'y'), (16, 'u'), (32, 's'), (128, 'd'), (256, 'v')];

/// The kinds of views: their tag, their name, and the size of an element.
pub const VIEWS: [(u8, &str, usize); 13] = [
    (b'b', "Int8Array", 1),
    (b'B', "Uint8Array", 1),
    (b'C', "Uint8ClampedArray", 1),
    (b'w', "Int16Array", 2),
    (b'W', "Uint16Array", 2),
    (b'd', "Int32Array", 4),
    (b'D', "Uint32Array", 4),
    (b'h', "Float16Array", 2),
    (b'f', "Float32Array", 4),
    (b'F', "Float64Array", 8),
    (b'q', "BigInt64Array", 8),
    (b'Q', "BigUint64Array", 8),
    (b'?', "DataView", 1),
];

/// A view whose length is that of its buffer, which may change.
pub const VIEW_TRACKS_LENGTH: u32 = 1;
/// A view of a buffer that may be resized.
pub const VIEW_OF_RESIZABLE: u32 = 2;

/// Bytes that grow up to a limit. What does not fit is left out, and remembered.
#[derive(Default)]
pub struct Output {
    bytes: Vec<u8>,
    limit: usize,
    is_full: bool,
}

impl Output {
    /// Empty output for at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, is_full: false }
    }

    /// Whether something did not fit.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// The bytes, of which none are left.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        if bytes.len() > self.limit.saturating_sub(self.bytes.len()) {
            self.is_full = true;
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// One byte.
    pub fn byte(&mut self, byte: u8) {
        self.raw(&[byte]);
    }

    /// A number in groups of seven bits.
    pub fn varint(&mut self, value: u64) {
        let mut buffer = [0; 10];
        let length = varint(value, &mut buffer);
        self.raw(&buffer[..length]);
    }

    /// A signed number: the sign is the lowest bit.
    pub fn zigzag(&mut self, value: i32) {
        self.varint(u64::from(((value << 1) ^ (value >> 31)) as u32));
    }

    /// A double as its bits.
    pub fn double(&mut self, value: f64) {
        self.raw(&value.to_bits().to_le_bytes());
    }

    /// A string whose characters each take one byte.
    pub fn one_byte_string(&mut self, text: &[u8]) {
        self.byte(tag::ONE_BYTE_STRING);
        self.varint(text.len() as u64);
        self.raw(text);
    }

    /// A string of UTF-16, at an even offset.
    pub fn two_byte_string(&mut self, text: &[u16]) {
        let length = text.len() * 2;
        let digits = varint(length as u64, &mut [0; 10]);
        if !(self.bytes.len() + 1 + digits).is_multiple_of(2) {
            self.byte(tag::PADDING);
        }
        self.byte(tag::TWO_BYTE_STRING);
        self.varint(length as u64);
        if length > self.limit.saturating_sub(self.bytes.len()) {
            self.is_full = true;
            return;
        }
        self.bytes.reserve(length);
        self.bytes.extend(text.iter().flat_map(|unit| unit.to_le_bytes()));
    }
}

fn varint(mut value: u64, buffer: &mut [u8; 10]) -> usize {
    let mut length = 0;
    while value >= 0x80 {
        buffer[length] = value as u8 | 0x80;
        value >>= 7;
        length += 1;
    }
    buffer[length] = value as u8;
    length + 1
}

/// Why bytes are not those of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

/// The result of reading.
pub type Read<T> = Result<T, Broken>;

/// Bytes, and how far they were read.
pub struct Input {
    bytes: Box<[u8]>,
    at: usize,
}

impl Input {
    /// Input at its first byte.
    pub fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), at: 0 }
    }

    /// The number of bytes that were read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The number of bytes that are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    ///
    /// There are fewer.
    pub fn raw(&mut self, count: usize) -> Read<&[u8]> {
        if count > self.left() {
            return Err(Broken(format!("{count} bytes are announced, and {} are left", self.left())));
        }
        let from = self.at;
        self.at += count;
        Ok(&self.bytes[from..self.at])
    }

    /// The next byte.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn byte(&mut self) -> Read<u8> {
        Ok(self.raw(1)?[0])
    }

    /// The next tag, which padding may precede.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn tag(&mut self) -> Read<u8> {
        loop {
            let byte = self.byte()?;
            if byte != tag::PADDING {
                return Ok(byte);
            }
        }
    }

    /// The next tag, which stays the next one.
    pub fn peek(&self) -> Option<u8> {
        self.bytes[self.at..].iter().copied().find(|byte| *byte != tag::PADDING)
    }

    /// A number in groups of seven bits.
    ///
    /// # Errors
    ///
    /// It has no end, or more than `bits` bits.
    pub fn varint(&mut self, bits: u32) -> Read<u64> {
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            let group = u64::from(byte & 0x7f);
            if shift >= bits || (shift > 0 && group >> (bits - shift).min(63) != 0) {
                return Err(Broken(format!("a number has more than {bits} bits")));
            }
            value |= group << shift;
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    /// A number of 32 bits.
    ///
    /// # Errors
    ///
    /// As [`Self::varint`].
    pub fn uint32(&mut self) -> Read<u32> {
        Ok(self.varint(32)? as u32)
    }

    /// A length in bytes.
    ///
    /// # Errors
    ///
    /// As [`Self::varint`]; fewer bytes are left.
    pub fn length(&mut self) -> Read<usize> {
        let length = self.uint32()? as usize;
        if length > self.left() {
            return Err(Broken(format!("{length} bytes are announced, and {} are left", self.left())));
        }
        Ok(length)
    }

    /// A signed number: the sign is the lowest bit.
    ///
    /// # Errors
    ///
    /// As [`Self::varint`].
    pub fn zigzag(&mut self) -> Read<i32> {
        let bits = self.uint32()?;
        Ok((bits >> 1) as i32 ^ -((bits & 1) as i32))
    }

    /// A double as its bits.
    ///
    /// # Errors
    ///
    /// Fewer than eight bytes are left.
    pub fn double(&mut self) -> Read<f64> {
        let bits = self.raw(8)?.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
        Ok(f64::from_bits(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut output = Output::new(64);
            output.varint(value);
            assert_eq!(Input::new(&output.take()).varint(64), Ok(value));
        }
        for value in [0, 1, -1, i32::MAX, i32::MIN] {
            let mut output = Output::new(64);
            output.zigzag(value);
            assert_eq!(Input::new(&output.take()).zigzag(), Ok(value));
        }
    }

    #[test]
    fn a_number_that_is_too_long_is_refused() {
        assert!(Input::new(&[0x80; 20]).varint(64).is_err());
        assert!(Input::new(&[0xff, 0xff, 0xff, 0xff, 0x1f]).uint32().is_err());
        assert_eq!(Input::new(&[0xff, 0xff, 0xff, 0xff, 0x0f]).uint32(), Ok(u32::MAX));
    }

    #[test]
    fn output_beyond_its_limit_is_left_out() {
        let mut output = Output::new(4);
        output.two_byte_string(&[1, 2, 3]);
        assert!(output.is_full());
        assert!(output.take().len() <= 4);
    }
}
