//! The status of a user, the same in every model.

/// The status of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Status {
    /// May act.
    #[default]
    Active,
    /// May not.
    Suspended,
    /// Marked as deleted.
    Deleted,
}
