//! Verifies tokens of the identity provider offline, against its published keys.

use api::app::Moment;
use jsonwebtoken::{Validation, decode, decode_header};

use crate::{
    claims::{self, Accepted, Claims, Purpose},
    documents::IssuerFailure,
    issuer::Issuer,
    jwks::Jwks,
    provider,
};

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum NotAccepted {
    /// It is not acceptable, for this reason.
    #[error("the token is not acceptable: {0}")]
    Refused(&'static str),
    /// The keys of the issuer cannot be had.
    #[error(transparent)]
    Issuer(#[from] IssuerFailure),
}

/// Checks signature and claims at `now`.
///
/// Each claim that is relied on must be present with its type. One of another type is refused, never taken as
/// absent. The token's own header never says where keys come from.
pub async fn verify(
    issuer: &Issuer,
    purpose: Purpose<'_>,
    jwks: &Jwks,
    text: &str,
    now: Moment,
) -> Result<Accepted, NotAccepted> {
    provider::install();
    let refused = NotAccepted::Refused;
    let header = decode_header(text).map_err(|_| refused("jwt_malformed"))?;
    if !issuer.algorithms.contains(&header.alg) {
        return Err(refused("jwt_algorithm"));
    }
    if claims::is_critical(text) {
        return Err(refused("jwt_critical_header"));
    }
    let keys = jwks.candidates(header.kid.as_deref(), header.alg, now).await?;
    if keys.is_empty() {
        return Err(refused("jwt_unknown_key"));
    }
    let mut signature_alone = Validation::new(header.alg);
    signature_alone.required_spec_claims.clear();
    signature_alone.validate_exp = false;
    signature_alone.validate_aud = false;
    let mut tokens =
        keys.iter().filter_map(|key| decode::<serde_json::Value>(text, key, &signature_alone).ok());
    let token = tokens.next().ok_or(refused("jwt_signature"))?;
    let claims = Claims::read(token.claims).ok_or(refused("jwt_claims"))?;
    claims.accept(issuer, purpose, now.time()).map_err(refused)
}

#[cfg(test)]
mod tests;
