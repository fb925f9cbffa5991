//! Memory that several engines share: who holds it, what counts, and that nothing hostile leaves its bounds.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use isolated_workers_isolate::engine::Carrier;
use isolated_workers_isolate::mail::{Inbox, Parcel};
use isolated_workers_isolate::memory::Usage;
use isolated_workers_isolate::shared::{Parking, SharedMemory, Table, notify};
use isolated_workers_isolate::values::{self, Limits, Sharing};
use isolated_workers_isolate::{natives, prelude};
use rquickjs::{CatchResultExt, Context, Ctx, FromJs, Runtime, Value};

mod random;

use random::Random;

/// A thread that waits.
struct Waiting(Arc<Inbox>, Arc<AtomicBool>);

impl Carrier for Waiting {
    fn poll(&self) -> bool {
        self.1.load(Ordering::SeqCst)
    }

    fn sleep(&self, _: Option<Instant>, _: usize) {}

    fn park(&self, until: Option<Instant>, is_woken: &dyn Fn() -> bool) {
        self.0.sleep(until, usize::MAX, || is_woken() || self.poll());
    }
}

/// What the tests see of an isolate.
struct Seen<'a, 'js> {
    ctx: &'a Ctx<'js>,
    table: &'a Table,
    usage: &'a Usage,
}

impl<'js> Seen<'_, 'js> {
    fn eval<V: FromJs<'js>>(&self, source: &str) -> V {
        self.ctx.eval::<V, _>(source).catch(self.ctx).unwrap_or_else(|error| panic!("{source}: {error}"))
    }

    /// Defines a global with this memory.
    fn give(&self, name: &str, memory: &SharedMemory) {
        let object = self.table.object(self.ctx, memory).expect("memory");
        self.ctx.globals().set(name, object).expect("memory");
    }

    fn pack(&self, source: &str, sharing: Sharing) -> Result<Parcel, String> {
        let value: Value = self.eval(source);
        values::pack(self.ctx, &value, sharing).map_err(|_| {
            let thrown = self.ctx.catch();
            thrown.as_object().and_then(|error| error.get("message").ok()).unwrap_or_default()
        })
    }
}

const LIMIT: usize = 1 << 20;

/// Runs something in a new isolate that may make `LIMIT` bytes of shared memory, and must end when `is_killed`.
fn isolate_until<R>(is_killed: &Arc<AtomicBool>, run: impl FnOnce(Seen<'_, '_>) -> R) -> R {
    let usage = Rc::<Usage>::default();
    let table = Table::new(Rc::clone(&usage), LIMIT, || false);
    let runtime = Runtime::new().expect("an engine");
    let context = Context::full(&runtime).expect("a context");
    let result = context.with(|ctx| {
        // SAFETY: the table was made before the engine, and is dropped after it.
        unsafe { table.install(&ctx) };
        let inbox = Arc::<Inbox>::default();
        let carrier = Rc::new(Waiting(Arc::clone(&inbox), Arc::clone(is_killed)));
        let _ = ctx.store_userdata(Parking { carrier, inbox, tell: Rc::new(|_, _, _| {}) });
        values::install(&ctx, Limits::default()).expect("memory");
        prelude::install(&ctx).expect("memory");
        natives::install(&ctx).expect("memory");
        run(Seen { ctx: &ctx, table: &table, usage: &usage })
    });
    drop(context);
    drop(runtime);
    assert!(table.is_empty(), "an engine that is gone holds no memory");
    result
}

fn isolate<R>(run: impl FnOnce(Seen<'_, '_>) -> R) -> R {
    isolate_until(&Arc::default(), run)
}

fn memory(size: usize) -> SharedMemory {
    SharedMemory::new(size, &Arc::default()).expect("memory")
}

fn word(memory: &SharedMemory) -> &AtomicI32 {
    // SAFETY: the memory is larger, aligned, and lives as long as the reference.
    unsafe { AtomicI32::from_ptr(memory.start().cast()) }
}

