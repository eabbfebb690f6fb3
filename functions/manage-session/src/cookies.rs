//! The two cookies: the session's, and that of an attempt to sign in.

use api::{Request, only_cookie};
use domain::session::SessionId;
use lambda_http::{
    Body, Response,
    http::header::{HeaderValue, SET_COOKIE},
};

use crate::{attempt::Attempt, settings::Console};

/// How long an attempt may take, seconds.
const ATTEMPT_SECONDS: i64 = 600;

/// The longest cookie of an attempt. Ours are much shorter, and a longer one is not read.
const MAX_ATTEMPT_LENGTH: usize = 2_048;

impl Console {
    /// Finds the attempt of the browser. `None` unless there is exactly one.
    pub(crate) fn attempt(&self, request: &Request<()>) -> Option<Attempt> {
        let value = only_cookie(request.cookies(), self.attempt_cookie())?;
        if value.len() <= MAX_ATTEMPT_LENGTH { Attempt::parse(value) } else { None }
    }

    /// Sends the browser an attempt. It comes back with the redirection of the issuer, which is another site.
    pub(crate) fn set_attempt(&self, response: &mut Response<Body>, attempt: &Attempt) {
        let (name, value) = (self.attempt_cookie(), attempt.cookie());
        self.set(response, &format!("{name}={value}; Max-Age={ATTEMPT_SECONDS}"), "Lax");
    }

    /// Lets the browser forget its attempt.
    pub(crate) fn clear_attempt(&self, response: &mut Response<Body>) {
        self.set(response, &format!("{}=; Max-Age=0", self.attempt_cookie()), "Lax");
    }

    /// Sends the browser a session. It comes back with requests of our own pages alone.
    pub(crate) fn set_session(&self, response: &mut Response<Body>, id: &SessionId) {
        let (name, seconds) = (self.cookie.name(), self.session_seconds);
        self.set(response, &format!("{name}={}; Max-Age={seconds}", id.expose()), "Strict");
    }

    /// Lets the browser forget its session.
    pub(crate) fn clear_session(&self, response: &mut Response<Body>) {
        self.set(response, &format!("{}=; Max-Age=0", self.cookie.name()), "Strict");
    }

    fn attempt_cookie(&self) -> &'static str {
        if self.cookie.is_secure() { "__Host-access-keys-sign-in" } else { "access-keys-sign-in" }
    }

    fn set(&self, response: &mut Response<Body>, cookie: &str, same_site: &str) {
        let secure = if self.cookie.is_secure() { " Secure;" } else { "" };
        let cookie = format!("{cookie}; HttpOnly;{secure} SameSite={same_site}; Path=/");
        let cookie = HeaderValue::try_from(cookie).expect("the parts of a cookie are visible ASCII");
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
