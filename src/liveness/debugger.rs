//! Whether a debugger may stop this worker; reports changes to hosts.

use std::sync::{Arc, Mutex, MutexGuard, Weak};

use crate::sync::lock;
use crate::sys::lifeline::WorkerEnd;

/// Reports to all hosts, later ones included.
#[derive(Debug, Clone, Default)]
pub struct Debugger(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_there: bool,
    hosts: Vec<Weak<WorkerEnd>>,
}

impl Debugger {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// Reports the state to the host at the other end, now and at each change.
    pub fn add(&self, end: &Arc<WorkerEnd>) {
        let mut state = self.state();
        state.hosts.retain(|host| host.strong_count() > 0);
        state.hosts.push(Arc::downgrade(end));
        if state.is_there {
            end.report_debugged(true);
        }
    }

    /// A debugger has attached, or left.
    pub fn set(&self, is_there: bool) {
        let mut state = self.state();
        if state.is_there == is_there {
            return;
        }
        state.is_there = is_there;
        for host in state.hosts.iter().filter_map(Weak::upgrade) {
            host.report_debugged(is_there);
        }
    }
}
