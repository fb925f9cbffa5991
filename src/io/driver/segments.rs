//! The frames of payloads with segments: large ones may bypass the stream, and shared buffers travel beside it.

use super::IoDriver;
use crate::error::Error;
use crate::io::deliver::Deliver;
use crate::protocol::exchange::Exchange;
use crate::shm::ShmSender;
use crate::sys::fd_passing::MOST_DESCRIPTORS;

/// Which segments of a payload bypass the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bypass {
    /// Large ones.
    Large,
    /// Large ones, unless the message waits for a grant: it has no position in the stream yet.
    LargeIfGranted,
    /// None: chunks limit memory by their bytes in the stream.
    Nothing,
}

/// The segments of an outgoing payload.
#[derive(Debug, Clone, Copy)]
pub struct SegmentSizes {
    /// Bytes of the payload, those of shared buffers included.
    pub length: usize,
    /// One of them has at least [`crate::shm::LARGE`] bytes.
    pub has_large: bool,
    /// How many are shared buffers.
    pub shared: usize,
}

impl<D: Deliver> IoDriver<D> {
    /// Writes the frame of a payload with segments: `act` appends it to the output. It gets the memory for large
    /// segments, if they bypass the stream, and whether shared buffers go by reference. `passes_shared`: the user has
    /// agreed to share them.
    ///
    /// # Errors
    /// The peer does not accept these shared buffers, or what `act` returns.
    pub fn with_segments<T>(
        &self,
        sizes: SegmentSizes,
        passes_shared: bool,
        bypass: Bypass,
        act: impl FnOnce(Option<&mut ShmSender>, bool) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut sender = self.channel.sender.borrow_mut();
        let connection = self.channel.connection.borrow();
        let may_share = sender.is_some() && connection.may_share_memory();
        let passes = sizes.shared > 0 && passes_shared;
        if passes {
            check_shared(sizes, may_share && connection.may_share_buffers(), &connection.exchange)?;
        }
        // A payload over the limit goes into the stream, where its size makes the command fail.
        let bypasses = bypass != Bypass::Nothing && sizes.has_large && sizes.length <= connection.exchange.limit;
        let start = connection.output_range().end;
        drop(connection);
        let Some(sender) = sender.as_mut().filter(|_| may_share && (bypasses || passes)) else {
            return act(None, false);
        };
        sender.prepare(self.now());
        let done = act(Some(sender), passes);
        match &done {
            Ok(_) => sender.commit(start, self.channel.connection.borrow().output_range().end),
            Err(_) => sender.undo(),
        }
        done
    }
}

/// Refuses shared buffers that the peer does not accept, too many of them, or too large ones.
fn check_shared(sizes: SegmentSizes, may_pass: bool, exchange: &Exchange) -> Result<(), Error> {
    if !may_pass {
        return Err(Error::SharedBufferRefused { sender: exchange.side });
    }
    // One descriptor remains for the memory of large segments.
    let most = MOST_DESCRIPTORS - 1;
    if sizes.shared > most {
        return Err(Error::TooManySharedBuffers { count: sizes.shared, most });
    }
    if sizes.length > exchange.limit {
        return Err(Error::SharedBuffersTooLarge { size: sizes.length, limit: exchange.limit });
    }
    Ok(())
}
