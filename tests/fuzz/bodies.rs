//! Bytes -> the body of a call, beside a good token -> a decision.

#![no_main]

mod gate;

use std::fmt;

use gate::passes;
use gate::signer::{Issuer, gate_with, request};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::json;
use waxseal::{Body, Gate, Request};

struct Setting {
    gate: Gate,
    token: String,
}

impl Setting {
    fn new() -> Option<Self> {
        let issuer = Issuer::new().ok()?;
        let rules = json!([{ "match": { "tool": "echo" } }]);
        let keys = json!({ "set": issuer.key_set() });
        let gate = gate_with(&keys, json!({ "policy": { "rules": rules } })).ok()?;
        let setting = Self { gate, token: issuer.token() };
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}"#;
        assert!(setting.passes(call.as_bytes()));
        assert!(!setting.passes(call.replace("echo", "other").as_bytes()));
        Some(setting)
    }

    fn passes(&self, body: &[u8]) -> bool {
        let request = Request { body: Body::Read(body.to_vec()), ..request(&self.token) };
        passes(&self.gate, &request)
    }
}

/// An object as a parser reads it that ignores case, and takes the first, the last or any of the
/// members of a name: all of them.
struct Members<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct All<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for All<T> {
            type Value = Members<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members<T>, A::Error> {
                let mut all = vec![];
                while let Some((name, value)) = members.next_entry::<String, T>()? {
                    all.push((name.to_lowercase().replace('\u{17f}', "s"), value));
                }
                Ok(Members(all))
            }
        }

        source.deserialize_map(All(std::marker::PhantomData))
    }
}

impl<T> Members<T> {
    fn named(&self, name: &str) -> impl Iterator<Item = &T> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value)
    }
}

/// Whether every reading of a body is a call of the tool.
fn is_call(body: &[u8]) -> bool {
    let Ok(message) = serde_json::from_slice::<Members<&serde_json::value::RawValue>>(body) else {
        return false;
    };
    let texts = |name| message.named(name).map(|raw| raw.get());
    let is = |raw: &str, text: &str| serde_json::from_str(raw).ok() == Some(text.to_owned());
    let called = |raw: &str| match serde_json::from_str::<Members<&serde_json::value::RawValue>>(raw) {
        Ok(params) => {
            params.named("name").count() == 1 && params.named("name").all(|raw| is(raw.get(), "echo"))
        }
        Err(_) => false,
    };
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
        && texts("method").count() == 1
        && texts("method").all(|raw| is(raw, "tools/call"))
        && texts("params").count() == 1
        && texts("params").all(called)
}

thread_local! {
    static SETTING: Setting = Setting::new().expect("a setting");
}

fuzz_target!(|body: &[u8]| {
    SETTING.with(|setting| {
        assert!(!setting.passes(body) || is_call(body), "{}", String::from_utf8_lossy(body));
    });
});
