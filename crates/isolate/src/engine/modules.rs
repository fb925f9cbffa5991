//! The modules of an isolate: the library, and those whose source the host has.

use std::rc::{Rc, Weak};
use std::sync::Arc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, WriteOptions};
use rquickjs::{CatchResultExt, Context, Ctx, Error, Exception, Module, Object, Result, Runtime};

use crate::code;
use crate::engine::{Shared, os};
use crate::mail::{Command, Event, Refusal};

/// How the names of the other modules of a library begin. No script can import them.
const INTERNAL: &str = "isolated-workers:";

/// A library in isolates, as modules of bytecode: only ever our own.
#[derive(Debug, Default)]
pub struct Library {
    name: String,
    modules: Vec<(String, Vec<u8>)>,
}

impl Library {
    /// The modules, by their names. `name` is the one that runs first, and that scripts import.
    pub fn new(name: String, modules: Vec<(String, Vec<u8>)>) -> Self {
        Self { name, modules }
    }

    /// The module that scripts import.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the one for scripts of `os.Worker`.
    fn is_os(&self) -> bool {
        self.name == os::OS
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        self.modules.iter().find(|module| module.0 == name).map(|module| &*module.1)
    }

    fn run<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<Object<'js>> {
        code::run_module(ctx, self.get(name).ok_or(Error::Unknown)?)
    }

    /// Runs the first of its modules, and those that it imports.
    ///
    /// # Errors
    ///
    /// What a module throws; the library has no such module.
    pub fn start(&self, ctx: &Ctx<'_>) -> Result<()> {
        self.run(ctx, &self.name).map(drop)
    }

    /// Runs a part that the library needs only now; returns what it exports.
    ///
    /// # Errors
    ///
    /// As [`Library::start`].
    pub fn part<'js>(&self, ctx: &Ctx<'js>, part: &str) -> Result<Object<'js>> {
        self.run(ctx, &format!("{INTERNAL}{part}"))
    }
}

/// Lets a runtime import modules.
pub fn install(runtime: &Runtime, library: &Arc<Library>, shared: &Rc<Shared>) {
    let names = Names { library: Arc::clone(library), shared: Rc::downgrade(shared) };
    runtime.set_loader(names, Sources { library: Arc::clone(library), shared: Rc::downgrade(shared) });
}

/// The bytecode of a module of ours.
///
/// # Errors
///
/// The text of the engine's error, of a source that is wrong.
pub fn compile(name: &str, source: &str) -> std::result::Result<Vec<u8>, String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    // The engine wants the modules that it imports; what they export counts when it runs.
    runtime.set_loader(OurNames, Empty);
    let context = Context::full(&runtime).map_err(|error| error.to_string())?;
    context.with(|ctx| {
        let options = WriteOptions { strip_source: true, strip_debug: true, ..WriteOptions::default() };
        Module::declare(ctx.clone(), name, source)
            .and_then(|module| module.write(options))
            .map(code::without_checksum)
            .catch(&ctx)
            .map_err(|error| error.to_string())
    })
}

/// Names of modules are paths from the root, with slashes and without dots. Those of packages begin with a slash; the host gives them.
struct Names {
    library: Arc<Library>,
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
        let ours = self.library.name();
        let is_ours = base == ours || base.starts_with(INTERNAL);
        // Without a base the addon imports the script, by its name.
        if name == ours || if base.is_empty() { !name.starts_with(INTERNAL) } else { is_ours } {
            return Ok(name.into());
        }
        if let Some(module) = os::module(name).filter(|_| self.library.is_os()) {
            return Ok(module.into());
        }
        let found = if name.starts_with("./") || name.starts_with("../") {
            let place = if folder_of_package(base) == 0 { "the root folder" } else { "its package" };
            join(base, name)
                .filter(|joined| !joined.starts_with(INTERNAL))
                .ok_or_else(|| Refusal { text: format!("it is outside of {place}"), code: None })
        } else {
            let shared = self.shared.upgrade().ok_or(Error::Unknown)?;
            shared.ask(Event::Resolve { base: base.into(), specifier: name.into() }).unwrap_or_else(ended)
        };
        // A package of the host's has no name of ours either.
        let found = found.and_then(|found| {
            let is_internal = found.starts_with(INTERNAL);
            if is_internal { Err(Refusal { text: "no script has it".into(), code: None }) } else { Ok(found) }
        });
        found.map_err(|Refusal { text, code }| {
            refused(ctx, Refusal { text: format!("\"{base}\" cannot import \"{name}\": {text}"), code })
        })
    }
}

fn ended() -> std::result::Result<String, Refusal> {
    Err(Refusal { text: "the isolate has ended".into(), code: None })
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

/// The names of our own modules stay as they are.
struct OurNames;

impl Resolver for OurNames {
    fn resolve<'js>(&mut self, _: &Ctx<'js>, _: &str, name: &str, _: Option<ImportAttributes<'js>>) -> Result<String> {
        Ok(name.into())
    }
}

/// Any module, without exports.
struct Empty;

impl Loader for Empty {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, "")
    }
}

/// Modules of the library, and sources that the host has.
struct Sources {
    library: Arc<Library>,
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
        // The resolver gives such a name to our own modules alone.
        if let Some(bytecode) = self.library.get(name) {
            // SAFETY: the bytecode is our own, of this engine: the facade checks the version.
            return unsafe { Module::load(ctx.clone(), bytecode) };
        }
        if let Some(source) = os::source(name).filter(|_| self.library.is_os()) {
            return Module::declare(ctx.clone(), name, source);
        }
        let shared = self.shared.upgrade().ok_or(Error::Unknown)?;
        match shared.source_of(name).unwrap_or_else(ended) {
            Ok(source) => {
                let module = Module::declare(ctx.clone(), name, source)?;
                if self.library.is_os() {
                    module.meta()?.set("url", format!("file:///{}", name.trim_start_matches('/')))?;
                }
                Ok(module)
            }
            Err(refusal) => Err(refused(ctx, refusal)),
        }
    }
}

/// Throws the error of a module that the host does not give.
fn refused(ctx: &Ctx<'_>, Refusal { text, code }: Refusal) -> Error {
    let error = Exception::throw_reference(ctx, &text);
    let Some(code) = code else { return error };
    let thrown = ctx.catch();
    if let Some(object) = thrown.as_object() {
        // Without memory for it, the error is without its code.
        let _ = object.set("code", code);
    }
    ctx.throw(thrown)
}

impl Shared {
    /// The source of a module, which may have come with the start.
    fn source_of(&self, name: &str) -> Option<std::result::Result<String, Refusal>> {
        match self.entry.take().filter(|(entry, _)| entry == name) {
            Some((_, source)) => Some(Ok(source)),
            None => self.ask(Event::Load(name.into())),
        }
    }

    /// Waits until the host has sent what a question of the loader asks for; `None`: the isolate must end.
    fn ask(&self, question: Event) -> Option<std::result::Result<String, Refusal>> {
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
