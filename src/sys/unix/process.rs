//! A process that receives signals: the one with this number when it was opened, and no later one.

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};

/// A handle of another process.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    /// `None` if the system has no such descriptors.
    handle: Option<OwnedFd>,
    /// The start time of a released process, if the system reports it. Another process with that number started at
    /// another time.
    begun: Option<u64>,
}

impl Process {
    /// The process with this number now.
    ///
    /// # Errors
    /// There is none, or a signal to that number would reach other processes.
    pub fn open(pid: i32) -> io::Result<Self> {
        let pid = Some(pid).filter(|pid| *pid > 0).and_then(Pid::from_raw);
        let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Self { pid, handle: handle(pid)?, begun: None })
    }

    /// It leads a group of its own: the start has made it so.
    ///
    /// # Errors
    /// None on these systems.
    pub fn lead_tree(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }

    /// Releases the descriptor until the next signal.
    pub fn let_go(&mut self) {
        let begun = begun(self.pid);
        // If it has ended, that was another process.
        let is_it = self.handle.take().is_none_or(|handle| !is_reaped(&handle));
        self.begun = begun.filter(|_| is_it).or(self.begun);
    }

    /// Whether it is still the released process.
    fn is_it(&self) -> bool {
        self.begun.is_none() || begun(self.pid) == self.begun
    }

    /// Its number.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Sends it the signal with this number on this system; returns whether it was there.
    pub fn signal_number(&self, number: i32) -> bool {
        Signal::from_named_raw(number).is_some_and(|signal| self.signal(signal).is_ok())
    }

    /// Sends the signal with this number to its group; returns whether the group had members.
    pub fn signal_group_number(&self, number: i32) -> bool {
        Signal::from_named_raw(number).is_some_and(|signal| self.signal_group(signal).is_ok())
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// It has ended. If the system has no such descriptors, the caller must know that it has not.
    fn signal(&self, signal: Signal) -> io::Result<()> {
        if let Some(handle) = &self.handle {
            return send(handle, signal);
        }
        let again = handle(self.pid)?;
        // The descriptor first: it stays valid for this process.
        if !self.is_it() {
            return Err(rustix::io::Errno::SRCH.into());
        }
        match again {
            Some(handle) => send(&handle, signal),
            None => Ok(kill_process(self.pid, signal)?),
        }
    }

    /// Sends a signal to the process group that it leads, or led: its children may have outlived it.
    ///
    /// # Errors
    /// The group has no members.
    fn signal_group(&self, signal: Signal) -> io::Result<()> {
        if let Some(sent) = self.handle.as_ref().and_then(|handle| send_to_group(handle, signal)) {
            return sent;
        }
        // The number of a group belongs to no process as long as the group has members. So if the number is the id of a
        // process that is not the leader, the group has none.
        if self.has_ended() && test_kill_process(self.pid) != Err(rustix::io::Errno::SRCH) {
            return Err(rustix::io::Errno::SRCH.into());
        }
        Ok(kill_process_group(self.pid, signal)?)
    }

    /// Whether it has ended and its parent knows; `false` if only its parent can tell.
    fn has_ended(&self) -> bool {
        self.handle.as_ref().is_some_and(is_reaped)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn handle(pid: Pid) -> io::Result<Option<OwnedFd>> {
    use rustix::process::{PidfdFlags, pidfd_open};

    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => Ok(Some(handle)),
        Err(error @ rustix::io::Errno::SRCH) => Err(error.into()),
        // An old system, a sandbox, or no descriptors left.
        Err(_) => Ok(None),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn handle(pid: Pid) -> io::Result<Option<OwnedFd>> {
    test_kill_process(pid)?;
    Ok(None)
}

/// In ticks since the system began.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn begun(pid: Pid) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name of the program before it may contain anything.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn begun(_: Pid) -> Option<u64> {
    None
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn send(handle: &OwnedFd, signal: Signal) -> io::Result<()> {
    Ok(rustix::process::pidfd_send_signal(handle, signal)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn send(_: &OwnedFd, _: Signal) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_reaped(handle: &OwnedFd) -> bool {
    // No signal: only the test whether there is a recipient.
    send_raw(handle, 0, 0).is_err_and(|error| error.raw_os_error() == Some(libc::ESRCH))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_reaped(_: &OwnedFd) -> bool {
    false
}

/// `None`: the system cannot (Linux before 6.9).
#[cfg(any(target_os = "linux", target_os = "android"))]
fn send_to_group(handle: &OwnedFd, signal: Signal) -> Option<io::Result<()>> {
    const PIDFD_SIGNAL_PROCESS_GROUP: libc::c_uint = 1 << 2;
    match send_raw(handle, signal.as_raw(), PIDFD_SIGNAL_PROCESS_GROUP) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) => None,
        sent => Some(sent),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn send_to_group(_: &OwnedFd, _: Signal) -> Option<io::Result<()>> {
    None
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn send_raw(handle: &OwnedFd, signal: i32, flags: libc::c_uint) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    // SAFETY: the descriptor is open, and there is no memory for the call to use.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            handle.as_raw_fd(),
            signal,
            std::ptr::null::<libc::siginfo_t>(),
            flags,
        )
    };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Ends this process at once: even if it is the first of its PID namespace, which ignores signals.
pub fn end_now(kill_group: bool) -> ! {
    if kill_group {
        let _ = rustix::process::kill_current_process_group(Signal::KILL);
    }
    let _ = kill_process(rustix::process::getpid(), Signal::KILL);
    /// As if that signal had ended it.
    const KILLED: i32 = 128 + 9;
    // SAFETY: it runs nothing more of this process.
    unsafe { libc::_exit(KILLED) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::Command;

    use super::*;

    fn sleep() -> Command {
        let mut command = Command::new("sleep");
        command.arg("60");
        command
    }

    fn open(id: u32) -> Process {
        Process::open(i32::try_from(id).expect("it is small")).expect("it lives")
    }

    #[test]
    fn a_signal_reaches_the_process_until_it_has_ended() {
        let mut child = sleep().spawn().expect("a child");
        let process = open(child.id());
        process.signal(Signal::TERM).expect("it lives");
        assert_eq!(child.wait().expect("its end").signal(), Some(15));
        assert!(process.signal(Signal::TERM).is_err());
        assert!(process.signal_group(Signal::TERM).is_err());
    }

    #[test]
    fn a_group_outlives_its_leader_and_gets_its_signals() {
        // The leader ends, and leaves one behind.
        let mut leader = Command::new("sh");
        leader.args(["-c", "sleep 60 & echo $!"]).process_group(0).stdout(std::process::Stdio::piped());
        let mut leader = leader.spawn().expect("a child");
        let process = open(leader.id());
        let mut line = String::new();
        let mut output = io::BufReader::new(leader.stdout.take().expect("its output"));
        io::BufRead::read_line(&mut output, &mut line).expect("a number");
        leader.wait().expect("its end");
        let left = open(line.trim().parse().expect("a number"));
        left.signal(Signal::CONT).expect("it lives");
        process.signal_group(Signal::KILL).expect("one is in there");
        // Its end closes the inherited output.
        line.clear();
        assert_eq!(io::BufRead::read_line(&mut output, &mut line).expect("the end"), 0);
    }

    #[test]
    fn one_that_was_let_go_is_known_again() {
        let mut child = sleep().spawn().expect("a child");
        let mut process = open(child.id());
        process.let_go();
        process.signal(Signal::CONT).expect("it lives");
        let mut other = Process { begun: process.begun.map(|begun| begun + 1), ..open(child.id()) };
        other.handle = None;
        assert!(!cfg!(target_os = "linux") || other.signal(Signal::TERM).is_err(), "it began at another time");
        process.signal(Signal::TERM).expect("it lives");
        assert_eq!(child.wait().expect("its end").signal(), Some(15));
        assert!(process.signal(Signal::TERM).is_err());
    }

    #[test]
    fn numbers_of_more_than_one_process_are_refused() {
        for pid in [0, -1, i32::MIN] {
            assert!(Process::open(pid).is_err(), "{pid}");
        }
    }
}
