//! A member of a merge patch (RFC 7396) that `null` resets.

use serde::{Deserialize, Deserializer};

/// What a merge patch does to a value: an absent member keeps it, and `null` resets it.
///
/// A member of this type needs `#[serde(default)]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The value stays as it is.
    #[default]
    Keep,
    /// The value becomes what it is without the member.
    Reset,
    /// The value is replaced, or an object is changed in parts.
    To(T),
}

impl<T> Change<T> {
    /// Applies the change to a value that is replaced whole. `unset` is the value without the member.
    pub(crate) fn apply(self, value: &mut T, unset: T) {
        self.apply_with(value, unset, |value, new| *value = new);
    }

    /// Applies the change to a value, of which `merge` changes the parts.
    pub(crate) fn apply_with<V>(self, value: &mut V, unset: V, merge: impl FnOnce(&mut V, T)) {
        match self {
            Self::Keep => {}
            Self::Reset => *value = unset,
            Self::To(new) => merge(value, new),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Reset, Self::To))
    }
}

#[cfg(feature = "openapi")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Change<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }
}
