//! Puts functions of ours in the place of natives. Done with the engine's own functions: dozens of descriptors as objects of
//! JavaScript would take most of the time in which an isolate starts.

use std::mem::MaybeUninit;

use rquickjs::{Ctx, Error, Function, Object, Result, Value, qjs};

/// A reference to the name of a member.
struct Name<'js>(Ctx<'js>, qjs::JSAtom);

impl<'js> Name<'js> {
    fn of(ctx: &Ctx<'js>, key: &Value<'js>) -> Result<Self> {
        // SAFETY: the value is alive, and of this context.
        match unsafe { qjs::JS_ValueToAtom(raw(ctx), key.as_raw()) } {
            qjs::JS_ATOM_NULL => Err(Error::Exception),
            atom => Ok(Self(ctx.clone(), atom)),
        }
    }
}

impl Drop for Name<'_> {
    fn drop(&mut self) {
        // SAFETY: the reference is ours.
        unsafe { qjs::JS_FreeAtom(raw(&self.0), self.1) };
    }
}

/// A member of an object's own.
struct Member<'js> {
    flags: i32,
    value: Value<'js>,
    getter: Value<'js>,
    setter: Value<'js>,
}

impl<'js> Member<'js> {
    fn of(object: &Object<'js>, name: qjs::JSAtom) -> Result<Option<Self>> {
        let ctx = object.ctx();
        let mut descriptor = MaybeUninit::uninit();
        // SAFETY: object and name are alive. If the member is there, the function has filled the descriptor with three values
        // that are ours.
        unsafe {
            match qjs::JS_GetOwnProperty(raw(ctx), descriptor.as_mut_ptr(), object.as_raw(), name) {
                0 => Ok(None),
                1.. => {
                    let qjs::JSPropertyDescriptor { flags, value, getter, setter } = descriptor.assume_init();
                    let owned = |value| Value::from_raw(ctx.clone(), value);
                    Ok(Some(Self { flags, value: owned(value), getter: owned(getter), setter: owned(setter) }))
                }
                _ => Err(Error::Exception),
            }
        }
    }

    fn define(&self, object: &Object<'js>, name: qjs::JSAtom) -> Result<()> {
        let what = if self.flags & GETSET == 0 { HAS_VALUE } else { HAS_GETTER_AND_SETTER };
        let flags = self.flags | what | qjs::JS_PROP_THROW as i32;
        let (value, getter, setter) = (self.value.as_raw(), self.getter.as_raw(), self.setter.as_raw());
        // SAFETY: all values are alive, and of this context; the function takes references of its own.
        let status =
            unsafe { qjs::JS_DefineProperty(raw(object.ctx()), object.as_raw(), name, value, getter, setter, flags) };
        if status < 0 { Err(Error::Exception) } else { Ok(()) }
    }
}

const GETSET: i32 = qjs::JS_PROP_GETSET as i32;
const ATTRIBUTES: u32 = qjs::JS_PROP_HAS_CONFIGURABLE | qjs::JS_PROP_HAS_ENUMERABLE;
const HAS_VALUE: i32 = (ATTRIBUTES | qjs::JS_PROP_HAS_WRITABLE | qjs::JS_PROP_HAS_VALUE) as i32;
const HAS_GETTER_AND_SETTER: i32 = (ATTRIBUTES | qjs::JS_PROP_HAS_GET | qjs::JS_PROP_HAS_SET) as i32;

fn raw(ctx: &Ctx<'_>) -> *mut qjs::JSContext {
    ctx.as_raw().as_ptr()
}

/// Puts what `create` makes of a native function in its place, with its name, its length and its attributes. Where there is no
/// such function, nothing happens.
pub fn replace<'js>(ctx: Ctx<'js>, holder: Object<'js>, key: Value<'js>, create: Function<'js>) -> Result<()> {
    let name = Name::of(&ctx, &key)?;
    let Some(mut member) = Member::of(&holder, name.1)? else { return Ok(()) };
    let Some(original) = member.value.as_function().cloned() else { return Ok(()) };
    let replacement: Object = create.call((original.clone(),))?;
    for attribute in ["length", "name"] {
        let attribute = Name::of(&ctx, &rquickjs::String::from_str(ctx.clone(), attribute)?.into_value())?;
        if let Some(member) = Member::of(&original, attribute.1)? {
            member.define(&replacement, attribute.1)?;
        }
    }
    member.value = replacement.into_value();
    member.define(&holder, name.1)
}

/// Gives a member another value; its attributes stay.
pub fn put<'js>(ctx: Ctx<'js>, holder: Object<'js>, key: Value<'js>, value: Value<'js>) -> Result<()> {
    let name = Name::of(&ctx, &key)?;
    let Some(member) = Member::of(&holder, name.1)? else { return Ok(()) };
    Member { value, ..member }.define(&holder, name.1)
}

/// Defines each own member of an object on another one.
pub fn copy_members<'js>(ctx: Ctx<'js>, from: Object<'js>, to: Object<'js>) -> Result<()> {
    let (mut table, mut length) = (std::ptr::null_mut(), 0);
    let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_SYMBOL_MASK) as i32;
    // SAFETY: both addresses are valid. The table has this length, and each of its names is used while it is there.
    unsafe {
        if qjs::JS_GetOwnPropertyNames(raw(&ctx), &raw mut table, &raw mut length, from.as_raw(), flags) < 0 {
            return Err(Error::Exception);
        }
        let copied = (0..length as usize).try_for_each(|at| {
            let name = (*table.add(at)).atom;
            Member::of(&from, name)?.map_or(Ok(()), |member| member.define(&to, name))
        });
        qjs::JS_FreePropertyEnum(raw(&ctx), table, length);
        copied
    }
}
