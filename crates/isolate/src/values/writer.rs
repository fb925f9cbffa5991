//! Writes a value. It walks by a list of its own, so that no depth exhausts the native stack.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::{Constructor, This};
use rquickjs::{Array, ArrayBuffer, Ctx, Function, JsLifetime, Object, Result, String, Type, Value};

use super::format::{self, Output, REGEXP_FLAGS, VERSION, VIEWS, error_tag, tag};
use super::intrinsics::{Intrinsics, Kind};
use super::limits::Limits;
use super::path::Place;
use super::raw::{self, OwnKeys};

/// How views of memory are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Views {
    /// Behind their buffer, which several views may share.
    Shared,
    /// Each with a copy of its own bytes, as `DefaultSerializer` of Node does.
    Inline,
    /// As host objects, by the delegate.
    Delegate,
}

/// The output of one serializer, and what it has written.
pub struct Writer<'js> {
    output: RefCell<Output>,
    limits: Limits,
    views: Cell<Views>,
    items: Cell<usize>,
    /// The number of each object by its address, and the objects, so that no other one gets the same address.
    known: RefCell<HashMap<usize, u32>>,
    kept: RefCell<Vec<Object<'js>>>,
    transferred: RefCell<HashMap<usize, u32>>,
}

// SAFETY: the only lifetime is that of the objects.
unsafe impl<'js> JsLifetime<'js> for Writer<'js> {
    type Changed<'to> = Writer<'to>;
}

impl<'js> Trace<'js> for Writer<'js> {
    fn trace<'a>(&self, tracer: Tracer<'a, 'js>) {
        // Nothing is traced while the list changes.
        if let Ok(kept) = self.kept.try_borrow() {
            kept.iter().for_each(|object| object.trace(tracer));
        }
    }
}

