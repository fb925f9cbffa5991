//! The replaced natives: nothing overruns a limit by much, and nothing else is different.

use std::cell::Cell;
use std::io::Read;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use isolated_workers_isolate::natives::{self, Poll, Thresholds};
use isolated_workers_isolate::values;
use rquickjs::allocator::{Allocator, RustAllocator};
use rquickjs::{CatchResultExt, Context, Ctx, Function, Runtime, Value};

mod random;

use random::Random;

fn isolate<R>(replaced: Option<Thresholds>, run: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let runtime = Runtime::new().expect("an engine");
    let context = Context::full(&runtime).expect("a context");
    context.with(|ctx| {
        values::install(&ctx, values::Limits::default()).expect("memory");
        if let Some(thresholds) = replaced {
            natives::install_with(&ctx, thresholds).catch(&ctx).unwrap_or_else(|error| panic!("{error}"));
        }
        run(&ctx)
    })
}

/// The memory of an engine whose requests fail once the time is over, as those of the runtime do.
struct Refusing {
    memory: RustAllocator,
    is_over: Rc<dyn Fn() -> bool>,
    until_look: usize,
}

impl Refusing {
    fn refuses(&mut self, size: usize) -> bool {
        self.until_look = self.until_look.saturating_sub(size.max(256));
        if self.until_look > 0 {
            return false;
        }
        self.until_look = 64 << 10;
        (self.is_over)()
    }
}

// SAFETY: each function is that of the allocator of the binding, or gives no memory.
unsafe impl Allocator for Refusing {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if self.refuses(size) { std::ptr::null_mut() } else { self.memory.alloc(size) }
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        if self.refuses(count * size) { std::ptr::null_mut() } else { self.memory.calloc(count, size) }
    }

    unsafe fn dealloc(&mut self, ptr: *mut u8) {
        // SAFETY: the caller's.
        unsafe { self.memory.dealloc(ptr) }
    }

    unsafe fn realloc(&mut self, ptr: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: the caller's.
        if self.refuses(size) { std::ptr::null_mut() } else { unsafe { self.memory.realloc(ptr, size) } }
    }

    unsafe fn usable_size(ptr: *mut u8) -> usize {
        // SAFETY: the caller's.
        unsafe { RustAllocator::usable_size(ptr) }
    }
}

/// Runs a script with a limit of time; prints the time that it took in ms, and how it has ended.
fn limited(script: &str) {
    let limit = Rc::new(Cell::new(None::<Instant>));
    let is_over: Rc<dyn Fn() -> bool> = {
        let limit = limit.clone();
        Rc::new(move || limit.get().is_some_and(|limit| Instant::now() > limit))
    };
    let memory = Refusing { memory: RustAllocator, is_over: is_over.clone(), until_look: 64 << 10 };
    let runtime = Runtime::new_with_alloc(memory).expect("an engine");
    runtime.set_memory_limit(128 << 20);
    runtime.set_interrupt_handler(Some(Box::new({
        let is_over = is_over.clone();
        move || is_over()
    })));
    let context = Context::full(&runtime).expect("a context");
    context.with(|ctx| {
        values::install(&ctx, values::Limits::default()).expect("memory");
        if std::env::var_os("ISOLATE_ORIGINAL").is_none() {
            natives::install(&ctx).catch(&ctx).unwrap_or_else(|error| panic!("{error}"));
        }
        let _ = ctx.store_userdata(Poll(is_over.clone()));
        // Only what follows `start()` counts, if the script calls it.
        let begin = Rc::new(Cell::new(Instant::now()));
        let used = Rc::new(Cell::new(processor_time()));
        limit.set(Some(begin.get() + LIMIT));
        let restart = {
            let (begin, used, limit) = (begin.clone(), used.clone(), limit.clone());
            Function::new(ctx.clone(), move || {
                begin.set(Instant::now());
                used.set(processor_time());
                limit.set(Some(begin.get() + LIMIT));
            })
        };
        let script = match script.strip_prefix("sweep ") {
            Some(seed) => {
                limit.set(None);
                ctx.globals().set("start", restart.expect("memory")).expect("memory");
                ctx.eval::<(), _>(include_str!("natives/sweep.js"))
                    .catch(&ctx)
                    .unwrap_or_else(|error| panic!("{error}"));
                format!("sweep('{seed}')")
            }
            None => script.to_owned(),
        };
        let result = ctx.eval::<Value, _>(script);
        let took = begin.get().elapsed();
        // Where other programs have the processor, this thread waits, and overruns nothing.
        let took = match (used.get(), processor_time()) {
            (Some(before), Some(after)) => took.min(after - before),
            _ => took,
        };
        limit.set(None);
        let end = result.catch(&ctx).map(|_| ()).map_err(|error| error.to_string()).err().unwrap_or_default();
        println!("took {} {}", took.as_micros(), end.replace('\n', " "));
    });
}

