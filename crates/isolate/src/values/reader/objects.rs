//! Values that are whole as soon as they are read.

use rquickjs::function::This;
use rquickjs::{Ctx, Object, Value};

use super::{Built, Reader, broken};
use crate::values::format::{self, REGEXP_FLAGS, VIEWS, tag};
use crate::values::intrinsics::{Intrinsics, Kind};
use crate::values::node;
use crate::values::raw;
use crate::values::writer::new_buffer;

impl<'js> Reader<'js> {
    /// Objects without members.
    pub(super) fn whole_object(&self, ctx: &Ctx<'js>, delegate: Option<&Object<'js>>, tag: u8) -> Built<Object<'js>> {
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

    pub(super) fn reference(&self) -> Built<Value<'js>> {
        let number = self.input.borrow_mut().uint32()?;
        match self.objects.borrow().get(number as usize) {
            Some(Some(object)) => Ok(object.clone().into_value()),
            _ => broken(format!("the object {number} is not there yet")),
        }
    }

    pub(super) fn bigint(&self, ctx: &Ctx<'js>) -> Built<Value<'js>> {
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

    pub(super) fn text(&self, ctx: &Ctx<'js>) -> Built<Value<'js>> {
        let tag = self.input.borrow_mut().tag()?;
        self.text_of(ctx, tag)
    }

    pub(super) fn text_of(&self, ctx: &Ctx<'js>, tag: u8) -> Built<Value<'js>> {
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
        let first = self.input.borrow_mut().uint32()?;
        if let Some(number) = first.checked_sub(node::SHARED) {
            return self.shared_view(ctx, number);
        }
        let (kind, buffer, length) = {
            let mut input = self.input.borrow_mut();
            let number = first;
            let Some(kind) = node::kind_of(number) else { return broken(format!("there is no view of type {number}")) };
            let length = input.length()?;
            (kind, new_buffer(ctx, input.raw(length)?)?, length)
        };
        self.new_view(ctx, kind, buffer.into_object(), 0, Some(length))
    }

    /// A view of shared memory, as the host writes it. Its buffer is a value of its own.
    fn shared_view(&self, ctx: &Ctx<'js>, number: u32) -> Built<Object<'js>> {
        let Some(kind) = node::kind_of(number) else { return broken(format!("there is no view of type {number}")) };
        let (start, size, tag) = {
            let mut input = self.input.borrow_mut();
            (input.uint32()? as usize, input.uint32()? as usize, input.tag()?)
        };
        let buffer = match tag {
            tag::REFERENCE => self.reference()?.into_object(),
            tag::SHARED_BUFFER => {
                let number = self.objects.borrow().len();
                self.objects.borrow_mut().push(None);
                let buffer = self.whole_object(ctx, None, tag)?;
                self.objects.borrow_mut()[number] = Some(buffer.clone());
                Some(buffer)
            }
            _ => None,
        };
        let Some(buffer) = buffer else { return broken("a view of shared memory has no buffer") };
        if Intrinsics::kind_of(&buffer)? != Kind::SharedBuffer {
            return broken("a view of shared memory is one of other memory");
        }
        self.new_view(ctx, kind, buffer, start, Some(size))
    }

    /// The view of a buffer, if one follows it.
    pub(super) fn with_view(&self, ctx: &Ctx<'js>, value: Value<'js>) -> Built<Value<'js>> {
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
