//! Payloads of several segments: bytes and large strings beside the bytes that refer to them.
//!
//! A payload begins with [`MARK`], flags (bit 0: segments may be in shared memory), two zeros and the number of
//! segments; then, for each segment, its length, its kind and three zeros; then the segments, without gaps. Integers
//! are little-endian. JSON text never begins with that byte. Of a segment in shared memory, only a [`ShmRange`] is here.

/// The first byte of a payload of segments.
pub const MARK: u8 = 1;
/// Flag: segments may be in shared memory.
const ELSEWHERE: u8 = 1;
/// The bytes of the mark, the flags and the number of segments.
pub const HEAD: usize = 8;
/// The bytes of the length and the kind of a segment.
pub const ENTRY: usize = 8;
const RANGE: usize = 24;
/// Added to the kind of a segment in shared memory.
const IN_RING: u8 = 4;
const SHARED: u8 = 8;

/// The kind of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Content {
    /// A `Buffer`.
    Bytes = 0,
    /// A string whose characters are all below U+0100, one byte each.
    Latin1 = 1,
    /// Any other string: two bytes for each UTF-16 unit.
    Utf16 = 2,
}

/// The position of a segment in shared memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShmRange {
    /// The inode of the memory, which both sides see.
    pub memory: u64,
    /// The offset of the segment in the memory, in bytes.
    pub offset: u64,
    /// The length of the segment in bytes.
    pub length: u64,
}

/// A segment of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment<'a> {
    /// In the frame.
    Here(Content, &'a [u8]),
    /// In shared memory; the receiver copies it before it takes the frame ([`crate::protocol::shm_ring`]).
    Ring(Content, ShmRange),
    /// A shared buffer: memory that both processes keep.
    Shared(ShmRange),
}

/// Whether this is a payload of segments, valid or not.
pub fn has_segments(payload: &[u8]) -> bool {
    payload.first().is_none_or(|first| *first == MARK)
}

/// Whether segments may be in shared memory.
pub fn is_elsewhere(payload: &[u8]) -> bool {
    payload.get(1).is_some_and(|flags| *flags != 0)
}

/// The approximate size of a payload with segments of this total size.
pub fn size_of(segments: impl Iterator<Item = usize>) -> usize {
    segments.fold(HEAD, |sum, segment| sum.saturating_add(ENTRY).saturating_add(segment))
}

/// Appends a payload, one segment after another.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    entry: usize,
}

// More than four billion bytes never fit into a frame: the end of the frame reports that.
fn four(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

impl<'a> Writer<'a> {
    /// A payload of this many segments.
    pub fn new(out: &'a mut Vec<u8>, count: usize) -> Self {
        let start = out.len();
        out.extend_from_slice(&[MARK, 0, 0, 0]);
        out.extend_from_slice(&four(count));
        let entry = out.len();
        out.resize(entry + count * ENTRY, 0);
        Self { out, start, entry }
    }

    /// Appends the next segment, as `append` writes it.
    pub fn here(&mut self, append: impl FnOnce(&mut Vec<u8>) -> Content) {
        let start = self.out.len();
        let content = append(self.out);
        self.describe(start, content as u8);
    }

    /// Appends the next segment, in the shared-memory ring.
    pub fn in_ring(&mut self, content: Content, range: ShmRange) {
        self.elsewhere(content as u8 + IN_RING, range);
    }

    /// Appends the next segment, a shared buffer.
    pub fn shared(&mut self, range: ShmRange) {
        self.elsewhere(SHARED, range);
    }

    fn elsewhere(&mut self, kind: u8, ShmRange { memory, offset, length }: ShmRange) {
        self.out[self.start + 1] = ELSEWHERE;
        let start = self.out.len();
        for number in [memory, offset, length] {
            self.out.extend_from_slice(&number.to_le_bytes());
        }
        self.describe(start, kind);
    }

    fn describe(&mut self, start: usize, kind: u8) {
        let length = four(self.out.len() - start);
        self.out[self.entry..self.entry + 4].copy_from_slice(&length);
        self.out[self.entry + 4] = kind;
        self.entry += ENTRY;
    }
}

/// The segments, if their lengths match the payload exactly.
pub fn cut(payload: &[u8]) -> Option<Vec<Segment<'_>>> {
    let (head, rest) = payload.split_first_chunk::<HEAD>()?;
    if head[0] != MARK || head[1] > ELSEWHERE || head[2..4] != [0, 0] {
        return None;
    }
    let may_be_elsewhere = head[1] == ELSEWHERE;
    let count = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let (table, mut rest) = rest.split_at_checked(count.checked_mul(ENTRY)?)?;
    let mut segments = Vec::with_capacity(count);
    for entry in table.chunks_exact(ENTRY) {
        let length = u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]) as usize;
        if entry[5..] != [0; 3] {
            return None;
        }
        let (bytes, others) = rest.split_at_checked(length)?;
        segments.push(part_of(entry[4], bytes, may_be_elsewhere)?);
        rest = others;
    }
    rest.is_empty().then_some(segments)
}

