//! A worker's process, to be signalled.

use napi_derive::napi;

use crate::sys::process::Process;

/// A handle of a process: a later process with its number receives no signal.
#[napi]
pub struct NativeProcess {
    inner: Option<Process>,
}

#[napi]
impl NativeProcess {
    /// The process with this number now; call it while that is certain. It may have ended. `leads`: it has a group of its
    /// own, whose members are those that it starts; `outlives`: they may outlive this process.
    #[napi(constructor, catch_unwind)]
    pub fn new(pid: i32, leads: bool, outlives: bool) -> Self {
        let mut inner = Process::open(pid).ok();
        if let Some(process) = inner.as_mut().filter(|_| leads) {
            // A process that has ended by now has started no other that is still here.
            let _ = process.lead_tree(outlives);
        }
        Self { inner }
    }

    /// Sends it a signal, by number; `false`: it has ended.
    #[napi(catch_unwind)]
    pub fn signal(&self, signal: i32) -> bool {
        self.inner.as_ref().is_some_and(|process| process.signal_number(signal))
    }

    /// Sends a signal to its group; `false`: the group has no members.
    #[napi(catch_unwind)]
    pub fn signal_group(&self, signal: i32) -> bool {
        self.inner.as_ref().is_some_and(|process| process.signal_group_number(signal))
    }

    /// Releases it: sends no more signals.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.inner = None;
    }
}
