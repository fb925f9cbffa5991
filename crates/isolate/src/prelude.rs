//! The globals of an isolate besides the language: events, abort signals, text and addresses, clones, random numbers. Nothing
//! here reaches a file, a network or another isolate.

mod native;

use rquickjs::context::EvalOptions;
use rquickjs::{Ctx, Function, Object, Result};

/// The sources, in their order. Each is an expression: a function of one object, which holds the functions of Rust and what
/// the sources before have added to it.
pub const SOURCES: [(&str, &str); 7] = [
    ("common", include_str!("../prelude/common.js")),
    ("events", include_str!("../prelude/events.js")),
    ("abort", include_str!("../prelude/abort.js")),
    ("encoding", include_str!("../prelude/encoding.js")),
    ("url", include_str!("../prelude/url.js")),
    ("clone", include_str!("../prelude/clone.js")),
    ("crypto", include_str!("../prelude/crypto.js")),
];

/// The functions of Rust. What holds this object reaches no more than the globals do.
///
/// # Errors
///
/// The engine has no memory.
pub fn natives<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    native::create(ctx)
}

/// Defines all globals, from source. [`crate::values::install`] comes before.
///
/// # Errors
///
/// The engine has no memory.
pub fn install(ctx: &Ctx<'_>) -> Result<()> {
    let natives = natives(ctx)?;
    for (name, source) in SOURCES {
        let mut options = EvalOptions::default();
        options.filename = Some(format!("isolate:{name}"));
        let define: Function = ctx.eval_with_options(source, options)?;
        define.call::<_, ()>((natives.clone(),))?;
    }
    Ok(())
}
