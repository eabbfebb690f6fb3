//! The response of the provider to the request of a sign-in, which the browser brings in the query of the callback.

use api::Request;

use crate::sign_in_failed::Reason;

/// The longest code. Those of Microsoft Entra have about 1,500 characters.
const MAX_CODE_LENGTH: usize = 4_096;

/// The response to one attempt. It holds the code, so it has no `Debug`.
pub(crate) struct AuthorizationResponse {
    /// The issuer that it names (RFC 9207).
    pub(crate) iss: Option<String>,
    /// The code for the token endpoint, or why there is none.
    pub(crate) code: Result<String, Reason>,
}

impl AuthorizationResponse {
    /// Reads the response to the attempt with this state. Fails if it is for another attempt.
    pub(crate) fn read(request: &Request<()>, state: &str) -> Result<Self, Reason> {
        if only(request, "state")?.as_deref() != Some(state) {
            return Err(Reason::Mismatch);
        }
        Ok(Self { iss: only(request, "iss")?, code: code(request) })
    }
}

fn code(request: &Request<()>) -> Result<String, Reason> {
    if let Some(error) = only(request, "error")? {
        return Err(if error == "access_denied" { Reason::Denied } else { Reason::Issuer });
    }
    let usable = |code: &String| {
        (1..=MAX_CODE_LENGTH).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic())
    };
    only(request, "code")?.filter(usable).ok_or(Reason::Issuer)
}

/// Returns the value of a parameter. Fails if it comes twice (RFC 6749 §3.1).
fn only(request: &Request<()>, name: &str) -> Result<Option<String>, Reason> {
    match request.query_values(name).as_slice() {
        [] => Ok(None),
        [value] => Ok(Some(value.clone())),
        _ => Err(Reason::Mismatch),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_json::{Value, json};

    use super::*;

    const STATE: &str = "7HcX2mPq9LwZtR4bK1nV7HcX2mPq9LwZtR4bK1nV012";

    /// The longest query that is played, bytes. With the path and what the checks append, the URL stays below 65,534, the limit of
    /// `http`.
    const MAX_QUERY_LENGTH: usize = 60_000;

    type Read = Result<(Option<String>, Result<String, Reason>), Reason>;

    /// Escapes what no URL holds, as a browser does.
    fn escaped(query: &str) -> String {
        query.bytes().fold(String::new(), |mut escaped, byte| {
            match byte {
                b'#' | b'"' | b'<' | b'>' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                    write!(escaped, "%{byte:02X}").unwrap();
                }
                b'!'..=b'~' => escaped.push(byte.into()),
                _ => write!(escaped, "%{byte:02X}").unwrap(),
            }
            escaped
        })
    }

    fn read_for(state: &str, query: &str) -> Read {
        let mut event: Value =
            serde_json::from_str(include_str!("../../../tests/events/manage-session.json")).unwrap();
        event["rawQueryString"] = json!(escaped(query));
        let request = Request::read_open(lambda_http::request::from_str(&event.to_string()).unwrap());
        let request = request.unwrap_or_else(|error| panic!("{error}"));
        AuthorizationResponse::read(&request, state).map(|response| (response.iss, response.code))
    }

    /// Reads a response by the values of each parameter.
    fn read_simply(query: &str) -> Read {
        let values = |wanted: &str| -> Vec<String> {
            let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
            pairs.filter(|(name, _)| name == wanted).map(|(_, value)| value).collect()
        };
        let [state, iss, error, code] = ["state", "iss", "error", "code"].map(values);
        if state != [STATE] || iss.len() > 1 {
            return Err(Reason::Mismatch);
        }
        let is_usable = |code: &str| {
            !code.is_empty() && code.len() <= 4_096 && code.chars().all(|c| ('!'..='~').contains(&c))
        };
        let code = match (error.as_slice(), code.as_slice()) {
            ([error], _) if error == "access_denied" => Err(Reason::Denied),
            ([_], _) => Err(Reason::Issuer),
            ([_, _, ..], _) | (_, [_, _, ..]) => Err(Reason::Mismatch),
            ([], [code]) if is_usable(code) => Ok(code.clone()),
            ([], _) => Err(Reason::Issuer),
        };
        Ok((iss.first().cloned(), code))
    }

    #[test]
    fn fuzzed_responses_of_providers_are_for_one_attempt_and_hold_one_code_or_none() {
        let code_of = |length| format!("state={STATE}&code={}", "c".repeat(length));
        fuzz::texts("authorization_response").with(&code_of(4_096)).with(&code_of(4_097)).play(|text| {
            if escaped(text).len() > MAX_QUERY_LENGTH {
                return false;
            }
            let read = |query: &str| read_for(STATE, query);
            let response = read(text);
            assert_eq!(response, read_simply(text));
            let Ok((iss, code)) = response.clone() else { return false };
            assert_eq!(read_for(&STATE.replace('7', "8"), text), Err(Reason::Mismatch), "another attempt");
            let reversed: Vec<_> = text.split('&').rev().chain(["session_state=x"]).collect();
            assert_eq!(read(&reversed.join("&")), response, "others, and the order, change nothing");
            let with = |more: &str| read(&format!("{text}&{more}"));
            assert_eq!(with(&format!("state={STATE}")), Err(Reason::Mismatch));
            assert!(iss.is_none() || with("iss=x") == Err(Reason::Mismatch));
            if code.is_ok() {
                assert_eq!(with("code=x"), Ok((iss.clone(), Err(Reason::Mismatch))));
                assert_eq!(with("error=access_denied"), Ok((iss, Err(Reason::Denied))));
            }
            code.is_ok()
        });
    }
}