#[test]
fn an_engine_releases_a_memory_with_the_last_object_of_it() {
    let memory = memory(16);
    let weak = memory.downgrade();
    isolate(|seen| {
        seen.give("one", &memory);
        seen.give("two", &memory);
        assert!(seen.eval::<bool>("one !== two && (new Int32Array(one)[1] = 5, new Int32Array(two)[1] === 5)"));
        assert_eq!(seen.table.len(), 1);
        seen.eval::<()>("globalThis.one = undefined");
        assert_eq!(seen.table.len(), 1);
        seen.eval::<()>("globalThis.view = new Uint8Array(two); globalThis.two = undefined");
        assert_eq!(seen.table.len(), 1);
        seen.eval::<()>("globalThis.view = undefined");
        assert!(seen.table.is_empty());
        seen.give("kept", &memory);
        drop(memory);
        assert!(!weak.is_gone());
    });
    assert!(weak.is_gone());
}

#[test]
fn memory_that_an_isolate_makes_counts_until_nobody_holds_it() {
    isolate(|seen| {
        assert!(seen.eval::<bool>("globalThis.made = new SharedArrayBuffer(1000); made.byteLength === 1000 && new Uint8Array(made).every((byte) => byte === 0)"));
        assert_eq!(seen.usage.total(), 1000);
        let held = seen.pack("made", Sharing::All).expect("a parcel").memories;
        seen.eval::<()>("globalThis.made = undefined");
        assert_eq!(seen.usage.total(), 1000);
        drop(held);
        assert_eq!(seen.usage.total(), 0);
        for refused in ["new SharedArrayBuffer(2 ** 21)", "new SharedArrayBuffer(8, { maxByteLength: 2 ** 21 })"] {
            let thrown: String =
                seen.eval(&format!("(() => {{ try {{ {refused} }} catch (error) {{ return error.name }} }})()"));
            assert_eq!(thrown, "InternalError", "{refused}");
        }
        assert!(seen.usage.is_exceeded());
    });
}

#[test]
fn a_value_travels_with_its_memories_and_keeps_who_shares_them() {
    let parcel = isolate(|seen| {
        let source = "globalThis.both = new SharedArrayBuffer(16); globalThis.other = new SharedArrayBuffer(8);
            new Int32Array(both)[1] = 9;
            ({ both, view: new Int32Array(both, 4, 2), more: [other, new DataView(other, 1, 3), both, new Uint8Array([1])] })";
        seen.pack(source, Sharing::All).expect("a parcel")
    });
    assert_eq!(parcel.memories.len(), 2);
    isolate(|seen| {
        let objects = values::objects_of(seen.ctx, &parcel.memories).expect("memory");
        let value = values::deserialize(seen.ctx, &parcel.bytes, objects).expect("a value");
        seen.ctx.globals().set("value", value).expect("memory");
        let holds = "value.both instanceof SharedArrayBuffer && value.view.buffer === value.both && value.view[0] === 9
            && value.view.byteOffset === 4 && value.view.length === 2 && value.more[1].buffer === value.more[0]
            && value.more[1].byteOffset === 1 && value.more[1].byteLength === 3 && value.more[2] === value.both
            && !(value.more[3].buffer instanceof SharedArrayBuffer)";
        assert!(seen.eval::<bool>(holds));
        let clone = "globalThis.clone = structuredClone({ s: value.both, v: value.view }); value.view[0] = 4;
            clone.s !== value.both && clone.v.buffer === clone.s && clone.v[0] === 4";
        assert!(seen.eval::<bool>(clone));
    });
}

