//! Which terminators can end a frame.

use crate::error::Error;

/// All characters of an envelope outside the names that users choose.
const ENVELOPE: &str = "{}\":,-kindtypeayloadnotificationclosestartupresultRE0123456789abcdefx";

/// A terminator needs one character that envelopes lack: otherwise a random transaction id could contain it.
pub(crate) fn check(serializer: &str, terminator: &str) -> Result<(), Error> {
    if terminator.chars().any(|character| !ENVELOPE.contains(character)) {
        return Ok(());
    }
    Err(Error::UnusableTerminator { serializer: serializer.to_owned(), terminator: terminator.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_envelopes_are_made_of_is_refused() {
        for terminator in ["", "}", "\"", "ab", "type", "}{", "Error", "7f"] {
            assert!(check("x", terminator).is_err(), "{terminator:?}");
        }
        for terminator in ["\n", "\0", "\r\n", "---\n", "<END>", "###", "→"] {
            assert!(check("x", terminator).is_ok(), "{terminator:?}");
        }
    }
}
