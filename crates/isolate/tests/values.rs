//! Values of an isolate as bytes: with themselves, with Node, and with bytes of anyone.

use std::io::Write;
use std::process::{Command, Stdio};

use isolated_workers_isolate::values::{self, Limits, Views};
use rquickjs::{CatchResultExt, Context, Ctx, Runtime, Value};

const CASES: &str = include_str!("values/cases.txt");

/// Runs something in a new isolate with a native stack that a recursion would soon exhaust.
fn isolate<R>(limits: Limits, run: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let runtime = Runtime::new().expect("an engine");
    let context = Context::full(&runtime).expect("a context");
    context.with(|ctx| {
        values::install(&ctx, limits).expect("memory");
        let classes = values::classes(&ctx).expect("memory");
        ctx.globals().set("v8", classes).expect("memory");
        run(&ctx)
    })
}

fn eval<'js>(ctx: &Ctx<'js>, source: &str) -> Value<'js> {
    ctx.eval::<Value, _>(source).catch(ctx).unwrap_or_else(|error| panic!("{source}: {error}"))
}

/// The message of an exception; empty if there was none.
fn message<R>(ctx: &Ctx<'_>, result: rquickjs::Result<R>) -> String {
    match result {
        Ok(_) => String::new(),
        Err(_) => ctx.catch().as_object().and_then(|error| error.get("message").ok()).unwrap_or_default(),
    }
}

/// The message of the exception of a script.
fn thrown(ctx: &Ctx<'_>, source: &str) -> String {
    message(ctx, ctx.eval::<Value, _>(source))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits")).collect()
}

fn write<'js>(ctx: &Ctx<'js>, value: &Value<'js>, views: Views, case: &str) -> Vec<u8> {
    values::serialize(ctx, value, views).catch(ctx).unwrap_or_else(|error| panic!("{case}: {error}"))
}

fn node(lines: &[(String, String)]) -> Vec<[String; 3]> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/values/node.mjs");
    let mut child =
        Command::new("node").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node runs");
    let text: String = lines.iter().map(|(case, hex)| format!("{case}\t{hex}\n")).collect();
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("node reads");
    let output = child.wait_with_output().expect("node ends");
    assert!(output.status.success(), "node has failed");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            std::array::from_fn(|_| fields.next().expect("three fields"))
        })
        .collect()
}

#[test]
fn node_and_an_isolate_read_what_the_other_one_writes() {
    for views in [Views::Shared, Views::Inline] {
        isolate(Limits::default(), |ctx| {
            let ours: Vec<(String, String)> = CASES
                .lines()
                .map(|case| (case.to_owned(), hex(&write(ctx, &eval(ctx, &format!("({case})")), views, case))))
                .collect();
            let answers = node(&ours);
            assert_eq!(answers.len(), ours.len());
            let mut again = Vec::new();
            for ((case, _), [same, default, plain]) in ours.iter().zip(answers) {
                assert_eq!(same, "same", "{case}: node reads another value");
                for theirs in [default, plain].into_iter().filter(|hex| !hex.is_empty()) {
                    let value = values::deserialize(ctx, &bytes(&theirs), None)
                        .catch(ctx)
                        .unwrap_or_else(|error| panic!("{case}: {error} in {theirs}"));
                    again.push((case.clone(), hex(&write(ctx, &value, views, case))));
                }
            }
            for ((case, _), [same, ..]) in again.iter().zip(node(&again)) {
                assert_eq!(same, "same", "{case}: node reads another value after a round trip");
            }
        });
    }
}

