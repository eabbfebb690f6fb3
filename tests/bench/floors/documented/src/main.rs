//! A function that does only the authorizer's read, with the SDK set up as its documentation shows.

#[path = "../../read.rs"]
mod read;

use std::env::var;

use aws_sdk_dynamodb::{Client, config::BehaviorVersion};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let (client, table) = (&Client::new(&config), &var("TABLE_NAME")?);
    run(service_fn(async |event: LambdaEvent<read::Event>| -> Result<Value, Error> {
        Ok(json!({"isAuthorized": read::read(client, table, &event.payload).await?}))
    }))
    .await
}
