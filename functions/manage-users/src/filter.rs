//! The filters of the list of users.

use api::{Paging, search_filter, word_filter};
use domain::{Error, token::KeyPrefix};
use table::UserFilter;

use crate::status::RequestedStatus;

/// The names of the filters.
pub(crate) const NAMES: [&str; 3] = ["kind", "status", "q"];

/// Reads the filters of a request.
pub(crate) fn read(paging: &Paging, prefix: &KeyPrefix) -> Result<UserFilter, Error> {
    let status: Option<RequestedStatus> =
        word_filter("status", "must be active or suspended", paging.filter("status"))?;
    Ok(UserFilter {
        kind: word_filter("kind", "must be owner, normal or machine", paging.filter("kind"))?,
        status: status.map(Into::into),
        search: search_filter("q", paging.filter("q"), prefix)?,
    })
}