#[test]
fn memory_that_cannot_be_shared_is_refused_with_its_place_and_a_way_out() {
    isolate(|seen| {
        seen.give("given", &memory(8));
        for (source, sharing, text) in [
            (
                "[given]",
                Sharing::None,
                "it[0] is a SharedArrayBuffer, and this isolate shares no memory; give `sharedMemory: true`",
            ),
            ("({ a: new Int8Array(given) })", Sharing::None, "it.a is a SharedArrayBuffer, and"),
            ("new SharedArrayBuffer(8)", Sharing::OfHost, "it is a SharedArrayBuffer that this isolate has made"),
            ("new SharedArrayBuffer(8, { maxByteLength: 16 })", Sharing::All, "that can grow"),
            ("new Int8Array(new SharedArrayBuffer(8, { maxByteLength: 16 }))", Sharing::All, "that can grow"),
        ] {
            let error = seen.pack(source, sharing).err().unwrap_or_default();
            assert!(error.contains(text), "{source}: {error}");
        }
        let thrown: String = seen.eval(
            "try { structuredClone(new SharedArrayBuffer(1, { maxByteLength: 2 })) } catch (error) { error.name }",
        );
        assert_eq!(thrown, "DataCloneError");
    });
}

#[test]
fn places_that_the_memory_does_not_have_are_refused() {
    // A view: 256 and its class, where it begins, how long it is, and its buffer.
    let of_shared = |rest: &[u8]| [&[0xff, 15, b'\\'][..], rest].concat();
    for bytes in [
        of_shared(&[0x85, 2, 0, 17, b'u', 0]),
        of_shared(&[0x85, 2, 8, 0xff, 0xff, 0xff, 0xff, 15, b'u', 0]),
        of_shared(&[0x85, 2, 0xfc, 0xff, 0xff, 0xff, 15, 8, b'u', 0]),
        of_shared(&[0x85, 2, 20, 0, b'u', 0]),
        of_shared(&[0x85, 2, 2, 4, b'u', 0]),
        of_shared(&[0x85, 2, 0, 4, b'u', 1]),
        of_shared(&[0x85, 2, 0, 4, b'^', 0]),
        of_shared(&[0x85, 2, 0, 4, b'B', 4, 0, 0, 0, 0]),
        of_shared(&[0x85, 2, 0, 4]),
        of_shared(&[0x99, 2, 0, 4, b'u', 0]),
        [0xff, 15, b'u', 0, b'V', b'd', 0, 20, 0].to_vec(),
        [0xff, 15, b'u', 3].to_vec(),
    ] {
        isolate(|seen| {
            let objects = values::objects_of(seen.ctx, &[memory(16)]).expect("memory");
            assert!(values::deserialize(seen.ctx, &bytes, objects).is_err(), "{bytes:x?}");
            assert!(seen.ctx.catch().is_object());
        });
    }
}

