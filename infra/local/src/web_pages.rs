//! Keeps pages on the web from using this stack through the browser of the developer who looks at them.

use hyper::{
    Uri,
    header::{HOST, HeaderName, ORIGIN},
    http::request::Parts,
};

/// What is answered to a request that a page on the web may have sent.
pub(crate) const REFUSAL: &str =
    "only requests to the hosts localhost and 127.0.0.1 are answered, and none of a page of another host";

/// Tells whether a page on the web may have sent a request.
///
/// A page reads answers under its own name, which may resolve to this machine: then `Host` names it. It writes without
/// reading answers from anywhere: then `Origin` names it.
pub(crate) fn may_have_sent(head: &Parts) -> bool {
    let host = only(head, &HOST).flatten().is_some_and(|host| is_local(name_of(host)));
    let origin = match only(head, &ORIGIN) {
        Some(None) => true,
        Some(Some(origin)) => origin.parse::<Uri>().is_ok_and(|origin| origin.host().is_some_and(is_local)),
        None => false,
    };
    !(host && origin && head.uri.host().is_none_or(is_local))
}

/// Returns the one value of a header: `Some(None)` if it is absent, `None` if there are several, or it is no text.
fn only<'a>(head: &'a Parts, name: &HeaderName) -> Option<Option<&'a str>> {
    let mut values = head.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(None),
        (Some(value), None) => value.to_str().ok().map(Some),
        (Some(_), Some(_)) => None,
    }
}

/// Takes the port off a host.
fn name_of(host: &str) -> &str {
    match host.split_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_local(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1"
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn may_have_sent_with(headers: &[(&str, &str)]) -> bool {
        let request = Request::post("/").body(()).unwrap();
        let (mut head, ()) = request.into_parts();
        for (name, value) in headers {
            head.headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        may_have_sent(&head)
    }

    #[test]
    fn a_host_is_this_machine() {
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1", "127.0.0.1:1"] {
            assert!(!may_have_sent_with(&[("host", host)]), "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example:3000", "localhost:3000.evil.example", "[::1]", ""]
        {
            assert!(may_have_sent_with(&[("host", host)]), "{host}");
        }
        assert!(may_have_sent_with(&[]));
        assert!(may_have_sent_with(&[("host", "localhost"), ("host", "evil.example")]));
    }

    #[test]
    fn an_origin_is_this_machine_or_absent() {
        let host = ("host", "localhost");
        for origin in ["http://localhost:3000", "http://127.0.0.1:8000", "https://localhost"] {
            assert!(!may_have_sent_with(&[host, ("origin", origin)]), "{origin}");
        }
        for origin in ["https://evil.example", "http://localhost.evil.example", "null", ""] {
            assert!(may_have_sent_with(&[host, ("origin", origin)]), "{origin}");
        }
    }
}
