//! The files of named sockets: who owns a path, and removal of the files of dead workers.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{SocketAddrUnix, connect};

use super::new_socket;
pub use crate::sys::unclaimed::{TOKEN, Unclaimed};

/// How long another process may hold the lock of the directory; it normally takes as long as binding a socket.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_LOOK: Duration = Duration::from_millis(2);
/// A path that is taken for a worker: the listening socket.
#[derive(Debug)]
pub struct Claim(OwnedFd);

impl Claim {
    /// The descriptor for the child's `stdio`.
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Where the child finds it; `None`: it inherits the descriptor.
    pub fn address(&self) -> Option<String> {
        None
    }

    /// The child has started. Returns what this process must keep until the child's end: nothing, because the child has
    /// inherited its own copy.
    pub fn started(self) -> Option<Self> {
        None
    }
}

impl From<Claim> for OwnedFd {
    fn from(claim: Claim) -> Self {
        claim.0
    }
}

/// Listens at `path` for a worker that starts later, and writes the token beside it. Removes the files of a dead worker
/// there; with `sweep`, those of all dead workers in the directory. From here on the path is taken: two concurrent
/// starts cannot have one path.
///
/// # Errors
/// Another process has the path, or it is unusable. Nothing was changed except files of dead workers.
pub fn claim(path: &Path, token: &str, sweep: bool) -> Result<Claim, Unclaimed> {
    let directory = directory_of(path);
    let _lock = lock(directory)?;
    if sweep {
        for entry in fs::read_dir(directory)?.flatten() {
            let socket = entry.path();
            let is_ours = socket.extension().is_some_and(|extension| extension == "sock")
                && look(&token_file(&socket)) == Found::Token;
            if is_ours && look(&socket) == Found::Socket && is_stale(&socket) {
                remove(&socket)?;
            }
        }
    }
    match look(path) {
        Found::Nothing => {}
        Found::Socket if is_stale(path) => {}
        Found::Socket => return Err(Unclaimed::Live),
        _ => return Err(Unclaimed::Foreign(path.to_owned())),
    }
    let beside = token_file(path);
    if !matches!(look(&beside), Found::Nothing | Found::Token) {
        return Err(Unclaimed::Foreign(beside));
    }
    remove(path)?;
    let listener = UnixListener::bind(path)?;
    let written = fs::set_permissions(path, Permissions::from_mode(0o600)).and_then(|()| {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?.write_all(token.as_bytes())
    });
    if let Err(error) = written {
        let _ = remove(path);
        return Err(error.into());
    }
    Ok(Claim(listener.into()))
}

/// Removes the files of an ended worker at `path`, unless the token shows that another has replaced it. `false`: it
/// has, or there is nothing left.
///
/// # Errors
/// The directory cannot be locked, or the files cannot be removed. The next worker of that name removes them.
pub fn release(path: &Path, token: &str) -> Result<bool, Unclaimed> {
    let beside = token_file(path);
    // Check first: otherwise a host whose worker was replaced would wait for a lock that it does not need.
    if fs::read(&beside).ok().as_deref() != Some(token.as_bytes()) {
        return Ok(false);
    }
    let _lock = lock(directory_of(path))?;
    if look(&beside) != Found::Token || fs::read(&beside)? != token.as_bytes() {
        return Ok(false);
    }
    if look(path) == Found::Socket {
        remove(path)?;
    } else {
        fs::remove_file(&beside)?;
    }
    Ok(true)
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("/"))
}

