//! Bodies in events: text as it is, other media types in base64.

use bytes::Bytes;
use hyper::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};

use crate::encoding;

/// Renders a body for an event: `None` if it is empty, and whether it is base64.
pub(super) fn render(headers: &HeaderMap, body: Bytes) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("text/plain");
    if is_text(media_type) && !headers.contains_key(CONTENT_ENCODING) {
        match String::from_utf8(body.into()) {
            Ok(text) => (Some(text), false),
            Err(error) => (Some(encoding::encode(error.into_bytes())), true),
        }
    } else {
        (Some(encoding::encode(body)), true)
    }
}

fn is_text(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(essence.as_str(), "application/json" | "application/javascript" | "application/xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_decides() {
        for text in
            ["text/plain", "application/json; charset=utf-8", "application/merge-patch+json", "image/svg+xml"]
        {
            assert!(is_text(text), "{text}");
        }
        for binary in ["application/octet-stream", "image/png", "application/x-www-form-urlencoded"] {
            assert!(!is_text(binary), "{binary}");
        }
    }
}
