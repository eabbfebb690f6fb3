//! The read of the authorizer, which two floors share.

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, KeysAndAttributes},
};
use lambda_runtime::Error;
use serde::Deserialize;

/// What the read needs of the gateway's event.
#[derive(Deserialize)]
pub(crate) struct Event {
    headers: Headers,
}

#[derive(Deserialize)]
struct Headers {
    #[serde(rename = "x-access-key")]
    token: String,
}

/// Reads the key and its user as the authorizer does, and tells whether both are there.
pub(crate) async fn read(client: &Client, table: &str, event: &Event) -> Result<bool, Error> {
    let key_id = event.headers.token.split('_').nth(1).ok_or("no token")?;
    let (user_id, suffix) = key_id.split_at_checked(12).ok_or("no key id")?;
    let item = |sort: String| {
        let text = |text| AttributeValue::S(text);
        [("PK".to_owned(), text(format!("USER#{user_id}"))), ("SK".to_owned(), text(sort))].into()
    };
    let keys = KeysAndAttributes::builder()
        .keys(item(format!("KEY#{suffix}")))
        .keys(item("USER".to_owned()))
        .consistent_read(true)
        .build()?;
    let answer = client.batch_get_item().request_items(table, keys).send().await?;
    Ok(answer.responses.is_some_and(|found| found.values().map(Vec::len).sum::<usize>() == 2))
}
