//! The first frame in each direction: a line of JSON, whatever the later serializer, so that both sides can read why
//! they do not fit.

use serde::{Deserialize, Serialize};

use crate::error::code;
use crate::error::{printable, quoted};

/// The version of the wire protocol this library speaks.
pub const PROTOCOL: u32 = 1;

/// The longest handshake line in bytes.
pub const HANDSHAKE_LIMIT: usize = 64 * 1024;

/// The handshake of one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handshake {
    /// Always `hello`.
    pub kind: String,
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The package's version; for messages only, it need not match.
    #[serde(default)]
    pub version: String,
    /// The name of the serializer of payloads.
    pub serializer: String,
    /// The end of a frame; `None`: frames are length-prefixed.
    #[serde(default)]
    pub terminator: Option<String>,
    /// The largest frame that the host accepts and sends, in bytes; workers adopt it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_message_size: Option<u64>,
    /// From the host: a start-up frame follows.
    #[serde(default, skip_serializing_if = "is_false")]
    pub startup_data: bool,
    /// This side writes text envelopes in exactly the layout of [`crate::protocol::message`], so they need no JSON parser.
    #[serde(default, skip_serializing_if = "is_false")]
    pub head_first: bool,
    /// The names of the extensions that this side understands, see [`Extensions`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<String>,
}

/// The names of all extensions, in the order of the fields of [`Extensions`].
pub const EXTENSIONS: [&str; 9] =
    ["cancel", "streams", "calls", "context", "sharedMemory", "sharedBuffers", "grants", "ended", "detached"];

/// The extensions that a side may understand besides requests and notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extensions {
    /// `cancel`: requests can be cancelled.
    pub cancel: bool,
    /// `streams`: requests may have streams, and report progress.
    pub streams: bool,
    /// `calls`, of a host: it accepts requests of its worker.
    pub calls: bool,
    /// `context`: it accepts a context with requests and notifications.
    pub context: bool,
    /// `sharedMemory`: segments of payloads may arrive in memory that is passed beside the stream.
    pub shared_memory: bool,
    /// `sharedBuffers`: such memory may stay shared, as a value of a payload. Each side names it only if its user has
    /// opted in.
    pub shared_buffers: bool,
    /// `grants`: it grants requests and notifications, and sends no more than it was granted.
    pub grants: bool,
    /// `ended`: it answers the question whether a cancelled request has ended.
    pub ended: bool,
    /// `detached`, of a host: it accepts kept results of a detached worker, and the news that another host takes over.
    pub detached: bool,
}

impl Extensions {
    /// All extensions that this library understands; it assumes them of a peer before its handshake.
    pub const ALL: Self = Self {
        cancel: true,
        streams: true,
        calls: true,
        context: true,
        shared_memory: true,
        shared_buffers: true,
        grants: true,
        ended: true,
        detached: true,
    };

    /// Their names.
    pub fn names(self) -> Vec<String> {
        let Self { cancel, streams, calls, context, shared_memory, shared_buffers, grants, ended, detached } = self;
        let has = [cancel, streams, calls, context, shared_memory, shared_buffers, grants, ended, detached];
        has.iter().zip(EXTENSIONS).filter(|(has, _)| **has).map(|(_, name)| name.to_owned()).collect()
    }

    /// The named ones; ignores unknown names.
    pub fn from_names(names: &[String]) -> Self {
        let [cancel, streams, calls, context, shared_memory, shared_buffers, grants, ended, detached] =
            EXTENSIONS.map(|name| names.iter().any(|other| other == name));
        Self { cancel, streams, calls, context, shared_memory, shared_buffers, grants, ended, detached }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Why two sides cannot communicate. The connection is useless.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Not a handshake.
    #[error(
        "the {peer} sent something that is no isolated-workers handshake: {excerpt:?}. \
         Nothing else may write to the channel of a worker."
    )]
    NotAHandshake {
        /// The sender.
        peer: &'static str,
        /// Its beginning.
        excerpt: String,
    },
    /// Another protocol version.
    #[error(
        "this side (isolated-workers {ours}) speaks protocol {PROTOCOL}, the {peer} (isolated-workers {theirs}) \
         speaks {protocol}. Install the same version on both sides."
    )]
    Protocol {
        /// The sender.
        peer: &'static str,
        /// Our package version.
        ours: String,
        /// Their package version.
        theirs: String,
        /// Their protocol version.
        protocol: u32,
    },
    /// Another serializer or terminator.
    #[error(
        "{}. Give `createWorker` and `startWorkerServer` the same serializer.",
        self.difference().unwrap_or_default()
    )]
    Serializer {
        /// The host's serializer, described.
        host: String,
        /// The worker's serializer, described.
        worker: String,
    },
}

impl Mismatch {
    /// The mismatch for a line that is not a handshake.
    pub(crate) fn not_a_handshake(line: &[u8], peer: &'static str) -> Self {
        Mismatch::NotAHandshake { peer, excerpt: String::from_utf8_lossy(line).chars().take(80).collect() }
    }

