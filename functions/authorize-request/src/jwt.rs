//! Tokens of the identity provider, checked offline against its published keys.

mod address;
mod algorithms;
mod claims;
mod discovery;
mod documents;
pub(crate) mod issuer;
pub(crate) mod jwks;
mod provider;
pub(crate) mod userinfo;

use api::app::Moment;
use jsonwebtoken::{Validation, decode, decode_header};

use crate::{refusal::Refusal, stop::Stop};
use claims::Claims;
use issuer::Issuer;
use jwks::Jwks;

pub(crate) use claims::Accepted;
pub(crate) use documents::IssuerFailure;

/// Checks signature and claims at `now`.
///
/// Each claim that is relied on must be present with its type. One of another type is refused, never taken as
/// absent. The token's own header never says where keys come from.
pub(crate) async fn verify(issuer: &Issuer, jwks: &Jwks, text: &str, now: Moment) -> Result<Accepted, Stop> {
    provider::install();
    let header = decode_header(text).map_err(|_| Refusal::BadJwt("jwt_malformed"))?;
    if !issuer.algorithms.contains(&header.alg) {
        return Err(Refusal::BadJwt("jwt_algorithm").into());
    }
    if claims::is_critical(text) {
        return Err(Refusal::BadJwt("jwt_critical_header").into());
    }
    let keys = jwks.candidates(header.kid.as_deref(), header.alg, now).await?;
    if keys.is_empty() {
        return Err(Refusal::BadJwt("jwt_unknown_key").into());
    }
    let mut signature_alone = Validation::new(header.alg);
    signature_alone.required_spec_claims.clear();
    signature_alone.validate_exp = false;
    signature_alone.validate_aud = false;
    let mut tokens =
        keys.iter().filter_map(|key| decode::<serde_json::Value>(text, key, &signature_alone).ok());
    let token = tokens.next().ok_or(Refusal::BadJwt("jwt_signature"))?;
    let claims = Claims::read(token.claims).ok_or(Refusal::BadJwt("jwt_claims"))?;
    Ok(claims.accept(issuer, now.time()).map_err(Refusal::BadJwt)?)
}
