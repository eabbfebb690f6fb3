//! The sample events of `tests/events`, made to name what is in the table.

use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};

use crate::{failure::Failure, world::World};

/// A user with a key, as events name them.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) user: String,
    /// The eight characters after the user's.
    pub(crate) suffix: String,
}

/// Returns a number that was not returned before.
pub(crate) fn another() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// What the sample events name.
const ORGANIZATION: &str = "Zt4Kq8WvB2nXc6Mh";
const OWNER: &str = "5nQx8RbW2kLt";
const USER: &str = "7HcX2mPq9LwZ";
const SUFFIX: &str = "tR4bK1nV";

/// Returns a function's sample event, about a user and a key of this world.
pub(crate) fn sample(world: &World, function: &str, named: &Named) -> Result<Value, Failure> {
    let path = world.binaries.workspace.join("tests/events").join(format!("{function}.json"));
    let unreadable = |cause| Failure::File { path: path.clone(), cause };
    let text = fs::read_to_string(&path)
        .map_err(unreadable)?
        .replace(ORGANIZATION, &world.organization)
        .replace(OWNER, &world.owner)
        .replace(&format!("{USER}{SUFFIX}"), &format!("{}{}", named.user, named.suffix))
        .replace(USER, &named.user);
    let mut event: Value = serde_json::from_str(&text).map_err(|error| unreadable(error.into()))?;
    let now = world.stack.clock().now();
    if event["headers"]["idempotency-key"].is_string() {
        event["headers"]["idempotency-key"] = json!(another().to_string());
    }
    // A person owns at most 20 organizations, so each is made by another.
    if event["routeKey"] == "POST /v1/organizations" {
        event["requestContext"]["authorizer"]["lambda"]["subject"] = json!(another().to_string());
    }
    if event["requestContext"].is_object() {
        event["requestContext"]["timeEpoch"] = json!(now.as_millisecond());
    }
    if event["time"].is_string() {
        event["time"] = json!(world.stack.clock().now_text());
    }
    Ok(event)
}

/// Returns the authorizer's sample event with another credential.
pub(crate) fn authorizer(world: &World, header: &str, value: &str) -> Result<Vec<u8>, Failure> {
    let nobody = Named { user: USER.to_owned(), suffix: SUFFIX.to_owned() };
    let mut event = sample(world, crate::binaries::AUTHORIZER, &nobody)?;
    let headers = event["headers"].as_object_mut();
    headers.map(|headers| (headers.remove("x-access-key"), headers.insert(header.to_owned(), json!(value))));
    Ok(event.to_string().into_bytes())
}

/// Returns the authorizer's sample event for a route of the organization, as a sign-in needs it.
pub(crate) fn sign_in(world: &World, token: &str) -> Result<Vec<u8>, Failure> {
    let event = authorizer(world, "authorization", &format!("Bearer {token}"))?;
    let mut event: Value = serde_json::from_slice(&event).unwrap_or_default();
    event["pathParameters"] = json!({"organization_id": world.organization});
    Ok(event.to_string().into_bytes())
}

/// Makes a token that has the right form and key id, and another secret.
pub(crate) fn with_wrong_secret(token: &str) -> String {
    let Some((front, secret)) = token.rsplit_once('_') else { return token.to_owned() };
    let first = if secret.starts_with('0') { '1' } else { '0' };
    let wrong = format!("{front}_{first}{}", &secret[1..43]);
    let check = base62_of_6(crc32fast::hash(wrong.as_bytes()));
    wrong + &check
}

fn base62_of_6(mut number: u32) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = ['0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = char::from(DIGITS[number as usize % 62]);
        number /= 62;
    }
    digits.iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_secret_keeps_the_form() {
        let token = "ak_7HcX2mPq9LwZtR4bK1nV_00000000000000000000000000000000000000000004MWDTL";
        let (front, check) = token.split_at(token.len() - 6);
        assert_eq!(base62_of_6(crc32fast::hash(front.as_bytes())), check);
        let wrong = with_wrong_secret(token);
        assert!(wrong.len() == token.len() && wrong[..24] == token[..24] && wrong != token);
    }
}
