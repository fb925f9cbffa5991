//! The event loop of a JavaScript thread: wake-ups, time limits, and clean-up.

pub(in crate::node) mod environment;
pub(in crate::node) mod pulse;
#[cfg_attr(windows, expect(dead_code, reason = "the engine that uses the rest runs on Unix"))]
mod symbols;
pub(in crate::node) mod tokio;
#[cfg(unix)]
pub(in crate::node) mod uv;
pub(in crate::node) mod watch;
