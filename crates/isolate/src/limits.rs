//! What an isolate may use.

use std::time::Duration;

/// The limits of one isolate. The largest value of a type is none.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the engine's memory.
    pub memory: usize,
    /// Bytes of the stack of JavaScript.
    pub stack: usize,
    /// Processor time of one message, timer or start, with the promises that settle by it.
    pub cpu_per_message: Duration,
    /// Processor time in all.
    pub cpu: Duration,
    /// Time from the start to the end.
    pub wall: Duration,
    /// Bytes of one message to the host.
    pub result: usize,
    /// Bytes of messages that wait for the host.
    pub queued: usize,
}

/// A limit that ends an isolate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Limit {
    /// [`Limits::memory`].
    Memory,
    /// [`Limits::stack`].
    Stack,
    /// [`Limits::cpu_per_message`].
    CpuPerMessage,
    /// [`Limits::cpu`].
    Cpu,
    /// [`Limits::wall`].
    Wall,
    /// [`Limits::queued`].
    Queued,
}
