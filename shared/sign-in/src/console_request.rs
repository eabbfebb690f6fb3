//! Tells whether a request comes from a page of the console, and finds the cookie of its session.
//!
//! Browsers send cookies with requests of other sites too. Only a page of this origin can add the header: the API answers
//! no preflight of another one.

use api::{
    app::{BadSetting, Environment},
    only_cookie,
};
use domain::session::SessionId;

/// The header by which a page of the console marks its requests.
const MARK: &str = "x-console-request";

/// The header in which a browser states where a request comes from. Older browsers do not send it.
const FETCH_SITE: &str = "sec-fetch-site";

/// The prefix of cookies that only this host can set, over TLS.
const HOST_PREFIX: &str = "__Host-";

/// A header of which one value is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HeaderState {
    /// It is not there.
    #[default]
    Absent,
    /// It is there once, with the right value.
    Expected,
    /// It has another value, or it is there more than once.
    Other,
}

/// The headers that tell where a request comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConsoleRequest {
    mark: HeaderState,
    fetch_site: HeaderState,
}

/// Why a request with the mark of the console does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadConsoleRequest {
    /// The mark has another value, or a browser states that another site sent the request.
    #[error("the request is not of the console")]
    NotOfConsole,
    /// There is no session cookie, or more than one, or it holds no session id.
    #[error("there is not exactly one session cookie")]
    BadCookie,
}

impl ConsoleRequest {
    /// The headers that count, in lower case.
    pub const HEADERS: [&str; 2] = [MARK, FETCH_SITE];

    /// Takes note of a header; its name is one of [`ConsoleRequest::HEADERS`].
    pub fn note(&mut self, name: &str, value: &str) {
        let (header, expected) =
            if name == MARK { (&mut self.mark, "1") } else { (&mut self.fetch_site, "same-origin") };
        let is_first = *header == HeaderState::Absent;
        *header = if is_first && value == expected { HeaderState::Expected } else { HeaderState::Other };
    }

    /// Tells whether the request has the mark, right or wrong. Without it cookies do not count.
    #[must_use]
    pub fn is_marked(self) -> bool {
        self.mark != HeaderState::Absent
    }

    /// Finds the session of a request that has the mark.
    pub fn session<'c>(
        self,
        cookies: impl Iterator<Item = &'c str>,
        cookie: &SessionCookie,
    ) -> Result<SessionId, BadConsoleRequest> {
        if self.mark != HeaderState::Expected || self.fetch_site == HeaderState::Other {
            return Err(BadConsoleRequest::NotOfConsole);
        }
        cookie.find(cookies).ok_or(BadConsoleRequest::BadCookie)
    }
}

/// The cookie that holds the id of a session (`SESSION_COOKIE`).
#[derive(Debug)]
pub struct SessionCookie {
    name: String,
}

impl SessionCookie {
    /// Makes the cookie of a name.
    #[must_use]
    pub const fn new(name: String) -> Self {
        Self { name }
    }

    /// Reads the setting.
    pub fn from_env(environment: &Environment) -> Result<Self, BadSetting> {
        environment.required("SESSION_COOKIE").map(Self::new)
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether the cookie is for TLS alone.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.name.starts_with(HOST_PREFIX)
    }

    /// Finds the session among cookies, each as `name=value`. `None` unless there is exactly one, with a session id.
    pub fn find<'c>(&self, cookies: impl Iterator<Item = &'c str>) -> Option<SessionId> {
        only_cookie(cookies, &self.name).and_then(|value| SessionId::parse(value).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7HcX2mPq9LwZtR4bK1nV7HcX2mPq9LwZtR4bK1nV012";

    fn session(headers: &[(&str, &str)], cookies: &[&str]) -> Result<String, BadConsoleRequest> {
        let mut request = ConsoleRequest::default();
        for (name, value) in headers {
            request.note(name, value);
        }
        let cookie = SessionCookie { name: "__Host-access-keys-session".to_owned() };
        request.session(cookies.iter().copied(), &cookie).map(|id| id.expose().to_owned())
    }

    #[test]
    fn a_cookie_with_the_prefix_of_a_host_is_for_tls_alone() {
        for (name, is_secure) in [("__Host-access-keys-session", true), ("access-keys-session", false)] {
            assert_eq!(SessionCookie { name: name.to_owned() }.is_secure(), is_secure);
        }
    }

    #[test]
    fn a_page_of_this_origin_and_one_cookie_are_a_session() {
        let cookie = &*format!("__Host-access-keys-session={ID}");
        let mark = ("x-console-request", "1");
        let found = Ok(ID.to_owned());
        assert_eq!(session(&[mark], &[cookie]), found);
        assert_eq!(session(&[mark, ("sec-fetch-site", "same-origin")], &["theme=dark", cookie]), found);
        assert_eq!(
            session(&[mark], &["\u{2003}__Host-access-keys-session=a", &format!(" {cookie}\t")]),
            found
        );
        for headers in [
            &[][..],
            &[("x-console-request", "")],
            &[("x-console-request", "true")],
            &[("x-console-request", "1,1")],
            &[mark, mark],
            &[mark, ("sec-fetch-site", "same-site")],
            &[mark, ("sec-fetch-site", "cross-site")],
            &[mark, ("sec-fetch-site", "none")],
            &[mark, ("sec-fetch-site", "")],
            &[mark, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")],
        ] {
            assert_eq!(session(headers, &[cookie]), Err(BadConsoleRequest::NotOfConsole), "{headers:?}");
        }
        let short = &cookie[..cookie.len() - 1];
        let (longer, other) = (&*format!("{cookie}0"), &*format!("access-keys-session={ID}"));
        let (spaced, quoted) = (&*cookie.replace('=', " ="), &*cookie.replace(ID, &format!("\"{ID}\"")));
        let (of_other_host, control) = (&*format!("\u{2003}{cookie}"), &*format!("\u{c}{cookie}"));
        for cookies in [
            &[][..],
            &[of_other_host],
            &[control],
            &[cookie, cookie],
            &[short],
            &[longer],
            &[other],
            &[spaced],
            &[quoted],
            &["__Host-access-keys-session="],
            &["__Host-access-keys-session"],
        ] {
            assert_eq!(session(&[mark], cookies), Err(BadConsoleRequest::BadCookie), "{cookies:?}");
        }
    }

    #[test]
    fn a_request_is_marked_by_the_header_alone() {
        let mut request = ConsoleRequest::default();
        request.note("sec-fetch-site", "cross-site");
        assert!(!request.is_marked());
        request.note("x-console-request", "0");
        assert!(request.is_marked());
    }
}
