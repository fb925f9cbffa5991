//! Builds a value from bytes. It keeps a list of what is open, so that no depth exhausts the native stack.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::{Constructor, This};
use rquickjs::{Ctx, Error, Function, JsLifetime, Object, Result, Value};

use super::format::{self, Broken, Input, OLDEST_VERSION, REGEXP_FLAGS, Read, VERSION, VIEWS, error_tag, tag};
use super::intrinsics::{Intrinsics, Kind};
use super::limits::Limits;
use super::node;
use super::raw;
use super::writer::new_buffer;

/// The input of one deserializer, and what it has built.
pub struct Reader<'js> {
    input: RefCell<Input>,
    limits: Limits,
    items: Cell<usize>,
    /// Each object by its number; none while it is not built yet.
    objects: RefCell<Vec<Option<Object<'js>>>>,
    transferred: RefCell<HashMap<u32, Object<'js>>>,
    /// Whether host objects are those of Node's `DefaultSerializer`.
    reads_inline_views: bool,
}

// SAFETY: the only lifetime is that of the objects.
unsafe impl<'js> JsLifetime<'js> for Reader<'js> {
    type Changed<'to> = Reader<'to>;
}

impl<'js> Trace<'js> for Reader<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        // Nothing is traced while a list changes.
        if let Ok(objects) = self.objects.try_borrow() {
            objects.iter().flatten().for_each(|object| object.trace(tracer));
        }
        if let Ok(transferred) = self.transferred.try_borrow() {
            transferred.values().for_each(|object| object.trace(tracer));
        }
    }
}

