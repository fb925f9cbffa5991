//! The id that ties a request to its one outcome: a UUID as 128 bits, or the text a user's generator returned.
//!
//! The two forms never overlap. Text is a UUID exactly if it is the canonical spelling, 36 characters of lowercase
//! hexadecimal with hyphens; so each text has one form, and writing an id gives back the text it was parsed from.

use std::fmt;

use hashbrown::Equivalent;

/// The longest custom id in bytes.
pub const MAX_CUSTOM_LENGTH: usize = 256;

/// Characters of a UUID's canonical spelling.
const UUID_LENGTH: usize = 36;

/// A transaction id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TransactionId {
    /// A UUID; the first digit of its spelling is the most significant.
    Uuid(u128),
    /// Any text but a canonical UUID. Make it with [`TransactionId::from_custom`].
    Custom(Box<str>),
}

/// A transaction id that borrows its text. Equal ids hash the same, owned or borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionIdRef<'a> {
    /// A UUID; the first digit of its spelling is the most significant.
    Uuid(u128),
    /// Any text but a canonical UUID. Make it with [`TransactionIdRef::parse`].
    Custom(&'a str),
}

/// Why a text cannot be a transaction id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTransactionId {
    /// The text is empty.
    #[error("a transaction id must not be empty")]
    Empty,
    /// The text is over [`MAX_CUSTOM_LENGTH`].
    #[error("a transaction id may have at most {limit} bytes of UTF-8, this one has {size}")]
    TooLong {
        /// Bytes of the text.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
}

impl TransactionId {
    /// The id that a user's generator gave. A canonical UUID becomes [`TransactionId::Uuid`], and spells the same.
    ///
    /// # Errors
    /// The text is empty or longer than [`MAX_CUSTOM_LENGTH`] bytes.
    pub fn from_custom(text: &str) -> Result<Self, InvalidTransactionId> {
        match text.len() {
            0 => Err(InvalidTransactionId::Empty),
            size if size > MAX_CUSTOM_LENGTH => Err(InvalidTransactionId::TooLong { size, limit: MAX_CUSTOM_LENGTH }),
            _ => Ok(TransactionIdRef::parse(text).into()),
        }
    }

    /// The same id, borrowed.
    pub fn borrowed(&self) -> TransactionIdRef<'_> {
        match self {
            Self::Uuid(value) => TransactionIdRef::Uuid(*value),
            Self::Custom(text) => TransactionIdRef::Custom(text),
        }
    }

    /// Appends the id's text, unquoted and unescaped.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        self.borrowed().write_to(out);
    }
}

impl<'a> TransactionIdRef<'a> {
    /// The id with this text. Any text is an id here, since it comes from a peer and is only looked up or echoed.
    pub fn parse(text: &'a str) -> Self {
        match parse_uuid(text.as_bytes()) {
            Some(value) => Self::Uuid(value),
            None => Self::Custom(text),
        }
    }

    /// Appends the id's text, unquoted and unescaped.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Uuid(value) => out.extend_from_slice(&format_uuid(*value)),
            Self::Custom(text) => out.extend_from_slice(text.as_bytes()),
        }
    }
}

impl From<TransactionIdRef<'_>> for TransactionId {
    fn from(id: TransactionIdRef<'_>) -> Self {
        match id {
            TransactionIdRef::Uuid(value) => Self::Uuid(value),
            TransactionIdRef::Custom(text) => Self::Custom(text.into()),
        }
    }
}

impl PartialEq<TransactionId> for TransactionIdRef<'_> {
    fn eq(&self, other: &TransactionId) -> bool {
        *self == other.borrowed()
    }
}

impl Equivalent<TransactionId> for TransactionIdRef<'_> {
    fn equivalent(&self, key: &TransactionId) -> bool {
        self == key
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.borrowed().fmt(f)
    }
}

impl fmt::Display for TransactionIdRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(value) => f.pad(std::str::from_utf8(&format_uuid(*value)).map_err(|_| fmt::Error)?),
            Self::Custom(text) => f.pad(text),
        }
    }
}

// Eight hexadecimal digits are handled at a time, one per byte of a word, the first digit in the highest byte.

const EACH: u64 = 0x0101_0101_0101_0101;

fn parse_uuid(text: &[u8]) -> Option<u128> {
    let text: &[u8; UUID_LENGTH] = text.try_into().ok()?;
    if [text[8], text[13], text[18], text[23]] != [b'-'; 4] {
        return None;
    }
    let four = |at: usize| u64::from(u32::from_be_bytes([text[at], text[at + 1], text[at + 2], text[at + 3]]));
    let eight = |first: usize, second: usize| parse_digits(four(first) << 32 | four(second));
    let words = [eight(0, 4)?, eight(9, 14)?, eight(19, 24)?, eight(28, 32)?];
    Some(words.into_iter().fold(0, |value, word| value << 32 | u128::from(word)))
}

