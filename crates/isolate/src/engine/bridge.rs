//! The functions through which the library in an isolate reaches its host. No other code of the isolate sees them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::function::Opt;
use rquickjs::{Ctx, Error, Exception, Function, Module, Object, Persistent, Result, Value};

use crate::engine::{Setup, Shared};
use crate::limits::Limit;
use crate::mail::{Ending, Event};
use crate::values::{self, Views};

/// The global that the library takes, and deletes, before any other code runs.
pub const NAME: &str = "isolated-workers:bridge";

/// Longer than any timer: 2^31 milliseconds.
const LONGEST: f64 = 2_147_483_648.0;

/// Makes the object for one isolate.
pub fn create<'js>(ctx: &Ctx<'js>, shared: &Rc<Shared>, setup: &Setup) -> Result<Object<'js>> {
    let bridge = Object::new(ctx.clone())?;
    bridge.set("entry", setup.entry.as_str())?;
    bridge.set("maxResultBytes", shared.meter.limits().result as f64)?;
    bridge.set("data", values::deserialize(ctx, &setup.data, [])?)?;
    let functions: [(&str, Act); 15] = [
        ("send", send),
        ("print", print),
        ("onMessage", on_message),
        ("onTimer", on_timer),
        ("onError", on_error),
        ("wakeAfter", wake_after),
        ("keep", keep),
        ("importScript", import_script),
        ("loaded", loaded),
        ("fail", fail),
        ("exit", exit),
        ("overflowStack", overflow_stack),
        ("memory", memory),
        ("v8", v8),
        ("part", part),
    ];
    for (name, act) in functions {
        bridge.set(name, function(ctx, shared, act)?)?;
    }
    Ok(bridge)
}

type Act = for<'a> fn(&Shared, &Ctx<'a>, Value<'a>) -> Result<Value<'a>>;

/// A function of one argument, with the state of the isolate.
fn function<'js>(ctx: &Ctx<'js>, shared: &Rc<Shared>, act: Act) -> Result<Function<'js>> {
    let weak = Rc::downgrade(shared);
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, argument: Opt<Value<'js>>| {
        let argument = argument.0.unwrap_or_else(|| Value::new_undefined(ctx.clone()));
        match weak.upgrade() {
            Some(shared) => act(&shared, &ctx, argument),
            None => undefined(&ctx),
        }
    })
}

fn undefined<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    Ok(Value::new_undefined(ctx.clone()))
}

/// Returns the size of a message that is too large, which is not sent; else 0.
fn send<'js>(shared: &Shared, ctx: &Ctx<'js>, message: Value<'js>) -> Result<Value<'js>> {
    // What its code says once it is over, such as that it has no memory, is the limit's to say.
    if shared.meter.is_over() {
        return Ok(Value::new_int(ctx.clone(), 0));
    }
    let parcel = values::pack(ctx, &message, shared.sharing)?;
    if parcel.bytes.len() > shared.meter.limits().result {
        return Ok(Value::new_number(ctx.clone(), parcel.bytes.len() as f64));
    }
    if !shared.outbox.push(Event::Message(parcel)) {
        shared.overflow();
    }
    Ok(Value::new_int(ctx.clone(), 0))
}

/// `[isError, text]`.
fn print<'js>(shared: &Shared, ctx: &Ctx<'js>, line: Value<'js>) -> Result<Value<'js>> {
    let line = line.into_array().ok_or(Error::Unknown)?;
    let event = Event::Output { is_error: line.get(0)?, text: line.get(1)? };
    if !shared.outbox.push(event) {
        shared.overflow();
    }
    undefined(ctx)
}

fn on_message<'js>(shared: &Shared, ctx: &Ctx<'js>, listener: Value<'js>) -> Result<Value<'js>> {
    *shared.on_message.borrow_mut() = listener.into_function().map(|listener| Persistent::save(ctx, listener));
    undefined(ctx)
}

fn on_timer<'js>(shared: &Shared, ctx: &Ctx<'js>, listener: Value<'js>) -> Result<Value<'js>> {
    *shared.on_timer.borrow_mut() = listener.into_function().map(|listener| Persistent::save(ctx, listener));
    undefined(ctx)
}

fn on_error<'js>(shared: &Shared, ctx: &Ctx<'js>, listener: Value<'js>) -> Result<Value<'js>> {
    *shared.on_error.borrow_mut() = listener.into_function().map(|listener| Persistent::save(ctx, listener));
    undefined(ctx)
}

/// In so many milliseconds; negative: not at all.
fn wake_after<'js>(shared: &Shared, ctx: &Ctx<'js>, millis: Value<'js>) -> Result<Value<'js>> {
    let millis = millis.as_number().unwrap_or(-1.0);
    let due = (millis >= 0.0).then(|| Instant::now() + Duration::from_secs_f64(millis.min(LONGEST) / 1000.0));
    shared.next_timer.set(due);
    undefined(ctx)
}

/// Whether messages may still come.
fn keep<'js>(shared: &Shared, ctx: &Ctx<'js>, is_kept: Value<'js>) -> Result<Value<'js>> {
    shared.is_kept.set(is_kept.as_bool().unwrap_or(true));
    undefined(ctx)
}

/// A promise of the module with this name.
fn import_script<'js>(_: &Shared, ctx: &Ctx<'js>, name: Value<'js>) -> Result<Value<'js>> {
    let name: String = name.get()?;
    Ok(Module::import(ctx, name)?.into_value())
}

fn loaded<'js>(shared: &Shared, ctx: &Ctx<'js>, _: Value<'js>) -> Result<Value<'js>> {
    shared.is_loaded.set(true);
    undefined(ctx)
}

fn fail<'js>(shared: &Shared, ctx: &Ctx<'js>, error: Value<'js>) -> Result<Value<'js>> {
    shared.end(failed(ctx, error));
    undefined(ctx)
}

fn exit<'js>(shared: &Shared, ctx: &Ctx<'js>, code: Value<'js>) -> Result<Value<'js>> {
    shared.end(Ending::Exit(code.as_int().unwrap_or(0)));
    undefined(ctx)
}

/// Nothing has caught an overflow of the stack.
fn overflow_stack<'js>(shared: &Shared, ctx: &Ctx<'js>, _: Value<'js>) -> Result<Value<'js>> {
    shared.meter.exceed(Limit::Stack);
    undefined(ctx)
}

/// Bytes in use.
fn memory<'js>(shared: &Shared, ctx: &Ctx<'js>, _: Value<'js>) -> Result<Value<'js>> {
    Ok(Value::new_number(ctx.clone(), shared.meter.memory_used() as f64))
}

/// The classes of `node:v8`, which most isolates never need.
fn v8<'js>(_: &Shared, ctx: &Ctx<'js>, _: Value<'js>) -> Result<Value<'js>> {
    Ok(values::classes(ctx)?.into_value())
}

/// What a part of the library exports that is loaded when it is needed.
fn part<'js>(shared: &Shared, ctx: &Ctx<'js>, name: Value<'js>) -> Result<Value<'js>> {
    let name: String = name.get()?;
    if shared.meter.is_over() {
        return Err(Exception::throw_internal(ctx, "the isolate ends"));
    }
    Ok(shared.library.part(ctx, &name)?.into_value())
}

/// The end by an error, which travels if it can.
pub fn failed<'js>(ctx: &Ctx<'js>, error: Value<'js>) -> Ending {
    if let Ok(bytes) = values::serialize(ctx, &error, Views::Inline) {
        return Ending::Failed(bytes);
    }
    // Why it cannot travel.
    drop(ctx.catch());
    Ending::Panicked("its code threw a value that cannot be sent".into())
}
