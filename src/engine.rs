//! The I/O engine: signals to the owner of a connection that its stream is ready, or that a deadline has passed.
//!
//! An engine never touches the connection: the owner's thread reads, decodes, encodes and writes. So one code path
//! serves both engines and needs no lock. The `uv` engine needs Node's event loop and is in `node`.

pub mod tokio;
