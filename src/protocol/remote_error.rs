//! An error as data, the payload of an error answer. It is always JSON, whatever serializer carries the results.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An error that one side sends to the other. The facade makes it from a thrown value and rebuilds an `Error` from it;
/// the core writes its own errors, such as an unknown message type.
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
}
