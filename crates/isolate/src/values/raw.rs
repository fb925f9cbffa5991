//! What the safe bindings of the engine lack: own members, classes by number, and strings by their units.

use std::mem::MaybeUninit;

use rquickjs::{Array, Ctx, Error, Object, Result, String, Value, qjs};

fn raw(ctx: &Ctx<'_>) -> *mut qjs::JSContext {
    ctx.as_raw().as_ptr()
}

/// Turns what a function of the engine returned into a value, or into the exception that it threw.
fn owned<'js>(ctx: &Ctx<'js>, value: qjs::JSValue) -> Result<Value<'js>> {
    // SAFETY: the function gave a reference of ours, which the value releases; an exception has no references.
    let value = unsafe { Value::from_raw(ctx.clone(), value) };
    if value.is_exception() { Err(Error::Exception) } else { Ok(value) }
}

fn checked(status: i32) -> Result<bool> {
    if status < 0 { Err(Error::Exception) } else { Ok(status > 0) }
}

/// The number of the class of an object. It says what the object is, whatever its prototype claims.
pub fn class_of(object: &Object<'_>) -> u32 {
    // SAFETY: the value is alive, and the function reads its header.
    unsafe { qjs::JS_GetClassID(object.as_raw()) }
}

/// The address of an object: its identity, while it is alive.
pub fn address_of(object: &Object<'_>) -> usize {
    // SAFETY: the value is an object, which is a pointer; nobody follows the address.
    unsafe { qjs::JS_VALUE_GET_PTR(object.as_raw()) as usize }
}

/// Defines an ordinary member, past setters, and past what a prototype has.
///
/// # Errors
///
/// The engine has no memory.
pub fn define<'js>(object: &Object<'js>, key: &Value<'js>, value: Value<'js>) -> Result<()> {
    let ctx = raw(object.ctx());
    // SAFETY: all values belong to this context. The definition takes one reference to the value, which is ours to give; the
    // atom is released.
    let status = unsafe {
        let atom = qjs::JS_ValueToAtom(ctx, key.as_raw());
        if atom == qjs::JS_ATOM_NULL {
            return Err(Error::Exception);
        }
        let value = qjs::JS_DupValue(ctx, value.as_raw());
        let status = qjs::JS_DefinePropertyValue(ctx, object.as_raw(), atom, value, MEMBER);
        qjs::JS_FreeAtom(ctx, atom);
        status
    };
    checked(status).map(|_| ())
}

/// Defines an element.
///
/// # Errors
///
/// The engine has no memory.
pub fn define_element<'js>(array: &Object<'js>, index: u32, value: Value<'js>) -> Result<()> {
    let ctx = raw(array.ctx());
    // SAFETY: as in `define`.
    let status = unsafe {
        let value = qjs::JS_DupValue(ctx, value.as_raw());
        qjs::JS_DefinePropertyValueUint32(ctx, array.as_raw(), index, value, MEMBER)
    };
    checked(status).map(|_| ())
}

/// Writable, configurable, enumerable; a failure throws.
const MEMBER: i32 = (qjs::JS_PROP_C_W_E | qjs::JS_PROP_THROW) as i32;

/// An array of a length, without elements.
///
/// # Errors
///
/// The engine has no memory.
pub fn new_array<'js>(ctx: &Ctx<'js>, length: u32) -> Result<Object<'js>> {
    let array = Array::new(ctx.clone())?.into_object();
    if length > 0 {
        set_length(&array, length)?;
    }
    Ok(array)
}

/// Sets the length of an array.
///
/// # Errors
///
/// The engine has no memory.
pub fn set_length(array: &Object<'_>, length: u32) -> Result<()> {
    // SAFETY: the array is alive. Its own property `length` is no setter.
    let status = unsafe { qjs::JS_SetLength(raw(array.ctx()), array.as_raw(), i64::from(length)) };
    checked(status).map(|_| ())
}

/// A string of UTF-16. Only what needs it takes two bytes for each character.
///
/// # Errors
///
/// The engine has no memory, or no strings of this length.
pub fn new_string<'js>(ctx: &Ctx<'js>, units: &[u16]) -> Result<Value<'js>> {
    if units.iter().all(|unit| *unit < 0x80) {
        let text: Vec<u8> = units.iter().map(|unit| *unit as u8).collect();
        return new_one_byte_string(ctx, &text);
    }
    // SAFETY: the slice is valid for its length, and the function copies it.
    owned(ctx, unsafe { qjs::JS_NewStringUTF16(raw(ctx), units.as_ptr(), units.len() as _) })
}

