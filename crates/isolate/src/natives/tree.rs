//! How much a value is for `JSON.stringify`.

use rquickjs::{Result, Value};

use crate::values::raw::OwnKeys;
use crate::values::{Intrinsics, Kind, kind_of};

/// So many members take the engine a short time.
const FEW: usize = 10_000;
/// Deeper values are left to the engine's own check of its stack.
const DEEPEST: usize = 100;

/// Whether a value has few members, each counted as often as it occurs. `false` where only code of a user would tell.
pub fn is_small(value: &Value<'_>) -> Result<bool> {
    if Intrinsics::converts_to_json(value.ctx())? {
        return Ok(false);
    }
    let mut left = FEW;
    fits(value, &mut left, DEEPEST)
}

fn fits(value: &Value<'_>, left: &mut usize, depth: usize) -> Result<bool> {
    let Some(object) = value.as_object() else { return Ok(true) };
    let is_plain = match kind_of(object)? {
        Kind::Plain | Kind::Array => Intrinsics::has_plain_prototype(object)?,
        Kind::Date | Kind::Number | Kind::String | Kind::Boolean => return Ok(true),
        _ => false,
    };
    if !is_plain || depth == 0 {
        return Ok(false);
    }
    let keys = OwnKeys::of(object)?;
    let sparse = if object.is_array() { object.get::<_, f64>("length")? as usize } else { 0 };
    let count = keys.len().max(sparse);
    if count > *left {
        return Ok(false);
    }
    *left -= count;
    for at in 0..keys.len() {
        let Some(member) = keys.data(object, at)? else { return Ok(false) };
        if !fits(&member, left, depth - 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}
