//! How frames are delimited, and the writing of frames.

use memchr::{memchr, memmem};

/// Bytes of the length that precedes a length-prefixed body.
pub(super) const PREFIX: usize = size_of::<u32>();

/// How the decoder finds the end of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framing {
    /// The body is followed by this terminator, at least one byte, which the body must not contain.
    Delimited(Box<[u8]>),
    /// The body's length in bytes as a little-endian `u32` precedes it. The body may hold any bytes.
    LengthPrefixed,
}

/// Why a body cannot be framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The body is over the limit.
    #[error("the frame's body has {size} bytes, the limit is {limit}; raise the limit or split the message")]
    TooLarge {
        /// Bytes of the body.
        size: usize,
        /// The largest allowed body in bytes.
        limit: usize,
    },
    /// The reader would find the terminator before the end of the body.
    #[error(
        "the frame would end too early: its terminator occurs at byte {at} of the body; \
         choose a terminator that cannot occur in a message, or length-prefixed frames"
    )]
    ContainsTerminator {
        /// Where in the body the terminator begins; it may reach into the terminator that ends the frame.
        at: usize,
    },
}

impl Framing {
    /// Starts a frame at the end of `out` and returns its mark for [`Framing::finish`]. The caller appends the body.
    pub fn begin(&self, out: &mut Vec<u8>) -> usize {
        let mark = out.len();
        if let Framing::LengthPrefixed = self {
            out.extend_from_slice(&[0; PREFIX]);
        }
        mark
    }

    /// Ends the frame that began at `mark`: everything appended since then is its body, of `limit` bytes at most.
    ///
    /// # Errors
    /// The body is over the limit, or contains the terminator, alone or together with the terminator that follows it.
    /// `out` is then as it was before [`Framing::begin`].
    ///
    /// # Panics
    /// `mark` does not come from a `begin` of this framing on `out`, or `out` has been truncated since.
    pub fn finish(&self, out: &mut Vec<u8>, mark: usize, limit: usize) -> Result<(), FrameError> {
        let result = match self {
            Framing::Delimited(terminator) => finish_delimited(terminator, out, mark, limit),
            Framing::LengthPrefixed => finish_length_prefixed(out, mark, limit),
        };
        if result.is_err() {
            out.truncate(mark);
        }
        result
    }
}

fn finish_delimited(terminator: &[u8], out: &mut Vec<u8>, mark: usize, limit: usize) -> Result<(), FrameError> {
    let size = out[mark..].len();
    if size > limit {
        return Err(FrameError::TooLarge { size, limit });
    }
    // One search over body and terminator also finds a match that straddles the two ("a" + "aa" holds "aa" too early).
    out.extend_from_slice(terminator);
    let found = match terminator {
        [byte] => memchr(*byte, &out[mark..]),
        _ => memmem::find(&out[mark..], terminator),
    };
    match found {
        Some(at) if at < size => Err(FrameError::ContainsTerminator { at }),
        _ => Ok(()),
    }
}

fn finish_length_prefixed(out: &mut [u8], mark: usize, limit: usize) -> Result<(), FrameError> {
    let (prefix, body) = out[mark..].split_first_chunk_mut::<PREFIX>().expect("the mark is not that of a begun frame");
    let size = body.len();
    match u32::try_from(size) {
        Ok(length) if size <= limit => {
            *prefix = length.to_le_bytes();
            Ok(())
        }
        _ => Err(FrameError::TooLarge { size, limit: limit.min(u32::MAX as usize) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(framing: &Framing, body: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
        let mut out = b"before".to_vec();
        let mark = framing.begin(&mut out);
        out.extend_from_slice(body);
        let result = framing.finish(&mut out, mark, limit);
        assert_eq!(&out[..6], b"before");
        if result.is_err() {
            assert_eq!(out.len(), 6, "an error leaves nothing of the frame");
        }
        result.map(|()| out.split_off(6))
    }

    fn delimited(terminator: &[u8]) -> Framing {
        Framing::Delimited(terminator.into())
    }

    #[test]
    fn a_delimited_frame_is_the_body_and_its_terminator() {
        assert_eq!(encode(&delimited(b"\n"), b"{}", 100).unwrap(), b"{}\n");
        assert_eq!(
            encode(&delimited(b"\r\n\r\n"), b"a\r\n", 100).unwrap_err(),
            FrameError::ContainsTerminator { at: 1 }
        );
        assert_eq!(encode(&delimited(b"--end--"), b"a-", 100).unwrap(), b"a---end--");
    }

    #[test]
    fn a_length_prefixed_frame_is_the_little_endian_length_and_the_body() {
        assert_eq!(encode(&Framing::LengthPrefixed, b"abc", 100).unwrap(), b"\x03\0\0\0abc");
    }

    #[test]
    fn an_empty_body_is_a_frame() {
        assert_eq!(encode(&delimited(b"\n"), b"", 0).unwrap(), b"\n");
        assert_eq!(encode(&Framing::LengthPrefixed, b"", 0).unwrap(), b"\0\0\0\0");
    }

    #[test]
    fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
        for framing in [delimited(b"\n"), Framing::LengthPrefixed] {
            assert!(encode(&framing, b"four", 4).is_ok());
            assert_eq!(encode(&framing, b"five!", 4).unwrap_err(), FrameError::TooLarge { size: 5, limit: 4 });
        }
    }

    #[test]
    fn a_body_that_contains_the_terminator_is_refused() {
        let refused = |terminator: &[u8], body: &[u8]| encode(&delimited(terminator), body, 100).unwrap_err();
        assert_eq!(refused(b"\n", b"a\nb"), FrameError::ContainsTerminator { at: 1 });
        assert_eq!(refused(b"ab", b"xxab"), FrameError::ContainsTerminator { at: 2 });
    }

    #[test]
    fn a_body_that_forms_the_terminator_together_with_it_is_refused() {
        let refused = |terminator: &[u8], body: &[u8]| encode(&delimited(terminator), body, 100).unwrap_err();
        assert_eq!(refused(b"aa", b"xa"), FrameError::ContainsTerminator { at: 1 });
        assert_eq!(refused(b"abab", b"ab"), FrameError::ContainsTerminator { at: 0 });
        assert!(encode(&delimited(b"aab"), b"xa", 100).is_ok(), "\"xaaab\" ends in the first \"aab\" there is");
    }
}
