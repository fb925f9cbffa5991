//! Numbers for streams and listeners: the facade passes them on as it does descriptors elsewhere.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;

use super::Stream;
use super::attach_socket::Listener;
use crate::sync::lock;

/// What a number stands for.
#[derive(Debug)]
pub(super) enum Kept {
    Stream(Stream),
    Listener(Listener),
}

#[derive(Debug)]
struct Numbers {
    next: i32,
    kept: Option<HashMap<i32, Kept>>,
}

/// Descriptors up to 2 are the standard streams.
static NUMBERS: Mutex<Numbers> = Mutex::new(Numbers { next: 3, kept: None });

/// A new number for it.
pub(super) fn keep(kept: Kept) -> i32 {
    let mut numbers = lock(&NUMBERS);
    let number = numbers.next;
    numbers.next = number.checked_add(1).unwrap_or(3);
    numbers.kept.get_or_insert_default().insert(number, kept);
    number
}

/// Takes what has this number; once.
pub(super) fn take(number: i32) -> io::Result<Kept> {
    let kept = lock(&NUMBERS).kept.as_mut().and_then(|kept| kept.remove(&number));
    kept.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "nothing has this number"))
}
