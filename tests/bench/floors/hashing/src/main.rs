//! A function that makes one argon2 run for each event, as the product does for a secret that an instance has not seen.

use std::time::Instant;

use domain::{id::KeyId, secret::Peppers, token::SecretToken};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

const PEPPERS: &str = r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let peppers = &Peppers::parse(PEPPERS)?;
    let token = &SecretToken::generate(&"ak".parse()?, KeyId::random());
    let stored = &peppers.hash_secret(token.token());
    run(service_fn(async |_: LambdaEvent<IgnoredAny>| -> Result<Value, Error> {
        let began = Instant::now();
        if !peppers.hash_matches(stored, token.token())? {
            return Err("the secret is right".into());
        }
        Ok(json!({"nanoseconds": u64::try_from(began.elapsed().as_nanos())?}))
    }))
    .await
}
