//! Payloads of several parts: bytes and large strings beside what refers to them.
//!
//! A payload begins with [`MARK`], flags (bit 0: parts may be elsewhere), two zeros and the number of parts; then, for each
//! part, its length, its kind and three zeros; then the parts, without gaps. Integers are little-endian. JSON text never
//! begins with that byte. Of a part that is elsewhere, only a [`Place`] is here.

/// What a payload of parts begins with.
const MARK: u8 = 1;
/// Parts may be elsewhere.
const ELSEWHERE: u8 = 1;
const HEAD: usize = 8;
const ENTRY: usize = 8;
const PLACE: usize = 24;
/// Added to the kind of what is in a lane.
const IN_LANE: u8 = 4;
const SHARED: u8 = 8;

/// What a part is, once it is read.
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

/// Where a part is that is not in the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number the system knows the memory by, which is the same for both sides.
    pub memory: u64,
    /// Where it begins in there, in bytes.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
}

/// A part of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// It is here.
    Here(Content, &'a [u8]),
    /// It is to be copied from there before the frame counts as read ([`crate::lane`]).
    Lane(Content, Place),
    /// It is there, and stays there: memory that several processes see.
    Shared(Place),
}

/// Whether it is a payload of parts, however broken.
pub fn is_parts(payload: &[u8]) -> bool {
    payload.first().is_none_or(|first| *first == MARK)
}

/// Whether parts of it may be elsewhere.
pub fn is_elsewhere(payload: &[u8]) -> bool {
    payload.get(1).is_some_and(|flags| *flags != 0)
}

/// About how many bytes a payload becomes whose parts have so many.
pub fn size_of(parts: impl Iterator<Item = usize>) -> usize {
    parts.fold(HEAD, |sum, part| sum.saturating_add(ENTRY).saturating_add(part))
}

/// Appends a payload, part by part.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    entry: usize,
}

// More than four billion bytes never fit into a frame: that is noticed when it ends.
fn four(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

impl<'a> Writer<'a> {
    /// For so many parts.
    pub fn new(out: &'a mut Vec<u8>, count: usize) -> Self {
        let start = out.len();
        out.extend_from_slice(&[MARK, 0, 0, 0]);
        out.extend_from_slice(&four(count));
        let entry = out.len();
        out.resize(entry + count * ENTRY, 0);
        Self { out, start, entry }
    }

    /// The next part, as `append` writes it.
    pub fn here(&mut self, append: impl FnOnce(&mut Vec<u8>) -> Content) {
        let start = self.out.len();
        let content = append(self.out);
        self.describe(start, content as u8);
    }

    /// The next part, which is in a lane.
    pub fn in_lane(&mut self, content: Content, place: Place) {
        self.elsewhere(content as u8 + IN_LANE, place);
    }

    /// The next part, which stays where it is.
    pub fn shared(&mut self, place: Place) {
        self.elsewhere(SHARED, place);
    }

    fn elsewhere(&mut self, kind: u8, Place { memory, offset, length }: Place) {
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

/// The parts, if the lengths are exactly those of the payload.
pub fn cut(payload: &[u8]) -> Option<Vec<Part<'_>>> {
    let (head, rest) = payload.split_first_chunk::<HEAD>()?;
    if head[0] != MARK || head[1] > ELSEWHERE || head[2..4] != [0, 0] {
        return None;
    }
    let may_be_elsewhere = head[1] == ELSEWHERE;
    let count = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let (table, mut rest) = rest.split_at_checked(count.checked_mul(ENTRY)?)?;
    let mut parts = Vec::with_capacity(count);
    for entry in table.chunks_exact(ENTRY) {
        let length = u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]) as usize;
        if entry[5..] != [0; 3] {
            return None;
        }
        let (bytes, others) = rest.split_at_checked(length)?;
        parts.push(part_of(entry[4], bytes, may_be_elsewhere)?);
        rest = others;
    }
    rest.is_empty().then_some(parts)
}

fn part_of(kind: u8, bytes: &[u8], may_be_elsewhere: bool) -> Option<Part<'_>> {
    let content = |kind: u8, length: u64| match kind {
        0 => Some(Content::Bytes),
        1 => Some(Content::Latin1),
        2 => length.is_multiple_of(2).then_some(Content::Utf16),
        _ => None,
    };
    if kind < IN_LANE {
        return Some(Part::Here(content(kind, bytes.len() as u64)?, bytes));
    }
    let place = place_of(bytes).filter(|_| may_be_elsewhere)?;
    if kind == SHARED {
        return Some(Part::Shared(place));
    }
    Some(Part::Lane(content(kind - IN_LANE, place.length)?, place))
}

fn place_of(bytes: &[u8]) -> Option<Place> {
    let bytes: &[u8; PLACE] = bytes.try_into().ok()?;
    let number = |at: usize| bytes[at..at + 8].try_into().map(u64::from_le_bytes).ok();
    Some(Place { memory: number(0)?, offset: number(8)?, length: number(16)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: [Place; 2] =
        [Place { memory: 7, offset: 4096, length: 1 << 40 }, Place { memory: 0, offset: 0, length: 2 }];

    fn payload(parts: &[Part<'_>]) -> Vec<u8> {
        let mut payload = Vec::new();
        let mut writer = Writer::new(&mut payload, parts.len());
        for part in parts {
            match *part {
                Part::Here(content, bytes) => writer.here(|out| {
                    out.extend_from_slice(bytes);
                    content
                }),
                Part::Lane(content, place) => writer.in_lane(content, place),
                Part::Shared(place) => writer.shared(place),
            }
        }
        payload
    }

    #[test]
    fn parts_are_cut_as_they_were_joined() {
        use Content::{Bytes, Latin1, Utf16};
        use Part::{Here, Lane, Shared};
        for parts in [
            &[][..],
            &[Here(Bytes, b"")],
            &[Here(Bytes, b"abc"), Here(Latin1, b""), Here(Utf16, b"\x00\xd8"), Here(Bytes, b"z")],
            &[Here(Bytes, b"abc"), Lane(Latin1, PLACES[0]), Lane(Utf16, PLACES[1]), Shared(PLACES[0])],
        ] {
            assert_eq!(cut(&payload(parts)).unwrap(), parts);
            let is_elsewhere = parts.iter().any(|part| !matches!(part, Here(..)));
            assert_eq!(super::is_elsewhere(&payload(parts)), is_elsewhere);
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let whole = payload(&[Part::Here(Content::Bytes, b"abc"), Part::Here(Content::Utf16, b"de")]);
        for length in 0..whole.len() {
            assert_eq!(cut(&whole[..length]), None, "cut at {length}");
        }
        for position in 0..HEAD + 2 * ENTRY {
            for value in [1, 3, 0x7f, 0xff] {
                let mut lying = whole.clone();
                if lying[position] != value {
                    lying[position] = value;
                    // A kind may become another that is as good; and what may be elsewhere need not be.
                    assert!(cut(&lying).is_none() || position % ENTRY == 4 || position == 1, "{position} {value}");
                }
            }
        }
        assert_eq!(cut(&[whole, vec![0]].concat()), None);
    }

    #[test]
    fn a_place_is_read_only_where_parts_may_be_elsewhere_and_as_a_whole() {
        let whole = payload(&[Part::Lane(Content::Utf16, PLACES[0])]);
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
