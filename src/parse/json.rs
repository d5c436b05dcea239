//! bytes -> one JSON object. Never keeps one of two members of a name, never nests deeper than 32.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why bytes are not one well-formed JSON object.
pub type Fault = &'static str;

const DEPTH: u8 = 32;

/// Reads one JSON object (RFC 8259) that fills the input: UTF-8 without a byte order mark, no
/// member name twice in any object (RFC 7493 section 2.3), no nesting deeper than 32.
///
/// # Errors
/// A short text without any of the input in it.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8")?;
    let mut source = serde_json::Deserializer::from_str(text);
    let fault = Cell::new(None);
    let value = Strict { depth: DEPTH, fault: &fault }.deserialize(&mut source);
    // The first fault counts; what is malformed behind it does not matter.
    if let Some(fault) = fault.get() {
        return Err(fault);
    }
    let value = value.map_err(|_| "not JSON")?;
    source.end().map_err(|_| "not one JSON value")?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err("not a JSON object"),
    }
}

/// Reads any value, `depth` levels of nesting at most.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: u8,
    /// No error of serde's: it would be a text, and a client's module would hold all that formats one.
    fault: &'a Cell<Option<Fault>>,
}

impl Strict<'_> {
    fn inner(self) -> Option<Self> {
        let depth = self.depth.checked_sub(1);
        if depth.is_none() {
            self.note("nested too deep");
        }
        Some(Self { depth: depth?, ..self })
    }

    fn note(self, fault: Fault) {
        self.fault.set(self.fault.get().or(Some(fault)));
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // Never infinite: serde_json refuses what is out of range.
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        match self.inner() {
            Some(inner) => {
                while let Some(item) = items.next_element_seed(inner)? {
                    list.push(item);
                }
            }
            None => while items.next_element::<IgnoredAny>()?.is_some() {},
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        match self.inner() {
            Some(inner) => {
                while let Some(name) = members.next_key::<String>()? {
                    let value = members.next_value_seed(inner)?;
                    if object.insert(name, value).is_some() {
                        self.note("a member stands there twice");
                    }
                }
            }
            None => while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {},
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn objects_are_read_whole() {
        let read = object(br#" {"a":[1,-2,0.5,null,true],"b":{"a":"\u00e9"}} "#);
        assert_eq!(read.map(|members| members.len()), Ok(2));
    }

    #[test]
    fn every_fault_has_its_name() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
        let deeper = format!("{{\"a\":{}", "[".repeat(100_000));
        let cases: [(&[u8], &str); 13] = [
            (b"", "not JSON"),
            (b"{", "not JSON"),
            (b"[]", "not a JSON object"),
            (b"{} {}", "not one JSON value"),
            (b"\xef\xbb\xbf{}", "not JSON"),
            (b"{\"a\":\"\xff\"}", "not UTF-8"),
            (br#"{"a":1,"a":1}"#, "a member stands there twice"),
            (br#"{"a":1,"\u0061":1}"#, "a member stands there twice"),
            (br#"{"b":[{"a":1,"a":2}]}"#, "a member stands there twice"),
            (br#"{"a":"\ud800"}"#, "not JSON"),
            (br#"{"a":1e400}"#, "not JSON"),
            (deep.as_bytes(), "nested too deep"),
            (deeper.as_bytes(), "nested too deep"),
        ];
        for (bytes, fault) in cases {
            assert_eq!(object(bytes), Err(fault), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
