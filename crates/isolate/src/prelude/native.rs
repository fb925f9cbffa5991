//! The functions that the sources of the prelude call.

use rquickjs::function::IntoJsFunc;
use rquickjs::{Array, ArrayBuffer, Ctx, Exception, Function, Object, Result, String as Text, Value};
use url::{Url, form_urlencoded, quirks};

use crate::values::{self, raw};

/// All of them, in an object without a prototype.
pub fn create<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let native = Object::new_proto(ctx.clone(), None)?;
    set(&native, "parseUrl", parse_url)?;
    set(&native, "urlPart", url_part)?;
    set(&native, "setUrlPart", set_url_part)?;
    set(&native, "decodeForm", decode_form)?;
    set(&native, "encodeForm", encode_form)?;
    set(&native, "encodeUtf8", encode_utf8)?;
    set(&native, "decodeUtf8", decode_utf8)?;
    set(&native, "completeUtf8", complete_utf8)?;
    set(&native, "decodeUtf16", decode_utf16)?;
    set(&native, "completeUtf16", complete_utf16)?;
    set(&native, "random", random)?;
    set(&native, "clone", clone)?;
    Ok(native)
}

fn set<'js, P>(object: &Object<'js>, name: &str, function: impl IntoJsFunc<'js, P> + 'js) -> Result<()> {
    object.set(name, Function::new(object.ctx().clone(), function)?)
}

/// The text of a string; half a pair of UTF-16 becomes U+FFFD.
fn text_of(text: &Text<'_>) -> Result<String> {
    raw::with_units(text, String::from_utf16_lossy)
}

fn parse_url<'js>(url: Text<'js>, base: Option<Text<'js>>) -> Result<Option<String>> {
    let base = match base.as_ref().map(text_of).transpose()? {
        Some(base) => match Url::parse(&base) {
            Ok(base) => Some(base),
            Err(_) => return Ok(None),
        },
        None => None,
    };
    let url = Url::options().base_url(base.as_ref()).parse(&text_of(&url)?);
    Ok(url.ok().map(String::from))
}

fn known_url(ctx: &Ctx<'_>, href: &Text<'_>) -> Result<Url> {
    Url::parse(&text_of(href)?).map_err(|error| Exception::throw_type(ctx, &format!("Invalid URL: {error}")))
}

fn url_part<'js>(ctx: Ctx<'js>, href: Text<'js>, part: String) -> Result<String> {
    let url = known_url(&ctx, &href)?;
    Ok(match part.as_str() {
        "protocol" => quirks::protocol(&url).to_owned(),
        "username" => quirks::username(&url).to_owned(),
        "password" => quirks::password(&url).to_owned(),
        "host" => quirks::host(&url).to_owned(),
        "hostname" => quirks::hostname(&url).to_owned(),
        "port" => quirks::port(&url).to_owned(),
        "pathname" => quirks::pathname(&url).to_owned(),
        "search" => quirks::search(&url).to_owned(),
        "hash" => quirks::hash(&url).to_owned(),
        _ => quirks::origin(&url),
    })
}

/// The address with another part; the same one, if it cannot have that part.
fn set_url_part<'js>(ctx: Ctx<'js>, href: Text<'js>, part: String, value: Text<'js>) -> Result<String> {
    let mut url = known_url(&ctx, &href)?;
    let value = text_of(&value)?;
    // As in browsers, a part that does not fit changes nothing.
    let _ = match part.as_str() {
        "protocol" => quirks::set_protocol(&mut url, &value),
        "username" => quirks::set_username(&mut url, &value),
        "password" => quirks::set_password(&mut url, &value),
        "host" => quirks::set_host(&mut url, &value),
        "hostname" => quirks::set_hostname(&mut url, &value),
        "port" => quirks::set_port(&mut url, &value),
        "pathname" => {
            quirks::set_pathname(&mut url, &value);
            Ok(())
        }
        "search" => {
            quirks::set_search(&mut url, &value);
            Ok(())
        }
        _ => {
            quirks::set_hash(&mut url, &value);
            Ok(())
        }
    };
    Ok(url.into())
}

/// The text of a name or value in a query.
fn decode_form(text: Text<'_>) -> Result<String> {
    let text = text_of(&text)?;
    // Whole items are split before: of this one, each `=` and `&` is text.
    let item = text.replace('=', "%3D").replace('&', "%26");
    Ok(form_urlencoded::parse(item.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default())
}

fn encode_form(text: Text<'_>) -> Result<String> {
    Ok(form_urlencoded::byte_serialize(text_of(&text)?.as_bytes()).collect())
}

fn encode_utf8<'js>(ctx: Ctx<'js>, text: Text<'js>) -> Result<ArrayBuffer<'js>> {
    ArrayBuffer::new_copy(ctx, text_of(&text)?)
}

/// The text of bytes; none if they are no UTF-8 and `is_fatal`.
fn decode_utf8<'js>(ctx: Ctx<'js>, bytes: Value<'js>, is_fatal: bool) -> Result<Option<String>> {
    values::with_view(&ctx, &bytes, |bytes| {
        if is_fatal {
            str::from_utf8(bytes).ok().map(str::to_owned)
        } else {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    })
}

/// The number of bytes without those at the end that may begin a longer character.
fn complete_utf8<'js>(ctx: Ctx<'js>, bytes: Value<'js>) -> Result<f64> {
    values::with_view(&ctx, &bytes, |bytes| {
        // A character has four bytes at most.
        let from = bytes.len().saturating_sub(4);
        let tail = &bytes[from..];
        let mut complete = bytes.len();
        for (at, byte) in tail.iter().enumerate().rev() {
            let size = match byte {
                0x80..=0xbf => continue,
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => 1,
            };
            let may_continue = str::from_utf8(&tail[at..]).is_err_and(|error| error.error_len().is_none());
            if at + size > tail.len() && may_continue {
                complete = from + at;
            }
            break;
        }
        complete as f64
    })
}

fn decode_utf16<'js>(ctx: Ctx<'js>, bytes: Value<'js>, is_fatal: bool) -> Result<Option<String>> {
    values::with_view(&ctx, &bytes, |bytes| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        if is_fatal {
            return if rest.is_empty() { String::from_utf16(&units).ok() } else { None };
        }
        let mut text = String::from_utf16_lossy(&units);
        if !rest.is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        Some(text)
    })
}

fn complete_utf16<'js>(ctx: Ctx<'js>, bytes: Value<'js>) -> Result<f64> {
    values::with_view(&ctx, &bytes, |bytes| {
        let whole = bytes.len() - bytes.len() % 2;
        let begins_pair = whole >= 2 && (0xd8..0xdc).contains(&bytes[whole - 1]);
        (if begins_pair { whole - 2 } else { whole }) as f64
    })
}

/// As many random bytes.
fn random<'js>(ctx: Ctx<'js>, count: f64) -> Result<ArrayBuffer<'js>> {
    let mut bytes = vec![0; (count as usize).min(65_536)];
    match getrandom::fill(&mut bytes) {
        Ok(()) => ArrayBuffer::new_copy(ctx, bytes),
        Err(error) => Err(Exception::throw_message(&ctx, &format!("the system gives no random numbers: {error}"))),
    }
}

fn clone<'js>(ctx: Ctx<'js>, value: Value<'js>, transfer: Array<'js>) -> Result<Value<'js>> {
    let buffers = (0..transfer.len()).map(|at| transfer.get(at)).collect::<Result<Vec<Value>>>()?;
    values::clone(&ctx, &value, &buffers)
}
