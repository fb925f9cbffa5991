//! The files of named sockets: who may listen where, and what dead workers have left.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

/// How long others may hold the lock of the directory; they do for as long as it takes to bind a socket.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_LOOK: Duration = Duration::from_millis(2);
/// No token is longer.
const TOKEN: u64 = 128;

/// Why nobody can listen there.
#[derive(Debug, thiserror::Error)]
pub enum Unclaimed {
    /// A worker listens there.
    #[error("a live worker listens there already")]
    Live,
    /// What is there is none of ours.
    #[error("{0} is there, which no worker has made")]
    Foreign(PathBuf),
    /// The system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Listens at `path` for a worker that is yet to be started, and writes the token beside it. What a dead worker left there
/// is removed; with `sweep`, so is what dead workers left in the whole directory. From here on the path is taken: two that
/// start at the same time cannot have the same.
///
/// # Errors
/// Somebody else has the path, or it cannot be used. Nothing was changed that is not a dead worker's.
pub fn claim(path: &Path, token: &str, sweep: bool) -> Result<OwnedFd, Unclaimed> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let _lock = lock(directory);
    if sweep {
        for entry in fs::read_dir(directory)?.flatten() {
            let socket = entry.path();
            if socket.extension().is_some_and(|extension| extension == "sock") && is_stale(&socket) {
                remove(&socket)?;
            }
        }
    }
    if is_there(path) {
        if !is_socket(path) {
            return Err(Unclaimed::Foreign(path.to_owned()));
        }
        if !is_stale(path) {
            return Err(Unclaimed::Live);
        }
    }
    let beside = token_file(path);
    if is_there(&beside) && !is_token(&beside) {
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
    Ok(listener.into())
}

/// Keeps others from judging what is there while it changes. Best effort where the directory is everybody's.
fn lock(directory: &Path) -> Option<File> {
    let file = File::open(directory).ok()?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOCK_LOOK),
            Err(_) => return None,
        }
    }
}

/// The file beside a socket that has its token.
fn token_file(socket: &Path) -> PathBuf {
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

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

fn is_token(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() <= TOKEN)
        && fs::read(path).is_ok_and(|text| text.iter().all(u8::is_ascii_hexdigit))
}

/// Whether there is a socket at `path` at which nobody listens. Does not wait for a listener that is stopped.
fn is_stale(path: &Path) -> bool {
    let try_connect = || -> io::Result<()> {
        let stream = UnixStream::from(socket(AddressFamily::UNIX, SocketType::STREAM, None)?);
        stream.set_nonblocking(true)?;
        Ok(connect(&stream, &SocketAddrUnix::new(path)?)?)
    };
    is_socket(path) && try_connect().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_claimed_once() {
        let directory = std::env::temp_dir().join(format!("iw-claim-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let path = directory.join("a.sock");
        let first = claim(&path, "ab12", true).expect("it is free");
        assert!(matches!(claim(&path, "cd34", true), Err(Unclaimed::Live)));
        assert_eq!(fs::read(token_file(&path)).expect("a token"), b"ab12");
        drop(first);
        // Nobody listens any more.
        let second = claim(&path, "cd34", false).expect("what is left is reclaimed");
        assert_eq!(fs::read(token_file(&path)).expect("a token"), b"cd34");
        drop(second);
        let other = directory.join("b.sock");
        let third = claim(&other, "ef56", true).expect("it is free");
        assert!(!path.exists() && !token_file(&path).exists(), "it was swept");
        drop(third);
        for file in [directory.join("c.sock"), token_file(&directory.join("d.sock"))] {
            fs::write(&file, "mine").expect("a file");
        }
        assert!(matches!(claim(&directory.join("c.sock"), "ab12", true), Err(Unclaimed::Foreign(_))));
        assert!(matches!(claim(&directory.join("d.sock"), "ab12", true), Err(Unclaimed::Foreign(_))));
        assert!(directory.join("c.sock").exists() && token_file(&directory.join("d.sock")).exists());
        fs::remove_dir_all(&directory).expect("it is ours");
    }
}
