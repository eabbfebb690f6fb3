//! Reads of the old table, whose damaged items may be the reason for the restore.

use table::Error;

/// The state of an item in the old table.
#[derive(Debug)]
pub(crate) enum OldItem<T> {
    /// The item.
    Readable(T),
    /// It does not exist.
    Missing,
    /// It exists, but cannot be decoded.
    Unreadable,
}

impl<T> OldItem<T> {
    /// Converts the result of a read.
    ///
    /// # Errors
    /// When the read failed, so that the state of the item is unknown.
    pub(crate) fn of(read: Result<Option<T>, Error>) -> Result<Self, Error> {
        match read {
            Ok(Some(item)) => Ok(Self::Readable(item)),
            Ok(None) => Ok(Self::Missing),
            Err(Error::Corrupt { .. }) => Ok(Self::Unreadable),
            Err(error) => Err(error),
        }
    }
}
