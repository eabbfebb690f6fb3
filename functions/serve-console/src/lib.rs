//! Serves the console: the files of `assets/`, which are embedded in this binary.
//!
//! Each path of a page answers `index.html`, and the scripts in it draw the page. The path of a file holds the hash of the whole tree, so
//! browsers keep files for ever and relative imports stay as they are written.

mod assets;
#[cfg(test)]
mod comment_lines;
#[cfg(test)]
mod tests;

use api::{
    HandlerError, HandlerResult, Request, answer, response::page_not_modified, takes_gzip,
    with_console_headers,
};
use domain::Error;
use lambda_http::{
    Body, Response,
    http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY},
};

use crate::assets::{File, HASH, find};

/// The path of the page in the embedded tree.
const INDEX: &str = "index.html";

/// Answers a page or a file, each with the headers that browsers need.
pub async fn serve_console(request: lambda_http::Request) -> HandlerResult {
    let request = Request::read_open(request)?;
    let is_https = request.deployment()?.starts_with("https:");
    let Ok(response) = answer(async { route(&request) }).await;
    Ok(with_console_headers(response, is_https))
}

fn route(request: &Request<()>) -> HandlerResult {
    let path = match request.route.as_str() {
        "GET /console" => String::new(),
        "GET /console/{path+}" => request.path("path")?,
        _ => return Err(request.unknown_route()),
    };
    match path.strip_prefix("assets/") {
        Some(file) => asset(request, file),
        // What looks like a file is none.
        None if path.contains('.') => Err(missing()),
        None => Ok(page(request)),
    }
}

/// Answers a file of the version that the path names. A page of another version loads itself anew.
fn asset(request: &Request<()>, path: &str) -> HandlerResult {
    let (hash, path) = path.split_once('/').ok_or_else(missing)?;
    let file = find(path).filter(|_| hash == HASH).ok_or_else(missing)?;
    Ok(show(request, file, "public, max-age=31536000, immutable"))
}

/// Answers the page, or that the browser has it.
fn page(request: &Request<()>) -> Response<Body> {
    let entity_tag = format!("\"{HASH}\"");
    let mut known =
        request.header_texts(IF_NONE_MATCH.as_str()).flat_map(|value| value.split(',')).map(str::trim);
    let is_known = known.any(|known| known.strip_prefix("W/").unwrap_or(known) == entity_tag || known == "*");
    let entity_tag = HeaderValue::try_from(entity_tag).expect("a hash has letters and digits");
    if is_known {
        return page_not_modified(entity_tag);
    }
    let mut response = show(request, find(INDEX).expect("the tree has an index"), "no-cache");
    response.headers_mut().insert(ETAG, entity_tag);
    response
}

/// Builds the response with a file, compressed where the client takes that.
fn show(request: &Request<()>, file: &'static File, cache_control: &'static str) -> Response<Body> {
    let compressed = takes_gzip(request.header_texts("accept-encoding"));
    let body = if compressed { Body::Binary(file.gzip.to_owned()) } else { Body::Text(file.text.to_owned()) };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.media_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn missing() -> HandlerError {
    Error::NotFound { what: "file" }.into()
}
