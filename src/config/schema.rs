//! The types of a configuration -> its JSON Schema, for editors. What a schema cannot say, only
//! [`Config::read`] refuses.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use schemars::transform::{RestrictFormats, Transform as _, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{Agent, ArgumentValues, ClaimTest, Config, Delegation, Pattern, SUPPORTED, Scopes};

impl Config {
    /// The JSON Schema of a configuration (draft 2020-12).
    pub fn schema() -> Value {
        let mut schema =
            SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Self>();
        RestrictFormats::default().transform(&mut schema);
        tidy(&mut schema);
        schema.into()
    }
}

/// Comments without their line breaks; and to leave a member out is not always the same as to leave
/// it empty.
fn tidy(schema: &mut Schema) {
    if let Some(text) = schema.get("description").and_then(Value::as_str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        schema.insert("description".to_owned(), text.into());
    }
    let empty = [json!(null), json!([]), json!({}), json!("")];
    if schema.get("default").is_some_and(|default| empty.contains(default)) {
        schema.remove("default");
    }
    transform_subschemas(&mut tidy, schema);
}

/// As [`super::pattern::one_or_many`] reads it.
pub struct OneOrMany<T>(PhantomData<T>);

/// As [`super::algorithms`] reads them.
pub struct Algorithms;

/// A key set has one source.
pub fn key_sources() -> Value {
    json!([
        { "required": ["set"] },
        { "required": ["uri"] },
        { "required": ["discover"], "properties": { "discover": { "const": true } } },
    ])
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        one_or_many(generator.subschema_for::<T>(), 1)
    }
}

impl JsonSchema for Algorithms {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Algorithms".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = SUPPORTED.map(|algorithm| format!("{algorithm:?}"));
        json_schema!({ "type": "array", "items": { "enum": names }, "minItems": 1 })
    }
}

/// A type that is read by hand.
macro_rules! by_hand {
    ($($type:ident => |$generator:ident| $schema:expr;)+) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )+};
}

by_hand! {
    Pattern => |_generator| json_schema!({
        "description": "This text, or with `*` at its end all that begins so.",
        "type": "string",
        "pattern": r"^(?:[^*]+\*?|\*)$",
    });
    ArgumentValues => |generator| {
        let text = generator.subschema_for::<Pattern>();
        one_or_many(json_schema!({
            "anyOf": [text, { "type": ["number", "boolean", "null"] }],
        }), 1)
    };
    Scopes => |_generator| {
        let names = Value::from(one_or_many(json_schema!({ "type": "string" }), 0));
        json_schema!({
            "anyOf": [names, {
                "type": "object",
                "properties": { "all": names, "any": names },
                "additionalProperties": false,
            }],
        })
    };
    Agent => |generator| {
        let names = one_or_many(generator.subschema_for::<Pattern>(), 1);
        json_schema!({ "anyOf": [{ "const": true }, names] })
    };
    Delegation => |_generator| json_schema!({
        "anyOf": [{ "const": true }, {
            "type": "object",
            "properties": {
                "required": { "type": "boolean", "default": true },
                "depth": { "type": ["integer", "null"], "minimum": 0, "maximum": u32::MAX },
            },
            "additionalProperties": false,
        }],
    });
    ClaimTest => |_generator| {
        let scalar = json_schema!({ "type": ["string", "number", "boolean", "null"] });
        let values = Value::from(one_or_many(scalar, 1));
        json_schema!({
            "anyOf": [values, {
                "type": "object",
                "properties": { "has": values },
                "required": ["has"],
                "additionalProperties": false,
            }],
        })
    };
}

fn one_or_many(item: Schema, least: u32) -> Schema {
    json_schema!({ "anyOf": [item, { "type": "array", "items": item, "minItems": least }] })
}
