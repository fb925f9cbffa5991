//! Attaching to detached workers: the thread that connects, and the threads that accept.

pub mod connector;
pub mod listener;
mod places;
