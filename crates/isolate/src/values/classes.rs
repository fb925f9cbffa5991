//! `Serializer` and `Deserializer` for scripts.

use rquickjs::function::IntoJsFunc;
use rquickjs::{Array, Class, Ctx, Exception, Function, IntoJs, Object, Result, Value};

use super::format::{Broken, VERSION};
use super::intrinsics::{Intrinsics, Kind};
use super::raw;
use super::reader::Reader;
use super::writer::{Views, Writer, new_buffer};
use crate::code::{self, Source};

type WriterOf<'js> = Class<'js, Writer<'js>>;
type ReaderOf<'js> = Class<'js, Reader<'js>>;

/// An object with both classes.
///
/// # Errors
///
/// The engine has no memory.
pub fn create<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let make: Function = code::evaluate(ctx, Source { name: "v8", text: include_str!("classes.js") })?;
    let native = Object::new_proto(ctx.clone(), None)?;
    native.set("version", VERSION)?;
    set(&native, "newWriter", new_writer)?;
    set(&native, "writeHeader", |writer: WriterOf<'js>| writer.borrow().header())?;
    set(&native, "writeValue", write_value)?;
    set(&native, "release", release)?;
    set(&native, "transferOut", transfer_out)?;
    set(&native, "writeUint32", |writer: WriterOf<'js>, value: f64| {
        writer.borrow().put(|output| output.varint(u64::from(value as u32)));
    })?;
    set(&native, "writeUint64", |writer: WriterOf<'js>, high: f64, low: f64| {
        let value = u64::from(high as u32) << 32 | u64::from(low as u32);
        writer.borrow().put(|output| output.varint(value));
    })?;
    set(&native, "writeDouble", |writer: WriterOf<'js>, value: f64| {
        writer.borrow().put(|output| output.double(value));
    })?;
    set(&native, "writeRawBytes", write_raw_bytes)?;
    set(&native, "setHostViews", |writer: WriterOf<'js>, are_host_objects: bool| {
        writer.borrow().set_views(if are_host_objects { Views::Delegate } else { Views::Shared });
    })?;
    set(&native, "partsOf", parts_of)?;
    set(&native, "newReader", new_reader)?;
    set(&native, "readHeader", |ctx: Ctx<'js>, reader: ReaderOf<'js>| reader.borrow().header(&ctx))?;
    set(&native, "readValue", read_value)?;
    set(&native, "transferIn", transfer_in)?;
    set(&native, "readUint32", |ctx: Ctx<'js>, reader: ReaderOf<'js>| {
        reader.borrow().take(&ctx, |input| input.uint32()).map(f64::from)
    })?;
    set(&native, "readUint64", read_uint64)?;
    set(&native, "readDouble", |ctx: Ctx<'js>, reader: ReaderOf<'js>| {
        reader.borrow().take(&ctx, |input| input.double())
    })?;
    set(&native, "skip", skip)?;
    make.call((native,))
}

fn set<'js, P>(object: &Object<'js>, name: &str, function: impl IntoJsFunc<'js, P> + 'js) -> Result<()> {
    object.set(name, Function::new(object.ctx().clone(), function)?)
}

fn new_writer<'js>(ctx: Ctx<'js>) -> Result<WriterOf<'js>> {
    let limits = Intrinsics::with(&ctx, |all| all.limits)?;
    Class::instance(ctx, Writer::new(limits, Views::Shared))
}

fn write_value<'js>(ctx: Ctx<'js>, writer: WriterOf<'js>, delegate: Object<'js>, value: Value<'js>) -> Result<()> {
    writer.borrow().value(&ctx, Some(&delegate), &value)
}

fn release<'js>(ctx: Ctx<'js>, writer: WriterOf<'js>) -> Result<Value<'js>> {
    let writer = writer.borrow();
    let mut is_full = false;
    writer.put(|output| is_full = output.is_full());
    let bytes = writer.release();
    if is_full {
        let limit = Intrinsics::with(&ctx, |all| all.limits.bytes)?;
        return Err(Intrinsics::refusal(&ctx, &format!("the value takes more than {limit} bytes")));
    }
    new_buffer(&ctx, &bytes)?.into_js(&ctx)
}

fn transfer_out<'js>(ctx: Ctx<'js>, writer: WriterOf<'js>, number: f64, buffer: Object<'js>) -> Result<()> {
    check_kind(&ctx, &buffer, &[Kind::Buffer])?;
    writer.borrow().transfer(number as u32, &buffer);
    Ok(())
}