fn part_of(kind: u8, bytes: &[u8], may_be_elsewhere: bool) -> Option<Segment<'_>> {
    let content = |kind: u8, length: u64| match kind {
        0 => Some(Content::Bytes),
        1 => Some(Content::Latin1),
        2 => length.is_multiple_of(2).then_some(Content::Utf16),
        _ => None,
    };
    if kind < IN_RING {
        return Some(Segment::Here(content(kind, bytes.len() as u64)?, bytes));
    }
    let range = place_of(bytes).filter(|_| may_be_elsewhere)?;
    if kind == SHARED {
        return Some(Segment::Shared(range));
    }
    Some(Segment::Ring(content(kind - IN_RING, range.length)?, range))
}

fn place_of(bytes: &[u8]) -> Option<ShmRange> {
    let bytes: &[u8; RANGE] = bytes.try_into().ok()?;
    let number = |at: usize| bytes[at..at + 8].try_into().map(u64::from_le_bytes).ok();
    Some(ShmRange { memory: number(0)?, offset: number(8)?, length: number(16)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: [ShmRange; 2] =
        [ShmRange { memory: 7, offset: 4096, length: 1 << 40 }, ShmRange { memory: 0, offset: 0, length: 2 }];

    fn payload(segments: &[Segment<'_>]) -> Vec<u8> {
        let mut payload = Vec::new();
        let mut writer = Writer::new(&mut payload, segments.len());
        for segment in segments {
            match *segment {
                Segment::Here(content, bytes) => writer.here(|out| {
                    out.extend_from_slice(bytes);
                    content
                }),
                Segment::Ring(content, range) => writer.in_ring(content, range),
                Segment::Shared(range) => writer.shared(range),
            }
        }
        payload
    }

    #[test]
    fn parts_are_cut_as_they_were_joined() {
        use Content::{Bytes, Latin1, Utf16};
        use Segment::{Here, Ring, Shared};
        for segments in [
            &[][..],
            &[Here(Bytes, b"")],
            &[Here(Bytes, b"abc"), Here(Latin1, b""), Here(Utf16, b"\x00\xd8"), Here(Bytes, b"z")],
            &[Here(Bytes, b"abc"), Ring(Latin1, PLACES[0]), Ring(Utf16, PLACES[1]), Shared(PLACES[0])],
        ] {
            assert_eq!(cut(&payload(segments)).unwrap(), segments);
            let is_elsewhere = segments.iter().any(|segment| !matches!(segment, Here(..)));
            assert_eq!(super::is_elsewhere(&payload(segments)), is_elsewhere);
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let whole = payload(&[Segment::Here(Content::Bytes, b"abc"), Segment::Here(Content::Utf16, b"de")]);
        for length in 0..whole.len() {
            assert_eq!(cut(&whole[..length]), None, "cut at {length}");
        }
        for position in 0..HEAD + 2 * ENTRY {
            for value in [1, 3, 0x7f, 0xff] {
                let mut lying = whole.clone();
                if lying[position] != value {
                    lying[position] = value;
                    // A kind may become an equivalent one; and segments need not be in shared memory.
                    assert!(cut(&lying).is_none() || position % ENTRY == 4 || position == 1, "{position} {value}");
                }
            }
        }
        assert_eq!(cut(&[whole, vec![0]].concat()), None);
    }

    #[test]
    fn a_place_is_read_only_where_parts_may_be_elsewhere_and_as_a_whole() {
        let whole = payload(&[Segment::Ring(Content::Utf16, PLACES[0])]);
        for (position, value) in [(1, 0), (1, 2), (4, 2), (HEAD, 23), (HEAD + 4, 7), (HEAD + 4, 9)] {
            let mut lying = whole.clone();
            lying[position] = value;
            assert_eq!(cut(&lying), None, "{position} {value}");
        }
        let mut odd = whole;
        odd[HEAD + ENTRY + 16] = 1;
        assert_eq!(cut(&odd), None, "half a unit");
    }
}
