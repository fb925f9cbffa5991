//! Builds a value from bytes. It keeps a list of what is open, so that no depth exhausts the native stack.

mod objects;

mod open;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::Constructor;
use rquickjs::{Ctx, Error, Function, JsLifetime, Object, Result, Value};

use super::format::{Broken, Input, OLDEST_VERSION, Read, VERSION, error_tag, tag};
use super::intrinsics::Intrinsics;
use super::limits::Limits;
use super::raw;
use open::{Open, OpenError, put};

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
}

fn unreadable(ctx: &Ctx<'_>, reason: &str) -> Error {
    let message = format!("the bytes are not those of a structured clone: {reason}");
    match Intrinsics::call::<_, Value>(ctx, |all| &all.host_error, (message,)) {
        Ok(error) => ctx.throw(error),
        Err(error) => error,
    }
}
