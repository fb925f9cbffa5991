//! The reader of values with bytes of anyone: the corpus of the fuzzer, values that Node has written with bytes changed, and
//! random values of a printed seed, there and back.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use isolated_workers_isolate::memory::Usage;
use isolated_workers_isolate::shared::Table;
use isolated_workers_isolate::values::{self, Limits, Sharing, Views};
use rquickjs::{CatchResultExt, Context, Ctx, Runtime, Value};

#[path = "../../../fuzz/src/values.rs"]
mod target;

mod random;

use random::Random;

#[test]
fn the_kept_corpus_of_the_fuzzer_passes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/values");
    let mut count = 0;
    for file in fs::read_dir(&folder).expect("the corpus is there") {
        let path = file.expect("the folder can be read").path();
        // Printed where the test fails.
        println!("{}", path.display());
        target::values(&fs::read(&path).expect("the file can be read"));
        count += 1;
    }
    assert!(count > 0, "the corpus is empty");
}

fn isolate<R>(run: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let runtime = Runtime::new().expect("an engine");
    let context = Context::full(&runtime).expect("a context");
    context.with(|ctx| {
        values::install(&ctx, Limits::default()).expect("memory");
        run(&ctx)
    })
}

fn bytes_of(ctx: &Ctx<'_>, source: &str) -> Vec<u8> {
    let value: Value = ctx.eval(format!("({source})")).catch(ctx).unwrap_or_else(|error| panic!("{source}: {error}"));
    values::serialize(ctx, &value, Views::Shared).catch(ctx).unwrap_or_else(|error| panic!("{source}: {error}"))
}

#[test]
fn changed_bytes_are_refused_or_read() {
    let mut random = Random::new();
    let whole: Vec<Vec<u8>> =
        isolate(|ctx| include_str!("values/cases.txt").lines().map(|case| bytes_of(ctx, case)).collect());
    for _ in 0..random.rounds(3000) {
        let mut bytes = vec![0];
        let chosen = &whole[random.below(whole.len())];
        bytes.extend(chosen.get(2..).unwrap_or_default());
        for _ in 0..1 + random.below(4) {
            let at = 1 + random.below(bytes.len());
            match random.below(4) {
                0 if at < bytes.len() => bytes[at] = random.below(256) as u8,
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.insert(at.min(bytes.len()), b"oaA;'\\\"cIUNZRDBVtu^r{@$:,-_\xff\x00"[random.below(27)]),
                _ => {
                    let other = &whole[random.below(whole.len())];
                    let from = random.below(other.len());
                    bytes.truncate(at);
                    bytes.extend(&other[from..]);
                }
            }
        }
        target::values(&bytes);
    }
}

