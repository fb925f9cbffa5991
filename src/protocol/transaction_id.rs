//! The id that ties a request to its one outcome: a UUID as 128 bits, or the text of a user's generator.
//!
//! The two forms never overlap. Text is a UUID exactly if it is the canonical spelling, 36 characters of lowercase
//! hexadecimal with hyphens; so each text has one form, and writing an id returns its original text.

use std::fmt;

use hashbrown::Equivalent;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// The longest custom id in bytes.
pub const MAX_CUSTOM_LENGTH: usize = 256;

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
    /// The id of a user's generator. A canonical UUID becomes [`TransactionId::Uuid`], with its spelling.
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

    /// The id, borrowed.
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
    /// The id with this text. Any text is an id here, because it comes from a peer and the core only looks it up or
    /// echoes it.
    pub fn parse(text: &'a str) -> Self {
        match parse_uuid(text.as_bytes()) {
            Some(value) => Self::Uuid(value),
            None => Self::Custom(text),
        }
    }

    /// Appends the id's text, unquoted and unescaped.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Uuid(value) => {
                out.extend_from_slice(canonical(*value).encode_lower(&mut [0; Hyphenated::LENGTH]).as_bytes())
            }
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
            Self::Uuid(value) => f.pad(canonical(*value).encode_lower(&mut [0; Hyphenated::LENGTH])),
            Self::Custom(text) => f.pad(text),
        }
    }
}

fn canonical(value: u128) -> Hyphenated {
    Uuid::from_u128(value).hyphenated()
}

/// The number of a UUID in its canonical spelling. The `uuid` crate reads other spellings, too: of this length, only
/// those with capital letters.
fn parse_uuid(text: &[u8]) -> Option<u128> {
    if text.len() != Hyphenated::LENGTH || text.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    Uuid::try_parse_ascii(text).ok().map(|uuid| uuid.as_u128())
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
        for at in 0..Hyphenated::LENGTH {
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