/// Keeps other processes from judging the files while they change.
fn lock(directory: &Path) -> Result<File, Unclaimed> {
    let failed = |error| Unclaimed::Unlocked(directory.to_owned(), error);
    let file = File::open(directory).map_err(failed)?;
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

/// The token file beside a socket.
pub fn token_file(socket: &Path) -> PathBuf {
    let mut name = socket.as_os_str().to_owned();
    name.push(".token");
    name.into()
}

fn remove(socket: &Path) -> io::Result<()> {
    for file in [socket, &token_file(socket)] {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The state of a path.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Socket,
    /// A file with a token, or an empty one: the start of its worker was interrupted.
    Token,
    /// Something that no worker makes, or an unreadable file.
    Other,
}

fn look(path: &Path) -> Found {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
        Ok(found) if found.file_type().is_socket() => Found::Socket,
        Ok(found) if found.is_file() && is_token(path, found.len()) => Found::Token,
        _ => Found::Other,
    }
}

fn is_token(path: &Path, length: u64) -> bool {
    match length {
        0 => true,
        length if length == TOKEN as u64 => {
            fs::read(path).is_ok_and(|text| text.len() == TOKEN && text.iter().all(u8::is_ascii_hexdigit))
        }
        _ => false,
    }
}

/// Whether no process listens at a socket. Does not wait for a stopped listener.
fn is_stale(path: &Path) -> bool {
    let try_connect = || -> io::Result<()> { Ok(connect(&new_socket()?, &SocketAddrUnix::new(path)?)?) };
    try_connect().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token with this beginning.
    fn token(beginning: &str) -> String {
        format!("{beginning:0<TOKEN$}")
    }

    fn new_directory(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("iw-claim-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        directory
    }

    #[test]
    fn a_path_is_claimed_once() {
        let directory = new_directory("once");
        let path = directory.join("a.sock");
        let first = claim(&path, &token("ab"), true).expect("it is free");
        assert!(matches!(claim(&path, &token("cd"), true), Err(Unclaimed::Live)));
        assert_eq!(fs::read_to_string(token_file(&path)).expect("a token"), token("ab"));
        drop(first);
        // No process listens any more.
        let second = claim(&path, &token("cd"), false).expect("what is left is reclaimed");
        assert_eq!(fs::read_to_string(token_file(&path)).expect("a token"), token("cd"));
        drop(second);
        let other = directory.join("b.sock");
        let third = claim(&other, &token("ef"), true).expect("it is free");
        assert!(!path.exists() && !token_file(&path).exists(), "it was swept");
        drop(third);
        for file in [directory.join("c.sock"), token_file(&directory.join("d.sock"))] {
            fs::write(&file, "mine").expect("a file");
        }
        assert!(matches!(claim(&directory.join("c.sock"), &token("ab"), true), Err(Unclaimed::Foreign(_))));
        assert!(matches!(claim(&directory.join("d.sock"), &token("ab"), true), Err(Unclaimed::Foreign(_))));
        assert!(directory.join("c.sock").exists() && token_file(&directory.join("d.sock")).exists());
        fs::remove_dir_all(&directory).expect("it is ours");
    }

    #[test]
    fn sweeping_leaves_sockets_that_are_not_a_workers() {
        let directory = new_directory("sweep");
        let beside = [("none.sock", None), ("text.sock", Some("notes")), ("short.sock", Some("abcd"))];
        for (name, text) in beside {
            drop(UnixListener::bind(directory.join(name)).expect("a socket"));
            let Some(text) = text else { continue };
            fs::write(token_file(&directory.join(name)), text).expect("a file");
        }
        drop(claim(&directory.join("a.sock"), &token("ab"), true).expect("it is free"));
        for (name, text) in beside {
            assert!(directory.join(name).exists(), "{name}");
            assert_eq!(token_file(&directory.join(name)).exists(), text.is_some(), "{name}");
        }
        fs::remove_dir_all(&directory).expect("it is ours");
    }

    #[test]
    fn a_worker_removes_its_own_files_alone() {
        let directory = new_directory("release");
        let path = directory.join("a.sock");
        drop(claim(&path, &token("ab"), false).expect("it is free"));
        assert!(matches!(release(&path, &token("cd")), Ok(false)));
        assert!(path.exists() && token_file(&path).exists());
        assert!(matches!(release(&path, &token("ab")), Ok(true)));
        assert!(!path.exists() && !token_file(&path).exists());
        assert!(matches!(release(&path, &token("ab")), Ok(false)));
        fs::remove_dir_all(&directory).expect("it is ours");
    }

    #[test]
    fn nothing_changes_in_a_directory_whose_lock_another_holds() {
        let directory = new_directory("lock");
        let path = directory.join("a.sock");
        drop(claim(&path, &token("ab"), false).expect("it is free"));
        let lock = File::open(&directory).expect("a directory");
        lock.lock().expect("nobody has it");
        assert!(matches!(claim(&path, &token("cd"), false), Err(Unclaimed::Unlocked(..))));
        assert!(matches!(release(&path, &token("ab")), Err(Unclaimed::Unlocked(..))));
        assert_eq!(fs::read_to_string(token_file(&path)).expect("a token"), token("ab"));
        fs::remove_dir_all(&directory).expect("it is ours");
    }
}
