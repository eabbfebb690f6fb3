//! JSON read strictly: an object with a repeated member is refused, and a list is not taken for a struct.
//!
//! Delete when `serde_json` can do both.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        self, IntoDeserializer, Unexpected,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

use super::decode_error::DecodeError;

/// A JSON value whose objects have no repeated members.
///
/// A struct is read from an object only; serde itself would accept a list too.
#[derive(Debug)]
pub(super) struct Json(Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> de::Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json(Value::Null))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json, E> {
        Ok(Json(truth.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json(text.into()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(Json(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Json(items.into()))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut members = Map::new();
        while let Some((name, Json(value))) = object.next_entry::<String, _>()? {
            if members.contains_key(&name) {
                return Err(de::Error::custom("an object names a member twice"));
            }
            members.insert(name, value);
        }
        Ok(Json(members.into()))
    }
}

impl<'de> Deserializer<'de> for Json {
    type Error = DecodeError;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(truth),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(whole), ..) => visitor.visit_u64(whole),
                (None, Some(negative), _) => visitor.visit_i64(negative),
                (None, None, fraction) => match fraction.and_then(whole) {
                    Some(whole) => whole.deserialize_any(visitor),
                    None => visitor.visit_f64(fraction.unwrap_or(f64::NAN)),
                },
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Json))),
            Value::Object(members) => visitor.visit_map(MapDeserializer::new(
                members.into_iter().map(|(name, value)| (name, Json(value))),
            )),
        }
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.0 {
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(text.into_deserializer()),
            _ => Err(de::Error::unknown_variant("", variants)),
        }
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// Returns the whole number that a number such as `90.0` or `9e1` is. `None` for a fraction, for minus zero, and from
/// 10^15 on, where reading a fraction may lose the last digit.
fn whole(number: f64) -> Option<Json> {
    const LIMIT: f64 = 1e15;
    let is_whole =
        number.fract() == 0.0 && number.abs() < LIMIT && !(number == 0.0 && number.is_sign_negative());
    #[expect(clippy::cast_possible_truncation, reason = "a whole number under the limit fits")]
    is_whole.then(|| Json((number as i64).into()))
}

impl IntoDeserializer<'_, DecodeError> for Json {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number<T: de::DeserializeOwned>(text: &str) -> Result<T, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
        T::deserialize(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_number_is_read_however_it_is_written() {
        for text in ["90", "90.0", "90.000", "9e1", "9E+1", "0.9e2", "900e-1", "90e0"] {
            assert_eq!(number::<u32>(text), Ok(90), "{text}");
            assert_eq!(number::<i64>(&format!("-{text}")), Ok(-90), "-{text}");
        }
        assert_eq!((number::<u32>("0.0"), number::<u32>("0e9")), (Ok(0), Ok(0)));
        assert_eq!(number::<i64>("999999999999.0"), Ok(999_999_999_999));
    }

    #[test]
    fn what_is_no_whole_number_is_refused_in_words() {
        for text in ["90.5", "1e-1", "-0.0", "-0", "1e300", "1e15", "true", "\"90\""] {
            assert_eq!(number::<u32>(text).unwrap_err(), "must be a whole number", "{text}");
        }
        assert_eq!(number::<u32>("-90.0").unwrap_err(), "must not be negative");
        assert_eq!(number::<u32>("4294967296.0").unwrap_err(), "is too large");
        for text in ["1e400", "NaN", "Infinity", "01", "1.", ".5", "+1"] {
            assert!(number::<u32>(text).is_err(), "{text}");
        }
    }
}
