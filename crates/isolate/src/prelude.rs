//! The globals of an isolate besides the language.
