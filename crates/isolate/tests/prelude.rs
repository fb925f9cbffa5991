//! The globals of an isolate besides the language, tried in an isolate: `tests/prelude/*.js` are scripts of checks.

use isolated_workers_isolate::{prelude, values};
use rquickjs::{CatchResultExt, Context, Ctx, Runtime, Value};

/// Runs a script with `check(name, condition)`; all conditions must hold, and all jobs end.
fn run(script: &str, at_least: usize) {
    let runtime = Runtime::new().expect("an engine");
    let context = Context::full(&runtime).expect("a context");
    context.with(|ctx| {
        values::install(&ctx, values::Limits::default()).expect("memory");
        prelude::install(&ctx).catch(&ctx).unwrap_or_else(|error| panic!("{error}"));
        eval(&ctx, include_str!("prelude/check.js"));
        eval(&ctx, script);
        while ctx.execute_pending_job() {}
        let failed: String = ctx.eval("failed.join('; ')").expect("text");
        let count: usize = ctx.eval::<f64, _>("count").expect("a number") as usize;
        assert_eq!(failed, "");
        assert!(count >= at_least, "only {count} checks ran");
    });
}

fn eval(ctx: &Ctx<'_>, source: &str) {
    ctx.eval::<Value, _>(source).catch(ctx).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn events_reach_their_listeners() {
    run(include_str!("prelude/events.js"), 16);
}

#[test]
fn a_signal_tells_that_it_is_aborted() {
    run(include_str!("prelude/abort.js"), 18);
}

#[test]
fn text_is_encoded_and_decoded() {
    run(include_str!("prelude/encoding.js"), 24);
}

#[test]
fn addresses_have_their_parts() {
    run(include_str!("prelude/url.js"), 24);
}

#[test]
fn clones_random_numbers_and_the_rest_are_there() {
    run(include_str!("prelude/other.js"), 20);
}
