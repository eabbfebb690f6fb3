//! The body of a new key.

use api::{HandlerError, Instant, Member, NewSecret, Request, chosen_expiry};
use domain::{
    Error, Time,
    access_key::{AccessKey, Restrictions},
    cidr::{self, Cidr},
    limits::check_names,
    role::{Label, distinct},
    text::{Description, Name},
};
use serde::Deserialize;

/// A new key. It says how long it lives in one of three ways.
#[derive(Debug, Deserialize)]
#[cfg_attr(
    feature = "openapi",
    derive(schemars::JsonSchema),
    schemars(
        rename = "NewAccessKey",
        extend("oneOf" = [
            { "required": ["expires_in_days"] },
            { "required": ["expires_at"] },
            { "required": ["never_expires"] },
        ])
    )
)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    name: Name,
    description: Option<Description>,
    /// Days of 24 hours from now.
    #[cfg_attr(feature = "openapi", schemars(with = "std::num::NonZeroU32", default))]
    expires_in_days: Option<u32>,
    /// The first second at which the key is refused.
    #[cfg_attr(feature = "openapi", schemars(with = "Instant", default))]
    expires_at: Option<Instant>,
    #[cfg_attr(feature = "openapi", schemars(with = "bool", default, extend("const" = true)))]
    never_expires: Option<bool>,
    /// Narrows the key to these roles and groups. Without either, the key may do what its user may.
    #[cfg_attr(feature = "openapi", schemars(length(max = 20)))]
    roles: Option<Vec<Label>>,
    /// See `roles`.
    #[cfg_attr(feature = "openapi", schemars(length(max = 20)))]
    groups: Option<Vec<Label>>,
    /// The networks from which the key may be used. Without them, from anywhere.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 50)))]
    allowed_cidrs: Option<Vec<Cidr>>,
}

impl Body {
    /// Reads the body, and checks all that needs no other item.
    pub(crate) fn read(request: &Request<Member>) -> Result<Self, HandlerError> {
        let mut body: Self = request.body()?;
        body.allowed_cidrs = body.allowed_cidrs.map(cidr::checked).transpose()?;
        let (roles, groups) = (body.roles.as_deref(), body.groups.as_deref());
        check_names((&[], &[]), (roles.unwrap_or_default(), groups.unwrap_or_default()))?;
        Ok(body)
    }

    /// Returns the expiry that the body names.
    pub(crate) fn expiry(&self, now: Time) -> Result<Option<Time>, Error> {
        const RULE: &str = "give one of expires_in_days, expires_at, never_expires";
        let chosen = chosen_expiry(self.expires_in_days, self.expires_at, self.never_expires, now)?;
        chosen.ok_or_else(|| Error::invalid("expires_in_days", RULE))
    }

    pub(crate) fn restrictions(&self) -> Restrictions<'_> {
        Restrictions {
            roles: self.roles.as_deref(),
            groups: self.groups.as_deref(),
            allowed_cidrs: self.allowed_cidrs.as_deref(),
        }
    }

    /// Makes the key of its user, with a new secret.
    pub(crate) fn into_key(
        self,
        new: &NewSecret,
        expires_at: Option<Time>,
        request: &Request<Member>,
    ) -> AccessKey {
        let Member { organization_id, user_id, .. } = request.caller;
        let secret = new.stored.clone();
        let mut key =
            AccessKey::new(&new.token, secret, organization_id, self.name, expires_at, user_id, request.now);
        key.description = self.description;
        key.roles = self.roles.map(distinct);
        key.groups = self.groups.map(distinct);
        key.allowed_cidrs = self.allowed_cidrs;
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Body> {
        let event = fuzz::event_with_body(include_str!("../../../tests/events/create-access-key.json"), body);
        let request = Request::read_open(lambda_http::request::from_str(&event).unwrap());
        request.unwrap_or_else(|error| panic!("{error}")).body().ok()
    }

    #[test]
    fn fuzzed_bodies_mean_the_same_in_another_spelling_and_name_nothing_unknown() {
        let now = Time::from_seconds(1_790_000_000);
        fuzz::documents("new_access_key").play(|text| {
            let Some((body, document)) = fuzz::read_body(text, read) else { return false };
            let expiry = body.expiry(now);
            if let Ok(expiry) = expiry {
                let ways = ["expires_in_days", "expires_at", "never_expires"];
                let given = ways.iter().filter(|way| document.get(way).is_some_and(|value| !value.is_null()));
                assert!(
                    given.count() == 1 && expiry.is_none_or(|expiry| now < expiry && expiry <= Time::MAX)
                );
            }
            expiry.is_ok()
        });
    }
}
