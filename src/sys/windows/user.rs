//! The user of this process: who may use its pipes, and whose a pipe is.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::slice;
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::System::Pipes::GetNamedPipeServerProcessId;
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION,
};

/// Whether a process of this user serves the pipe with this handle; returns the id of that process too.
pub(super) fn server_of(pipe: HANDLE) -> io::Result<(bool, i32)> {
    let mut pid = 0;
    // SAFETY: the handle is open, and the number is there to be written.
    if unsafe { GetNamedPipeServerProcessId(pipe, &raw mut pid) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it reads no memory of this process; a handle that is not null is new and ours.
    let process = unsafe {
        let process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
        // Another user's, whose processes this one may not open.
        if process.is_null() {
            return Ok((false, pid.cast_signed()));
        }
        OwnedHandle::from_raw_handle(process)
    };
    // SAFETY: the process is open.
    let theirs = unsafe { user_of(process.as_raw_handle()) };
    Ok((theirs.is_ok_and(|theirs| Some(theirs.as_str()) == this_user().ok()), pid.cast_signed()))
}

/// This user's security identifier, as text.
pub(super) fn this_user() -> io::Result<&'static str> {
    static USER: OnceLock<String> = OnceLock::new();
    if let Some(user) = USER.get() {
        return Ok(user);
    }
    // SAFETY: the handle stands for this process, and needs no closing.
    let user = unsafe { user_of(GetCurrentProcess()) }?;
    Ok(USER.get_or_init(|| user))
}

/// # Safety
/// The process is open.
unsafe fn user_of(process: HANDLE) -> io::Result<String> {
    let mut token = ptr::null_mut();
    // SAFETY: as the caller says; the handle is there to be written, and is ours then.
    let token = unsafe {
        if OpenProcessToken(process, TOKEN_QUERY, &raw mut token) == 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedHandle::from_raw_handle(token)
    };
    // An identifier has at most 68 bytes; the structure before it is aligned as its pointer.
    let mut space = [0_u64; 32];
    let (mut size, mut text) = (0, ptr::null_mut());
    // SAFETY: so many bytes are there to be written, and the system writes the structure, which points into them.
    unsafe {
        let length = u32::try_from(size_of_val(&space)).unwrap_or(0);
        let written =
            GetTokenInformation(token.as_raw_handle(), TokenUser, space.as_mut_ptr().cast(), length, &raw mut size);
        if written == 0 {
            return Err(io::Error::last_os_error());
        }
        let user = space.as_ptr().cast::<TOKEN_USER>();
        if ConvertSidToStringSidW((*user).User.Sid, &raw mut text) == 0 {
            return Err(io::Error::last_os_error());
        }
        let length = (0..).take_while(|at| *text.add(*at) != 0).count();
        let result = String::from_utf16_lossy(slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        Ok(result)
    }
}

/// Access for this user alone.
#[derive(Debug)]
pub(super) struct OnlyThisUser(PSECURITY_DESCRIPTOR);

impl OnlyThisUser {
    pub(super) fn new() -> io::Result<Self> {
        // Protected: it inherits no entry. The one entry allows this user everything.
        let text: Vec<u16> = format!("D:P(A;;GA;;;{})\0", this_user()?).encode_utf16().collect();
        let mut descriptor = ptr::null_mut();
        // SAFETY: a zero ends the text, and the pointer is there to be written.
        let made = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                ptr::null_mut(),
            )
        };
        if made == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(descriptor)) }
    }

    /// Valid as long as this. Child processes do not inherit what has these attributes.
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or(0),
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        }
    }
}

impl Drop for OnlyThisUser {
    fn drop(&mut self) {
        // SAFETY: the system has allocated it for us, and nothing else frees it.
        unsafe { LocalFree(self.0) };
    }
}
