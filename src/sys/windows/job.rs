//! Job Objects: processes that end together, and limits that the system enforces.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOB_OBJECT_LIMIT_PROCESS_TIME, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectBasicAccountingInformation, JobObjectExtendedLimitInformation, QueryInformationJobObject,
    SetInformationJobObject, TerminateJobObject,
};

/// A group of processes: those that were assigned, and all that they start.
#[derive(Debug)]
pub(super) struct Job(OwnedHandle);

impl Job {
    /// A job whose processes outlive it.
    pub(super) fn new() -> io::Result<Self> {
        Self::with(0, 0)
    }

    /// A job whose processes end with this process, or when it is dropped.
    pub(super) fn killed_on_close() -> io::Result<Self> {
        Self::with(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, 0)
    }

    /// A job whose processes may each use so many seconds of processor time.
    pub(super) fn with_time(seconds: u64) -> io::Result<Self> {
        /// The unit of the system: 100 nanoseconds.
        const PER_SECOND: u64 = 10_000_000;
        Self::with(JOB_OBJECT_LIMIT_PROCESS_TIME, i64::try_from(seconds.saturating_mul(PER_SECOND)).unwrap_or(i64::MAX))
    }

    fn with(flags: JOB_OBJECT_LIMIT, time: i64) -> io::Result<Self> {
        // SAFETY: without attributes and a name no memory is read; a handle that is not null is new and ours.
        let job = unsafe {
            let job = CreateJobObjectW(ptr::null(), ptr::null());
            if job.is_null() {
                return Err(io::Error::last_os_error());
            }
            Self(OwnedHandle::from_raw_handle(job))
        };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = flags;
        limits.BasicLimitInformation.PerProcessUserTimeLimit = time;
        let length = u32::try_from(size_of_val(&limits)).unwrap_or(0);
        // SAFETY: the job is open, and so many bytes are there to be read.
        let set = unsafe {
            SetInformationJobObject(job.handle(), JobObjectExtendedLimitInformation, (&raw const limits).cast(), length)
        };
        if set == 0 { Err(io::Error::last_os_error()) } else { Ok(job) }
    }

    /// Adds a process, and all that it starts from now on.
    ///
    /// # Safety
    /// The handle is open.
    pub(super) unsafe fn add(&self, process: HANDLE) -> io::Result<()> {
        // SAFETY: the job is open, and the process as the caller says.
        let added = unsafe { AssignProcessToJobObject(self.handle(), process) };
        if added == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Ends all its processes; returns whether there were any.
    pub(super) fn end(&self, code: u32) -> bool {
        let mut counts = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        let length = u32::try_from(size_of_val(&counts)).unwrap_or(0);
        // SAFETY: the job is open, and so many bytes are there to be written.
        unsafe {
            let known = QueryInformationJobObject(
                self.handle(),
                JobObjectBasicAccountingInformation,
                (&raw mut counts).cast(),
                length,
                ptr::null_mut(),
            );
            let is_empty = known != 0 && counts.ActiveProcesses == 0;
            TerminateJobObject(self.handle(), code) != 0 && !is_empty
        }
    }

    fn handle(&self) -> HANDLE {
        self.0.as_raw_handle()
    }
}
