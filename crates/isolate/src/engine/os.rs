//! The modules that a script of `os.Worker` imports by name, in place of the library's.

/// The name of the library for such scripts, which is the module `os`.
pub const OS: &str = "quickjs:os";

/// All names of the modules that such a script imports, the module's own, and its source where it is not the library's.
const MODULES: [(&str, &str, Option<&str>); 8] = [
    ("os", OS, None),
    ("qjs:os", OS, None),
    (OS, OS, None),
    ("std", "quickjs:std", Some(STD)),
    ("qjs:std", "quickjs:std", Some(STD)),
    ("quickjs:std", "quickjs:std", Some(STD)),
    ("cmdline", "quickjs:cmdline", Some(CMDLINE)),
    ("quickjs:cmdline", "quickjs:cmdline", Some(CMDLINE)),
];

const STD: &str = include_str!("../../os/std.js");
const CMDLINE: &str = include_str!("../../os/cmdline.js");

/// The module of ours that has this specifier.
pub fn module(specifier: &str) -> Option<&'static str> {
    MODULES.iter().find(|module| module.0 == specifier).map(|module| module.1)
}

/// The source of a module of ours.
pub fn source(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|module| module.1 == name).and_then(|module| module.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_small_modules_have_a_source() {
        assert_eq!(source(OS), None);
        assert!(source("quickjs:std").is_some_and(|text| text.contains("exit")));
        assert_eq!(source("std"), None);
    }
}
