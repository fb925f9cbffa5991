//! Whether a debugger may stop this worker, and who is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::transport::lifeline::WorkerEnd;

/// Tells all hosts, those that come later included.
#[derive(Debug, Clone, Default)]
pub struct Debugger(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_there: bool,
    hosts: Vec<Weak<WorkerEnd>>,
}

impl Debugger {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host at the other end is told now and from now on.
    pub fn add(&self, end: &Arc<WorkerEnd>) {
        let mut state = self.state();
        state.hosts.retain(|host| host.strong_count() > 0);
        state.hosts.push(Arc::downgrade(end));
        if state.is_there {
            end.tell_debugged(true);
        }
    }

    /// A debugger has come, or gone.
    pub fn set(&self, is_there: bool) {
        let mut state = self.state();
        if state.is_there == is_there {
            return;
        }
        state.is_there = is_there;
        for host in state.hosts.iter().filter_map(Weak::upgrade) {
            host.tell_debugged(is_there);
        }
    }
}
