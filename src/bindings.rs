//! Node-API: convert, call, convert. And the `uv` engine, which needs Node's event loop.
//!
//! Everything here runs on the JavaScript thread of its environment, except the waker of the `tokio` engine. All state
//! hangs on an [`environment::NativeEnvironment`], one for each JavaScript thread that loads the addon; nothing is
//! global, so threads cannot meet.

mod batch;
mod busy_poll;
mod clock;
mod command;
mod connection;
mod debugger;
mod delivery;
mod doorman;
mod environment;
mod exit;
mod failure;
mod lifeline;
mod link;
mod messages;
mod options;
mod pair;
mod parts;
mod payload;
mod recycler;
mod reference;
mod requests;
mod scope;
mod shared_buffers;
mod streams;
mod terminal;
mod text;
mod tokio;
#[cfg(unix)]
mod uv;
mod waiting;
mod watch;
