//! Any bytes as a value of an isolate: they are refused, or build a value that is written and read again.

use std::rc::Rc;

use isolated_workers_isolate::memory::Usage;
use isolated_workers_isolate::shared::{SharedMemory, Table};
use isolated_workers_isolate::values::{self, Limits, Sharing, Views};
use rquickjs::{Context, Ctx, Runtime, Value};

/// What holds for any bytes. The first byte chooses whether a header is added, which mutations would hardly find.
pub fn values(data: &[u8]) {
    let [first, rest @ ..] = data else { return };
    let bytes = if first & 1 == 0 { [&[0xff, 15], rest].concat() } else { rest.to_vec() };
    let usage = Rc::<Usage>::default();
    let shared = [0, 7, 64].map(|size| SharedMemory::new(size, usage.shared()).expect("memory"));
    // It outlives the engine.
    let table = Table::new(usage, 1 << 20, || false);
    let runtime = Runtime::new().expect("an engine");
    runtime.set_memory_limit(32 << 20);
    runtime.set_max_stack_size(256 << 10);
    let context = Context::full(&runtime).expect("a context");
    context.with(|ctx| {
        let limits = Limits { bytes: 1 << 20, depth: 200, items: 10_000 };
        values::install(&ctx, limits).expect("memory");
        // SAFETY: the table was made before the engine, and is dropped after it.
        unsafe { table.install(&ctx) };
        let memories = values::objects_of(&ctx, &shared).expect("memory");
        let value = match values::deserialize(&ctx, &bytes, memories) {
            Ok(value) => value,
            Err(_) => {
                assert!(ctx.catch().is_object(), "a refusal is an exception");
                return;
            }
        };
        travels_with_its_memories(&ctx, &value);
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

/// What is packed is read again, with the same memories.
fn travels_with_its_memories<'js>(ctx: &Ctx<'js>, value: &Value<'js>) {
    let Ok(parcel) = values::pack(ctx, value, Sharing::All) else {
        ctx.catch();
        return;
    };
    let memories = values::objects_of(ctx, &parcel.memories).expect("memory");
    let again = values::deserialize(ctx, &parcel.bytes, memories).expect("what was packed is read");
    let twice = values::pack(ctx, &again, Sharing::All).expect("what was packed is packed again");
    assert_eq!(parcel.bytes, twice.bytes, "a value changes on its way");
    let addresses = |memories: &[SharedMemory]| memories.iter().map(SharedMemory::address).collect::<Vec<_>>();
    assert_eq!(addresses(&parcel.memories), addresses(&twice.memories), "a memory changes on its way");
}
