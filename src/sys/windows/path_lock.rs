//! The names of detached workers' pipes: who owns a name, and removal of the token files of dead workers.

use std::env;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::windows::io::OwnedHandle;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::pipe::{FOLDER, Instances, connect, is_busy, serve};
pub use crate::sys::unclaimed::{TOKEN, Unclaimed};

/// How long another process may hold the lock of the directory; it normally takes as long as making a pipe.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_LOOK: Duration = Duration::from_millis(2);
/// The end of the names of token files.
const EXTENSION: &str = ".token";

/// A name that is taken for a worker, which makes servers of the pipe itself.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    /// A server that no other client can get, because this process is its client.
    _reserved: (OwnedHandle, OwnedHandle),
}

impl Claim {
    /// A child inherits no descriptor: it has the address.
    pub fn fd(&self) -> i32 {
        -1
    }

    /// Where the child listens.
    pub fn address(&self) -> Option<String> {
        Some(self.path.to_string_lossy().into_owned())
    }

    /// The child has started. Returns what this process must keep until the child's end: the child has yet to listen.
    pub fn started(self) -> Option<Self> {
        Some(self)
    }
}

/// Takes the pipe `path` for a worker that starts later, and writes the token. Removes the token of a dead worker there;
/// with `sweep`, those of all dead workers. From here on the name is taken: two concurrent starts cannot have one.
///
/// # Errors
/// Another process has the name, or it is unusable. Nothing was changed except files of dead workers.
pub fn claim(path: &Path, token: &str, sweep: bool) -> Result<Claim, Unclaimed> {
    let name = name_of(path)?;
    fs::create_dir_all(directory())?;
    let _lock = lock()?;
    if sweep {
        for entry in fs::read_dir(directory())?.flatten() {
            let file = entry.path();
            let is_stale = pipe_of(&file).is_some_and(|name| !is_served(&name));
            if is_stale && is_token(&file) {
                fs::remove_file(file)?;
            }
        }
    }
    let beside = token_file(path);
    if is_served(&name) {
        return Err(if is_token(&beside) { Unclaimed::Live } else { Unclaimed::Foreign(path.to_owned()) });
    }
    let server = serve(&name, Instances::First)?;
    let reserved = (server, connect(&name)?);
    if beside.exists() && !is_token(&beside) {
        return Err(Unclaimed::Foreign(beside));
    }
    OpenOptions::new().write(true).create(true).truncate(true).open(&beside)?.write_all(token.as_bytes())?;
    Ok(Claim { path: path.to_owned(), _reserved: reserved })
}

/// Removes the token of an ended worker at `path`, unless another has replaced it. `false`: it has, or there is nothing
/// left.
///
/// # Errors
/// The directory cannot be locked, or the file cannot be removed. The next worker of that name removes it.
pub fn release(path: &Path, token: &str) -> Result<bool, Unclaimed> {
    let beside = token_file(path);
    let is_ours = || fs::read(&beside).ok().as_deref() == Some(token.as_bytes());
    // Check first: otherwise a host whose worker was replaced would wait for a lock that it does not need.
    if !is_ours() {
        return Ok(false);
    }
    let _lock = lock()?;
    if !is_ours() {
        return Ok(false);
    }
    fs::remove_file(&beside)?;
    Ok(true)
}

/// The name of the pipe.
///
/// # Errors
/// The path is no pipe of this machine.
pub(super) fn name_of(path: &Path) -> io::Result<String> {
    let text = path.to_str().ok_or(io::ErrorKind::InvalidInput)?;
    let name = text.strip_prefix(FOLDER).or_else(|| text.strip_prefix(r"\\?\pipe\"));
    let name = name.filter(|name| !name.is_empty()).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!(r"{text} is no pipe: its path begins with \\.\pipe\"))
    })?;
    // The system does not tell upper from lower case.
    Ok(format!("{FOLDER}{}", name.to_lowercase()))
}

/// The file with the token of the worker at `path`, in a directory of this user.
pub fn token_file(path: &Path) -> PathBuf {
    let name = name_of(path).unwrap_or_default();
    let mut file = String::new();
    for byte in name.trim_start_matches(FOLDER).bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => file.push(byte.into()),
            _ => file.push_str(&format!("%{byte:02x}")),
        }
    }
    directory().join(file + EXTENSION)
}

/// The pipe whose token file this is.
fn pipe_of(file: &Path) -> Option<String> {
    let mut rest = file.file_name()?.to_str()?.strip_suffix(EXTENSION)?;
    let mut name = Vec::new();
    while let Some((before, after)) = rest.split_once('%') {
        name.extend_from_slice(before.as_bytes());
        name.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = after.get(2..)?;
    }
    name.extend_from_slice(rest.as_bytes());
    Some(format!("{FOLDER}{}", String::from_utf8(name).ok()?))
}

/// No other user may enter it.
fn directory() -> PathBuf {
    let local = env::var_os("LOCALAPPDATA").filter(|local| !local.is_empty());
    local.map_or_else(env::temp_dir, PathBuf::from).join("isolated-workers")
}

/// Whether any process serves the pipe.
fn is_served(name: &str) -> bool {
    match connect(name) {
        Ok(_) => true,
        Err(error) => is_busy(&error) || error.kind() == io::ErrorKind::PermissionDenied,
    }
}

/// A file with a token, or an empty one: the start of its worker was interrupted.
fn is_token(file: &Path) -> bool {
    fs::read(file).is_ok_and(|text| text.is_empty() || text.len() == TOKEN && text.iter().all(u8::is_ascii_hexdigit))
}

/// Keeps other processes from judging the files while they change.
fn lock() -> Result<File, Unclaimed> {
    let failed = |error| Unclaimed::Unlocked(directory(), error);
    let path = directory().join(".lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(failed)?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOCK_LOOK),
            Err(TryLockError::WouldBlock) => return Err(failed(io::ErrorKind::ResourceBusy.into())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}
