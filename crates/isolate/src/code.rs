//! Our own scripts, compiled once for each process.

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{Mutex, PoisonError};

use rquickjs::{Ctx, Error, FromJs, Result, Value, qjs};

/// A script of ours: an expression.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Its name in stack traces.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The bytecode of each script that an isolate of this process has used. It is of this build of the engine, and never leaves
/// the process.
static COMPILED: Mutex<Option<HashMap<&'static str, &'static [u8]>>> = Mutex::new(None);

/// Evaluates a script of ours.
///
/// # Errors
///
/// What it throws; the engine has no memory.
pub fn evaluate<'js, V: FromJs<'js>>(ctx: &Ctx<'js>, source: Source) -> Result<V> {
    let known =
        COMPILED.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|all| all.get(source.name).copied());
    let bytecode = match known {
        Some(bytecode) => bytecode,
        None => {
            let compiled = compile(ctx, source)?;
            let mut all = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
            // Two isolates may compile at the same time: the first one's bytecode stays, for ever.
            let all = all.get_or_insert_default();
            let kept: &'static [u8] = all.entry(source.name).or_insert_with(|| Box::leak(compiled.into_boxed_slice()));
            kept
        }
    };
    let raw = ctx.as_raw().as_ptr();
    // SAFETY: the bytes are bytecode that `compile` has written in this process, and stay for ever. `JS_EvalFunction` takes the
    // reference to the function.
    let value = unsafe {
        let function =
            qjs::JS_ReadObject(raw, bytecode.as_ptr(), bytecode.len() as _, qjs::JS_READ_OBJ_BYTECODE as i32);
        if qjs::JS_IsException(function) {
            return Err(Error::Exception);
        }
        Value::from_raw(ctx.clone(), qjs::JS_EvalFunction(raw, function))
    };
    if value.is_exception() { Err(Error::Exception) } else { V::from_js(ctx, value) }
}

/// The bytecode of a script, without its text.
fn compile(ctx: &Ctx<'_>, source: Source) -> Result<Vec<u8>> {
    let name = CString::new(format!("isolate:{}", source.name)).map_err(|_| Error::Unknown)?;
    let text = CString::new(source.text).map_err(|_| Error::Unknown)?;
    let raw = ctx.as_raw().as_ptr();
    let flags = (qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_STRICT | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as i32;
    // SAFETY: name and text end with a zero and live until the call has returned. The function is released after it was
    // written, and the bytes after they were copied.
    unsafe {
        let function = qjs::JS_Eval(raw, text.as_ptr(), source.text.len() as _, name.as_ptr(), flags);
        if qjs::JS_IsException(function) {
            return Err(Error::Exception);
        }
        let mut size = 0;
        let strip = qjs::JS_WRITE_OBJ_STRIP_SOURCE | qjs::JS_WRITE_OBJ_STRIP_DEBUG;
        let written = qjs::JS_WriteObject(raw, &raw mut size, function, (qjs::JS_WRITE_OBJ_BYTECODE | strip) as i32);
        qjs::JS_FreeValue(raw, function);
        if written.is_null() {
            return Err(Error::Exception);
        }
        let bytes = std::slice::from_raw_parts(written, size as usize).to_vec();
        qjs::js_free(raw, written.cast());
        Ok(bytes)
    }
}
