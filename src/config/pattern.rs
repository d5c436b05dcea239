//! Text with or without `*` at its end, and members that hold one item or a list of them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::StrDeserializer;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What a name may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// This text, byte for byte.
    Exact(String),
    /// Any text that begins so: the pattern without the `*` at its end.
    Prefix(String),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A `*` that is not at the end, or no text at all.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        let (stem, made): (_, fn(String) -> Self) = match text.strip_suffix('*') {
            Some(stem) => (stem, Self::Prefix),
            None => (text, Self::Exact),
        };
        if stem.contains('*') {
            return Err("may have `*` at its end only");
        }
        Ok(made(stem.to_owned()))
    }

    /// Whether a text is meant.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Prefix(prefix) => text.starts_with(prefix),
        }
    }

    /// The pattern without its `*`.
    pub fn stem(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Prefix(text) => text,
        }
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        Self::read(&text).map_err(|fault| D::Error::custom(format!("pattern `{text}` {fault}")))
    }
}

/// A member that is one item, or a list of them that is not empty.
pub fn one_or_many<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    source: D,
) -> Result<Vec<T>, D::Error> {
    struct Items<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
        type Value = Vec<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("text or a list of it")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            Ok(vec![T::deserialize(StrDeserializer::new(text))?])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element()? {
                list.push(item);
            }
            if list.is_empty() {
                return Err(A::Error::custom("an empty list would match nothing: leave it out"));
            }
            Ok(list)
        }
    }

    source.deserialize_any(Items(PhantomData))
}
