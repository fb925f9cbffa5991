//! The options of a connection.

use napi_derive::napi;

use crate::error::Error;
use crate::node::values::failure::Failure;
use crate::protocol::exchange::Config;
use crate::protocol::frame::LARGEST_FRAME;
use crate::protocol::grants::Amount;
use crate::protocol::timeouts::Timeouts;
use crate::sys::memory::HAS_MEMORY;

/// The settings of both sides of a connection. Durations are in milliseconds; 0 and Infinity mean none.
#[napi(object)]
pub struct NativeOptions {
    /// The serializer's name.
    pub serializer: String,
    /// The end of a frame; without it payloads are binary and frames length-prefixed.
    pub terminator: Option<String>,
    /// Payloads are plain JSON: a batch delivers them as one JSON array. Without a terminator they are JSON or arrays
    /// of segments.
    pub json: bool,
    /// This side accepts a context with requests and notifications.
    pub context: bool,
    /// Large segments of payloads may use shared memory, if the system has it.
    pub shared_memory: bool,
    /// This side passes and accepts shared buffers: memory that the other side may write at any time.
    pub shared_buffers: bool,
    /// The thread may spin before it blocks, for this connection.
    pub busy_poll: bool,
    /// The message types with handlers on this side, in the order of their numbers.
    pub handlers: Vec<String>,
    /// The largest frame in bytes.
    pub max_message_size: f64,
    /// The most bytes that may wait to be written; Infinity: no limit.
    pub max_pending_bytes: f64,
    /// The most handlers of this side that run at once.
    pub max_concurrency: f64,
    /// How long a worker may take to start serving.
    pub startup_timeout: f64,
    /// How long a worker waits for its host's handshake.
    pub server_connect_timeout: f64,
    /// How long a request may take.
    pub message_timeout: f64,
    /// The message types with their own timeouts.
    pub timeout_types: Vec<String>,
    /// Their timeouts, in this order.
    pub timeout_millis: Vec<f64>,
}

impl NativeOptions {
    /// The most bytes that may wait to be written.
    pub(in crate::node) fn bound(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the facade checks the range")]
        let bound = self.max_pending_bytes as usize;
        bound
    }

    /// Whether payloads may have several segments.
    pub(in crate::node) fn has_parts(&self) -> bool {
        self.json && self.terminator.is_none()
    }

    pub(in crate::node) fn to_config(&self) -> Result<Config, Failure> {
        let millis = |value: f64| Timeouts::from_millis(value).map_err(|invalid| Failure::from(Error::from(invalid)));
        let mut timeouts = Timeouts {
            startup: millis(self.startup_timeout)?,
            server_connect: millis(self.server_connect_timeout)?,
            message: millis(self.message_timeout)?,
            ..Timeouts::default()
        };
        for (name, value) in self.timeout_types.iter().zip(&self.timeout_millis) {
            timeouts.types.insert(name.as_str().into(), millis(*value)?);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the facade checks the range")]
        let concurrency = self.max_concurrency as usize;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the facade checks the range")]
        let limit = (self.max_message_size as usize).min(LARGEST_FRAME);
        let shared_memory = self.shared_memory && HAS_MEMORY && self.has_parts();
        Ok(Config {
            serializer: self.serializer.clone(),
            terminator: self.terminator.clone(),
            limit,
            timeouts,
            context: self.context,
            shared_memory,
            shared_buffers: self.shared_buffers && shared_memory,
            window: Amount::WINDOW,
            max_calls: concurrency.saturating_add(Amount::WINDOW.messages as usize),
            max_pending_bytes: self.bound(),
        })
    }
}
