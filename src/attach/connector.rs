//! The native thread in a host that connects to detached workers: workers that do not answer block no other work.

use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::sync::lock;
use crate::sys::attach_socket::{Connected, Purpose, Refusal, ask_for_report, connect_worker};

/// The thread only waits, and reads a line.
const STACK: usize = 256 * 1024;

/// A request to connect to a worker.
#[derive(Debug)]
pub struct Request {
    /// The path at which the worker listens.
    pub path: PathBuf,
    /// What it asks for.
    pub token: String,
    /// What the connection is for.
    pub purpose: Purpose,
    /// How long the worker may take to answer; `None`: no limit.
    pub patience: Option<Duration>,
}

/// The outcome of an attempt. An error of the system: no worker listens at the path.
pub type Outcome = io::Result<Result<Connected, Refusal>>;

/// The outcome of a question for figures: one line.
pub type Report = io::Result<Result<String, Refusal>>;

enum Job {
    Attach(Request, Box<dyn FnOnce(Outcome) + Send>),
    Report(Request, Box<dyn FnOnce(Report) + Send>),
}

/// Connects to a worker, and calls `done` on another thread. Does not block.
///
/// # Errors
/// No thread can be started.
pub fn attach(request: Request, done: impl FnOnce(Outcome) + Send + 'static) -> io::Result<()> {
    submit(Job::Attach(request, Box::new(done)))
}

/// Asks a worker for its figures, and calls `done` on another thread. Does not block. The purpose of the request is not used.
///
/// # Errors
/// No thread can be started.
pub fn report(request: Request, done: impl FnOnce(Report) + Send + 'static) -> io::Result<()> {
    submit(Job::Report(request, Box::new(done)))
}

fn submit(job: Job) -> io::Result<()> {
    static THREAD: Mutex<Option<UnboundedSender<Job>>> = Mutex::new(None);
    let mut thread = lock(&THREAD);
    let sender = match thread.take() {
        Some(sender) => sender,
        None => start()?,
    };
    let sent = sender.send(job).map_err(|_| io::ErrorKind::BrokenPipe.into());
    *thread = Some(sender);
    sent
}

fn start() -> io::Result<UnboundedSender<Job>> {
    let (sender, mut receiver) = unbounded_channel::<Job>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("attach".to_owned()).stack_size(STACK).spawn(move || {
        runtime.block_on(async {
            while let Some(job) = receiver.recv().await {
                tokio::spawn(async move {
                    match job {
                        Job::Attach(Request { path, token, purpose, patience }, done) => {
                            done(within(patience, connect_worker(&path, &token, purpose)).await);
                        }
                        Job::Report(Request { path, token, patience, .. }, done) => {
                            done(within(patience, ask_for_report(&path, &token)).await);
                        }
                    }
                });
            }
        });
    })?;
    Ok(sender)
}

async fn within<T>(
    patience: Option<Duration>,
    asking: impl Future<Output = io::Result<Result<T, Refusal>>>,
) -> io::Result<Result<T, Refusal>> {
    match patience {
        None => asking.await,
        Some(patience) => tokio::time::timeout(patience, asking).await.unwrap_or(Ok(Err(Refusal::Silent))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::sys::path_lock::{TOKEN, claim};

    fn request(path: PathBuf, patience: Duration) -> Request {
        Request { path, token: "ab".to_owned(), purpose: Purpose::Lifeline, patience: Some(patience) }
    }

    #[test]
    fn workers_that_do_not_answer_keep_nobody_waiting() {
        let directory = std::env::temp_dir().join(format!("iw-attach-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let silent = directory.join("silent.sock");
        let _listener = claim(&silent, &"0".repeat(TOKEN), false).expect("it is free");
        let (sender, outcomes) = channel();
        for _ in 0..200 {
            // They never end.
            attach(request(silent.clone(), Duration::MAX), |_| unreachable!("nobody answers")).expect("a thread");
        }
        let late = sender.clone();
        let note = move |outcome| late.send(outcome).expect("it is waited for");
        attach(request(silent, Duration::from_millis(1)), note).expect("a thread");
        assert!(matches!(outcomes.recv(), Ok(Ok(Err(Refusal::Silent)))));
        let note = move |outcome| sender.send(outcome).expect("it is waited for");
        attach(request(directory.join("none.sock"), Duration::MAX), note).expect("a thread");
        assert!(matches!(outcomes.recv(), Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound));
        std::fs::remove_dir_all(&directory).expect("it is ours");
    }
}
