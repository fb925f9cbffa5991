//! Conversion of JavaScript values to bytes and back.

pub(in crate::node) mod batch;
pub(in crate::node) mod buffer_pool;
pub(in crate::node) mod failure;
pub(in crate::node) mod functions;
pub(in crate::node) mod payload;
pub(in crate::node) mod rare_event;
pub(in crate::node) mod reference;
pub(in crate::node) mod scope;
pub(in crate::node) mod segments;
pub(in crate::node) mod text;
