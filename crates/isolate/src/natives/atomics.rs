//! Waiting for shared memory, for `Atomics`.

use std::time::{Duration, Instant};

use rquickjs::{BigInt, Ctx, Exception, Object, Result, Value};

use super::interrupt;
use crate::shared::{self, Parking, SharedMemory, Wait, Word, table_of};
use crate::values::raw;

/// The address of a word of so many bytes, if the memory has it.
fn word_in(buffer: &Object<'_>, offset: f64, size: usize) -> Option<*mut u8> {
    let (start, length) = raw::place_of(buffer)?;
    let end = (offset as usize).checked_add(size)?;
    let word = start.wrapping_add(offset as usize);
    ((offset >= 0.0) && end <= length && (word as usize).is_multiple_of(size)).then_some(word)
}

fn no_word(ctx: &Ctx<'_>) -> rquickjs::Error {
    Exception::throw_range(ctx, "the memory has no such word")
}

/// Waits while a word has this value: a number is one of 32 bits, a big integer of 64.
pub fn wait<'js>(
    ctx: Ctx<'js>,
    buffer: Object<'js>,
    offset: f64,
    wanted: Value<'js>,
    millis: f64,
) -> Result<&'static str> {
    let word = match BigInt::from_value(wanted.clone()) {
        Ok(wanted) => {
            let word = word_in(&buffer, offset, 8).ok_or_else(|| no_word(&ctx))?;
            Word::Wide(word.cast(), wanted.to_i64()?)
        }
        Err(_) => {
            let word = word_in(&buffer, offset, 4).ok_or_else(|| no_word(&ctx))?;
            Word::Narrow(word.cast(), wanted.as_number().unwrap_or_default() as i32)
        }
    };
    let Some(parking) = ctx.userdata::<Parking>().map(|parking| parking.clone()) else {
        return Err(Exception::throw_type(&ctx, "nothing can wait here"));
    };
    // What no clock can express is for ever.
    let time = Duration::try_from_secs_f64(millis / 1000.0).ok();
    let until = time.and_then(|time| Instant::now().checked_add(time));
    // SAFETY: the buffer, which this call holds, has the word, aligned; shared memory neither moves nor shrinks.
    match unsafe { shared::wait(&parking, word, until) } {
        Wait::Notified => Ok("ok"),
        Wait::NotEqual => Ok("not-equal"),
        Wait::TimedOut => Ok("timed-out"),
        Wait::Ended => Err(interrupt(&ctx)),
    }
}

/// Wakes those who wait for a word: isolates first, then threads that wait by the system, and then those that wait in the list of the
/// host's runtime, which hear of it later and do not count.
pub fn notify<'js>(ctx: Ctx<'js>, buffer: Object<'js>, offset: f64, most: f64) -> Result<f64> {
    let word = word_in(&buffer, offset, 4).ok_or_else(|| no_word(&ctx))?;
    let most = most as u32;
    let memory = table_of(&ctx).and_then(|table| table.find(&buffer)).filter(SharedMemory::is_known_to_host);
    let Some(memory) = memory else { return Ok(shared::notify(word as usize, most as usize) as f64) };
    let woken = shared::notify_all_kinds(word as usize, most);
    let parking = ctx.userdata::<Parking>().map(|parking| parking.clone());
    if let Some(parking) = parking.filter(|_| woken < most) {
        (parking.tell)(memory, offset as usize, most - woken);
    }
    Ok(f64::from(woken))
}
