//! Passing descriptors beside the bytes of a stream: pipes pass none.

/// The most descriptors of one write.
pub const MOST_DESCRIPTORS: usize = 64;
