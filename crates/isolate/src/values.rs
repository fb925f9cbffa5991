//! V8's serialization format, version 15: what `Serializer` and `Deserializer` of `node:v8` write and read.
//!
//! Neither direction trusts what it gets: limits are checked before anything is built, both walk without recursion, members
//! are defined and never set, and functions of the language are those from before any code of a user ran.

mod classes;

mod format;

mod intrinsics;

mod limits;

mod node;

mod path;

pub(crate) mod raw;

mod reader;

mod writer;

use rquickjs::{Ctx, Error, Object, Result, Value};

use crate::mail::Parcel;
use crate::shared::{SharedMemory, table_of};

pub(crate) use classes::with_view;
pub(crate) use intrinsics::{Intrinsics, Kind};
pub use limits::Limits;
use reader::Reader;
use writer::Writer;
pub use writer::{Sharing, Views};

/// Prepares a context, before any code of a user runs in it.
///
/// # Errors
///
/// The engine has no memory.
pub fn install(ctx: &Ctx<'_>, limits: Limits) -> Result<()> {
    Intrinsics::install(ctx, limits)
}

/// What an object is, whatever its prototype claims.
///
/// # Errors
///
/// The context was not prepared.
pub(crate) fn kind_of(object: &Object<'_>) -> Result<Kind> {
    Intrinsics::kind_of(object)
}

/// An object with the classes `Serializer` and `Deserializer`, for those who may have it.
///
/// # Errors
///
/// The engine has no memory.
pub fn classes<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    classes::create(ctx)
}

/// The bytes of a value, with their header.
///
/// # Errors
///
/// A `DataCloneError` that names the part of the value that has no copy; what a getter throws.
pub fn serialize<'js>(ctx: &Ctx<'js>, value: &Value<'js>, views: Views) -> Result<Vec<u8>> {
    let writer = Writer::new(Intrinsics::with(ctx, |all| all.limits)?, views);
    writer.header();
    writer.value(ctx, None, value)?;
    Ok(writer.release())
}

/// A value for the host. Memory that is shared travels beside its bytes.
///
/// # Errors
///
/// As [`serialize`].
pub fn pack<'js>(ctx: &Ctx<'js>, value: &Value<'js>, sharing: Sharing) -> Result<Parcel> {
    let writer = Writer::sharing(Intrinsics::with(ctx, |all| all.limits)?, Views::Inline, sharing, 0);
    writer.header();
    writer.value(ctx, None, value)?;
    Ok(Parcel { memories: writer.memories(), bytes: writer.release() })
}

/// Memories as objects of this isolate, by their numbers.
///
/// # Errors
///
/// The engine has no memory for the objects, or the context has none that is shared.
pub fn objects_of<'js>(ctx: &Ctx<'js>, memories: &[SharedMemory]) -> Result<Vec<(u32, Object<'js>)>> {
    if memories.is_empty() {
        return Ok(Vec::new());
    }
    let table = table_of(ctx).ok_or(Error::Unknown)?;
    let mut objects = Vec::with_capacity(memories.len());
    for (number, memory) in memories.iter().enumerate() {
        objects.push((number as u32, table.object(ctx, memory)?));
    }
    Ok(objects)
}

/// The value of bytes with a header. `shared` has the buffers that numbers stand for.
///
/// # Errors
///
/// A `TypeError`, if they are not the bytes of one value within the limits.
pub fn deserialize<'js>(
    ctx: &Ctx<'js>,
    bytes: &[u8],
    shared: impl IntoIterator<Item = (u32, Object<'js>)>,
) -> Result<Value<'js>> {
    let reader = Reader::new(bytes, Intrinsics::with(ctx, |all| all.limits)?, true);
    for (number, buffer) in shared {
        reader.transfer(number, buffer);
    }
    reader.header(ctx)?;
    let value = reader.value(ctx, None)?;
    reader.end(ctx)?;
    Ok(value)
}

/// A copy of a value, as `structuredClone` makes it. The memory of the buffers in `transfer` moves to the copy.
///
/// # Errors
///
/// As [`serialize`]; the engine has no memory.
pub fn clone<'js>(ctx: &Ctx<'js>, value: &Value<'js>, transfer: &[Value<'js>]) -> Result<Value<'js>> {
    let transfer = transfer.iter().map(|buffer| classes::movable(ctx, buffer)).collect::<Result<Vec<_>>>()?;
    let limits = Intrinsics::with(ctx, |all| all.limits)?;
    let first = transfer.len() as u32;
    let writer = Writer::sharing(limits, Views::Shared, Sharing::All, first);
    for (number, buffer) in transfer.iter().enumerate() {
        writer.transfer(number as u32, buffer);
    }
    writer.header();
    writer.value(ctx, None, value)?;
    let shared = objects_of(ctx, &writer.memories())?;
    let reader = Reader::new(&writer.release(), limits, false);
    for (number, buffer) in transfer.iter().enumerate() {
        let moved: Object = Intrinsics::call(ctx, |all| &all.moved, (buffer.clone(),))?;
        reader.transfer(number as u32, moved);
    }
    for (number, buffer) in shared {
        reader.transfer(first + number, buffer);
    }
    reader.header(ctx)?;
    reader.value(ctx, None)
}
