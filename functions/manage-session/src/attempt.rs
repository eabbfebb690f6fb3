//! One attempt to sign in, which waits in a cookie of the browser while the person is at the identity provider.
//!
//! Nothing is stored for it: whoever never comes back costs nothing.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{base62::Base62, session::SessionHash};
use sha2::{Digest as _, Sha256};

use crate::return_to::ReturnTo;

/// An attempt to sign in. It holds the verifier of its code, so it has no `Debug`.
#[derive(PartialEq, Eq)]
pub(crate) struct Attempt {
    state: Base62<43>,
    verifier: Base62<43>,
    /// The session that the browser had when the attempt began. It ends when the attempt succeeds.
    pub(crate) earlier_session: Option<SessionHash>,
    /// Where the person wanted to go.
    pub(crate) return_to: ReturnTo,
}

impl Attempt {
    /// Starts an attempt with values that nobody can guess: 256 bits each.
    pub(crate) fn start(earlier_session: Option<SessionHash>, return_to: ReturnTo) -> Self {
        Self { state: Base62::random(), verifier: Base62::random(), earlier_session, return_to }
    }

    /// Reads the value of the cookie; `None` if it is none of ours.
    pub(crate) fn parse(cookie: &str) -> Option<Self> {
        let mut parts = cookie.splitn(4, '.');
        let (state, verifier) = (parts.next()?, parts.next()?);
        let earlier_session = match parts.next()? {
            "" => None,
            hash => Some(SessionHash::parse(hash)?),
        };
        Some(Self {
            state: Base62::parse(state).ok()?,
            verifier: Base62::parse(verifier).ok()?,
            earlier_session,
            return_to: ReturnTo::parse(parts.next()?)?,
        })
    }

    /// Writes the value of the cookie.
    pub(crate) fn cookie(&self) -> String {
        let earlier = self.earlier_session.as_ref().map_or("", SessionHash::as_str);
        format!("{}.{}.{earlier}.{}", self.state, self.verifier, self.return_to.as_str())
    }

    /// Returns the state, by which the answer of the provider finds its attempt.
    pub(crate) fn state(&self) -> &str {
        self.state.as_str()
    }

    /// Returns the verifier, which only the token endpoint may see.
    pub(crate) fn verifier(&self) -> &str {
        self.verifier.as_str()
    }

    /// Returns the challenge that stands for the verifier (RFC 7636, `S256`).
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_str()))
    }

    /// Returns the nonce, which binds the ID token to this attempt. It follows from the verifier, and tells nothing of it.
    pub(crate) fn nonce(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("nonce{}", self.verifier)))
    }
}

#[cfg(test)]
mod tests {
    use domain::session::SessionId;

    use super::*;

    #[test]
    fn an_attempt_is_read_as_it_was_written_and_nothing_else_is() {
        let page = || ReturnTo::parse("/console/O/me/access-keys?status=active&q=a.b").unwrap();
        for earlier in [None, Some(SessionId::random().hash())] {
            let attempt = Attempt::start(earlier, page());
            let cookie = attempt.cookie();
            assert!(Attempt::parse(&cookie).as_ref() == Some(&attempt), "{cookie}");
            assert!(cookie.len() < 260, "{cookie}");
            for odd in [&cookie[1..], &cookie.replacen('.', "", 1), &cookie.replace("/console", "/v1"), ""] {
                assert!(Attempt::parse(odd).is_none(), "{odd}");
            }
        }
    }

    #[test]
    fn state_verifier_nonce_and_challenge_differ() {
        let attempt = Attempt::start(None, ReturnTo::default());
        let (challenge, nonce) = (attempt.challenge(), attempt.nonce());
        let all = [attempt.state(), attempt.verifier(), &challenge, &nonce];
        assert!(all.iter().all(|text| text.len() == 43));
        assert!((1..4).all(|index| !all[..index].contains(&all[index])), "{all:?}");
        assert_ne!(Attempt::start(None, ReturnTo::default()).nonce(), nonce);
    }

    #[test]
    fn fuzzed_cookies_have_one_form_and_lead_back_to_a_page() {
        fuzz::texts("sign_in_cookie").play(|text| {
            let parts: Vec<_> = text.splitn(4, '.').collect();
            let all =
                |part: &str, length, fits: fn(char) -> bool| part.len() == length && part.chars().all(fits);
            let is_right = match parts.as_slice() {
                [state, verifier, earlier, page] => {
                    all(state, 43, |c| c.is_ascii_alphanumeric())
                        && all(verifier, 43, |c| c.is_ascii_alphanumeric())
                        && (earlier.is_empty() || all(earlier, 64, |c| matches!(c, '0'..='9' | 'a'..='f')))
                        && ReturnTo::parse(page).is_some()
                }
                _ => false,
            };
            let attempt = Attempt::parse(text);
            assert_eq!(attempt.is_some(), is_right);
            assert!(attempt.is_none_or(|attempt| attempt.cookie() == text && attempt.state() == parts[0]));
            is_right
        });
    }
}
