//! What an object has in the format, by its kind.

use rquickjs::function::This;
use rquickjs::{Array, Ctx, Function, Object, Result, String, Value};

use super::{Shape, Sharing, Step, Views, Writer, path, refused};
use crate::shared::table_of;
use crate::values::format::{self, REGEXP_FLAGS, VIEWS, error_tag, tag};
use crate::values::intrinsics::{Intrinsics, Kind};
use crate::values::node;
use crate::values::raw::{self, OwnKeys};

impl<'js> Writer<'js> {
    pub(super) fn content(
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
    pub(super) fn view(
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
            let number = self.share(ctx, buffer, steps)?;
            let mut output = self.output.borrow_mut();
            // As memory that moves: of that Node tells its deserializer.
            output.byte(tag::BUFFER_TRANSFER);
            output.varint(u64::from(number));
            return Ok(());
        };
        let number: f64 = asked.call((This(delegate.cloned()), buffer.clone()))?;
        let mut output = self.output.borrow_mut();
        output.byte(tag::SHARED_BUFFER);
        output.varint(number as u64);
        Ok(())
    }

    /// The number of a memory in the list of those that travel beside the value.
    fn share(&self, ctx: &Ctx<'js>, buffer: &Object<'js>, steps: &[Step<'js>]) -> Result<u32> {
        let refuse = |why: &str| {
            let message = format!("{} is a SharedArrayBuffer{why}", path(steps));
            Err(Intrinsics::refusal(ctx, &message))
        };
        if self.sharing == Sharing::None {
            return refuse(
                ", and this isolate shares no memory; give `sharedMemory: true` in its `driverOptions`, or send a copy of the bytes",
            );
        }
        if Intrinsics::call(ctx, |all| &all.is_growable, (buffer.clone(),))? {
            return refuse(" that can grow, which is not shared; make one of a fixed length");
        }
        let Some(memory) = table_of(ctx).and_then(|table| table.find(buffer)) else {
            return refuse(", which is not shared here; send a copy of the bytes");
        };
        if self.sharing == Sharing::OfHost && memory.host().is_none() {
            return refuse(
                " that this isolate has made, which this runtime of the host cannot use; let the host make it, run the host in \
                 Node 22.23, 24.22, 26.12 or later, or send a copy of the bytes",
            );
        }
        let mut memories = self.memories.borrow_mut();
        let at = memories.iter().position(|known| known.address() == memory.address()).unwrap_or_else(|| {
            memories.push(memory);
            memories.len() - 1
        });
        Ok(self.first_memory + at as u32)
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
        let (start, end) = (start as usize, start as usize + size as usize);
        raw::with_bytes(&buffer, |bytes| {
            let bytes = bytes.get(start..end).unwrap_or_default();
            let mut output = self.output.borrow_mut();
            output.varint(u64::from(node::number_of(VIEWS[usize::from(number)].1)));
            output.varint(bytes.len() as u64);
            output.raw(bytes);
        });
        Ok(())
    }
}

/// Whether a view is one of shared memory.
pub(super) fn is_shared<'js>(ctx: &Ctx<'js>, view: &Object<'js>, number: u8) -> Result<bool> {
    let is_data_view = VIEWS[usize::from(number)].1 == "DataView";
    let buffer: Object = Intrinsics::call(ctx, |all| &all.buffer_of, (view.clone(), is_data_view))?;
    Ok(Intrinsics::kind_of(&buffer)? == Kind::SharedBuffer)
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
