//! Isolates: workers that are QuickJS runtimes, with limits that hold.
//!
//! - [`code`]: our own scripts, compiled once for each process.
//! - [`natives`]: functions of ours in the place of built-in ones that would run past every limit.
//! - [`values`]: V8's serialization format, to and from values of an isolate.
//! - [`prelude`]: the globals of an isolate besides the language.

pub mod code;

pub mod natives;

pub mod values;

pub mod prelude;
