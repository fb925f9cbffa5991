//! How much a value may be.

/// Limits of what is written and read. They are checked before anything is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that a value may take, without what travels beside it.
    pub bytes: usize,
    /// How deep objects may lie in each other.
    pub depth: usize,
    /// The most objects, members and elements.
    pub items: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, depth: 10_000, items: 1 << 22 }
    }
}
