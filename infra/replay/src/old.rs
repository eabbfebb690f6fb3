//! Reads of the old table, whose items may be the reason for the restore.

use table::Error;

/// What the old table holds of an item.
#[derive(Debug)]
pub(crate) enum OldItem<T> {
    /// The item.
    Readable(T),
    /// There is none.
    Missing,
    /// There is one that cannot be decoded.
    Unreadable,
}

impl<T> OldItem<T> {
    /// Makes it of a read. A read that failed says nothing of the item.
    pub(crate) fn of(read: Result<Option<T>, Error>) -> Result<Self, Error> {
        match read {
            Ok(Some(item)) => Ok(Self::Readable(item)),
            Ok(None) => Ok(Self::Missing),
            Err(Error::Corrupt { .. }) => Ok(Self::Unreadable),
            Err(error) => Err(error),
        }
    }

    /// Changes the item.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> OldItem<U> {
        match self {
            Self::Readable(item) => OldItem::Readable(change(item)),
            Self::Missing => OldItem::Missing,
            Self::Unreadable => OldItem::Unreadable,
        }
    }
}