/// A string of Latin-1.
///
/// # Errors
///
/// The engine has no memory, or no strings of this length.
pub fn new_one_byte_string<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<Value<'js>> {
    if bytes.is_ascii() {
        // SAFETY: the slice is valid for its length and ASCII, which is UTF-8; the function copies it.
        return owned(ctx, unsafe { qjs::JS_NewStringLen(raw(ctx), bytes.as_ptr().cast(), bytes.len() as _) });
    }
    let text: std::string::String = bytes.iter().map(|byte| char::from(*byte)).collect();
    Ok(String::from_str(ctx.clone(), &text)?.into_value())
}

/// Calls a function with the UTF-16 of a string.
///
/// # Errors
///
/// The engine has no memory.
pub fn with_units<R>(text: &String<'_>, then: impl FnOnce(&[u16]) -> R) -> Result<R> {
    let ctx = raw(text.ctx());
    let mut length = MaybeUninit::uninit();
    // SAFETY: the units stay until they are freed below; `then` cannot keep them. Zero units have no aligned address.
    unsafe {
        let units = qjs::JS_ToCStringLenUTF16(ctx, length.as_mut_ptr(), text.as_raw());
        if units.is_null() {
            return Err(Error::Exception);
        }
        let length = length.assume_init() as usize;
        let result = then(if length == 0 { &[] } else { std::slice::from_raw_parts(units, length) });
        qjs::JS_FreeCStringUTF16(ctx, units);
        Ok(result)
    }
}

/// Calls a function with the bytes of a buffer; with none, if it is detached.
pub fn with_bytes<R>(buffer: &Object<'_>, then: impl FnOnce(&[u8]) -> R) -> R {
    let ctx = raw(buffer.ctx());
    let mut size = MaybeUninit::uninit();
    // SAFETY: no code of JavaScript runs during `then`, so that the memory stays where it is, and has the length that the
    // function has told. Memory that is shared with other threads is refused before.
    unsafe {
        let bytes = qjs::JS_GetArrayBuffer(ctx, size.as_mut_ptr(), buffer.as_raw());
        if bytes.is_null() {
            // An exception is pending if the buffer is detached, not if it is empty.
            if qjs::JS_HasException(ctx) {
                qjs::JS_FreeValue(ctx, qjs::JS_GetException(ctx));
            }
            return then(&[]);
        }
        then(std::slice::from_raw_parts(bytes, size.assume_init() as usize))
    }
}

/// Where the memory of a buffer is, and how long; `None` if it is detached, or no buffer.
pub fn place_of(buffer: &Object<'_>) -> Option<(*mut u8, usize)> {
    let ctx = raw(buffer.ctx());
    let mut size = MaybeUninit::uninit();
    // SAFETY: context and object are alive, and the function fills the size. A pending exception is released.
    unsafe {
        let start = qjs::JS_GetArrayBuffer(ctx, size.as_mut_ptr(), buffer.as_raw());
        if start.is_null() {
            if qjs::JS_HasException(ctx) {
                qjs::JS_FreeValue(ctx, qjs::JS_GetException(ctx));
            }
            return None;
        }
        Some((start, size.assume_init() as usize))
    }
}

/// The names of the own enumerable members of an object, in their order: elements first, by number.
pub struct OwnKeys<'js> {
    ctx: Ctx<'js>,
    table: *mut qjs::JSPropertyEnum,
    length: u32,
    /// The bit that the engine sets in the name of an element.
    element_bit: u32,
}

