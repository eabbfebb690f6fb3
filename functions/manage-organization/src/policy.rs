//! The policy in the body of a request.

use domain::policy::{PolicyChange, Preset};
use serde::Deserialize;

/// Reads `"strict"`, `"flexible"` or an object with a preset and the values that differ from it.
pub(crate) fn preset_or_change<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<PolicyChange, D::Error> {
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = PolicyChange;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("`strict`, `flexible` or an object of policy values")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<PolicyChange, E> {
            Preset::deserialize(serde::de::value::StrDeserializer::new(text)).map(PolicyChange::to)
        }

        fn visit_map<M: serde::de::MapAccess<'de>>(self, map: M) -> Result<PolicyChange, M::Error> {
            PolicyChange::deserialize(serde::de::value::MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_any(Visitor)
}

/// Returns the schema of what [`preset_or_change`] reads.
#[cfg(feature = "openapi")]
pub(crate) fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let (preset, change) = (generator.subschema_for::<Preset>(), generator.subschema_for::<PolicyChange>());
    schemars::json_schema!({ "anyOf": [preset, change] })
}
