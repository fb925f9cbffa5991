//! Writes a value. It walks by a list of its own, so that no depth exhausts the native stack.

mod objects;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::Constructor;
use rquickjs::{Array, ArrayBuffer, Ctx, JsLifetime, Object, Result, String, Type, Value};

use objects::is_shared;

use super::format::{Output, VERSION, error_tag, tag};
use super::intrinsics::{Intrinsics, Kind};
use super::limits::Limits;
use super::path::Place;
use super::raw::{self, OwnKeys};
use crate::shared::SharedMemory;

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

/// With whom an isolate shares memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// With nobody: its creator has not asked for it.
    None,
    /// Only memory that its host has made: the host can use no other.
    OfHost,
    /// With everyone that it sends it to.
    All,
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
    sharing: Sharing,
    /// Shared memories in their order, of which the first one has this number.
    memories: RefCell<Vec<SharedMemory>>,
    first_memory: u32,
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
        Self::sharing(limits, views, Sharing::None, 0)
    }

    /// A writer that lists shared memories, and numbers them from `first_memory`.
    pub fn sharing(limits: Limits, views: Views, sharing: Sharing, first_memory: u32) -> Self {
        Self {
            output: RefCell::new(Output::new(limits.bytes)),
            limits,
            views: Cell::new(views),
            items: Cell::new(0),
            known: RefCell::default(),
            kept: RefCell::default(),
            transferred: RefCell::default(),
            sharing,
            memories: RefCell::default(),
            first_memory,
        }
    }

    /// The shared memories of the value, by their numbers.
    pub fn memories(&self) -> Vec<SharedMemory> {
        self.memories.take()
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
            && (self.views.get() == Views::Shared
                || (self.views.get() == Views::Inline && is_shared(ctx, object, view)?))
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
