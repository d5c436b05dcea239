//! What happened to a call -> the JSON-RPC 2.0 message that answers it.

use serde_json::{Value, json};

/// An error (section 5.1 of JSON-RPC 2.0); `id` is null where the call's is not known.
pub fn failure(id: Option<&Value>, code: i32, message: &str, data: Option<Value>) -> Value {
    let mut error = json!({ "code": code, "message": message });
    if let (Some(members), Some(data)) = (error.as_object_mut(), data) {
        members.insert("data".to_owned(), data);
    }
    json!({ "jsonrpc": "2.0", "id": usable(id), "error": error })
}

/// A result (section 5).
pub fn success(id: Option<&Value>, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": usable(id), "result": result })
}

/// Text, a number or null: nothing else is an id.
fn usable(id: Option<&Value>) -> Value {
    id.filter(|id| id.is_string() || id.is_number()).cloned().unwrap_or(Value::Null)
}
