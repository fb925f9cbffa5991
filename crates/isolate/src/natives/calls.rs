//! The functions of Rust that the replaced natives call.

use rquickjs::function::IntoJsFunc;
use rquickjs::{ArrayBuffer, Ctx, Function, Object, Result, String as Text, Value};

use super::{Thresholds, atomics, poll, replace, search, tree};
use crate::values::{Kind, kind_of, raw};

/// All of them, in an object without a prototype.
pub fn create<'js>(ctx: &Ctx<'js>, thresholds: Thresholds) -> Result<Object<'js>> {
    let calls = Object::new_proto(ctx.clone(), None)?;
    calls.set("elements", thresholds.elements)?;
    calls.set("steps", thresholds.steps)?;
    calls.set("digits", thresholds.digits)?;
    set(&calls, "replace", replace::replace)?;
    set(&calls, "put", replace::put)?;
    set(&calls, "copyMembers", replace::copy_members)?;
    set(&calls, "poll", |ctx: Ctx<'js>| poll(&ctx))?;
    set(&calls, "lengthOfArray", length_of_array)?;
    set(&calls, "isSmallTree", |value: Value<'js>| tree::is_small(&value))?;
    set(&calls, "isRegExp", |value: Value<'js>| has_kind(&value, &[Kind::RegExp]))?;
    set(&calls, "isBuffer", |value: Value<'js>| has_kind(&value, &[Kind::Buffer, Kind::SharedBuffer]))?;
    set(&calls, "isShared", |value: Value<'js>| has_kind(&value, &[Kind::SharedBuffer]))?;
    set(&calls, "isConstructor", |value: Value<'js>| value.is_constructor())?;
    set(&calls, "wait", atomics::wait)?;
    set(&calls, "notify", atomics::notify)?;
    set(&calls, "indexOf", index_of)?;
    set(&calls, "lastIndexOf", last_index_of)?;
    set(&calls, "allIndexesOf", all_indexes_of)?;
    Ok(calls)
}

fn set<'js, P>(object: &Object<'js>, name: &str, function: impl IntoJsFunc<'js, P> + 'js) -> Result<()> {
    object.set(name, Function::new(object.ctx().clone(), function)?)
}

fn has_kind(value: &Value<'_>, kinds: &[Kind]) -> Result<bool> {
    match value.as_object() {
        Some(object) => Ok(kinds.contains(&kind_of(object)?)),
        None => Ok(false),
    }
}

/// The length of a genuine array, whose `length` is no getter; -1 of anything else, a proxy of an array included.
fn length_of_array(value: Value<'_>) -> Result<f64> {
    match value.as_object() {
        Some(object) if kind_of(object)? == Kind::Array => object.get("length"),
        _ => Ok(-1.0),
    }
}

fn index_of<'js>(ctx: Ctx<'js>, text: Text<'js>, pattern: Text<'js>, from: f64) -> Result<f64> {
    with_both(&text, &pattern, |text, pattern| {
        let mut found = -1.0;
        search::forward(text, pattern, from as usize, &mut || poll(&ctx), &mut |at| {
            found = at as f64;
            false
        })?;
        Ok(found)
    })
}

fn last_index_of<'js>(ctx: Ctx<'js>, text: Text<'js>, pattern: Text<'js>, from: f64) -> Result<f64> {
    with_both(&text, &pattern, |text, pattern| {
        let found = search::backward(text, pattern, from as usize, &mut || poll(&ctx))?;
        Ok(found.map_or(-1.0, |at| at as f64))
    })
}

/// The places of all matches that do not overlap, `most` of them at most, as a `Uint32Array`.
fn all_indexes_of<'js>(ctx: Ctx<'js>, text: Text<'js>, pattern: Text<'js>, most: f64) -> Result<Value<'js>> {
    let places = with_both(&text, &pattern, |text, pattern| {
        let mut places: Vec<u32> = Vec::new();
        search::forward(text, pattern, 0, &mut || poll(&ctx), &mut |at| {
            places.push(at as u32);
            (places.len() as f64) < most
        })?;
        Ok(places)
    })?;
    let buffer = ArrayBuffer::new_copy(ctx.clone(), places)?;
    Ok(rquickjs::TypedArray::<u32>::from_arraybuffer(buffer)?.into_value())
}

fn with_both<R>(text: &Text<'_>, pattern: &Text<'_>, then: impl FnOnce(&[u16], &[u16]) -> Result<R>) -> Result<R> {
    raw::with_units(text, |text| raw::with_units(pattern, |pattern| then(text, pattern)))??
}
