//! Tokens of the identity provider, checked offline against its published keys.

mod claims;
mod issuer;
mod jwks;
mod provider;

use domain::{Time, sign_in::SignedIn};
use jsonwebtoken::{Validation, decode, decode_header};

use crate::refusal::Refusal;
use claims::Claims;

pub(crate) use issuer::Issuer;
pub(crate) use jwks::{Jwks, JwksFailure};

/// Checks signature and claims at `now`.
///
/// Every claim that is relied on must be there with its type: one of another type is a refusal,
/// never as if it were absent. The token's own header never says where keys come from.
pub(crate) async fn verify(
    issuer: &Issuer,
    jwks: &Jwks,
    text: &str,
    now: Time,
) -> Result<Result<SignedIn, Refusal>, JwksFailure> {
    provider::install();
    let refuse = |why| Ok(Err(Refusal::BadJwt(why)));
    let Ok(header) = decode_header(text) else { return refuse("jwt_malformed") };
    if !issuer.algorithms.contains(&header.alg) {
        return refuse("jwt_algorithm");
    }
    if claims::is_critical(text) {
        return refuse("jwt_critical_header");
    }
    let Some(key) = jwks.key(header.kid.as_deref(), header.alg).await? else {
        return refuse("jwt_unknown_key");
    };
    let mut signature_alone = Validation::new(header.alg);
    signature_alone.required_spec_claims.clear();
    signature_alone.validate_exp = false;
    signature_alone.validate_aud = false;
    let Ok(token) = decode::<serde_json::Value>(text, &key, &signature_alone) else {
        return refuse("jwt_signature");
    };
    let Ok(claims) = serde_json::from_value::<Claims>(token.claims) else { return refuse("jwt_claims") };
    Ok(claims.accept(issuer, now).map_err(Refusal::BadJwt))
}