/// The value of eight characters, if all are lowercase hexadecimal digits.
fn parse_digits(characters: u64) -> Option<u32> {
    const HIGH: u64 = EACH * 0x80;
    // With the high bits clear no sum below carries into the next byte.
    if characters & HIGH != 0 {
        return None;
    }
    let digit = characters ^ (EACH * 0x30); // 0..=9 exactly for '0'..='9'
    let letter = characters ^ (EACH * 0x60); // 1..=6 exactly for 'a'..='f'
    let is_digit = !(digit + EACH * (0x80 - 10)) & HIGH;
    let is_letter = (letter + EACH * (0x80 - 1)) & !(letter + EACH * (0x80 - 7)) & HIGH;
    if is_digit | is_letter != HIGH {
        return None;
    }
    let nibbles = (characters & (EACH * 0x0f)) + (is_letter >> 7) * 9;
    let pairs = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    Some((quads | quads >> 16) as u32)
}

fn format_uuid(value: u128) -> [u8; UUID_LENGTH] {
    let digits = |shift: u32| format_digits((value >> shift) as u32);
    let (first, second, third, last) = (digits(96), digits(64), digits(32), digits(0));
    let mut text = [b'-'; UUID_LENGTH];
    text[..8].copy_from_slice(&first);
    text[9..13].copy_from_slice(&second[..4]);
    text[14..18].copy_from_slice(&second[4..]);
    text[19..23].copy_from_slice(&third[..4]);
    text[24..28].copy_from_slice(&third[4..]);
    text[28..].copy_from_slice(&last);
    text
}

fn format_digits(value: u32) -> [u8; 8] {
    let quads = u64::from(value);
    let quads = (quads | quads << 16) & 0x0000_ffff_0000_ffff;
    let pairs = (quads | quads << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (pairs | pairs << 4) & (EACH * 0x0f);
    let is_letter = (nibbles + EACH * (16 - 10)) >> 4 & EACH;
    (nibbles + EACH * u64::from(b'0') + is_letter * u64::from(b'a' - b'0' - 10)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "01234567-89ab-cdef-fedc-ba9876543210";

    fn written(id: TransactionIdRef<'_>) -> String {
        let mut out = Vec::new();
        id.write_to(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_canonical_uuid_becomes_its_number() {
        let id = TransactionIdRef::parse(TEXT);
        assert_eq!(id, TransactionIdRef::Uuid(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210));
        assert_eq!(written(id), TEXT);
        assert_eq!(id.to_string(), TEXT);
    }

    #[test]
    fn every_other_spelling_stays_text() {
        for text in [
            "",
            "1",
            "01234567-89AB-cdef-fedc-ba9876543210",
            "0123456789abcdeffedcba9876543210",
            "{01234567-89ab-cdef-fedc-ba987654321}",
            "01234567089ab-cdef-fedc-ba9876543210",
            "01234567-89ab-cdef-fedc-ba9876543210 ",
            "01234567-89ab-cdef-fedc-ba987654321é",
        ] {
            assert_eq!(TransactionIdRef::parse(text), TransactionIdRef::Custom(text));
            assert_eq!(written(TransactionIdRef::parse(text)), text);
        }
    }

    #[test]
    fn only_lowercase_hexadecimal_digits_are_accepted_at_every_position() {
        for at in 0..UUID_LENGTH {
            for byte in 0..=u8::MAX {
                let mut text = TEXT.as_bytes().to_vec();
                text[at] = byte;
                let legal = if TEXT.as_bytes()[at] == b'-' {
                    byte == b'-'
                } else {
                    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
                };
                assert_eq!(parse_uuid(&text).is_some(), legal, "byte {byte:#x} at {at}");
            }
        }
    }

    #[test]
    fn a_custom_id_has_a_bounded_length() {
        assert_eq!(TransactionId::from_custom(""), Err(InvalidTransactionId::Empty));
        assert!(TransactionId::from_custom(&"x".repeat(256)).is_ok());
        let error = TransactionId::from_custom(&"é".repeat(129)).unwrap_err();
        assert_eq!(error, InvalidTransactionId::TooLong { size: 258, limit: 256 });
        assert_eq!(error.to_string(), "a transaction id may have at most 256 bytes of UTF-8, this one has 258");
    }

    #[test]
    fn a_custom_id_that_spells_a_uuid_is_that_uuid() {
        assert!(matches!(TransactionId::from_custom(TEXT), Ok(TransactionId::Uuid(_))));
    }

    proptest! {
        #[test]
        fn a_uuid_survives_writing_and_parsing(value: u128) {
            let text = written(TransactionIdRef::Uuid(value));
            let hex = format!("{value:032x}");
            let expected = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
            prop_assert_eq!(&text, &expected);
            prop_assert_eq!(TransactionIdRef::parse(&text), TransactionIdRef::Uuid(value));
        }

        #[test]
        fn any_text_survives_parsing_and_writing(text in "[0-9a-fA-F-]{34,38}|\\PC*") {
            prop_assert_eq!(written(TransactionIdRef::parse(&text)), text);
        }

        #[test]
        fn owned_and_borrowed_ids_hash_alike(text in "\\PC{1,40}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}") {
            let hasher = hashbrown::DefaultHashBuilder::default();
            let owned = TransactionId::from_custom(&text).unwrap();
            let borrowed = TransactionIdRef::parse(&text);
            prop_assert!(borrowed.equivalent(&owned));
            prop_assert_eq!(hasher.hash_one(&owned), hasher.hash_one(borrowed));
        }
    }
}
