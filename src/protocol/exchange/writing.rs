//! Writes frames, or keeps them until the peer has granted them.

use super::held::{Held, HeldFrame, HeldId};
use crate::error::Error;
use crate::protocol::frame::Framing;
use crate::protocol::grants::Allowance;
use crate::protocol::message::{Codec, Head};
use crate::protocol::output::Output;
use crate::protocol::transactions::Slot;

/// No payload.
pub(super) const NOTHING: Option<fn(&mut Vec<u8>)> = None;

/// Sends a message that needs a grant.
pub(super) struct Sender<'a> {
    pub(super) allowance: &'a mut Allowance,
    pub(super) held: &'a mut Held,
    pub(super) output: &'a mut Output,
    pub(super) framing: &'a Framing,
    pub(super) codec: Codec,
    pub(super) limit: usize,
}

impl Sender<'_> {
    /// Writes one frame, or keeps it until it is granted, and then returns its number.
    pub(super) fn send<P: FnOnce(&mut Vec<u8>)>(
        &mut self,
        slot: Option<Slot>,
        head: Head<'_>,
        payload: Option<P>,
    ) -> Result<Option<HeldId>, Error> {
        let Self { framing, codec, limit, .. } = *self;
        if self.held.is_empty() && self.allowance.is_open() {
            let written = write(Target::new(self.output.tail(), framing, codec, limit), head, payload)?;
            self.allowance.spend(written.frame);
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let written = write(Target::new(&mut bytes, framing, codec, limit), head, payload)?;
        Ok(Some(self.held.push(HeldFrame { slot, bytes, cost: Some(written.frame) })))
    }
}

/// The target and format of frames.
pub(super) struct Target<'a> {
    out: &'a mut Vec<u8>,
    framing: &'a Framing,
    codec: Codec,
    limit: usize,
}

impl<'a> Target<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, framing: &'a Framing, codec: Codec, limit: usize) -> Self {
        Self { out, framing, codec, limit }
    }
}

/// The bytes of a frame, and of its payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub(super) frame: usize,
    pub(super) payload: usize,
}

/// Writes one frame, or nothing.
pub(super) fn write<P: FnOnce(&mut Vec<u8>)>(
    Target { out, framing, codec, limit }: Target<'_>,
    head: Head<'_>,
    payload: Option<P>,
) -> Result<Written, Error> {
    let mark = framing.begin(out);
    let body = out.len();
    codec.begin(out, head, payload.is_some());
    let start = out.len();
    if let Some(payload) = payload {
        payload(out);
    }
    let size = out.len() - start;
    codec.end(out);
    let frame = out.len() - body;
    framing.finish(out, mark, limit).map_err(|error| Error::from_frame(error, head.type_name))?;
    Ok(Written { frame, payload: size })
}
