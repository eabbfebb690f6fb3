//! The instance that calls an AWS endpoint.

/// One instance of one function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Caller {
    pub(crate) function: String,
    pub(crate) instance: u32,
}

impl Caller {
    const PREFIX: &str = "LOCAL";

    /// Returns the access key id by which the AWS endpoints recognize the instance.
    pub(crate) fn access_key_id(&self) -> String {
        format!("{}.{}.{}", Self::PREFIX, self.function, self.instance)
    }

    /// Reads the instance from an access key id.
    pub(crate) fn from_access_key_id(id: &str) -> Option<Self> {
        let (function, instance) = id.strip_prefix(Self::PREFIX)?.strip_prefix('.')?.rsplit_once('.')?;
        Some(Self { function: function.to_owned(), instance: instance.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_key_id_names_its_instance() {
        let caller = Caller { function: "create-access-key".to_owned(), instance: 12 };
        assert_eq!(Caller::from_access_key_id(&caller.access_key_id()), Some(caller));
        assert_eq!(Caller::from_access_key_id("AKIAIOSFODNN7EXAMPLE"), None);
    }
}
