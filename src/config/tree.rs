//! JSON text -> a value of the configuration, or the member that is not as it must be. Never takes a
//! list for an object, and hands on a member that stands there twice as often.

use std::cell::Cell;
use std::iter::Enumerate;
use std::{fmt, slice};

use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, Error, Expected, IntoDeserializer as _,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::Number;

use super::{ConfigError, fault};

/// Reads one JSON object that fills the text.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, ConfigError> {
    let text = str::from_utf8(text).map_err(|_| fault("", "not UTF-8"))?;
    let mut source = serde_json::Deserializer::from_str(text);
    let place = Cell::default();
    let read = Reader { place: &place }.deserialize(&mut source);
    let tree = read.and_then(|tree| source.end().map(|()| tree)).map_err(|error| {
        let (member, text) = (place.take(), error.to_string());
        match member.as_str() {
            "" => fault(member, text),
            // The member says it better than a line of JSON that may have been YAML or an object.
            _ => fault(member, text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text)),
        }
    })?;
    T::deserialize(&tree).map_err(|Misread(error)| error)
}

/// For a member that may be left out, but is never null.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    source: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(source).map(Some)
}

/// A JSON value as it is written.
///
/// Between the text and the types: reading them from the text itself would repeat its reader, and the
/// record of where it is, in the code of each of their members.
enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Tree {
    fn is_no(&self, wanted: &dyn Expected) -> Misread {
        let found = match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => Unexpected::Unsigned(number),
                (_, Some(number), _) => Unexpected::Signed(number),
                (.., number) => Unexpected::Float(number.unwrap_or_default()),
            },
            Self::Text(text) => Unexpected::Str(text),
            Self::List(_) => Unexpected::Seq,
            Self::Object(_) => Unexpected::Map,
        };
        Misread::invalid_type(found, wanted)
    }
}

/// Reads any value, and notes the member that cannot be read.
#[derive(Clone, Copy)]
struct Reader<'a> {
    place: &'a Cell<String>,
}

impl Reader<'_> {
    fn note(self, step: &str) {
        self.place.set(joined(step, &self.place.take()));
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Tree, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Tree;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        // Never infinite: serde_json refuses what is out of range.
        Ok(Number::from_f64(value).map_or(Tree::Null, Tree::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items
            .next_element_seed(self)
            .inspect_err(|_| self.note(&format!("[{}]", list.len())))?
        {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut object = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self).inspect_err(|_| self.note(&name))?;
            object.push((name, value));
        }
        Ok(Tree::Object(object))
    }
}

/// A step, and the member that lies behind it.
fn joined(step: &str, member: &str) -> String {
    let dot = if member.is_empty() || member.starts_with('[') { "" } else { "." };
    format!("{step}{dot}{member}")
}

/// Why a tree is not what it must be.
#[derive(Debug)]
struct Misread(ConfigError);

impl Misread {
    /// The same, as seen from one level above.
    fn under(self, step: &str) -> Self {
        let Self(ConfigError { member, fault }) = self;
        Self(ConfigError { member: joined(step, &member), fault })
    }
}

impl Error for Misread {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(fault("", text.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // It says `null` and not `unit value`, as JSON does.
        Self::custom(serde_json::Error::invalid_type(found, expected))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(serde_json::Error::invalid_value(found, expected))
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for Misread {}

/// Each kind of value on its own: `deserialize_any` would bring, with the code of every type, what it
/// says to all kinds.
impl<'de> Deserializer<'de> for &'de Tree {
    type Error = Misread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match self {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Number(_) => self.deserialize_u64(visitor),
            Tree::Text(text) => visitor.visit_str(text),
            Tree::List(_) => self.deserialize_seq(visitor),
            Tree::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match self {
            Tree::Bool(value) => visitor.visit_bool(*value),
            other => Err(other.is_no(&visitor)),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        let Tree::Number(number) = self else {
            return Err(self.is_no(&visitor));
        };
        match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => visitor.visit_u64(number),
            (_, Some(number), _) => visitor.visit_i64(number),
            (.., number) => visitor.visit_f64(number.unwrap_or_default()),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match self {
            Tree::Text(text) => visitor.visit_str(text),
            other => Err(other.is_no(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match self {
            Tree::Null => visitor.visit_none(),
            tree => visitor.visit_some(tree),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        let Tree::List(list) = self else {
            return Err(self.is_no(&visitor));
        };
        let mut items = Items { rest: list.iter().enumerate(), current: None };
        let read = visitor.visit_seq(&mut items);
        read.map_err(|error| match items.current {
            Some((index, _)) => error.under(&format!("[{index}]")),
            None => error,
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        let Tree::Object(object) = self else {
            return Err(self.is_no(&visitor));
        };
        let mut members = Members { rest: object.iter(), current: None };
        let read = visitor.visit_map(&mut members);
        read.map_err(|error| match members.current {
            Some((name, _)) => error.under(name),
            None => error,
        })
    }

    /// From an object only: serde would take a list of the members in their order as well.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        match self {
            Tree::Object(_) => self.deserialize_map(visitor),
            other => Err(other.is_no(&"an object")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        visitor.visit_enum(self.variant()?)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit
        unit_struct newtype_struct tuple tuple_struct identifier ignored_any
    }
}

/// The items of a list, and the one that is being read.
struct Items<'a> {
    rest: Enumerate<slice::Iter<'a, Tree>>,
    current: Option<(usize, &'a Tree)>,
}

impl<'de> SeqAccess<'de> for &mut Items<'de> {
    type Error = Misread;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Misread> {
        self.current = self.rest.next();
        self.current.map(|(_, tree)| seed.deserialize(tree)).transpose()
    }
}

/// The members of an object, and the one that is being read.
struct Members<'a> {
    rest: slice::Iter<'a, (String, Tree)>,
    current: Option<&'a (String, Tree)>,
}

impl<'de> MapAccess<'de> for &mut Members<'de> {
    type Error = Misread;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Misread> {
        self.current = self.rest.next();
        let name = self.current.map(|(name, _)| name.as_str().into_deserializer());
        name.map(|name| seed.deserialize(name)).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misread> {
        seed.deserialize(self.current.map_or(&Tree::Null, |(_, tree)| tree))
    }
}

/// A text, or an object of one member.
struct Variant<'a> {
    name: &'a str,
    content: Option<&'a Tree>,
}

impl Tree {
    fn variant(&self) -> Result<Variant<'_>, Misread> {
        match self {
            Self::Text(name) => Ok(Variant { name, content: None }),
            Self::Object(members) => match members.as_slice() {
                [(name, content)] => Ok(Variant { name, content: Some(content) }),
                _ => Err(Misread::custom("expected value")),
            },
            _ => Err(Misread::custom("expected value")),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Misread;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Misread> {
        Ok((seed.deserialize(self.name.into_deserializer())?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Misread;

    fn unit_variant(self) -> Result<(), Misread> {
        match self.content {
            None | Some(Tree::Null) => Ok(()),
            Some(tree) => Err(tree.is_no(&"unit").under(self.name)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Misread> {
        match self.content {
            Some(tree) => seed.deserialize(tree).map_err(|error| error.under(self.name)),
            None => Err(Misread::invalid_type(Unexpected::UnitVariant, &"newtype variant")),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misread> {
        Err(Misread::invalid_type(Unexpected::TupleVariant, &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        Err(Misread::invalid_type(Unexpected::StructVariant, &visitor))
    }
}
