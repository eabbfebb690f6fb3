//! A function that does only the authorizer's read, with the SDK's own connector and none of what a function never uses.

#[path = "../../read.rs"]
mod read;

use std::env::var;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Builder, Region},
};
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

const ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (client, table) = (&client()?, &var("TABLE_NAME")?);
    run(service_fn(async |event: LambdaEvent<read::Event>| -> Result<Value, Error> {
        Ok(json!({"isAuthorized": read::read(client, table, &event.payload).await?}))
    }))
    .await
}

fn client() -> Result<Client, Error> {
    let credentials = Credentials::new(
        var("AWS_ACCESS_KEY_ID")?,
        var("AWS_SECRET_ACCESS_KEY")?,
        var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let roots = TlsContext::builder().with_trust_store(TrustStore::empty().with_pem_certificate(ROOTS));
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(roots.build()?)
        .build_https();
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(var("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(var("AWS_ENDPOINT_URL_DYNAMODB")?)
        .http_client(http);
    Ok(Client::from_conf(config.build()))
}