impl<'js> JsClass<'js> for Writer<'js> {
    const NAME: &'static str = "Writer";
    type Mutable = Readable;

    fn constructor(_ctx: &Ctx<'js>) -> Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}

/// What is still to be written, the innermost last.
enum Step<'js> {
    /// The members of an object or array. An array of `dense` elements has them first.
    Members { object: Object<'js>, keys: OwnKeys<'js>, next: usize, written: u32, shape: Shape },
    /// The members of a collection.
    Collection { items: Array<'js>, next: usize, end: u8 },
    /// What follows the cause of an error.
    Cause { cause: Option<Value<'js>>, stack: Option<String<'js>> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Object,
    Sparse(u32),
    /// The names of the elements are not written.
    Dense(u32),
}

impl<'js> Writer<'js> {
    /// A writer without output.
    pub fn new(limits: Limits, views: Views) -> Self {
        Self {
            output: RefCell::new(Output::new(limits.bytes)),
            limits,
            views: Cell::new(views),
            items: Cell::new(0),
            known: RefCell::default(),
            kept: RefCell::default(),
            transferred: RefCell::default(),
        }
    }

    /// Changes how views are written.
    pub fn set_views(&self, views: Views) {
        self.views.set(views);
    }

    /// Writes the version of the format.
    pub fn header(&self) {
        let mut output = self.output.borrow_mut();
        output.byte(tag::VERSION);
        output.varint(u64::from(VERSION));
    }

    /// Writes by a function, for host objects.
    pub fn put(&self, write: impl FnOnce(&mut Output)) {
        write(&mut self.output.borrow_mut());
    }

    /// Has a buffer written as its number.
    pub fn transfer(&self, number: u32, buffer: &Object<'js>) {
        self.kept.borrow_mut().push(buffer.clone());
        self.transferred.borrow_mut().insert(raw::address_of(buffer), number);
    }

    /// The bytes so far; objects are forgotten.
    pub fn release(&self) -> Vec<u8> {
        self.known.borrow_mut().clear();
        self.transferred.borrow_mut().clear();
        let kept = self.kept.take();
        drop(kept);
        self.output.borrow_mut().take()
    }

    /// Writes a value. The delegate has the functions for host objects.
    ///
    /// # Errors
    ///
    /// The value has no copy, or is larger than the limits; what a getter or the delegate throws.
    pub fn value(&self, ctx: &Ctx<'js>, delegate: Option<&Object<'js>>, value: &Value<'js>) -> Result<()> {
        let mut steps = Vec::new();
        self.one(ctx, delegate, value, &mut steps)?;
        while !steps.is_empty() {
            if steps.len() > self.limits.depth {
                let message = format!("{} is deeper than {} objects in each other", path(&steps), self.limits.depth);
                return Err(Intrinsics::refusal(ctx, &message));
            }
            let Some(value) = self.advance(ctx, &mut steps)? else { continue };
            self.one(ctx, delegate, &value, &mut steps)?;
            self.check(ctx, &steps)?;
        }
        self.check(ctx, &steps)
    }

    fn check(&self, ctx: &Ctx<'js>, steps: &[Step<'js>]) -> Result<()> {
        if self.output.borrow().is_full() {
            let message = format!("{} takes the value beyond {} bytes", path(steps), self.limits.bytes);
            return Err(Intrinsics::refusal(ctx, &message));
        }
        if self.items.get() > self.limits.items {
            let message = format!("{} takes the value beyond {} members", path(steps), self.limits.items);
            return Err(Intrinsics::refusal(ctx, &message));
        }
        Ok(())
    }

    /// The next value that the innermost step has, after what precedes it; none at the end of the step.
    fn advance(&self, ctx: &Ctx<'js>, steps: &mut Vec<Step<'js>>) -> Result<Option<Value<'js>>> {
        let Some(step) = steps.last_mut() else { return Ok(None) };
        match step {
            Step::Members { object, keys, next, written, shape } => {
                while *next < keys.len() {
                    let at = *next;
                    *next += 1;
                    let is_element = matches!(shape, Shape::Dense(length) if at < *length as usize);
                    let Some(value) = keys.get(object, at)? else {
                        if is_element {
                            self.output.borrow_mut().byte(tag::HOLE);
                        }
                        continue;
                    };
                    if !is_element {
                        self.key(keys, at)?;
                        *written += 1;
                    }
                    return Ok(Some(value));
                }
                let mut output = self.output.borrow_mut();
                let (end, length) = match *shape {
                    Shape::Object => (tag::END_OBJECT, None),
                    Shape::Sparse(length) => (tag::END_SPARSE_ARRAY, Some(length)),
                    Shape::Dense(length) => (tag::END_DENSE_ARRAY, Some(length)),
                };
                output.byte(end);
                output.varint(u64::from(*written));
                if let Some(length) = length {
                    output.varint(u64::from(length));
                }
            }
            Step::Collection { items, next, end } => {
                if *next < items.len() {
                    *next += 1;
                    return items.get(*next - 1).map(Some);
                }
                let mut output = self.output.borrow_mut();
                output.byte(*end);
                output.varint(items.len() as u64);
            }
            Step::Cause { cause, stack } => {
                if let Some(cause) = cause.take() {
                    self.output.borrow_mut().byte(error_tag::CAUSE);
                    return Ok(Some(cause));
                }
                if let Some(stack) = stack.take() {
                    self.output.borrow_mut().byte(error_tag::STACK);
                    self.text(&stack)?;
                }
                self.output.borrow_mut().byte(error_tag::END);
            }
        }
        let _ = ctx;
        steps.pop();
        Ok(None)
    }

    fn key(&self, keys: &OwnKeys<'js>, at: usize) -> Result<()> {
        match keys.element(at) {
            Some(index) => self.number(f64::from(index)),
            None => return self.text(&keys.name(at)?),
        }
        Ok(())
    }

    /// Writes a value, or begins to.
    fn one(
        &self,
        ctx: &Ctx<'js>,
        delegate: Option<&Object<'js>>,
        value: &Value<'js>,
        steps: &mut Vec<Step<'js>>,
    ) -> Result<()> {
        self.items.set(self.items.get() + 1);
        match value.type_of() {
            Type::Undefined | Type::Uninitialized => self.byte(tag::UNDEFINED),
            Type::Null => self.byte(tag::NULL),
            Type::Bool => self.byte(if value.as_bool() == Some(true) { tag::TRUE } else { tag::FALSE }),
            Type::Int | Type::Float => self.number(value.as_number().unwrap_or(f64::NAN)),
            Type::BigInt => {
                self.byte(tag::BIGINT);
                self.bigint(ctx, value)?;
            }
            Type::String => {
                let text = String::from_value(value.clone())?;
                self.text(&text)?;
            }
            _ => match value.as_object() {
                Some(object) => return self.object(ctx, delegate, object, steps),
                None => return Err(refused(ctx, value, steps)),
            },
        }
        Ok(())
    }

    fn byte(&self, byte: u8) {
        self.output.borrow_mut().byte(byte);
    }

    fn number(&self, value: f64) {
        let mut output = self.output.borrow_mut();
        let whole = value as i32;
        if f64::from(whole).to_bits() == value.to_bits() {
            output.byte(tag::INT32);
            output.zigzag(whole);
        } else {
            output.byte(tag::DOUBLE);
            output.double(value);
        }
    }

    fn text(&self, text: &String<'js>) -> Result<()> {
        raw::with_units(text, |units| {
            let mut output = self.output.borrow_mut();
            if units.iter().all(|unit| *unit < 0x100) {
                let narrow: Vec<u8> = units.iter().map(|unit| *unit as u8).collect();
                output.one_byte_string(&narrow);
            } else {
                output.two_byte_string(units);
            }
        })
    }

    /// The sign and the length of a big integer, and its bytes.
    fn bigint(&self, ctx: &Ctx<'js>, value: &Value<'js>) -> Result<()> {
        let digits: std::string::String = Intrinsics::call(ctx, |all| &all.digits_of, (value.clone(),))?;
        let (is_negative, digits) = match digits.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, digits.as_str()),
        };
        let digits = if digits == "0" { "" } else { digits };
        // V8 stores whole words of 64 bits.
        let length = digits.len().div_ceil(16) * 8;
        let mut bytes = vec![0u8; length];
        for (place, digit) in digits.bytes().rev().enumerate() {
            let digit = char::from(digit).to_digit(16).unwrap_or(0) as u8;
            bytes[place / 2] |= digit << (4 * (place % 2));
        }
        let mut output = self.output.borrow_mut();
        output.varint((length as u64) << 1 | u64::from(is_negative));
        output.raw(&bytes);
        Ok(())
    }

    fn object(
        &self,
        ctx: &Ctx<'js>,
        delegate: Option<&Object<'js>>,
        object: &Object<'js>,
        steps: &mut Vec<Step<'js>>,
    ) -> Result<()> {
        if self.reference(object) {
            return Ok(());
        }
        let value = object.as_value();
        if value.is_function() || value.is_proxy() {
            return Err(refused(ctx, value, steps));
        }
        let kind = Intrinsics::kind_of(object)?;
        if let Kind::View(view) = kind
            && self.views.get() == Views::Shared
        {
            return self.view(ctx, delegate, object, view, steps);
        }
        if kind == Kind::Other {
            return Err(refused(ctx, value, steps));
        }
        self.number_of(object);
        self.content(ctx, delegate, object, kind, steps)
    }

    /// Writes a reference, if the object was written.
    fn reference(&self, object: &Object<'js>) -> bool {
        let Some(number) = self.known.borrow().get(&raw::address_of(object)).copied() else { return false };
        let mut output = self.output.borrow_mut();
        output.byte(tag::REFERENCE);
        output.varint(u64::from(number));
        true
    }

    fn number_of(&self, object: &Object<'js>) {
        let mut known = self.known.borrow_mut();
        let number = known.len() as u32;
        known.insert(raw::address_of(object), number);
        self.kept.borrow_mut().push(object.clone());
    }

    fn content(
        &self,
        ctx: &Ctx<'js>,
        delegate: Option<&Object<'js>>,
        object: &Object<'js>,
        kind: Kind,
        steps: &mut Vec<Step<'js>>,
    ) -> Result<()> {
        match kind {
            Kind::Plain => {
                self.byte(tag::OBJECT);
                steps.push(Step::members(object, Shape::Object, OwnKeys::of(object)?));
            }
            Kind::Array => steps.push(self.array(object)?),
            Kind::Date => {
                let time: f64 = Intrinsics::call(ctx, |all| &all.time_of, (object.clone(),))?;
                self.byte(tag::DATE);
                self.output.borrow_mut().double(time);
            }
            Kind::RegExp => self.reg_exp(ctx, object)?,
            Kind::Number => {
                let number: f64 = Intrinsics::call(ctx, |all| &all.number_of, (object.clone(),))?;
                self.byte(tag::NUMBER_OBJECT);
                self.output.borrow_mut().double(number);
            }
            Kind::String => {
                let text: String = Intrinsics::call(ctx, |all| &all.text_of, (object.clone(),))?;
                self.byte(tag::STRING_OBJECT);
                self.text(&text)?;
            }
            Kind::Boolean => {
                let truth: bool = Intrinsics::call(ctx, |all| &all.truth_of, (object.clone(),))?;
                self.byte(if truth { tag::TRUE_OBJECT } else { tag::FALSE_OBJECT });
            }
            Kind::BigInt => {
                let value: Value = Intrinsics::call(ctx, |all| &all.bigint_of, (object.clone(),))?;
                self.byte(tag::BIGINT_OBJECT);
                self.bigint(ctx, &value)?;
            }
            Kind::Map => {
                let items: Array = Intrinsics::call(ctx, |all| &all.pairs, (object.clone(),))?;
                self.byte(tag::MAP);
                steps.push(Step::Collection { items, next: 0, end: tag::END_MAP });
            }
            Kind::Set => {
                let items: Array = Intrinsics::call(ctx, |all| &all.members, (object.clone(),))?;
                self.byte(tag::SET);
                steps.push(Step::Collection { items, next: 0, end: tag::END_SET });
            }
            Kind::Error => steps.push(self.error(object)?),
            Kind::Buffer => self.buffer(ctx, object, steps)?,
            Kind::SharedBuffer => self.shared_buffer(ctx, delegate, object, steps)?,
            Kind::View(view) => self.host_object(ctx, delegate, object, view, steps)?,
            Kind::Other => return Err(refused(ctx, object.as_value(), steps)),
        }
        Ok(())
    }

    fn array(&self, array: &Object<'js>) -> Result<Step<'js>> {
        let keys = OwnKeys::of(array)?;
        // Of an array, the own property `length` is a number of 32 bits.
        let length: f64 = array.get("length")?;
        let length = length as u32;
        let is_dense =
            length as usize <= keys.len() && (length == 0 || keys.element(length as usize - 1) == Some(length - 1));
        let mut output = self.output.borrow_mut();
        output.byte(if is_dense { tag::DENSE_ARRAY } else { tag::SPARSE_ARRAY });
        output.varint(u64::from(length));
        let shape = if is_dense { Shape::Dense(length) } else { Shape::Sparse(length) };
        Ok(Step::members(array, shape, keys))
    }

    fn reg_exp(&self, ctx: &Ctx<'js>, object: &Object<'js>) -> Result<()> {
        let source: String = Intrinsics::call(ctx, |all| &all.source_of, (object.clone(),))?;
        let flags: std::string::String = Intrinsics::call(ctx, |all| &all.flags_of, (object.clone(),))?;
        let bits = REGEXP_FLAGS.iter().filter(|flag| flags.contains(flag.1)).map(|flag| flag.0).sum::<u32>();
        self.byte(tag::REGEXP);
        self.text(&source)?;
        self.output.borrow_mut().varint(u64::from(bits));
        Ok(())
    }

    fn error(&self, error: &Object<'js>) -> Result<Step<'js>> {
        // Getters of a user may run here; they leave the output as it is.
        let name: Value = error.get("name")?;
        let name = name.as_string().and_then(|name| name.to_string().ok()).unwrap_or_default();
        let message: Value = error.get("message")?;
        let own = OwnMembers::of(error)?;
        let cause = if own.has_cause { Some(error.get("cause")?) } else { None };
        let stack: Value = error.get("stack")?;
        self.byte(tag::ERROR);
        if let Some((class, _)) = error_tag::CLASSES.iter().find(|class| class.1 == name) {
            self.byte(*class);
        }
        if let Some(message) = message.as_string() {
            self.byte(error_tag::MESSAGE);
            self.text(message)?;
        }
        let stack = match stack.as_string() {
            Some(stack) => Some(self.whole_stack(stack, &name, message.as_string())?),
            None => None,
        };
        Ok(Step::Cause { cause, stack })
    }

    /// A stack as others have it: behind the name and the message, which this engine leaves out.
    fn whole_stack(&self, stack: &String<'js>, name: &str, message: Option<&String<'js>>) -> Result<String<'js>> {
        let is_whole = raw::with_units(stack, |units| !matches!(units.first(), None | Some(0x20) | Some(0x09)))?;
        if is_whole {
            return Ok(stack.clone());
        }
        let message = match message {
            Some(message) => raw::with_units(message, std::string::String::from_utf16_lossy)?,
            None => std::string::String::new(),
        };
        let frames = raw::with_units(stack, std::string::String::from_utf16_lossy)?;
        let title = if message.is_empty() { name.to_owned() } else { format!("{name}: {message}") };
        String::from_str(stack.ctx().clone(), &format!("{title}\n{frames}"))
    }

    fn buffer(&self, ctx: &Ctx<'js>, buffer: &Object<'js>, steps: &[Step<'js>]) -> Result<()> {
        if let Some(number) = self.transferred.borrow().get(&raw::address_of(buffer)) {
            let mut output = self.output.borrow_mut();
            output.byte(tag::BUFFER_TRANSFER);
            output.varint(u64::from(*number));
            return Ok(());
        }
        if Intrinsics::call(ctx, |all| &all.is_detached, (buffer.clone(),))? {
            let message = format!("the memory of {} was moved elsewhere (it is detached)", path(steps));
            return Err(Intrinsics::refusal(ctx, &message));
        }
        let limit: f64 = Intrinsics::call(ctx, |all| &all.limit_of, (buffer.clone(),))?;
        raw::with_bytes(buffer, |bytes| {
            let mut output = self.output.borrow_mut();
            output.byte(if limit < 0.0 { tag::BUFFER } else { tag::RESIZABLE_BUFFER });
            output.varint(bytes.len() as u64);
            if limit >= 0.0 {
                output.varint(limit as u64);
            }
            output.raw(bytes);
        });
        Ok(())
    }

    /// A view behind its buffer.
    fn view(
        &self,
        ctx: &Ctx<'js>,
        delegate: Option<&Object<'js>>,
        view: &Object<'js>,
        number: u8,
        steps: &[Step<'js>],
    ) -> Result<()> {
        let is_data_view = VIEWS[usize::from(number)].1 == "DataView";
        let parts: Array = Intrinsics::call(ctx, |all| &all.parts_of, (view.clone(), is_data_view))?;
        let (buffer, start, size): (Object, f64, f64) = (parts.get(0)?, parts.get(1)?, parts.get(2)?);
        let is_shared = Intrinsics::kind_of(&buffer)? == Kind::SharedBuffer;
        if !self.reference(&buffer) {
            self.number_of(&buffer);
            if is_shared {
                self.shared_buffer(ctx, delegate, &buffer, steps)?;
            } else {
                self.buffer(ctx, &buffer, steps)?;
            }
        }
        let mut flags = 0;
        if !is_shared {
            let limit: f64 = Intrinsics::call(ctx, |all| &all.limit_of, (buffer.clone(),))?;
            if limit >= 0.0 {
                flags |= format::VIEW_OF_RESIZABLE;
            }
            if Intrinsics::call(ctx, |all| &all.tracks_length, (view.clone(), is_data_view))? {
                flags |= format::VIEW_TRACKS_LENGTH;
            }
        }
        self.number_of(view);
        let mut output = self.output.borrow_mut();
        output.byte(tag::VIEW);
        output.byte(VIEWS[usize::from(number)].0);
        output.varint(start as u64);
        output.varint(size as u64);
        output.varint(u64::from(flags));
        Ok(())
    }

    fn shared_buffer(
        &self,
        ctx: &Ctx<'js>,
        delegate: Option<&Object<'js>>,
        buffer: &Object<'js>,
        steps: &[Step<'js>],
    ) -> Result<()> {
        let asked: Option<Function> = match delegate {
            Some(delegate) => delegate.get("_getSharedArrayBufferId").ok(),
            None => None,
        };
        let Some(asked) = asked else {
            let message =
                format!("{} is a SharedArrayBuffer, which is not shared here; send a copy of it", path(steps));
            return Err(Intrinsics::refusal(ctx, &message));
        };
        let number: f64 = asked.call((This(delegate.cloned()), buffer.clone()))?;
        let mut output = self.output.borrow_mut();
        output.byte(tag::SHARED_BUFFER);
        output.varint(number as u64);
        Ok(())
    }

    fn host_object(
        &self,
        ctx: &Ctx<'js>,
        delegate: Option<&Object<'js>>,
        view: &Object<'js>,
        number: u8,
        steps: &[Step<'js>],
    ) -> Result<()> {
        self.byte(tag::HOST_OBJECT);
        if self.views.get() == Views::Delegate {
            let Some(delegate) = delegate else { return Err(refused(ctx, view.as_value(), steps)) };
            let write: Function = delegate.get("_writeHostObject")?;
            return write.call((This(delegate.clone()), view.clone()));
        }
        let is_data_view = VIEWS[usize::from(number)].1 == "DataView";
        let parts: Array = Intrinsics::call(ctx, |all| &all.parts_of, (view.clone(), is_data_view))?;
        let (buffer, start, size): (Object, f64, f64) = (parts.get(0)?, parts.get(1)?, parts.get(2)?);
        if Intrinsics::kind_of(&buffer)? == Kind::SharedBuffer {
            let message = format!("{} is memory that is shared; send a copy of it", path(steps));
            return Err(Intrinsics::refusal(ctx, &message));
        }
        let (start, end) = (start as usize, start as usize + size as usize);
        raw::with_bytes(&buffer, |bytes| {
            let bytes = bytes.get(start..end).unwrap_or_default();
            let mut output = self.output.borrow_mut();
            output.varint(u64::from(super::node::number_of(VIEWS[usize::from(number)].1)));
            output.varint(bytes.len() as u64);
            output.raw(bytes);
        });
        Ok(())
    }
}

/// Whether an error has members that the format carries if they are its own.
struct OwnMembers {
    has_cause: bool,
}

impl OwnMembers {
    fn of(error: &Object<'_>) -> Result<Self> {
        let filter = rquickjs::Filter::new().string();
        let mut has_cause = false;
        for key in error.own_keys::<std::string::String>(filter) {
            // A name that is no text is no name of ours.
            has_cause |= key.is_ok_and(|key| key == "cause");
        }
        Ok(Self { has_cause })
    }
}

impl<'js> Step<'js> {
    fn members(object: &Object<'js>, shape: Shape, keys: OwnKeys<'js>) -> Self {
        Self::Members { object: object.clone(), keys, next: 0, written: 0, shape }
    }

    /// Where the value is that this step has begun last.
    fn place(&self) -> Place {
        match self {
            Self::Members { keys, next, .. } => match next.checked_sub(1) {
                None => Place::None,
                Some(at) => match keys.element(at) {
                    Some(index) => Place::Element(index),
                    None => Place::Member(keys.name(at).and_then(|name| name.to_string()).unwrap_or_default()),
                },
            },
            Self::Collection { next, end, .. } => match *end {
                tag::END_MAP if next % 2 == 1 => Place::Key,
                tag::END_MAP => Place::Value,
                _ => Place::Value,
            },
            Self::Cause { .. } => Place::Member("cause".to_owned()),
        }
    }
}

fn path(steps: &[Step<'_>]) -> std::string::String {
    super::path::text(steps.iter().map(Step::place))
}

fn refused<'js>(ctx: &Ctx<'js>, value: &Value<'js>, steps: &[Step<'js>]) -> rquickjs::Error {
    let what = if value.is_proxy() {
        Ok("a Proxy".to_owned())
    } else {
        Intrinsics::call::<_, std::string::String>(ctx, |all| &all.describe, (value.clone(),))
    };
    match what {
        Ok(what) => Intrinsics::refusal(ctx, &format!("{} is {what}, which no copy has", path(steps))),
        Err(error) => error,
    }
}

/// A buffer of the isolate with these bytes.
///
/// # Errors
///
/// The engine has no memory.
pub fn new_buffer<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> Result<ArrayBuffer<'js>> {
    ArrayBuffer::new_copy(ctx.clone(), bytes)
}
