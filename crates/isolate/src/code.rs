//! Our own scripts, compiled once for each process.

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{Mutex, PoisonError};

use rquickjs::{Ctx, Error, FromJs, Object, Result, Value, qjs};

use crate::memory::{Account, Exemption};

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

/// Lets the engine have all memory that it wants: where it lacks some while it reads bytecode, it would free what it has not
/// read yet.
fn exempt(ctx: &Ctx<'_>) -> Option<Exemption> {
    ctx.userdata::<Account>().map(|account| account.0.exempt())
}

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
        let exempt = exempt(ctx);
        let function =
            qjs::JS_ReadObject(raw, bytecode.as_ptr(), bytecode.len() as _, qjs::JS_READ_OBJ_BYTECODE as i32);
        if qjs::JS_IsException(function) {
            return Err(Error::Exception);
        }
        // The script may call what a user has put in the place of functions of the language.
        drop(exempt);
        Value::from_raw(ctx.clone(), qjs::JS_EvalFunction(raw, function))
    };
    if value.is_exception() { Err(Error::Exception) } else { V::from_js(ctx, value) }
}

/// Runs a module of ours, which has no top-level `await`, and those that it imports. Returns what it exports.
///
/// # Errors
///
/// What one of them throws; the engine has no memory.
pub fn run_module<'js>(ctx: &Ctx<'js>, bytecode: &[u8]) -> Result<Object<'js>> {
    let raw = ctx.as_raw().as_ptr();
    let exempt = exempt(ctx);
    // SAFETY: the bytes are bytecode of ours, of this engine. The context keeps the module, so that it is there after
    // `JS_EvalFunction` has taken the reference to it.
    let (outcome, exports) = unsafe {
        let module = qjs::JS_ReadObject(raw, bytecode.as_ptr(), bytecode.len() as _, qjs::JS_READ_OBJ_BYTECODE as i32);
        if qjs::JS_IsException(module) {
            return Err(Error::Exception);
        }
        if qjs::JS_ResolveModule(raw, module) < 0 {
            qjs::JS_FreeValue(raw, module);
            return Err(Error::Exception);
        }
        // The modules may call what a user has put in the place of functions of the language.
        drop(exempt);
        let definition = qjs::JS_VALUE_GET_PTR(module).cast::<qjs::JSModuleDef>();
        let outcome = qjs::JS_EvalFunction(raw, module);
        if qjs::JS_IsException(outcome) {
            return Err(Error::Exception);
        }
        let outcome = Value::from_raw(ctx.clone(), outcome);
        (outcome, Value::from_raw(ctx.clone(), qjs::JS_GetModuleNamespace(raw, definition)))
    };
    if let Some(promise) = outcome.into_promise() {
        // Without top-level `await` it is settled.
        promise.result::<Value<'_>>().unwrap_or(Err(Error::Unknown))?;
    }
    exports.into_object().ok_or(Error::Exception)
}

/// Tells the engine not to compare the checksum of bytecode of ours, which it would compute at each start of an isolate.
pub fn without_checksum(mut bytecode: Vec<u8>) -> Vec<u8> {
    // The version of the format comes first, then the checksum; this one is the engine's own word for none.
    if let Some(checksum) = bytecode.get_mut(1..5) {
        checksum.fill(0xff);
    }
    bytecode
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
        Ok(without_checksum(bytes))
    }
}