impl<'js> JsClass<'js> for Reader<'js> {
    const NAME: &'static str = "Reader";
    type Mutable = Readable;

    fn constructor(_ctx: &Ctx<'js>) -> Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}

/// An object of which more is to come, the innermost last.
enum Open<'js> {
    Members { object: Object<'js>, key: Option<Value<'js>>, count: u32, end: u8, length: u32 },
    Elements { array: Object<'js>, next: u32, length: u32 },
    Map { map: Object<'js>, key: Option<Value<'js>>, count: u32 },
    Set { set: Object<'js>, count: u32 },
    Error(OpenError<'js>),
}

struct OpenError<'js> {
    error: Object<'js>,
    class: &'static str,
    message: Option<Value<'js>>,
    stack: Option<Value<'js>>,
}

/// What reading one step gave.
enum Found<'js> {
    /// A whole value.
    Whole(Value<'js>),
    /// An object that is open now.
    Opened(Open<'js>),
}

/// Why a value cannot be built.
enum Failure {
    Broken(Broken),
    /// The engine has an exception.
    Thrown(Error),
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Thrown(error)
    }
}

type Built<T> = std::result::Result<T, Failure>;

fn broken<T>(reason: impl Into<String>) -> Built<T> {
    Err(Failure::Broken(Broken(reason.into())))
}

impl<'js> Reader<'js> {
    /// A reader of a copy of the bytes, which nobody changes meanwhile.
    pub fn new(bytes: &[u8], limits: Limits, reads_inline_views: bool) -> Self {
        Self {
            input: RefCell::new(Input::new(bytes)),
            limits,
            items: Cell::new(0),
            objects: RefCell::default(),
            transferred: RefCell::default(),
            reads_inline_views,
        }
    }

    /// Reads from the input by a function, for host objects.
    ///
    /// # Errors
    ///
    /// What the function gives, as an exception.
    pub fn take<R>(&self, ctx: &Ctx<'js>, read: impl FnOnce(&mut Input) -> Read<R>) -> Result<R> {
        let result = read(&mut self.input.borrow_mut());
        result.map_err(|Broken(reason)| unreadable(ctx, &reason))
    }

    /// Reads the version.
    ///
    /// # Errors
    ///
    /// It is none, or one that we do not know.
    pub fn header(&self, ctx: &Ctx<'js>) -> Result<()> {
        self.take(ctx, |input| {
            if input.byte()? != tag::VERSION {
                return Err(Broken("they have no version".to_owned()));
            }
            match input.uint32()? {
                OLDEST_VERSION..=VERSION => Ok(()),
                version => Err(Broken(format!("their version is {version}, not {OLDEST_VERSION} to {VERSION}"))),
            }
        })
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    ///
    /// Bytes are left.
    pub fn end(&self, ctx: &Ctx<'js>) -> Result<()> {
        self.take(ctx, |input| match input.left() {
            0 => Ok(()),
            left => Err(Broken(format!("{left} bytes belong to no value"))),
        })
    }

    /// Has a number read as a buffer.
    pub fn transfer(&self, number: u32, buffer: Object<'js>) {
        self.transferred.borrow_mut().insert(number, buffer);
    }

    /// Builds a value. The delegate has the function for host objects.
    ///
    /// # Errors
    ///
    /// The bytes are not those of a value, or of one beyond the limits; what the delegate throws.
    pub fn value(&self, ctx: &Ctx<'js>, delegate: Option<&Object<'js>>) -> Result<Value<'js>> {
        self.build(ctx, delegate).map_err(|failure| match failure {
            Failure::Broken(Broken(reason)) => unreadable(ctx, &reason),
            Failure::Thrown(error) => error,
        })
    }

    fn build(&self, ctx: &Ctx<'js>, delegate: Option<&Object<'js>>) -> Built<Value<'js>> {
        let mut open: Vec<Open<'js>> = Vec::new();
        loop {
            let closed = match open.last_mut() {
                Some(innermost) => self.close(ctx, innermost)?,
                None => None,
            };
            let whole = match closed {
                Some(value) => {
                    open.pop();
                    Some(value)
                }
                None => match self.begin(ctx, delegate)? {
                    Found::Whole(value) => Some(value),
                    Found::Opened(object) => {
                        if open.len() >= self.limits.depth {
                            return broken(format!("more than {} objects lie in each other", self.limits.depth));
                        }
                        open.push(object);
                        None
                    }
                },
            };
            let Some(value) = whole else { continue };
            let value = self.with_view(ctx, value)?;
            match open.last_mut() {
                None => return Ok(value),
                Some(innermost) => put(ctx, innermost, value)?,
            }
        }
    }

    /// The object, if its end comes next.
    fn close(&self, ctx: &Ctx<'js>, open: &mut Open<'js>) -> Built<Option<Value<'js>>> {
        match open {
            Open::Elements { array, next, length } => {
                while *next < *length && self.input.borrow().peek() == Some(tag::HOLE) {
                    self.input.borrow_mut().tag()?;
                    *next += 1;
                }
                if *next < *length {
                    return Ok(None);
                }
                let (object, length) = (array.clone(), *length);
                raw::set_length(&object, length)?;
                *open = Open::Members { object, key: None, count: 0, end: tag::END_DENSE_ARRAY, length };
                self.close(ctx, open)
            }
            Open::Members { object, key, count, end, length } => {
                if key.is_some() || !self.ends(*end)? {
                    return Ok(None);
                }
                let mut input = self.input.borrow_mut();
                let announced = input.uint32()?;
                let same_length = *end == tag::END_OBJECT || input.uint32()? == *length;
                if announced != *count || !same_length {
                    return broken("the number of members of an object is not that at its end");
                }
                Ok(Some(object.clone().into_value()))
            }
            Open::Map { map, key, count } => {
                if key.is_some() || !self.ends(tag::END_MAP)? {
                    return Ok(None);
                }
                self.check_count(*count)?;
                Ok(Some(map.clone().into_value()))
            }
            Open::Set { set, count } => {
                if !self.ends(tag::END_SET)? {
                    return Ok(None);
                }
                self.check_count(*count)?;
                Ok(Some(set.clone().into_value()))
            }
            Open::Error(open) => self.continue_error(ctx, open),
        }
    }

    fn ends(&self, end: u8) -> Built<bool> {
        let mut input = self.input.borrow_mut();
        if input.peek() != Some(end) {
            return Ok(false);
        }
        input.tag()?;
        Ok(true)
    }

    fn check_count(&self, count: u32) -> Built<()> {
        if self.input.borrow_mut().uint32()? != count {
            return broken("the number of members of a collection is not that at its end");
        }
        Ok(())
    }

    /// The parts of an error up to a cause, which is a value, or its end.
    fn continue_error(&self, ctx: &Ctx<'js>, open: &mut OpenError<'js>) -> Built<Option<Value<'js>>> {
        loop {
            let part = self.input.borrow_mut().byte()?;
            match part {
                error_tag::MESSAGE => open.message = Some(self.text(ctx)?),
                error_tag::STACK => open.stack = Some(self.text(ctx)?),
                error_tag::CAUSE => return Ok(None),
                error_tag::END => break,
                _ => match error_tag::CLASSES.iter().find(|class| class.0 == part) {
                    Some((_, name)) => open.class = name,
                    None => return broken(format!("an error has a part {part:#x}")),
                },
            }
        }
        let undefined = Value::new_undefined(ctx.clone());
        let message = open.message.take().unwrap_or_else(|| undefined.clone());
        let stack = open.stack.take().unwrap_or(undefined);
        Intrinsics::call::<_, Value>(ctx, |all| &all.finish_error, (open.error.clone(), open.class, message, stack))?;
        Ok(Some(open.error.clone().into_value()))
    }

    /// Reads a value, or the begin of an object.
    fn begin(&self, ctx: &Ctx<'js>, delegate: Option<&Object<'js>>) -> Built<Found<'js>> {
        self.items.set(self.items.get() + 1);
        if self.items.get() > self.limits.items {
            return broken(format!("they have more than {} values", self.limits.items));
        }
        let mut tag = self.input.borrow_mut().tag()?;
        while tag == tag::VERIFY_OBJECT_COUNT {
            let mut input = self.input.borrow_mut();
            input.uint32()?;
            tag = input.tag()?;
        }
        let value = match tag {
            tag::UNDEFINED => Value::new_undefined(ctx.clone()),
            tag::NULL => Value::new_null(ctx.clone()),
            tag::TRUE => Value::new_bool(ctx.clone(), true),
            tag::FALSE => Value::new_bool(ctx.clone(), false),
            tag::INT32 => Value::new_int(ctx.clone(), self.input.borrow_mut().zigzag()?),
            tag::UINT32 => Value::new_number(ctx.clone(), f64::from(self.input.borrow_mut().uint32()?)),
            tag::DOUBLE => Value::new_float(ctx.clone(), self.input.borrow_mut().double()?),
            tag::BIGINT => self.bigint(ctx)?,
            tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING => self.text_of(ctx, tag)?,
            tag::REFERENCE => self.reference()?,
            _ => return self.begin_object(ctx, delegate, tag),
        };
        Ok(Found::Whole(value))
    }

    fn begin_object(&self, ctx: &Ctx<'js>, delegate: Option<&Object<'js>>, tag: u8) -> Built<Found<'js>> {
        let number = self.objects.borrow().len();
        self.objects.borrow_mut().push(None);
        let open = match tag {
            tag::OBJECT => {
                let object = Object::new(ctx.clone())?;
                Open::Members { object, key: None, count: 0, end: tag::END_OBJECT, length: 0 }
            }
            tag::SPARSE_ARRAY => {
                let length = self.input.borrow_mut().uint32()?;
                let object = raw::new_array(ctx, length)?;
                Open::Members { object, key: None, count: 0, end: tag::END_SPARSE_ARRAY, length }
            }
            tag::DENSE_ARRAY => {
                // Each element takes a byte at least.
                let length = self.input.borrow_mut().length()? as u32;
                Open::Elements { array: raw::new_array(ctx, 0)?, next: 0, length }
            }
            tag::MAP => Open::Map { map: self.make(ctx, |all| &all.new_map)?, key: None, count: 0 },
            tag::SET => Open::Set { set: self.make(ctx, |all| &all.new_set)?, count: 0 },
            tag::ERROR => Open::Error(OpenError {
                error: self.make(ctx, |all| &all.new_error)?,
                class: "Error",
                message: None,
                stack: None,
            }),
            _ => {
                let object = self.whole_object(ctx, delegate, tag)?;
                self.objects.borrow_mut()[number] = Some(object.clone());
                return Ok(Found::Whole(object.into_value()));
            }
        };
        self.objects.borrow_mut()[number] = Some(open.object().clone());
        Ok(Found::Opened(open))
    }

    fn make(&self, ctx: &Ctx<'js>, which: for<'a> fn(&'a Intrinsics<'js>) -> &'a Function<'js>) -> Result<Object<'js>> {
        Intrinsics::call(ctx, which, ())
    }

    /// Objects without members.
    fn whole_object(&self, ctx: &Ctx<'js>, delegate: Option<&Object<'js>>, tag: u8) -> Built<Object<'js>> {
        let object = match tag {
            tag::DATE => {
                let time = self.input.borrow_mut().double()?;
                Intrinsics::call(ctx, |all| &all.new_date, (time,))?
            }
            tag::TRUE_OBJECT => Intrinsics::call(ctx, |all| &all.box_value, (true,))?,
            tag::FALSE_OBJECT => Intrinsics::call(ctx, |all| &all.box_value, (false,))?,
            tag::NUMBER_OBJECT => {
                let value = Value::new_float(ctx.clone(), self.input.borrow_mut().double()?);
                Intrinsics::call(ctx, |all| &all.box_value, (value,))?
            }
            tag::BIGINT_OBJECT => Intrinsics::call(ctx, |all| &all.box_value, (self.bigint(ctx)?,))?,
            tag::STRING_OBJECT => Intrinsics::call(ctx, |all| &all.box_value, (self.text(ctx)?,))?,
            tag::REGEXP => self.reg_exp(ctx)?,
            tag::BUFFER => {
                let bytes = {
                    let mut input = self.input.borrow_mut();
                    let length = input.length()?;
                    new_buffer(ctx, input.raw(length)?)?
                };
                bytes.into_object()
            }
            tag::RESIZABLE_BUFFER => self.resizable_buffer(ctx)?,
            tag::BUFFER_TRANSFER | tag::SHARED_BUFFER => {
                let number = self.input.borrow_mut().uint32()?;
                match self.transferred.borrow().get(&number) {
                    Some(buffer) => buffer.clone(),
                    None => return broken(format!("there is no memory of number {number}")),
                }
            }
            tag::HOST_OBJECT => self.host_object(ctx, delegate)?,
            _ => return broken(format!("there are no values with the tag {tag:#x}")),
        };
        Ok(object)
    }

    fn reference(&self) -> Built<Value<'js>> {
        let number = self.input.borrow_mut().uint32()?;
        match self.objects.borrow().get(number as usize) {
            Some(Some(object)) => Ok(object.clone().into_value()),
            _ => broken(format!("the object {number} is not there yet")),
        }
    }

    fn bigint(&self, ctx: &Ctx<'js>) -> Built<Value<'js>> {
        let (digits, is_negative) = {
            let mut input = self.input.borrow_mut();
            let field = input.uint32()?;
            let bytes = input.raw((field >> 1) as usize)?;
            let mut digits = String::with_capacity(bytes.len() * 2 + 1);
            for byte in bytes.iter().rev() {
                digits.push_str(&format!("{byte:02x}"));
            }
            (if digits.is_empty() { "0".to_owned() } else { digits }, field & 1 == 1)
        };
        Ok(Intrinsics::call(ctx, |all| &all.new_bigint, (digits, is_negative))?)
    }

    fn text(&self, ctx: &Ctx<'js>) -> Built<Value<'js>> {
        let tag = self.input.borrow_mut().tag()?;
        self.text_of(ctx, tag)
    }

    fn text_of(&self, ctx: &Ctx<'js>, tag: u8) -> Built<Value<'js>> {
        let mut input = self.input.borrow_mut();
        let length = input.length()?;
        let bytes = input.raw(length)?;
        match tag {
            tag::ONE_BYTE_STRING => Ok(raw::new_one_byte_string(ctx, bytes)?),
            tag::TWO_BYTE_STRING => {
                let (pairs, rest) = bytes.as_chunks::<2>();
                if !rest.is_empty() {
                    return broken("a string has half a character");
                }
                let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
                Ok(raw::new_string(ctx, &units)?)
            }
            tag::UTF8_STRING => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(rquickjs::String::from_str(ctx.clone(), text)?.into_value()),
                Err(_) => broken("a string is not UTF-8"),
            },
            _ => broken(format!("the tag {tag:#x} stands where a string belongs")),
        }
    }

    fn reg_exp(&self, ctx: &Ctx<'js>) -> Built<Object<'js>> {
        let source = self.text(ctx)?;
        let bits = self.input.borrow_mut().uint32()?;
        let known: u32 = REGEXP_FLAGS.iter().map(|flag| flag.0).sum();
        if bits & !known != 0 {
            return broken(format!("a regular expression has the flags {bits:#x}"));
        }
        let flags: String = REGEXP_FLAGS.iter().filter(|flag| bits & flag.0 != 0).map(|flag| flag.1).collect();
        Ok(Intrinsics::call(ctx, |all| &all.new_reg_exp, (source, flags))?)
    }

    fn resizable_buffer(&self, ctx: &Ctx<'js>) -> Built<Object<'js>> {
        let (bytes, limit) = {
            let mut input = self.input.borrow_mut();
            let length = input.uint32()? as usize;
            let limit = input.uint32()? as usize;
            if length > limit || limit > self.limits.bytes {
                return broken(format!("memory of {length} bytes cannot grow to {limit}"));
            }
            (new_buffer(ctx, input.raw(length)?)?, limit)
        };
        Ok(Intrinsics::call(ctx, |all| &all.new_resizable, (bytes.into_object(), limit as f64))?)
    }

    fn host_object(&self, ctx: &Ctx<'js>, delegate: Option<&Object<'js>>) -> Built<Object<'js>> {
        if let Some(delegate) = delegate {
            let read: Value = delegate.get("_readHostObject")?;
            let Some(read) = read.as_function() else {
                return broken("they have an object of the host, and no _readHostObject reads it");
            };
            let object: Value = read.call((This(delegate.clone()),))?;
            return match object.into_object() {
                Some(object) => Ok(object),
                None => broken("_readHostObject has returned no object"),
            };
        }
        if !self.reads_inline_views {
            return broken("they have an object of the host");
        }
        let (kind, buffer, length) = {
            let mut input = self.input.borrow_mut();
            let number = input.uint32()?;
            let Some(kind) = node::kind_of(number) else { return broken(format!("there is no view of type {number}")) };
            let length = input.length()?;
            (kind, new_buffer(ctx, input.raw(length)?)?, length)
        };
        self.new_view(ctx, kind, buffer.into_object(), 0, Some(length))
    }

    /// The view of a buffer, if one follows it.
    fn with_view(&self, ctx: &Ctx<'js>, value: Value<'js>) -> Built<Value<'js>> {
        let Some(buffer) = value.as_object() else { return Ok(value) };
        if self.input.borrow().peek() != Some(tag::VIEW) {
            return Ok(value);
        }
        if !matches!(Intrinsics::kind_of(buffer)?, Kind::Buffer | Kind::SharedBuffer) {
            return Ok(value);
        }
        let (kind, start, size, flags) = {
            let mut input = self.input.borrow_mut();
            input.tag()?;
            let tag = input.uint32()?;
            let Some(view) = VIEWS.iter().find(|view| u32::from(view.0) == tag) else {
                return broken(format!("there is no view of type {tag}"));
            };
            (view.1, input.uint32()? as usize, input.uint32()? as usize, input.uint32()?)
        };
        if flags & !(format::VIEW_TRACKS_LENGTH | format::VIEW_OF_RESIZABLE) != 0 {
            return broken(format!("a view has the flags {flags:#x}"));
        }
        let number = self.objects.borrow().len();
        self.objects.borrow_mut().push(None);
        let size = (flags & format::VIEW_TRACKS_LENGTH == 0).then_some(size);
        let view = self.new_view(ctx, kind, buffer.clone(), start, size)?;
        self.objects.borrow_mut()[number] = Some(view.clone());
        Ok(view.into_value())
    }

    /// The engine checks that the view lies in the buffer.
    fn new_view(
        &self,
        ctx: &Ctx<'js>,
        kind: &'static str,
        buffer: Object<'js>,
        start: usize,
        size: Option<usize>,
    ) -> Built<Object<'js>> {
        let element = VIEWS.iter().find(|view| view.1 == kind).map_or(1, |view| view.2);
        if !start.is_multiple_of(element) || size.is_some_and(|size| !size.is_multiple_of(element)) {
            return broken(format!("a {kind} has no whole elements"));
        }
        let size = size.map_or(-1.0, |size| size as f64);
        Ok(Intrinsics::call(ctx, |all| &all.new_view, (kind, buffer, start as f64, size, element as f64))?)
    }
}

