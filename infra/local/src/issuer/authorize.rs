//! The issuer's authorization endpoint: it lets anybody say who they are, and sends the console a code.

use std::collections::BTreeMap;

use hyper::{StatusCode, http::request::Parts};

use super::{
    Issuer,
    codes::Grant,
    page,
    people::Person,
    routes::{cookie, see_other, set_cookie, with_query},
};
use crate::http::Response;

/// The parameters that the page repeats, so that the form sends them again.
const REPEATED: [&str; 8] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
];

const TWICE: &str = "A parameter is given twice.";

/// Fields of a form or of a query, each given once.
type Fields = BTreeMap<String, String>;

/// A request for a code that keeps the rules.
struct AuthorizationRequest {
    redirect_uri: String,
    state: String,
    nonce: String,
    challenge: String,
}

/// Why there is no code.
enum Refused {
    /// The client or its URL is unknown, so nothing is sent there.
    Page(&'static str),
    /// The client is told.
    Client { redirect_uri: String, state: Option<String>, error: &'static str, description: &'static str },
}

impl Issuer {
    /// Answers `GET authorize`: the sign-in page, or a code at once where the browser is remembered.
    pub(super) fn show_sign_in(&self, head: &Parts) -> Response {
        let Some(fields) = fields(head.uri.query().unwrap_or_default().as_bytes()) else {
            return page::message(StatusCode::BAD_REQUEST, TWICE);
        };
        let request = match self.check(&fields) {
            Ok(request) => request,
            Err(refused) => return self.refuse(refused),
        };
        let prompt = fields.get("prompt").map(String::as_str);
        let known = cookie(head).and_then(|cookie| self.signed_in.in_browser(&cookie));
        match (known, prompt) {
            (Some(person), None | Some("none")) => self.send_code(&request, person),
            (None, Some("none")) => {
                let description = "nobody has signed in with this browser";
                self.refuse(request.refused("login_required", description))
            }
            _ => {
                let repeated = REPEATED.iter().filter_map(|name| fields.get_key_value(*name));
                let repeated = repeated.map(|(name, value)| (name.as_str(), value.as_str())).collect();
                page::sign_in(self.client.origins(), repeated, &self.signed_in.recent())
            }
        }
    }

    /// Answers `POST authorize`, which the page sends: a code for the person in the form.
    pub(super) fn sign_in(&self, body: &[u8]) -> Response {
        let Some(fields) = fields(body) else {
            return page::message(StatusCode::BAD_REQUEST, TWICE);
        };
        let request = match self.check(&fields) {
            Ok(request) => request,
            Err(refused) => return self.refuse(refused),
        };
        if fields.get("action").is_some_and(|action| action == "cancel") {
            return self.refuse(request.refused("access_denied", "the person cancelled"));
        }
        let text = |name: &str| fields.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        let Some(name) = text("name") else {
            return page::message(StatusCode::BAD_REQUEST, "Write a name.");
        };
        let person = Person {
            name: name.to_owned(),
            email: text("email").map(str::to_owned),
            email_verified: fields.contains_key("email_verified"),
        };
        let browser = self.signed_in.remember(&person);
        set_cookie(self.send_code(&request, person), &browser)
    }

    fn check(&self, fields: &Fields) -> Result<AuthorizationRequest, Refused> {
        let given = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        if !self.client.is(given("client_id")) {
            return Err(Refused::Page("The issuer does not know this client_id."));
        }
        let redirect_uri = given("redirect_uri").to_owned();
        if !self.client.may_redirect_to(&redirect_uri) {
            return Err(Refused::Page("This redirect_uri is not registered for the client."));
        }
        let request = AuthorizationRequest {
            redirect_uri,
            state: given("state").to_owned(),
            nonce: given("nonce").to_owned(),
            challenge: given("code_challenge").to_owned(),
        };
        let is_sha_256 = request.challenge.len() == 43
            && request.challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let broken = [
            (given("response_type") != "code", "unsupported_response_type", "response_type must be code"),
            (!given("scope").split(' ').any(|scope| scope == "openid"), "invalid_scope", "openid is missing"),
            (request.state.is_empty(), "invalid_request", "state is missing"),
            (request.nonce.is_empty(), "invalid_request", "nonce is missing"),
            (
                given("code_challenge_method") != "S256",
                "invalid_request",
                "code_challenge_method must be S256",
            ),
            (!is_sha_256, "invalid_request", "code_challenge must be a SHA-256 in base64url"),
        ];
        match broken.into_iter().find(|(is_broken, ..)| *is_broken) {
            Some((_, error, description)) => Err(request.refused(error, description)),
            None => Ok(request),
        }
    }

    fn send_code(&self, request: &AuthorizationRequest, person: Person) -> Response {
        let code = self.codes.issue(Grant {
            redirect_uri: request.redirect_uri.clone(),
            nonce: request.nonce.clone(),
            challenge: request.challenge.clone(),
            person,
            at: self.clock.now(),
        });
        self.note_secret(&code);
        let answer = [("code", code.as_str()), ("state", &request.state), ("iss", &self.url)];
        see_other(&with_query(&request.redirect_uri, &answer))
    }

    fn refuse(&self, refused: Refused) -> Response {
        match refused {
            Refused::Page(message) => page::message(StatusCode::BAD_REQUEST, message),
            Refused::Client { redirect_uri, state, error, description } => {
                let mut answer = vec![("error", error), ("error_description", description)];
                answer.extend(state.as_deref().map(|state| ("state", state)));
                answer.push(("iss", &self.url));
                see_other(&with_query(&redirect_uri, &answer))
            }
        }
    }
}

impl AuthorizationRequest {
    fn refused(&self, error: &'static str, description: &'static str) -> Refused {
        let state = Some(self.state.clone()).filter(|state| !state.is_empty());
        Refused::Client { redirect_uri: self.redirect_uri.clone(), state, error, description }
    }
}

/// Reads the fields of a query or form. `None` if one is given twice: nobody could tell which counts.
fn fields(text: &[u8]) -> Option<Fields> {
    let mut fields = Fields::new();
    let mut given = form_urlencoded::parse(text).into_owned();
    given.all(|(name, value)| fields.insert(name, value).is_none()).then_some(fields)
}
