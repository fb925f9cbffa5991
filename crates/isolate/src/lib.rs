//! Isolates: workers that are QuickJS runtimes, with limits that hold.
//!
//! What an isolate is made of:
//! - [`code`]: our own scripts, compiled once for each process.
//! - [`natives`]: functions of ours in the place of built-in ones that would run past every limit.
//! - [`values`]: V8's serialization format, to and from values of an isolate.
//! - [`prelude`]: the globals of an isolate besides the language.
//! - [`shared`]: memory that isolates share, and waiting for it.
//! - [`limits`], [`memory`], [`clock`], [`meter`], [`watch`]: what it may use, and what it has used.
//! - [`engine`]: one runtime, and the library in it.
//!
//! What runs it:
//! - [`mail`]: what passes between an isolate and its host.
//! - [`boundary`]: how its events cross into JavaScript.
//! - [`run`]: the life of an isolate, on whatever carries it.
//! - [`thread`]: isolates on threads of their own.
//! - [`fiber`]: isolates that take turns on the thread of their host.
//! - `node`: the binding for Node-API.

pub mod code;

pub mod natives;

pub mod values;

pub mod prelude;

pub mod shared;

pub mod limits;

pub mod memory;

pub mod clock;

pub mod meter;

pub mod watch;

pub mod mail;

pub mod boundary;

pub mod engine;

pub mod run;

pub mod thread;

pub mod fiber;

#[cfg(feature = "napi")]
mod node;
