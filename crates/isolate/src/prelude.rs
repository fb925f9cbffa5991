//! The globals of an isolate besides the language: events, abort signals, text and addresses, clones, random numbers. Nothing
//! here reaches a file, a network or another isolate.

mod native;

use rquickjs::{Ctx, Exception, Function, Object, Result};

use crate::code::{self, Source};

/// A script that defines globals when one of them is first read. It is a function of one object, which holds the functions of
/// Rust and what other scripts have added to it.
struct Part {
    source: Source,
    globals: &'static [&'static str],
}

const COMMON: Source = Source { name: "common", text: include_str!("../prelude/common.js") };

const PARTS: [Part; 6] = [
    Part {
        source: Source { name: "events", text: include_str!("../prelude/events.js") },
        globals: &["Event", "EventTarget"],
    },
    Part {
        source: Source { name: "abort", text: include_str!("../prelude/abort.js") },
        globals: &["AbortController", "AbortSignal"],
    },
    Part {
        source: Source { name: "encoding", text: include_str!("../prelude/encoding.js") },
        globals: &["TextDecoder", "TextEncoder"],
    },
    Part {
        source: Source { name: "url", text: include_str!("../prelude/url.js") },
        globals: &["URL", "URLSearchParams"],
    },
    Part { source: Source { name: "clone", text: include_str!("../prelude/clone.js") }, globals: &["structuredClone"] },
    Part { source: Source { name: "crypto", text: include_str!("../prelude/crypto.js") }, globals: &["crypto"] },
];

/// Defines all globals. [`crate::values::install`] comes before.
///
/// # Errors
///
/// The engine has no memory.
pub fn install(ctx: &Ctx<'_>) -> Result<()> {
    let native = native::create(ctx)?;
    native.set("evaluate", Function::new(ctx.clone(), evaluate)?)?;
    code::evaluate::<Function>(ctx, COMMON)?.call::<_, ()>((native.clone(),))?;
    let later: Function = native.get("later")?;
    for part in PARTS {
        for global in part.globals {
            later.call::<_, ()>((part.source.name, *global))?;
        }
    }
    Ok(())
}

/// The function that a part is.
fn evaluate<'js>(ctx: Ctx<'js>, name: String) -> Result<Object<'js>> {
    match PARTS.iter().find(|part| part.source.name == name) {
        Some(part) => code::evaluate(&ctx, part.source),
        None => Err(Exception::throw_message(&ctx, &format!("there is no part {name}"))),
    }
}
