//! Sends browsers to other pages.

use api::{BadContext, HandlerError, HandlerResult, response::see_other};

/// Sends the browser to a page. A failure is ours: every target is a path, or a URL with an encoded query.
pub(crate) fn go_to(page: &str) -> HandlerResult {
    see_other(page).map_err(|_| HandlerError::from(BadContext("location")))
}
