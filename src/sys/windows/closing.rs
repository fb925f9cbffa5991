//! Closes descriptors that a peer has passed unasked: pipes pass none.

use super::Descriptor;

/// There are none.
pub fn close_elsewhere(descriptors: impl IntoIterator<Item = Descriptor>) -> bool {
    descriptors.into_iter().next().is_none()
}