impl<'js> OwnKeys<'js> {
    /// Asks the object, which for a proxy runs its traps.
    ///
    /// # Errors
    ///
    /// What a trap throws; the engine has no memory.
    pub fn of(object: &Object<'js>) -> Result<Self> {
        let ctx = object.ctx().clone();
        let (mut table, mut length) = (std::ptr::null_mut(), 0);
        let flags = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY) as i32;
        // SAFETY: both addresses are valid, and the table is freed by `drop`.
        let status =
            unsafe { qjs::JS_GetOwnPropertyNames(raw(&ctx), &raw mut table, &raw mut length, object.as_raw(), flags) };
        checked(status)?;
        // SAFETY: the name of a small number takes no reference.
        let element_bit = unsafe { qjs::JS_NewAtomUInt32(raw(&ctx), 0) };
        Ok(Self { ctx, table, length, element_bit })
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.length as usize
    }

    fn atom(&self, at: usize) -> qjs::JSAtom {
        assert!(at < self.len(), "a name is asked for that is not there");
        // SAFETY: the table has this length.
        unsafe { (*self.table.add(at)).atom }
    }

    /// The number of the name of an element.
    pub fn element(&self, at: usize) -> Option<u32> {
        let atom = self.atom(at);
        (atom & self.element_bit != 0).then_some(atom & !self.element_bit)
    }

    /// The name as a string.
    ///
    /// # Errors
    ///
    /// The engine has no memory.
    pub fn name(&self, at: usize) -> Result<String<'js>> {
        // SAFETY: the table holds a reference to the atom.
        let value = owned(&self.ctx, unsafe { qjs::JS_AtomToString(raw(&self.ctx), self.atom(at)) })?;
        String::from_value(value)
    }

    /// The member of that name, if the object still has it as its own.
    ///
    /// # Errors
    ///
    /// What a getter throws.
    pub fn get(&self, object: &Object<'js>, at: usize) -> Result<Option<Value<'js>>> {
        let (ctx, atom) = (raw(&self.ctx), self.atom(at));
        // SAFETY: object and atom are alive; without an address for the descriptor, the function only answers.
        let is_own = checked(unsafe { qjs::JS_GetOwnProperty(ctx, std::ptr::null_mut(), object.as_raw(), atom) })?;
        if !is_own {
            return Ok(None);
        }
        // SAFETY: object and atom are alive, and the engine gives a value of its own.
        owned(&self.ctx, unsafe { qjs::JS_GetProperty(ctx, object.as_raw(), atom) }).map(Some)
    }
}

impl<'js> OwnKeys<'js> {
    /// The member of that name, if it is there and no getter.
    ///
    /// # Errors
    ///
    /// The engine has no memory.
    pub fn data(&self, object: &Object<'js>, at: usize) -> Result<Option<Value<'js>>> {
        own_data(object, self.atom(at))
    }
}

/// A member of an object's own, if it is no getter. No code of a user runs, unless the object is a proxy.
fn own_data<'js>(object: &Object<'js>, atom: qjs::JSAtom) -> Result<Option<Value<'js>>> {
    let ctx = object.ctx();
    let mut descriptor = MaybeUninit::uninit();
    // SAFETY: object and atom are alive. If the member is there, the function has filled the descriptor with three values
    // that are ours: two are released, one is handed on.
    unsafe {
        if !checked(qjs::JS_GetOwnProperty(raw(ctx), descriptor.as_mut_ptr(), object.as_raw(), atom))? {
            return Ok(None);
        }
        let descriptor = descriptor.assume_init();
        qjs::JS_FreeValue(raw(ctx), descriptor.getter);
        qjs::JS_FreeValue(raw(ctx), descriptor.setter);
        let value = owned(ctx, descriptor.value)?;
        Ok((descriptor.flags & qjs::JS_PROP_GETSET as i32 == 0).then_some(value))
    }
}

/// Whether an object has a member of its own.
///
/// # Errors
///
/// The engine has no memory.
pub fn has_own(object: &Object<'_>, name: &std::ffi::CStr) -> Result<bool> {
    let ctx = raw(object.ctx());
    // SAFETY: the name ends with a zero, the atom is released, and without an address for the descriptor, the function only
    // answers.
    unsafe {
        let atom = qjs::JS_NewAtom(ctx, name.as_ptr());
        let status = qjs::JS_GetOwnProperty(ctx, std::ptr::null_mut(), object.as_raw(), atom);
        qjs::JS_FreeAtom(ctx, atom);
        checked(status)
    }
}

impl Drop for OwnKeys<'_> {
    fn drop(&mut self) {
        // SAFETY: the table is that of the engine, with this length, and nobody else frees it.
        unsafe { qjs::JS_FreePropertyEnum(raw(&self.ctx), self.table, self.length) };
    }
}