impl<'js> Open<'js> {
    fn object(&self) -> &Object<'js> {
        match self {
            Self::Members { object, .. } => object,
            Self::Elements { array, .. } => array,
            Self::Map { map, .. } => map,
            Self::Set { set, .. } => set,
            Self::Error(open) => &open.error,
        }
    }
}

/// Puts a value into the object that it belongs to.
fn put<'js>(ctx: &Ctx<'js>, open: &mut Open<'js>, value: Value<'js>) -> Built<()> {
    match open {
        Open::Members { object, key, count, .. } => match key.take() {
            None if value.is_string() || value.is_number() => *key = Some(value),
            None => return broken("the name of a member is neither a string nor a number"),
            Some(name) => {
                *count += 1;
                raw::define(object, &name, value)?;
            }
        },
        Open::Elements { array, next, .. } => {
            raw::define_element(array, *next, value)?;
            *next += 1;
        }
        Open::Map { map, key, count } => match key.take() {
            None => {
                *count += 1;
                *key = Some(value);
            }
            Some(name) => {
                *count += 1;
                Intrinsics::call::<_, Value>(ctx, |all| &all.add_to_map, (map.clone(), name, value))?;
            }
        },
        Open::Set { set, count } => {
            *count += 1;
            Intrinsics::call::<_, Value>(ctx, |all| &all.add_to_set, (set.clone(), value))?;
        }
        Open::Error(open) => {
            Intrinsics::call::<_, Value>(ctx, |all| &all.add_cause, (open.error.clone(), value))?;
        }
    }
    Ok(())
}

fn unreadable(ctx: &Ctx<'_>, reason: &str) -> Error {
    let message = format!("the bytes are not those of a structured clone: {reason}");
    match Intrinsics::call::<_, Value>(ctx, |all| &all.host_error, (message,)) {
        Ok(error) => ctx.throw(error),
        Err(error) => error,
    }
}
