//! Any bytes as a value of an isolate: they are refused, or build a value that is written and read again.

use isolated_workers_isolate::values::{self, Limits, Views};
use rquickjs::{Context, Runtime};

/// What holds for any bytes. The first byte chooses whether a header is added, which mutations would hardly find.
pub fn values(data: &[u8]) {
    let [first, rest @ ..] = data else { return };
    let bytes = if first & 1 == 0 { [&[0xff, 15], rest].concat() } else { rest.to_vec() };
    let runtime = Runtime::new().expect("an engine");
    runtime.set_memory_limit(32 << 20);
    runtime.set_max_stack_size(256 << 10);
    let context = Context::full(&runtime).expect("a context");
    context.with(|ctx| {
        let limits = Limits { bytes: 1 << 20, depth: 200, items: 10_000 };
        values::install(&ctx, limits).expect("memory");
        let value = match values::deserialize(&ctx, &bytes, None) {
            Ok(value) => value,
            Err(_) => {
                assert!(ctx.catch().is_object(), "a refusal is an exception");
                return;
            }
        };
        // What was read may exceed the limits when it is written, by references that are written as objects.
        let Ok(written) = values::serialize(&ctx, &value, Views::Shared) else {
            ctx.catch();
            return;
        };
        let again = values::deserialize(&ctx, &written, None).expect("what was written is read");
        let twice = values::serialize(&ctx, &again, Views::Shared).expect("what was written is written again");
        assert_eq!(written, twice, "a value changes on its way");
    });
}