/// An expression for a random value, some parts of which are `more`.
fn expression(random: &mut Random, depth: usize, more: &[&'static str]) -> String {
    let mut simple = vec![
        "undefined",
        "null",
        "true",
        "0",
        "-0",
        "1.5",
        "-7",
        "4294967296",
        "NaN",
        "''",
        "'text'",
        "'\\u00fc'",
        "'\\u4e2d\\ud800'",
        "0n",
        "-255n",
        "2n ** 70n",
        "new Date(5)",
        "/a+/gi",
        "new Number(-0)",
        "Object(3n)",
        "new String('s')",
        "new Boolean(false)",
        "new Uint8Array([1, 2])",
        "new Float64Array([1.5])",
        "new DataView(new ArrayBuffer(3), 1)",
        "new ArrayBuffer(2)",
        "new RangeError('r')",
        "shared",
        "buffer",
        "new Uint16Array(buffer, 2, 1)",
    ];
    simple.extend(more);
    if depth == 0 || random.below(3) == 0 {
        return simple[random.below(simple.len())].to_owned();
    }
    let parts: Vec<String> = (0..random.below(4)).map(|_| expression(random, depth - 1, more)).collect();
    let list = parts.join(", ");
    match random.below(7) {
        0 => format!("[{list}]"),
        1 => format!("[, {list}]"),
        2 => format!("new Set([{list}])"),
        3 => format!(
            "new Map([{}])",
            parts.iter().map(|part| format!("[{part}, {part}]")).collect::<Vec<_>>().join(", ")
        ),
        4 => format!("Object.assign([{list}], {{ more: 1, __proto__: null }})"),
        5 => format!("new TypeError('t', {{ cause: [{list}] }})"),
        _ => {
            let names = ["a", "'b c'", "1", "'-1'", "['__proto__']", "length"];
            let members: Vec<String> = parts
                .iter()
                .enumerate()
                .map(|(at, part)| format!("{}: {part}", names[(at + random.below(3)) % names.len()]))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}

#[test]
fn a_random_value_is_the_same_there_and_back() {
    let mut random = Random::new();
    isolate(|ctx| {
        ctx.eval::<(), _>(include_str!("values/show.js")).catch(ctx).unwrap_or_else(|error| panic!("{error}"));
        for _ in 0..random.rounds(2000) {
            let source = expression(&mut random, 4, &[]);
            let value: Value = ctx
                .eval(format!("buffer = new Uint8Array([1, 2, 3, 4]).buffer; shared = {{ x: 1 }}; value = ({source})"))
                .catch(ctx)
                .unwrap_or_else(|error| panic!("{source}: {error}"));
            for views in [Views::Shared, Views::Inline] {
                let bytes = values::serialize(ctx, &value, views)
                    .catch(ctx)
                    .unwrap_or_else(|error| panic!("{source}: {error}"));
                let copy = values::deserialize(ctx, &bytes, None)
                    .catch(ctx)
                    .unwrap_or_else(|error| panic!("{source}: {error}"));
                ctx.globals().set("copy", copy).expect("memory");
                let [before, after]: [String; 2] = ["show(value)", "show(copy)"]
                    .map(|call| ctx.eval(call).catch(ctx).unwrap_or_else(|error| panic!("{source}: {error}")));
                assert_eq!(before, after, "{source}");
            }
        }
    });
}

#[test]
fn a_random_value_with_shared_memories_is_the_same_there_and_back() {
    let memories = [
        "memory",
        "memory",
        "other",
        "new Int16Array(memory, 2, 1)",
        "new DataView(memory, 3)",
        "new BigInt64Array(other)",
        "new Float64Array(memory, 8, 0)",
        "new SharedArrayBuffer(3)",
    ];
    let mut random = Random::new();
    let usage = Rc::<Usage>::default();
    let table = Table::new(Rc::clone(&usage), 1 << 24, || false);
    isolate(|ctx| {
        // SAFETY: the table was made before the engine, and is dropped after it.
        unsafe { table.install(ctx) };
        ctx.eval::<(), _>(include_str!("values/show.js")).catch(ctx).unwrap_or_else(|error| panic!("{error}"));
        for _ in 0..random.rounds(1000) {
            let source = expression(&mut random, 4, &memories);
            let text = format!(
                "buffer = new Uint8Array([1, 2, 3, 4]).buffer; shared = {{ x: 1 }}; memory = new SharedArrayBuffer(16);
                 other = new SharedArrayBuffer(8); new Uint8Array(memory).fill(7); value = ({source})"
            );
            let fail = |error: rquickjs::CaughtError<'_>| -> ! { panic!("{source}: {error}") };
            let value: Value = ctx.eval(text).catch(ctx).unwrap_or_else(|error| fail(error));
            let parcel = values::pack(ctx, &value, Sharing::All).catch(ctx).unwrap_or_else(|error| fail(error));
            let objects = values::objects_of(ctx, &parcel.memories).catch(ctx).unwrap_or_else(|error| fail(error));
            let copy = values::deserialize(ctx, &parcel.bytes, objects).catch(ctx).unwrap_or_else(|error| fail(error));
            ctx.globals().set("copy", copy).expect("memory");
            // What is written on one side is there on the other one.
            let [before, after]: [String; 2] = ["new Uint8Array(memory)[4] = 9; show(value)", "show(copy)"]
                .map(|call| ctx.eval(call).catch(ctx).unwrap_or_else(|error| fail(error)));
            assert_eq!(before, after, "{source}");
        }
    });
    drop(table);
    assert_eq!(usage.total(), 0, "no memory is lost");
}
