//! Functions of the language as they were before any code of a user ran.

use rquickjs::function::IntoArgs;
use rquickjs::{Array, Ctx, Error, FromJs, Function, JsLifetime, Object, Result, Value};

use super::format::VIEWS;
use super::limits::Limits;
use super::raw;
use crate::code::{self, Source};

/// What an object is for the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Neither of those below.
    Other,
    Plain,
    Array,
    Date,
    RegExp,
    Number,
    String,
    Boolean,
    BigInt,
    Map,
    Set,
    Error,
    Buffer,
    SharedBuffer,
    /// Its place in [`VIEWS`].
    View(u8),
}

macro_rules! functions {
    ($($name:ident = $key:literal),* $(,)?) => {
        /// The functions of `intrinsics.js`.
        pub struct Intrinsics<'js> {
            /// The kind of each class, by its number.
            kinds: Vec<Kind>,
            /// The prototypes of objects and of arrays.
            prototypes: [Object<'js>; 2],
            /// The limits of this isolate.
            pub limits: Limits,
            $(pub $name: Function<'js>,)*
        }

        impl<'js> Intrinsics<'js> {
            fn load(ctx: &Ctx<'js>, limits: Limits) -> Result<Self> {
                let source = Source { name: "intrinsics", text: include_str!("intrinsics.js") };
                let functions: Object = code::evaluate(ctx, source)?;
                let kinds = kinds(&functions.get("samples")?)?;
                let prototypes = [functions.get("objectPrototype")?, functions.get("arrayPrototype")?];
                Ok(Self { kinds, prototypes, limits, $($name: functions.get($key)?,)* })
            }
        }
    };
}

functions! {
    describe = "describe", clone_error = "cloneError", pairs = "pairs", members = "members", new_map = "newMap",
    new_set = "newSet", add_to_map = "addToMap", add_to_set = "addToSet", time_of = "timeOf", new_date = "newDate",
    source_of = "sourceOf", flags_of = "flagsOf", new_reg_exp = "newRegExp", number_of = "numberOf", text_of = "textOf",
    truth_of = "truthOf", bigint_of = "bigintOf", box_value = "box", digits_of = "digitsOf", new_bigint = "newBigInt",
    parts_of = "partsOf", buffer_of = "bufferOf", is_growable = "isGrowable", tracks_length = "tracksLength", limit_of = "limitOf", is_detached = "isDetached",
    new_resizable = "newResizable", new_view = "newView", new_error = "newError", finish_error = "finishError",
    add_cause = "addCause", moved = "moved", host_error = "hostError",
}

// SAFETY: the only lifetime is that of the functions.
unsafe impl<'js> JsLifetime<'js> for Intrinsics<'js> {
    type Changed<'to> = Intrinsics<'to>;
}

impl<'js> Intrinsics<'js> {
    /// Keeps the functions for a context, before any code of a user runs in it.
    ///
    /// # Errors
    ///
    /// The engine has no memory.
    pub fn install(ctx: &Ctx<'js>, limits: Limits) -> Result<()> {
        let intrinsics = Self::load(ctx, limits)?;
        // They are kept already only if this is called twice; the first ones stay.
        let _ = ctx.store_userdata(intrinsics);
        Ok(())
    }

    /// Calls one of the functions.
    ///
    /// # Errors
    ///
    /// What it throws; the context has none of them.
    pub fn call<A, R>(ctx: &Ctx<'js>, which: impl FnOnce(&Self) -> &Function<'js>, args: A) -> Result<R>
    where
        A: IntoArgs<'js>,
        R: FromJs<'js>,
    {
        let function = Self::with(ctx, |all| which(all).clone())?;
        function.call(args)
    }

    /// Looks at them.
    ///
    /// # Errors
    ///
    /// The context has none.
    pub fn with<R>(ctx: &Ctx<'js>, then: impl FnOnce(&Self) -> R) -> Result<R> {
        ctx.userdata::<Self>().map(|all| then(&all)).ok_or(Error::Unknown)
    }

    /// What an object is, whatever its prototype claims.
    ///
    /// # Errors
    ///
    /// The context has no intrinsics.
    pub fn kind_of(object: &Object<'js>) -> Result<Kind> {
        let class = raw::class_of(object) as usize;
        Self::with(object.ctx(), |all| all.kinds.get(class).copied().unwrap_or(Kind::Other))
    }

    /// Whether an object has no prototype, or that of objects or arrays of the language.
    ///
    /// # Errors
    ///
    /// The context has no intrinsics.
    pub fn has_plain_prototype(object: &Object<'js>) -> Result<bool> {
        let Some(prototype) = object.get_prototype() else { return Ok(true) };
        Self::with(object.ctx(), |all| all.prototypes.contains(&prototype))
    }

    /// Whether someone has given all objects or arrays a `toJSON`.
    ///
    /// # Errors
    ///
    /// The context has no intrinsics.
    pub fn converts_to_json(ctx: &Ctx<'js>) -> Result<bool> {
        let [objects, arrays] = Self::with(ctx, |all| all.prototypes.clone())?;
        Ok(raw::has_own(&objects, c"toJSON")? || raw::has_own(&arrays, c"toJSON")?)
    }

    /// An error that says why a value has no copy.
    pub fn refusal(ctx: &Ctx<'js>, message: &str) -> Error {
        match Self::call::<_, Value>(ctx, |all| &all.clone_error, (message,)) {
            Ok(error) => ctx.throw(error),
            Err(error) => error,
        }
    }
}

fn kinds(samples: &Array<'_>) -> Result<Vec<Kind>> {
    let mut kinds = Vec::new();
    for at in (0..samples.len()).step_by(2) {
        let name: String = samples.get(at)?;
        let class = raw::class_of(&samples.get(at + 1)?) as usize;
        if kinds.len() <= class {
            kinds.resize(class + 1, Kind::Other);
        }
        kinds[class] = kind_named(&name);
    }
    Ok(kinds)
}

fn kind_named(name: &str) -> Kind {
    match name {
        "Plain" => Kind::Plain,
        "Array" => Kind::Array,
        "Date" => Kind::Date,
        "RegExp" => Kind::RegExp,
        "Number" => Kind::Number,
        "String" => Kind::String,
        "Boolean" => Kind::Boolean,
        "BigInt" => Kind::BigInt,
        "Map" => Kind::Map,
        "Set" => Kind::Set,
        "Error" => Kind::Error,
        "ArrayBuffer" => Kind::Buffer,
        "SharedArrayBuffer" => Kind::SharedBuffer,
        _ => VIEWS.iter().position(|view| view.1 == name).map_or(Kind::Other, |at| Kind::View(at as u8)),
    }
}
