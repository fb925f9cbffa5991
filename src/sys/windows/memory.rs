//! Memory that several processes can map: this system has none that a pipe passes.

use super::{Descriptor, DescriptorRef};

/// Whether this system has it.
pub const HAS_MEMORY: bool = false;

/// There is none.
#[derive(Debug)]
pub struct Memory(Descriptor);

impl Memory {
    /// A memory that a peer has passed.
    ///
    /// # Errors
    /// There is none.
    pub fn adopt(descriptor: Descriptor) -> Result<Self, Descriptor> {
        match descriptor {}
    }

    /// Releases the bytes behind the first ones.
    pub fn trim(&self, _: u64) {
        match self.0 {}
    }

    /// What identifies it in every process.
    pub fn id(&self) -> u64 {
        match self.0 {}
    }

    /// The size in bytes.
    pub fn size(&self) -> u64 {
        match self.0 {}
    }

    /// The descriptor that passes it.
    pub fn descriptor(&self) -> DescriptorRef<'_> {
        &self.0
    }
}
