//! What tells the owner of a connection that bytes can be moved, and when a deadline has come.
//!
//! An engine never touches the connection itself: the owner's thread reads, decodes, encodes and writes. So one code
//! path serves both engines and nothing needs a lock. The `uv` engine needs Node's event loop and lives in `bindings`.

pub mod tokio;