fn write_raw_bytes<'js>(ctx: Ctx<'js>, writer: WriterOf<'js>, bytes: Value<'js>) -> Result<()> {
    with_view(&ctx, &bytes, |bytes| writer.borrow().put(|output| output.raw(bytes)))
}

/// The buffer of a view, and where the view begins.
fn parts_of<'js>(ctx: Ctx<'js>, view: Value<'js>) -> Result<Array<'js>> {
    let Some(object) = view.as_object() else { return Err(no_bytes(&ctx)) };
    let Kind::View(_) = Intrinsics::kind_of(object)? else { return Err(no_bytes(&ctx)) };
    let is_data_view = is_data_view(object)?;
    Intrinsics::call(&ctx, |all| &all.parts_of, (view, is_data_view))
}

fn is_data_view(object: &Object<'_>) -> Result<bool> {
    Ok(
        matches!(Intrinsics::kind_of(object)?, Kind::View(number) if super::format::VIEWS[usize::from(number)].1 == "DataView"),
    )
}

/// Looks at the bytes of a view.
///
/// # Errors
///
/// It is no view of memory of this isolate alone.
pub fn with_view<'js, R>(ctx: &Ctx<'js>, view: &Value<'js>, then: impl FnOnce(&[u8]) -> R) -> Result<R> {
    let parts = parts_of(ctx.clone(), view.clone())?;
    let (buffer, start, size): (Object, f64, f64) = (parts.get(0)?, parts.get(1)?, parts.get(2)?);
    check_kind(ctx, &buffer, &[Kind::Buffer])?;
    let (start, end) = (start as usize, start as usize + size as usize);
    Ok(raw::with_bytes(&buffer, |bytes| then(bytes.get(start..end).unwrap_or_default())))
}

fn new_reader<'js>(ctx: Ctx<'js>, bytes: Value<'js>) -> Result<ReaderOf<'js>> {
    let limits = Intrinsics::with(&ctx, |all| all.limits)?;
    let reader = with_view(&ctx, &bytes, |bytes| Reader::new(bytes, limits, false))?;
    Class::instance(ctx, reader)
}

fn read_value<'js>(ctx: Ctx<'js>, reader: ReaderOf<'js>, delegate: Object<'js>) -> Result<Value<'js>> {
    reader.borrow().value(&ctx, Some(&delegate))
}

fn transfer_in<'js>(ctx: Ctx<'js>, reader: ReaderOf<'js>, number: f64, buffer: Object<'js>) -> Result<()> {
    check_kind(&ctx, &buffer, &[Kind::Buffer, Kind::SharedBuffer])?;
    reader.borrow().transfer(number as u32, buffer);
    Ok(())
}

fn read_uint64<'js>(ctx: Ctx<'js>, reader: ReaderOf<'js>) -> Result<Vec<f64>> {
    let value = reader.borrow().take(&ctx, |input| input.varint(64))?;
    Ok(vec![f64::from((value >> 32) as u32), f64::from(value as u32)])
}

/// Skips bytes; returns where they begin.
fn skip<'js>(ctx: Ctx<'js>, reader: ReaderOf<'js>, length: f64) -> Result<f64> {
    reader.borrow().take(&ctx, |input| {
        if !(0.0..=f64::from(u32::MAX)).contains(&length) {
            return Err(Broken(format!("{length} bytes are asked for")));
        }
        let at = input.position();
        input.raw(length as usize)?;
        Ok(at as f64)
    })
}

fn check_kind<'js>(ctx: &Ctx<'js>, object: &Object<'js>, kinds: &[Kind]) -> Result<()> {
    if kinds.contains(&Intrinsics::kind_of(object)?) {
        return Ok(());
    }
    Err(Exception::throw_type(ctx, "an ArrayBuffer is needed here; give the buffer of a view"))
}

/// A buffer whose memory can move to a copy.
///
/// # Errors
///
/// It is none.
pub fn movable<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> Result<Object<'js>> {
    match value.as_object() {
        Some(object) if Intrinsics::kind_of(object)? == Kind::Buffer => Ok(object.clone()),
        _ => Err(Intrinsics::refusal(ctx, "only an ArrayBuffer can be in the list of what is transferred")),
    }
}

fn no_bytes(ctx: &Ctx<'_>) -> rquickjs::Error {
    Exception::throw_type(ctx, "bytes are needed here; give a Uint8Array")
}