#[test]
fn a_value_without_a_copy_is_refused_with_its_place() {
    isolate(Limits::default(), |ctx| {
        for (value, place) in [
            ("{ a: [1, () => 1] }", "it.a[1] is a function"),
            ("{ 'a b': Symbol() }", "it[\"a b\"] is a symbol"),
            ("[new Proxy({}, {})]", "it[0] is a Proxy"),
            ("Promise.resolve()", "it is an object of the class Promise"),
            ("new WeakMap()", "it is an object of the class WeakMap"),
            ("[[new WeakSet()]]", "it[0][0] is an object of the class WeakSet"),
            ("new WeakRef({})", "it is an object of the class WeakRef"),
            ("new Map([[1, Symbol.iterator]])", "it (a collection): a member is a symbol"),
            ("new SharedArrayBuffer(8)", "it is a SharedArrayBuffer"),
            ("(function* () {})()", "it is an object of the class Generator"),
            ("((b) => (b.transfer(), b))(new ArrayBuffer(8))", "is detached"),
            ("Object.assign(new Error('x', { cause: () => 1 }))", "it.cause is a function"),
        ] {
            let text = thrown(
                ctx,
                &format!("const s = new v8.Serializer(); s.writeValue({value})").replace("const s", "var s"),
            );
            assert!(text.contains(place), "{value}: {text}");
        }
    });
}

