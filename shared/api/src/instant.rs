//! Points in time in bodies and answers.

use std::fmt;

use domain::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time as bodies give it and answers show it: RFC 3339 in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "openapi",
    derive(schemars::JsonSchema),
    schemars(
        with = "String",
        inline,
        description = "RFC 3339, in whole seconds.",
        extend("format" = "date-time")
    )
)]
pub struct Instant(pub Time);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Instant;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(Time::FORMAT)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Instant, E> {
                Time::parse(text).map(Instant).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}
