//! Requests of the console's pages, and what holds of each session that a function finds in one.

use serde_json::{Map, Value, json};

/// The name of the session cookie.
pub const SESSION_COOKIE: &str = "__Host-access-keys-session";

/// The headers that hold a credential. Beside a session, none may be there.
const CREDENTIALS: [&str; 2] = ["authorization", "x-access-key"];

/// Finds the session of a request: its `headers` and `cookies`, in the form of the gateway's events. `find` returns `None` for a
/// request that cannot be read at all, and within it the session's id.
///
/// Checks that the session is found by the rules, in simpler code. Other cookies and headers and their order change nothing. A
/// second cookie of the name, another credential, or another site refuses the request.
///
/// # Panics
/// When a check fails.
pub fn find_session(request: &Value, find: impl Fn(&Value) -> Option<Option<String>>) -> bool {
    let Some(found) = find(request) else { return false };
    assert_eq!(found.as_deref(), expected(request));
    let is_found = found.is_some();
    if is_found {
        for more in with_same_session(request) {
            assert_eq!(find(&more), Some(found.clone()), "{more} is the same session");
        }
        for spoiled in without_session(request) {
            assert_eq!(find(&spoiled), Some(None), "{spoiled} has no session");
        }
    }
    is_found
}

/// Reads the session by the rules.
fn expected(request: &Value) -> Option<&str> {
    let headers = request["headers"].as_object()?;
    let site = values(headers, "sec-fetch-site");
    let is_of_console = values(headers, "x-console-request") == ["1"]
        && (site.is_empty() || site == ["same-origin"])
        && CREDENTIALS.iter().all(|name| values(headers, name).is_empty());
    let cookies = request["cookies"].as_array().filter(|_| is_of_console)?;
    let pairs =
        cookies.iter().filter_map(|cookie| cookie.as_str()?.trim_matches([' ', '\t']).split_once('='));
    let ids: Vec<_> = pairs.filter(|(name, _)| *name == SESSION_COOKIE).map(|(_, id)| id).collect();
    let is_id = |id: &str| id.len() == 43 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    ids.first().copied().filter(|id| ids.len() == 1 && is_id(id))
}

/// Returns all values of a header, whatever the case of its name.
fn values<'h>(headers: &'h Map<String, Value>, name: &str) -> Vec<&'h Value> {
    let values = headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    values.flat_map(in_list).collect()
}

/// Returns the items of a list, and any other value but `null`.
fn in_list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().flat_map(in_list).collect(),
        value => vec![value],
    }
}

fn with_same_session(request: &Value) -> Vec<Value> {
    // A browser takes a space that is no ASCII one for a part of the name, so another host can set the third one.
    let others =
        ["theme=dark", "name=Zo\u{eb}", "\u{2003}__Host-access-keys-session=a", "access-keys-session=a", "a"];
    let mut reordered = request.clone();
    cookies_of(&mut reordered).reverse();
    let more = others.map(|cookie| with_cookie(request, cookie));
    let headers = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors"), ("origin", "null")];
    more.into_iter()
        .chain(headers.map(|(name, value)| with_header(request, name, value)))
        .chain([reordered])
        .collect()
}

fn without_session(request: &Value) -> Vec<Value> {
    let second =
        ["__Host-access-keys-session=a", " \t__Host-access-keys-session=", "__Host-access-keys-session=a=b"];
    let second = second.map(|cookie| with_cookie(request, cookie));
    let mut without = request.clone();
    cookies_of(&mut without).clear();
    let sites =
        ["cross-site", "same-site", "none", ""].map(|site| with_header(request, "sec-fetch-site", site));
    let marks = ["", "0", "true", "1,1"].map(|mark| with_header(request, "x-console-request", mark));
    let credentials = CREDENTIALS.map(|name| with_header(request, name, ""));
    second.into_iter().chain([without]).chain(sites).chain(marks).chain(credentials).collect()
}

fn with_cookie(request: &Value, cookie: &str) -> Value {
    let mut request = request.clone();
    cookies_of(&mut request).push(json!(cookie));
    request
}

fn cookies_of(request: &mut Value) -> &mut Vec<Value> {
    request["cookies"].as_array_mut().expect("a request with a session has cookies")
}

/// Sets a header, in the place of any of its name.
fn with_header(request: &Value, name: &str, value: &str) -> Value {
    let mut request = request.clone();
    let headers = request["headers"].as_object_mut().expect("a request with a session has headers");
    headers.retain(|known, _| !known.eq_ignore_ascii_case(name));
    headers.insert(name.to_owned(), json!(value));
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    type Find = fn(&Value) -> Option<Option<String>>;

    /// Finds the first cookie of the name in a request with the mark.
    fn find_first(request: &Value) -> Option<Option<String>> {
        let cookies = request["cookies"].as_array()?.iter().filter_map(Value::as_str);
        let mut ids = cookies.filter_map(|cookie| cookie.trim().strip_prefix("__Host-access-keys-session="));
        Some(ids.next().filter(|_| request["headers"]["x-console-request"] == "1").map(str::to_owned))
    }

    /// As above, in a request that no other site sent.
    fn find_first_of_site(request: &Value) -> Option<Option<String>> {
        let site = &request["headers"]["sec-fetch-site"];
        find_first(request).map(|id| id.filter(|_| site.is_null() || site == "same-origin"))
    }

    #[test]
    fn a_reader_that_takes_the_first_cookie_or_ignores_the_site_is_noticed() {
        let cookie = format!("{SESSION_COOKIE}=7HcX2mPq9LwZtR4bK1nV7HcX2mPq9LwZtR4bK1nV012");
        let request = json!({"headers": {"x-console-request": "1"}, "cookies": [cookie]});
        let readers: [Find; 2] = [find_first, find_first_of_site];
        for find in readers {
            assert_eq!(find(&request).unwrap().as_deref(), expected(&request));
            assert!(std::panic::catch_unwind(|| find_session(&request, find)).is_err());
        }
    }
}
