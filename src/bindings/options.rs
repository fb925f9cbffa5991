//! What the facade says about a connection.

use napi_derive::napi;

use super::failure::Failure;
use crate::error::Error;
use crate::exchange::Config;
use crate::timeouts::Timeouts;
use crate::transport::memory::HAS_MEMORY;

/// How the two sides of a connection talk. Durations are in milliseconds; 0 and Infinity mean none.
#[napi(object)]
pub struct NativeOptions {
    /// The serializer's name.
    pub serializer: String,
    /// What ends a frame; without it payloads are binary and frames length-prefixed.
    pub terminator: Option<String>,
    /// Payloads are plain JSON: those of a batch come as one JSON array. Without a terminator they are JSON or arrays of parts.
    pub json: bool,
    /// This side takes a context with requests and notifications.
    pub context: bool,
    /// Large parts of payloads may go through shared memory, where the system has it.
    pub shared_memory: bool,
    /// The message types that this side has handlers for, in the order of their numbers.
    pub handlers: Vec<String>,
    /// The largest frame in bytes.
    pub max_message_size: f64,
    /// The most bytes that may wait to be written; Infinity: any number.
    pub max_pending_bytes: f64,
    /// How long a worker may take to start to serve.
    pub startup_timeout: f64,
    /// How long a worker waits for its host's handshake.
    pub server_connect_timeout: f64,
    /// How long a request may take.
    pub message_timeout: f64,
    /// The message types with a timeout of their own.
    pub timeout_types: Vec<String>,
    /// Their timeouts, in the same order.
    pub timeout_millis: Vec<f64>,
}

impl NativeOptions {
    /// The most bytes that may wait to be written.
    pub(super) fn bound(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the facade checks the range")]
        let bound = self.max_pending_bytes as usize;
        bound
    }

    /// Whether payloads may have several parts.
    pub(super) fn has_parts(&self) -> bool {
        self.json && self.terminator.is_none()
    }

    pub(super) fn to_config(&self) -> Result<Config, Failure> {
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
        let limit = self.max_message_size as usize;
        Ok(Config {
            serializer: self.serializer.clone(),
            terminator: self.terminator.clone(),
            limit,
            timeouts,
            context: self.context,
            shared_memory: self.shared_memory && HAS_MEMORY && self.has_parts(),
        })
    }
}
