//! The lines by which a host and a detached worker agree on a connection, over whatever the system has for it.

use std::time::Duration;

/// How long a pending peer may take for its line.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait before the next attempt to connect to a worker whose queue is full.
pub(super) const AGAIN: Duration = Duration::from_millis(20);
/// The longest line: a word, a token of at most 128 characters, and the purpose.
pub(super) const LINE: usize = 256;

/// The purpose of a connection to a detached worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A connection for messages.
    Messages {
        /// A connection that replaces the connected host.
        take_over: bool,
    },
    /// A lifeline.
    Lifeline,
    /// One line with the figures of the worker.
    Report,
}

/// Why a connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// As many hosts are connected as it serves.
    #[error("another host is connected to it")]
    Occupied,
    /// It has had no host for as long as it may.
    #[error("it is ending, because it has been idle")]
    Ending,
    /// The token is not the worker's.
    #[error("its token is another")]
    WrongToken,
    /// The peer sent something else than a known answer.
    #[error("it does not answer as a worker does")]
    NoWorker,
    /// The peer sent nothing in time.
    #[error("it does not answer")]
    Silent,
    /// A process of another user listens there.
    #[error("it belongs to another user")]
    Stranger,
}

/// The host's line.
pub(super) fn request(token: &str, purpose: Purpose) -> String {
    let wanted = match purpose {
        Purpose::Messages { take_over: false } => "messages",
        Purpose::Messages { take_over: true } => "take-over",
        Purpose::Lifeline => "lifeline",
        Purpose::Report => "report",
    };
    format!("attach {token} {wanted}\n")
}

/// The worker's decision about a line, and its answer. `enter` learns whether the peer takes over.
pub(super) fn decide(
    line: &str,
    token: &str,
    enter: impl FnOnce(bool) -> Result<(), Refusal>,
) -> (Result<Purpose, Refusal>, String) {
    let outcome = match parse(line) {
        None => Err(Refusal::NoWorker),
        Some((theirs, _)) if !is_same(theirs.as_bytes(), token.as_bytes()) => Err(Refusal::WrongToken),
        Some((_, purpose @ Purpose::Messages { take_over })) => enter(take_over).map(|()| purpose),
        Some((_, purpose)) => Ok(purpose),
    };
    let answer = match outcome {
        Ok(_) => format!("welcome {}\n", std::process::id()),
        Err(Refusal::Occupied) => "occupied\n".to_owned(),
        Err(Refusal::Ending) => "ending\n".to_owned(),
        Err(Refusal::WrongToken) => "token\n".to_owned(),
        Err(_) => "what\n".to_owned(),
    };
    (outcome, answer)
}

/// The host's reading of an answer: the worker's process id. `writer`: the process that the system names.
///
/// # Errors
/// The worker refuses, or it is none.
pub(super) fn outcome_of(answer: &str, writer: Option<i32>) -> Result<i32, Refusal> {
    match answer.split_once(' ') {
        Some(("welcome", said)) => process_of(writer, said).ok_or(Refusal::NoWorker),
        _ if answer == "occupied" => Err(Refusal::Occupied),
        _ if answer == "ending" => Err(Refusal::Ending),
        _ if answer == "token" => Err(Refusal::WrongToken),
        _ => Err(Refusal::NoWorker),
    }
}

/// The worker's process id: the kernel's report, if there is one. The worker's own statement `said` may be true only in
/// another PID namespace, or nowhere. An id that stands for several processes, or for this one, counts as none.
fn process_of(writer: Option<i32>, said: &str) -> Option<i32> {
    let said = said.parse().ok().filter(|said: &i32| *said > 0)?;
    let own = i32::try_from(std::process::id()).ok();
    match writer {
        Some(named) => Some(named).filter(|named| *named > 0 && Some(*named) != own),
        None => Some(said).filter(|said| *said > 1 && Some(*said) != own),
    }
}

fn parse(line: &str) -> Option<(&str, Purpose)> {
    let (token, wanted) = line.strip_prefix("attach ")?.split_once(' ')?;
    let purpose = match wanted {
        "messages" => Purpose::Messages { take_over: false },
        "take-over" => Purpose::Messages { take_over: true },
        "lifeline" => Purpose::Lifeline,
        "report" => Purpose::Report,
        _ => return None,
    };
    Some((token, purpose))
}

/// Takes constant time, so that timing does not reveal how much of a token is right.
pub(super) fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_wanted() {
        assert_eq!(parse("attach abc messages"), Some(("abc", Purpose::Messages { take_over: false })));
        assert_eq!(parse("attach abc take-over"), Some(("abc", Purpose::Messages { take_over: true })));
        assert_eq!(parse("attach abc lifeline"), Some(("abc", Purpose::Lifeline)));
        assert_eq!(parse("attach abc report"), Some(("abc", Purpose::Report)));
        for line in ["", "attach", "attach abc", "attach abc more", "hello abc messages", "attach abc messages "] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn the_kernel_is_believed_and_not_the_worker() {
        let own = i32::try_from(std::process::id()).expect("it is small");
        assert_eq!(process_of(Some(4242), "17"), Some(4242));
        assert_eq!(process_of(Some(0), "17"), None, "it is in a namespace that cannot be seen");
        assert_eq!(process_of(Some(own), "17"), None);
        assert_eq!(process_of(None, "17"), Some(17));
        for said in ["0", "1", "-1", "-17", "", "x", "4294967295", &own.to_string()] {
            assert_eq!(process_of(None, said), None, "{said}");
        }
    }

    #[test]
    fn tokens_are_the_same_or_not() {
        assert!(is_same(b"abc", b"abc"));
        assert!(!is_same(b"abc", b"abd"));
        assert!(!is_same(b"abc", b"abcd"));
        assert!(is_same(b"", b""));
    }
}