#[test]
fn atomics_of_many_engines_are_exact() {
    let memory = memory(64);
    let threads: Vec<_> = (0..6)
        .map(|_| {
            let memory = memory.clone();
            thread::spawn(move || {
                isolate(|seen| {
                    seen.give("memory", &memory);
                    seen.eval::<()>(
                        "(() => {
                          const [bytes, words, wide] = [new Uint8Array(memory, 0, 1), new Int32Array(memory, 4, 1), new BigInt64Array(memory, 8, 1)];
                          const lock = new Int32Array(memory, 16, 2);
                          for (let at = 0; at < 5000; at++) {
                            Atomics.add(bytes, 0, 1);
                            Atomics.add(words, 0, 1);
                            Atomics.sub(wide, 0, 1n);
                            while (Atomics.compareExchange(lock, 0, 0, 1) !== 0) Atomics.wait(lock, 0, 1);
                            lock[1]++;
                            Atomics.store(lock, 0, 0);
                            Atomics.notify(lock, 0, 1);
                          }
                        })()",
                    );
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("it does not panic");
    }
    isolate(|seen| {
        seen.give("memory", &memory);
        let words = "const w = new Int32Array(memory), b = new BigInt64Array(memory); [new Uint8Array(memory)[0], w[1], Number(b[1]), w[5]].join()";
        assert_eq!(seen.eval::<String>(words), format!("{},30000,-30000,30000", 30_000 % 256));
    });
}

#[test]
fn a_wait_ends_by_a_notification_the_time_or_the_end_of_its_isolate() {
    let memory = memory(16);
    let is_killed = Arc::new(AtomicBool::new(false));
    let (outcomes, waited) = mpsc::channel();
    let waiter = {
        let (memory, is_killed) = (memory.clone(), Arc::clone(&is_killed));
        thread::spawn(move || {
            isolate_until(&is_killed, |seen| {
                seen.give("memory", &memory);
                seen.eval::<()>(
                    "globalThis.words = new Int32Array(memory); globalThis.wide = new BigInt64Array(memory)",
                );
                let found: String = seen.eval(
                    "[Atomics.wait(words, 0, 1), Atomics.wait(words, 0, 0, 1), Atomics.wait(words, 0, 0, -1), Atomics.wait(wide, 1, 0n),
                      Atomics.wait(words, 0, 0)].join()",
                );
                outcomes.send(found).expect("the test waits for it");
                // Nothing catches the end.
                seen.ctx.eval::<Value, _>("for (;;) try { Atomics.wait(words, 1, 0) } catch {}").is_err()
            })
        })
    };
    for address in [memory.address() + 8, memory.address()] {
        while notify(address, 1) == 0 {
            assert!(!waiter.is_finished());
            thread::yield_now();
        }
    }
    assert_eq!(waited.recv().expect("it does not panic"), "not-equal,timed-out,timed-out,ok,ok");
    is_killed.store(true, Ordering::SeqCst);
    // It looks each time it is woken; the inbox of a real isolate is woken by who kills it.
    while !waiter.is_finished() {
        notify(memory.address() + 4, 1);
        thread::sleep(Duration::from_millis(1));
    }
    assert!(waiter.join().expect("it does not panic"));
    assert_eq!(word(&memory).load(Ordering::SeqCst), 0);
}

#[test]
fn waits_and_notifications_of_no_word_are_refused() {
    isolate(|seen| {
        seen.give("memory", &memory(8));
        for (source, name) in [
            ("Atomics.wait(new Int32Array(memory), 2, 0, 0)", "RangeError"),
            ("Atomics.wait(new Int32Array(memory), -1, 0, 0)", "RangeError"),
            ("Atomics.wait(new Int32Array(memory), 2 ** 53, 0, 0)", "RangeError"),
            ("Atomics.wait(new Int32Array(memory, 8), 0, 0, 0)", "RangeError"),
            ("Atomics.wait(new Uint32Array(memory), 0, 0, 0)", "TypeError"),
            ("Atomics.wait(new Int32Array(2), 0, 0, 0)", "TypeError"),
            ("Atomics.wait(new DataView(memory), 0, 0, 0)", "TypeError"),
            ("Atomics.wait({ __proto__: new Int32Array(memory) }, 0, 0, 0)", "TypeError"),
            ("Atomics.wait(new Proxy(new Int32Array(memory), {}), 0, 0, 0)", "TypeError"),
            ("Atomics.wait(new BigInt64Array(memory), 0, 0, 0)", "TypeError"),
            ("Atomics.wait(new Int32Array(memory), 0, 0n, 0)", "TypeError"),
            ("Atomics.wait(new Int32Array(memory), 0, 0, 1n)", "TypeError"),
            ("Atomics.wait(new Int32Array(memory), 0, { valueOf() { throw new SyntaxError() } }, 0)", "SyntaxError"),
            ("Atomics.notify(new Int32Array(memory), 2)", "RangeError"),
            ("Atomics.notify(new Int16Array(memory), 0)", "TypeError"),
            ("Atomics.notify(new Int32Array(memory), 0, Symbol())", "TypeError"),
            (
                "{ const b = new ArrayBuffer(8, { maxByteLength: 8 }); Atomics.notify(new Int32Array(b), 1, { valueOf() { b.resize(0); return 1 } }) }",
                "RangeError",
            ),
        ] {
            let thrown: String = seen.eval(&format!(
                "(() => {{ try {{ {source}; return 'nothing' }} catch (error) {{ return error.name }} }})()"
            ));
            assert_eq!(thrown, name, "{source}");
        }
        assert_eq!(
            seen.eval::<f64>(
                "Atomics.notify(new Int32Array(2), 0) + Atomics.notify(new Int32Array(memory), 1, Infinity)"
            ),
            0.0
        );
    });
}

/// Functions of the engine that loop over memory, on memory that another thread changes all the time.
const LOOPS: [&str; 22] = [
    "array.sort()",
    "array.sort((a, b) => Number(a) - Number(b))",
    "array.toSorted()",
    "array.set(array.subarray(1))",
    "new Float64Array(5000).set(new Uint8Array(memory), 1)",
    "array.slice(1)",
    "array.reverse()",
    "array.toReversed()",
    "array.copyWithin(1, 0)",
    "array.indexOf(array[0])",
    "array.lastIndexOf(array[0])",
    "array.includes(array[3])",
    "array.join()",
    "array.fill(array[1])",
    "Array.from(array).length",
    "new array.constructor(array).length",
    "memory.slice(3).byteLength",
    "structuredClone({ array }).array.length",
    "String.fromCharCode.apply(null, new Uint16Array(memory)).length",
    "JSON.stringify(new Uint8Array(memory)).length",
    "new Uint8Array(memory).toHex().length + new Uint8Array(memory).toBase64().length",
    "new Float64Array(memory).sort((a, b) => a - b).length",
];

/// Memory between two pages that nobody can touch.
#[cfg(unix)]
fn fenced() -> SharedMemory {
    // SAFETY: three new pages of which the outer ones are taken from everyone; they stay for ever.
    unsafe {
        let page = libc::sysconf(libc::_SC_PAGESIZE) as usize;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let start = libc::mmap(std::ptr::null_mut(), 3 * page, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        assert_ne!(start, libc::MAP_FAILED);
        let start = start.cast::<u8>();
        assert_eq!(libc::mprotect(start.cast(), page, libc::PROT_NONE), 0);
        assert_eq!(libc::mprotect(start.add(2 * page).cast(), page, libc::PROT_NONE), 0);
        let inside = std::ptr::NonNull::new(start.add(page)).expect("an address");
        SharedMemory::of_host(inside, page, Box::new(()))
    }
}

#[cfg(not(unix))]
fn fenced() -> SharedMemory {
    memory(4096)
}

#[test]
fn natives_stay_in_bounds_while_another_thread_changes_the_memory() {
    let mut random = Random::new();
    let memory = fenced();
    let is_over = Arc::new(AtomicBool::new(false));
    let scribbler = {
        let (memory, is_over, seed) = (memory.clone(), Arc::clone(&is_over), random.below(1 << 30));
        thread::spawn(move || {
            let mut state = seed as u32 | 1;
            while !is_over.load(Ordering::Relaxed) {
                for at in 0..memory.size() {
                    state ^= state << 13;
                    state ^= state >> 17;
                    state ^= state << 5;
                    // SAFETY: the byte is in the memory.
                    let byte = unsafe { AtomicU8::from_ptr(memory.start().add(at)) };
                    byte.store((state >> 16) as u8, Ordering::Relaxed);
                }
            }
        })
    };
    let classes = ["Int8Array", "Uint16Array", "Int32Array", "Float32Array", "Float64Array", "BigInt64Array"];
    isolate(|seen| {
        seen.give("memory", &memory);
        for round in 0..random.rounds(300) {
            let (class, source) = (classes[random.below(classes.len())], LOOPS[round % LOOPS.len()]);
            seen.eval::<()>(&format!("(() => {{ const array = new {class}(memory); {source}; }})()"));
        }
    });
    is_over.store(true, Ordering::Relaxed);
    scribbler.join().expect("it does not panic");
}
