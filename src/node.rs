//! Node-API: converts values of JavaScript, calls [`crate::io`], and converts what that delivers. And the `uv` engine,
//! which needs Node's event loop.
//!
//! All code here runs on the JavaScript thread of its environment, except the waker of the `tokio` engine. All state of
//! a connection belongs to an [`classes::environment::NativeEnvironment`], one for each JavaScript thread that loads
//! the addon, so connections of two threads share nothing.

mod classes;
mod delivery;
mod event_loop;
mod values;
