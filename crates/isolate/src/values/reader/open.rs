//! Objects of which more is to come.

use rquickjs::{Ctx, Object, Value};

use super::{Built, broken};
use crate::values::intrinsics::Intrinsics;
use crate::values::raw;

/// An object of which more is to come, the innermost last.
pub(super) enum Open<'js> {
    Members { object: Object<'js>, key: Option<Value<'js>>, count: u32, end: u8, length: u32 },
    Elements { array: Object<'js>, next: u32, length: u32 },
    Map { map: Object<'js>, key: Option<Value<'js>>, count: u32 },
    Set { set: Object<'js>, count: u32 },
    Error(OpenError<'js>),
}

pub(super) struct OpenError<'js> {
    pub(super) error: Object<'js>,
    pub(super) class: &'static str,
    pub(super) message: Option<Value<'js>>,
    pub(super) stack: Option<Value<'js>>,
}

impl<'js> Open<'js> {
    pub(super) fn object(&self) -> &Object<'js> {
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
pub(super) fn put<'js>(ctx: &Ctx<'js>, open: &mut Open<'js>, value: Value<'js>) -> Built<()> {
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
