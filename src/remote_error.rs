//! An error as data, the payload of an error answer. It is always JSON, whatever serializer carries the results.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What one side tells the other about an error. The facade makes it from a thrown value and rebuilds an `Error` from it;
/// the core writes it for errors of its own, such as an unknown message type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RemoteError {
    /// The class: `TypeError`, or a user's own.
    pub name: String,
    /// The text.
    pub message: String,
    /// The stack where it was thrown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stack: Option<String>,
    /// `error.code`: a string or a number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<Value>,
    /// `error.cause`, itself encoded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Value>,
    /// The members of an `AggregateError`, each encoded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub errors: Option<Vec<Value>>,
    /// Own enumerable properties besides the above.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub properties: Option<Map<String, Value>>,
}

impl RemoteError {
    /// An error of this library's own class, `WorkerError`, with its stable code.
    pub fn with_code(code: &str, message: String) -> Self {
        Self { name: "WorkerError".to_owned(), message, code: Some(code.into()), ..Self::default() }
    }

    /// The answer to a request whose type has no handler.
    pub fn unknown_type<'a>(type_name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        const SHOWN: usize = 20;
        let names: Vec<_> = known.collect();
        let list = names.iter().take(SHOWN).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let more = names.len().saturating_sub(SHOWN);
        let known = match (names.len(), more) {
            (0, _) => "It has no handlers.".to_owned(),
            (_, 0) => format!("It handles {list}."),
            _ => format!("It handles {list} and {more} more."),
        };
        Self::with_code(
            "ERR_UNKNOWN_MESSAGE_TYPE",
            format!("the worker has no handler for the message type \"{type_name}\". {known}"),
        )
    }

    /// As JSON text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and JSON values always serialise")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_round_trips_through_json() {
        let error = RemoteError {
            name: "HttpError".into(),
            message: "not \"found\"\n".into(),
            stack: Some("at é".into()),
            code: Some(404.into()),
            cause: Some(serde_json::json!({"name": "Error", "message": "inner"})),
            errors: Some(vec![Value::Null]),
            properties: Some(Map::from_iter([("status".to_owned(), 404.into())])),
        };
        assert_eq!(serde_json::from_str::<RemoteError>(&error.to_json()).unwrap(), error);
    }

    #[test]
    fn what_is_absent_is_not_written() {
        let error = RemoteError::with_code("ERR_X", "m".into());
        assert_eq!(error.to_json(), r#"{"name":"WorkerError","message":"m","code":"ERR_X"}"#);
    }

    #[test]
    fn an_unknown_type_is_named_with_the_known_ones() {
        let error = RemoteError::unknown_type("lod", ["load", "ping"].into_iter());
        assert_eq!(
            error.message,
            "the worker has no handler for the message type \"lod\". It handles \"load\", \"ping\"."
        );
        let names: Vec<_> = (0..25).map(|number| format!("t{number}")).collect();
        let error = RemoteError::unknown_type("x", names.iter().map(String::as_str));
        assert!(error.message.ends_with("\"t19\" and 5 more."), "{}", error.message);
    }
}