    /// What each side uses, if their serializers differ.
    pub fn difference(&self) -> Option<String> {
        match self {
            Mismatch::Serializer { host, worker } => {
                Some(format!("the host uses the serializer {host} and the worker uses {worker}"))
            }
            _ => None,
        }
    }

    /// The stable code that users switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Mismatch::NotAHandshake { .. } | Mismatch::Protocol { .. } => code::PROTOCOL_MISMATCH,
            Mismatch::Serializer { .. } => code::SERIALIZER_MISMATCH,
        }
    }
}

impl Handshake {
    /// Reads a handshake line; `peer` names the sender in errors.
    ///
    /// # Errors
    /// The line is no handshake, or one of another protocol version.
    pub fn read(line: &[u8], peer: &'static str) -> Result<Self, Mismatch> {
        #[derive(Deserialize)]
        struct Version {
            kind: String,
            protocol: u32,
            #[serde(default)]
            version: String,
        }
        let unreadable = || Mismatch::not_a_handshake(line, peer);
        let version: Version = serde_json::from_slice(line).map_err(|_| unreadable())?;
        if version.kind != "hello" {
            return Err(unreadable());
        }
        if version.protocol != PROTOCOL {
            let ours = env!("CARGO_PKG_VERSION").to_owned();
            return Err(Mismatch::Protocol {
                peer,
                ours,
                theirs: printable(&version.version),
                protocol: version.protocol,
            });
        }
        serde_json::from_slice(line).map_err(|_| unreadable())
    }

    /// A line of JSON without its end.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }

    /// Whether payloads and frames of both sides have one format.
    ///
    /// # Errors
    /// They do not; the error describes both.
    pub fn check_serializer(host: &Handshake, worker: &Handshake) -> Result<(), Mismatch> {
        if host.serializer == worker.serializer && host.terminator == worker.terminator {
            return Ok(());
        }
        let describe = |handshake: &Handshake| match &handshake.terminator {
            Some(terminator) => format!("{} with the terminator {}", quoted(&handshake.serializer), quoted(terminator)),
            None => format!("{} with length-prefixed frames", quoted(&handshake.serializer)),
        };
        Err(Mismatch::Serializer { host: describe(host), worker: describe(worker) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(serializer: &str, terminator: Option<&str>) -> Handshake {
        Handshake {
            kind: "hello".into(),
            protocol: PROTOCOL,
            version: "1.0.0".into(),
            serializer: serializer.into(),
            terminator: terminator.map(Into::into),
            max_message_size: Some(1024),
            startup_data: true,
            head_first: true,
            extensions: Extensions::ALL.names(),
        }
    }

    #[test]
    fn extensions_go_by_their_names() {
        let named = |names: &[&str]| Extensions::from_names(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(Extensions::from_names(&Extensions::ALL.names()), Extensions::ALL);
        assert_eq!(named(&["cancel", "teleport"]), Extensions { cancel: true, ..Extensions::from_names(&[]) });
        assert_eq!(named(&[]).names(), Vec::<String>::new());
    }

    #[test]
    fn it_round_trips() {
        let handshake = handshake("json", Some("\n"));
        assert_eq!(Handshake::read(handshake.to_json().as_bytes(), "host"), Ok(handshake));
    }

    #[test]
    fn a_minimal_one_of_another_language_is_enough() {
        let line = br#"{"kind":"hello","protocol":1,"serializer":"json","terminator":"\n"}"#;
        let handshake = Handshake::read(line, "worker").unwrap();
        assert!(!handshake.head_first && !handshake.startup_data && handshake.extensions.is_empty());
    }

    #[test]
    fn another_protocol_version_is_named() {
        let line = br#"{"kind":"hello","protocol":9,"version":"7.0.0","anything":true}"#;
        let error = Handshake::read(line, "worker").unwrap_err();
        assert_eq!(error.code(), "ERR_PROTOCOL_MISMATCH");
        let text = error.to_string();
        assert!(text.contains("7.0.0") && text.contains("speaks 9") && text.contains("protocol 1"), "{text}");
    }

    #[test]
    fn something_else_is_quoted() {
        let error = Handshake::read(b"Debugger listening on ws://", "worker").unwrap_err();
        assert!(error.to_string().contains("Debugger listening"), "{error}");
    }

    #[test]
    fn both_serializers_are_named() {
        let error =
            Handshake::check_serializer(&handshake("json", Some("\n")), &handshake("msgpack", None)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("\"json\" with the terminator \"\\n\""), "{text}");
        assert!(text.contains("\"msgpack\" with length-prefixed frames"), "{text}");
        assert!(Handshake::check_serializer(&handshake("a", None), &handshake("a", None)).is_ok());
        assert!(Handshake::check_serializer(&handshake("a", None), &handshake("a", Some("\n"))).is_err());
    }
}
