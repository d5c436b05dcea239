//! Claim -> one Redis command, and what its reply says. Never puts more than a digest into a URL.

use serde_json::Value;

use super::Claimed;
use crate::config::{HttpStore, Secret};
use crate::parse::object;
use crate::store::StoreCall;

/// Bytes of a reply.
const LIMIT: usize = 1024;

/// Sets a key that is not there yet: `SET key 1 NX EX seconds`.
pub fn set(
    store: &HttpStore,
    authorization: Option<&Secret>,
    key: &str,
    seconds: u32,
) -> StoreCall {
    let (key, seconds) = (format!("waxseal:{key}"), seconds.to_string());
    StoreCall::command(store, authorization, &["SET", &key, "1", "NX", "EX", &seconds], LIMIT)
}

/// What the reply to it says.
pub fn answer(status: u16, body: &[u8]) -> Claimed {
    let unclear = Claimed::Failed("the store does not say whether it is the first");
    if body.len() > LIMIT {
        return unclear;
    }
    if status != 200 {
        return Claimed::Failed("the store answers with an error");
    }
    let Ok(members) = object(body) else {
        return unclear;
    };
    // Webdis: `{ "SET": [true, "OK"] }`; Upstash: `{ "result": "OK" }`.
    let said = members.get("SET").or_else(|| members.get("result"));
    match said.filter(|_| members.len() == 1) {
        Some(Value::Null) => Claimed::Taken,
        Some(Value::String(said)) if said == "OK" => Claimed::First,
        Some(Value::Array(said)) => match said.as_slice() {
            [Value::Bool(true), Value::String(said)] if said == "OK" => Claimed::First,
            _ => unclear,
        },
        Some(_) | None => unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::{Claimed, answer};

    #[test]
    fn only_a_clear_answer_is_one() {
        for (said, claimed) in [
            (r#"{"SET":[true,"OK"]}"#, Some(Claimed::First)),
            (r#"{"result":"OK"}"#, Some(Claimed::First)),
            (r#"{"SET":null}"#, Some(Claimed::Taken)),
            (r#"{"result":null}"#, Some(Claimed::Taken)),
            (r#"{"SET":[false,"ERR syntax error"]}"#, None),
            (r#"{"SET":[true,"QUEUED"]}"#, None),
            (r#"{"error":"WRONGPASS"}"#, None),
            (r#"{"result":"OK","error":null}"#, None),
            (r#"{"result":1}"#, None),
            (r#"{"error":"OK"}"#, None),
            (r#"{"error":null}"#, None),
            ("{}", None),
            ("OK", None),
            ("", None),
        ] {
            let answer = answer(200, said.as_bytes());
            match claimed {
                Some(claimed) => assert_eq!(answer, claimed, "{said}"),
                None => assert!(matches!(answer, Claimed::Failed(_)), "{said}"),
            }
        }
        let long = format!(r#"{{"result":"OK"}}{}"#, " ".repeat(1024));
        assert!(matches!(answer(200, long.as_bytes()), Claimed::Failed(_)));
        assert!(matches!(answer(201, br#"{"result":"OK"}"#), Claimed::Failed(_)));
    }
}
