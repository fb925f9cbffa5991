//! Functions of ours in the place of built-in ones that never ask the interrupt handler.
//!
//! The engine asks its handler at calls and at the end of loops of JavaScript, not in loops of its own. Where such a loop may
//! be long, a function of JavaScript stands in its place, which the engine interrupts; where the engine searches in quadratic
//! time, one of Rust. No script reaches the functions of the engine that they call.

mod atomics;

mod calls;

mod replace;

mod search;

mod tree;

use std::rc::Rc;

use rquickjs::{Ctx, Function, JsLifetime, Result, qjs};

use crate::code::{self, Source};
use crate::memory::Account;

/// Asks the host whether the isolate must end. It may suspend the isolate meanwhile.
#[derive(Clone)]
pub struct Poll(pub Rc<dyn Fn() -> bool>);

// SAFETY: it holds nothing of JavaScript.
unsafe impl<'js> JsLifetime<'js> for Poll {
    type Changed<'to> = Poll;
}

/// Up to which sizes a built-in function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Elements of an array or of memory.
    pub elements: u32,
    /// Comparisons of characters.
    pub steps: u32,
    /// Digits of a big integer.
    pub digits: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { elements: 1 << 19, steps: 2_000_000, digits: 4096 }
    }
}

/// The sources, in their order. Each is an expression: a function of one object, which holds the functions of Rust.
const SOURCES: [Source; 8] = [
    Source { name: "natives", text: include_str!("../natives/common.js") },
    Source { name: "array", text: include_str!("../natives/array.js") },
    Source { name: "string", text: include_str!("../natives/string.js") },
    Source { name: "json", text: include_str!("../natives/json.js") },
    Source { name: "iteration", text: include_str!("../natives/iteration.js") },
    Source { name: "memory", text: include_str!("../natives/memory.js") },
    Source { name: "atomics", text: include_str!("../natives/atomics.js") },
    Source { name: "bigint", text: include_str!("../natives/bigint.js") },
];

/// Replaces the built-in functions of a new context, before any code of a user runs in it.
/// [`crate::values::install`] comes before.
///
/// # Errors
///
/// The error of the engine, for lack of memory.
pub fn install(ctx: &Ctx<'_>) -> Result<()> {
    install_with(ctx, Thresholds::default())
}

/// Like [`install`], with other thresholds.
///
/// # Errors
///
/// As [`install`].
pub fn install_with(ctx: &Ctx<'_>, thresholds: Thresholds) -> Result<()> {
    let calls = calls::create(ctx, thresholds)?;
    for source in SOURCES {
        code::evaluate::<Function>(ctx, source)?.call::<_, ()>((calls.clone(),))?;
    }
    Ok(())
}

/// Asks the host, if it has given a [`Poll`]. If the isolate must end, the error is one that no script catches.
///
/// # Errors
///
/// The isolate must end.
pub fn poll(ctx: &Ctx<'_>) -> Result<()> {
    // The guard ends before the call, which may suspend the isolate.
    let Some(poll) = ctx.userdata::<Poll>().map(|poll| poll.clone()) else { return Ok(()) };
    if (poll.0)() { Err(interrupt(ctx)) } else { Ok(()) }
}

/// Throws an error that no script catches.
fn interrupt(ctx: &Ctx<'_>) -> rquickjs::Error {
    if let Some(account) = ctx.userdata::<Account>() {
        account.0.spare_for_end();
    }
    let error = rquickjs::Exception::throw_internal(ctx, "interrupted");
    // SAFETY: the exception is the one just thrown; a reference of it is held while it is marked, and it is thrown again.
    unsafe {
        let raw = ctx.as_raw().as_ptr();
        let thrown = qjs::JS_GetException(raw);
        qjs::JS_SetUncatchableError(raw, thrown);
        qjs::JS_Throw(raw, thrown);
    }
    error
}