/// The time of the processor that this thread has had, where the system tells it.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

const LIMIT: Duration = Duration::from_millis(100);
const SCRIPT: &str = "ISOLATE_SCRIPT";

/// Runs one script, for the test below.
#[test]
fn child() {
    if let Ok(script) = std::env::var(SCRIPT) {
        limited(&script);
    }
}

/// The time that a script took in a process of its own, which is killed after a while.
fn in_a_process(script: &str) -> Option<(Duration, String)> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env(SCRIPT, script)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this program runs");
    let mut output = child.stdout.take().expect("a pipe");
    let (sender, receiver) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = output.read_to_end(&mut text);
        let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
    });
    let text = receiver.recv_timeout(WATCHDOG).unwrap_or_default();
    let _ = child.kill();
    let _ = child.wait();
    let _ = reader.join();
    let line = text.lines().find_map(|line| line.split_once("took ")).map(|line| line.1)?;
    let (time, end) = line.split_once(' ')?;
    Some((Duration::from_micros(time.parse().ok()?), end.to_owned()))
}

const WATCHDOG: Duration = Duration::from_secs(3);

fn scripts(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("//"))
}

/// The scripts that took too long, of ten tries each, because this machine may be busy.
fn late<'a>(all: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut late = Vec::new();
    for script in all {
        let mut best: Option<(Duration, String)> = None;
        for _ in 0..10 {
            let Some(this) = in_a_process(script) else { break };
            if best.as_ref().is_none_or(|best| this.0 < best.0) {
                best = Some(this);
            }
            if best.as_ref().is_some_and(|best| best.0 <= LIMIT + TOLERANCE) {
                break;
            }
        }
        match best {
            Some((took, end)) => {
                println!("{:>8.1} ms {end:40.40} {script}", took.as_secs_f64() * 1000.0);
                if took > LIMIT + TOLERANCE {
                    late.push(format!("{script}: {took:?}"));
                }
            }
            None => late.push(format!("{script}: killed")),
        }
    }
    late
}

const TOLERANCE: Duration = Duration::from_millis(50);

#[test]
fn an_unbounded_loop_of_a_native_ends_within_its_limit() {
    let late = late(scripts(include_str!("natives/hostile.txt")));
    assert!(late.is_empty(), "{late:#?}");
}

#[test]
fn any_built_in_function_ends_within_its_limit_with_huge_values() {
    let mut random = Random::new();
    let seeds: Vec<String> = (0..random.rounds(40)).map(|_| format!("sweep {}", random.below(1 << 50))).collect();
    let mut late = late(seeds.iter().map(String::as_str));
    isolate(Some(Thresholds::default()), |ctx| {
        answer(ctx, concat!(include_str!("natives/sweep.js"), "\n''"));
        for script in &mut late {
            let seed = script.split(' ').nth(1).unwrap_or_default().trim_end_matches(':').to_owned();
            *script = format!("{}: {script}", answer(ctx, &format!("told('{seed}')")));
        }
    });
    assert!(late.is_empty(), "{late:#?}");
}

/// Writes a random program, which both engines run: a function, its receiver and its arguments.
fn program(random: &mut Random) -> String {
    let pick = |random: &mut Random, list: &str| {
        let all: Vec<&str> = scripts(list).collect();
        all[random.below(all.len())].to_owned()
    };
    let values = include_str!("natives/values.txt");
    let call = pick(random, include_str!("natives/calls.txt"));
    let this = pick(random, values);
    let arguments: Vec<String> = (0..random.below(4)).map(|_| pick(random, values)).collect();
    format!("run({call:?}, ({this}), [{}])", arguments.join(", "))
}

