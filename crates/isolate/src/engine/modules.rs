//! The modules of an isolate: the library, and those whose source the host has.

use std::rc::{Rc, Weak};

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, WriteOptions};
use rquickjs::{CatchResultExt, Context, Ctx, Error, Exception, Module, Result, Runtime};

use crate::engine::{Shared, os};
use crate::mail::{Command, Event};

/// The specifier of the library.
pub const LIBRARY: &str = "isolated-workers";

/// Lets a runtime import modules. `library` is the one that it begins with.
pub fn install(runtime: &Runtime, library: &str, shared: &Rc<Shared>) {
    let is_os = library == os::OS;
    runtime
        .set_loader(Names { is_os, shared: Rc::downgrade(shared) }, Sources { is_os, shared: Rc::downgrade(shared) });
}

/// The bytecode of a module of ours.
///
/// # Errors
///
/// The text of the engine's error, of a source that is wrong.
pub fn compile(name: &str, source: &str) -> std::result::Result<Vec<u8>, String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let context = Context::full(&runtime).map_err(|error| error.to_string())?;
    context.with(|ctx| {
        let options = WriteOptions { strip_source: true, strip_debug: true, ..WriteOptions::default() };
        Module::declare(ctx.clone(), name, source)
            .and_then(|module| module.write(options))
            .catch(&ctx)
            .map_err(|error| error.to_string())
    })
}

/// Names of modules are paths from the root, with slashes and without dots. Those of packages begin with a slash; the host gives them.
struct Names {
    /// For scripts of `os.Worker`.
    is_os: bool,
    shared: Weak<Shared>,
}

impl Resolver for Names {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        // The addon imports nothing but the script, by its name.
        if base.is_empty() || (name == LIBRARY && !self.is_os) {
            return Ok(name.into());
        }
        if let Some(module) = os::module(name).filter(|_| self.is_os) {
            return Ok(module.into());
        }
        let found = if name.starts_with("./") || name.starts_with("../") {
            let place = if folder_of_package(base) == 0 { "the root folder" } else { "its package" };
            join(base, name).ok_or_else(|| format!("it is outside of {place}"))
        } else {
            let shared = self.shared.upgrade().ok_or(Error::Unknown)?;
            shared.ask(Event::Resolve { base: base.into(), specifier: name.into() }).unwrap_or_else(ended)
        };
        found.map_err(|why| Exception::throw_reference(ctx, &format!("\"{base}\" cannot import \"{name}\": {why}")))
    }
}

fn ended() -> std::result::Result<String, String> {
    Err("the isolate has ended".into())
}

/// A relative path from a module; `None`: it leaves the root, or its package.
fn join(base: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    let fixed = folder_of_package(base);
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.len() == fixed => return None,
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// How many parts of a module's name are those of its package's folder: of `/node_modules/name/` or `/node_modules/@scope/name/`.
fn folder_of_package(module: &str) -> usize {
    match module.strip_prefix("/node_modules/") {
        None => 0,
        Some(name) if name.starts_with('@') => 4,
        Some(_) => 3,
    }
}

/// Asks the host for sources.
struct Sources {
    is_os: bool,
    shared: Weak<Shared>,
}

impl Loader for Sources {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        if attributes.is_some_and(|attributes| attributes.get_type().is_ok_and(|kind| kind.is_some())) {
            let text = format!("cannot import \"{name}\": an isolate imports modules of JavaScript alone");
            return Err(Exception::throw_type(ctx, &text));
        }
        if let Some(source) = os::source(name).filter(|_| self.is_os) {
            return Module::declare(ctx.clone(), name, source);
        }
        let shared = self.shared.upgrade().ok_or(Error::Unknown)?;
        match shared.ask(Event::Load(name.into())).unwrap_or_else(ended) {
            Ok(source) => {
                let module = Module::declare(ctx.clone(), name, source)?;
                if self.is_os {
                    module.meta()?.set("url", format!("file:///{}", name.trim_start_matches('/')))?;
                }
                Ok(module)
            }
            Err(reason) => Err(Exception::throw_reference(ctx, &reason)),
        }
    }
}

impl Shared {
    /// Waits until the host has sent what a question of the loader asks for; `None`: the isolate must end.
    fn ask(&self, question: Event) -> Option<std::result::Result<String, String>> {
        if !self.outbox.push(question) {
            self.overflow();
            return None;
        }
        self.meter.pause();
        let answer = loop {
            let seen = self.inbox.waiting();
            if let Some(Command::Source(source)) = self.inbox.take(|each| matches!(each, Command::Source(_))) {
                break Some(source);
            }
            if self.meter.must_end() {
                break None;
            }
            self.carrier.sleep(self.meter.wall_deadline(), seen);
        };
        self.meter.resume();
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_names_stay_in_the_root() {
        assert_eq!(join("main.js", "./rules/a.js").as_deref(), Some("rules/a.js"));
        assert_eq!(join("rules/a.js", "../b.js").as_deref(), Some("b.js"));
        assert_eq!(join("rules/a.js", ".././/./b.js").as_deref(), Some("b.js"));
        assert_eq!(join("rules/a.js", "../../b.js"), None);
        assert_eq!(join("a.js", "../a.js"), None);
    }

    #[test]
    fn relative_names_stay_in_their_package() {
        assert_eq!(join("/node_modules/a/dist/b.js", "../c.js").as_deref(), Some("/node_modules/a/c.js"));
        assert_eq!(join("/node_modules/a/b.js", "../c/d.js"), None);
        assert_eq!(join("/node_modules/@a/b/c.js", "./d.js").as_deref(), Some("/node_modules/@a/b/d.js"));
        assert_eq!(join("/node_modules/@a/b/c.js", "../d/e.js"), None);
    }

    #[test]
    fn a_module_compiles_to_bytecode() {
        assert!(!compile("a", "export const a = 1;").expect("it is right").is_empty());
        assert!(compile("a", "export const = 1;").expect_err("it is wrong").contains("Error"));
    }
}