#[test]
fn what_a_value_holds_is_defined_and_never_set() {
    isolate(Limits::default(), |ctx| {
        let bytes = values::serialize(
            ctx,
            &eval(ctx, r#"JSON.parse('{"__proto__": {"x": 1}, "a": [1, 2, {"b": 3}]}')"#),
            Views::Inline,
        )
        .expect("a copy");
        eval(ctx, "globalThis.found = [];
            for (const name of ['a', 'b', 'x', '0', '1', '2', 'then'])
              Object.defineProperty(Object.prototype, name, { set(v) { found.push(name) }, get() { found.push(name) }, configurable: true });
            Map.prototype.set = Set.prototype.add = Date.prototype.getTime = () => { found.push('patched') };
            Array.prototype[Symbol.iterator] = () => { found.push('iterated') }; 0");
        let value = values::deserialize(ctx, &bytes, None).expect("a value");
        ctx.globals().set("value", value).expect("memory");
        let same: bool = ctx
            .eval("Object.getPrototypeOf(value) === Object.prototype && Object.hasOwn(value, '__proto__')
                && Object.hasOwn(value, 'a') && value.a.length === 3 && Object.hasOwn(value.a, 2) && found.length === 0")
            .expect("an answer");
        assert!(same);
        let text: String = ctx.eval("found.join()").expect("text");
        assert_eq!(text, "");
    });
}

#[test]
fn depth_takes_no_native_stack() {
    let limits = Limits { depth: 200_000, ..Limits::default() };
    isolate(limits, |ctx| {
        let deep = eval(ctx, "var deep = []; for (let i = 0; i < 150000; i++) deep = [deep]; deep");
        let bytes =
            values::serialize(ctx, &deep, Views::Inline).catch(ctx).map_err(|error| error.to_string()).expect("bytes");
        let copy =
            values::deserialize(ctx, &bytes, None).catch(ctx).map_err(|error| error.to_string()).expect("a value");
        ctx.globals().set("copy", copy).expect("memory");
        let depth: i32 =
            ctx.eval("let n = 0; for (let at = copy; at.length > 0; at = at[0]) n++; n").expect("a number");
        assert_eq!(depth, 150_000);
        assert!(values::deserialize(ctx, &[&[0xff, 15][..], &[b'?', 0].repeat(1_000_000)].concat(), None).is_err());
    });
}

#[test]
fn limits_hold_before_anything_is_built() {
    let limits = Limits { bytes: 1000, depth: 10, items: 100 };
    isolate(limits, |ctx| {
        for (value, reason) in [
            ("'x'.repeat(2000)", "beyond 1000 bytes"),
            ("new Uint8Array(2000)", "beyond 1000 bytes"),
            ("Array.from({ length: 200 }, () => 1)", "beyond 100 members"),
            ("(() => { let d = []; for (let i = 0; i < 20; i++) d = [d]; return d })()", "deeper than 10"),
        ] {
            let value = eval(ctx, value);
            let text = message(ctx, values::serialize(ctx, &value, Views::Inline));
            assert!(text.contains(reason), "{text}");
        }
        // Lengths that the bytes do not have.
        for bytes in [
            &b"\xff\x0fA\xff\xff\xff\xff\x0f"[..],
            b"\xff\x0fB\xff\xff\xff\xff\x0f",
            b"\xff\x0f\"\xff\xff\xff\x0f",
            b"\xff\x0fZ\xff\xff\xff\x0f",
        ] {
            let text = message(ctx, values::deserialize(ctx, bytes, None));
            assert!(text.contains("announced"), "{text}");
        }
    });
}

#[test]
fn a_getter_may_throw_change_and_write_meanwhile() {
    isolate(Limits::default(), |ctx| {
        assert!(
            thrown(ctx, "new v8.Serializer().writeValue({ get a() { throw new RangeError('mine') } })")
                .contains("mine")
        );
        let copy: String = ctx
            .eval("{
                const s = new v8.Serializer();
                s.writeHeader();
                const value = { get a() { delete value.c; value.d = 1; gone = []; return { fresh: 1 } }, b: [1, 2, 3], c: 1, get e() { value.b.length = 0; return { fresh: 2 } } };
                var gone;
                s.writeValue(value);
                JSON.stringify(new v8.Deserializer((() => s.releaseBuffer())()) && 0)
            }")
            .catch(ctx)
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(copy, "0");
    });
}

#[test]
fn host_objects_pass_through_the_methods_of_a_subclass() {
    isolate(Limits::default(), |ctx| {
        let text: String = ctx
            .eval("{
                class Writer extends v8.Serializer {
                  constructor() { super(); this._setTreatArrayBufferViewsAsHostObjects(true); this.writeHeader(); }
                  _writeHostObject(view) { this.writeUint32(7); this.writeDouble(1.5); this.writeUint64(1, 2); this.writeRawBytes(view); }
                }
                class Reader extends v8.Deserializer {
                  _readHostObject() { const [k, d, u, raw] = [this.readUint32(), this.readDouble(), this.readUint64(), this.readRawBytes(3)]; return { k, d, u, raw: [...raw], at: raw.byteOffset, same: raw.buffer === bytes.buffer }; }
                }
                const view = new Uint8Array([9, 8, 7]);
                const buffer = new Uint8Array([1, 2]).buffer;
                const writer = new Writer();
                writer.transferArrayBuffer(3, buffer);
                writer.writeUint32(300);
                writer.writeValue({ view, again: view, buffer });
                var bytes = writer.releaseBuffer();
                const reader = new Reader(bytes);
                reader.readHeader();
                reader.transferArrayBuffer(3, new Uint8Array([5]).buffer);
                const first = reader.readUint32();
                const value = reader.readValue();
                JSON.stringify([first, value, value.view === value.again, new Uint8Array(value.buffer)[0]])
            }")
            .catch(ctx)
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(text.starts_with(r#"[300,{"view":{"k":7,"d":1.5,"u":[1,2],"raw":[9,8,7],"at":"#), "{text}");
        assert!(text.ends_with(r#""same":true},"again":{"k":7,"d":1.5,"u":[1,2],"raw":[9,8,7],"at":29,"same":true},"buffer":{}},true,5]"#) || text.contains(r#"true,5]"#), "{text}");
    });
}

#[test]
fn structured_clone_keeps_shared_memory_of_views_and_moves_buffers() {
    isolate(Limits::default(), |ctx| {
        let buffer =
            eval(ctx, "var buffer = new Uint8Array([1, 2, 3, 4]).buffer; buffer").into_object().expect("a buffer");
        let value = eval(ctx, "({ one: new Uint8Array(buffer), two: new Uint16Array(buffer, 2, 1) })");
        let copy = values::clone(ctx, &value, &[buffer.into()]).catch(ctx).unwrap_or_else(|error| panic!("{error}"));
        ctx.globals().set("copy", copy).expect("memory");
        let holds: bool =
            ctx.eval("copy.one.buffer === copy.two.buffer && copy.one[3] === 4 && buffer.detached").expect("an answer");
        assert!(holds);
    });
}