fn answer(ctx: &Ctx<'_>, program: &str) -> String {
    ctx.eval::<String, _>(program).catch(ctx).unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// An answer without what the engine does otherwise than the language says: it asks twice for an iterator, asks whether
/// there are elements before it reads them for a copy, and does not write what a sort leaves in its place.
fn comparable(program: &str, answer: &str) -> String {
    let (rest, notes) = answer.rsplit_once(" | ").unwrap_or((answer, ""));
    let is_copy = ["with", "toSorted", "toReversed", "toSpliced"]
        .iter()
        .any(|name| program.contains(&format!("prototype.{name}\"")));
    if program.starts_with("run(\"Array.prototype.sort\", ('") {
        return String::new();
    }
    let mut kept: Vec<&str> = Vec::new();
    for note in notes.split(',') {
        let is_twice = note == "get Symbol(Symbol.iterator)" && kept.last() == Some(&note);
        let is_element = note.starts_with("has ") || (note.starts_with("get ") && note[4..].parse::<u32>().is_ok());
        let is_rewritten = note.starts_with("set ") && program.contains("prototype.sort\"");
        if !(is_twice || is_rewritten || is_copy && is_element) {
            kept.push(note);
        }
    }
    format!("{rest} | {}", kept.join(","))
}

#[test]
fn a_replaced_native_does_what_the_engine_does() {
    let mut random = Random::new();
    let count = random.rounds(6000);
    let programs: Vec<String> = (0..count).map(|_| program(&mut random)).collect();
    let prelude = include_str!("natives/run.js");
    let expected: Vec<String> = isolate(None, |ctx| {
        answer(ctx, prelude);
        programs.iter().map(|program| answer(ctx, program)).collect()
    });
    let small = Thresholds { elements: 0, steps: 0, digits: 2 };
    let medium = Thresholds { elements: 3, steps: 4, digits: 8 };
    for thresholds in [Thresholds::default(), medium, small] {
        isolate(Some(thresholds), |ctx| {
            answer(ctx, prelude);
            let mut wrong = Vec::new();
            for (program, expected) in programs.iter().zip(&expected) {
                let found = answer(ctx, program);
                if comparable(program, &found) != comparable(program, expected) && wrong.len() < 20 {
                    wrong.push(format!("{program}\n   engine: {expected}\n   ours:   {found}"));
                }
            }
            assert!(wrong.is_empty(), "{thresholds:?}:\n{}", wrong.join("\n"));
        });
    }
}

#[test]
fn no_script_reaches_the_function_of_the_engine() {
    isolate(Some(Thresholds::default()), |ctx| {
        let names = include_str!("natives/reach.js");
        let found: String = ctx.eval(names).catch(ctx).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found, "");
    });
}

#[test]
fn a_replaced_native_looks_like_the_one_of_the_engine() {
    let describe = include_str!("natives/describe.js");
    let engine = isolate(None, |ctx| answer(ctx, describe));
    let ours = isolate(Some(Thresholds::default()), |ctx| answer(ctx, describe));
    // In which order a constructor has its members differs.
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    for (engine, ours) in sorted(&engine).iter().zip(&sorted(&ours)) {
        assert_eq!(engine, ours);
    }
    assert_eq!(engine.lines().count(), ours.lines().count());
}

#[test]
fn a_host_that_wants_the_end_is_obeyed_by_no_catch() {
    let runtime = Runtime::new().expect("an engine");
    let context = Context::full(&runtime).expect("a context");
    context.with(|ctx| {
        values::install(&ctx, values::Limits::default()).expect("memory");
        natives::install(&ctx).expect("memory");
        let _ = ctx.store_userdata(Poll(Rc::new(|| true)));
        let script = "var after = 0; try { 'x'.repeat(2e6).trim() } catch { after = 1 } finally { after = 2 }";
        assert!(ctx.eval::<Value, _>(script).is_err());
        let error = ctx.catch();
        assert!(error.is_uncatchable_error());
        assert_eq!(ctx.eval::<i32, _>("after").expect("a number"), 0);
    });
}
