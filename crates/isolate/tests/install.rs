//! What it takes to prepare a context. Speed itself belongs to benchmarks: this prints, and checks only that it works.

use std::time::Instant;

use isolated_workers_isolate::{natives, prelude, values};
use rquickjs::{CatchResultExt, Context, Runtime};

#[test]
fn a_context_is_prepared_from_source() {
    for _ in 0..5 {
        let start = Instant::now();
        let runtime = Runtime::new().expect("an engine");
        let context = Context::full(&runtime).expect("a context");
        let made = start.elapsed();
        context.with(|ctx| {
            let mut times = Vec::new();
            values::install(&ctx, values::Limits::default()).expect("memory");
            times.push(("values", start.elapsed()));
            prelude::install(&ctx).catch(&ctx).unwrap_or_else(|error| panic!("{error}"));
            times.push(("prelude", start.elapsed()));
            natives::install(&ctx).catch(&ctx).unwrap_or_else(|error| panic!("{error}"));
            times.push(("natives", start.elapsed()));
            println!("engine {made:?}, then {times:?}");
            assert!(ctx.eval::<bool, _>("structuredClone([1]).includes(1)").expect("an answer"));
        });
    }
}
