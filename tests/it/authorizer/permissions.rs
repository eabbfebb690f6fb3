//! The permissions that a decision passes on.

mod age;
mod granted;
mod narrowed;
mod routes;

use kit::{Client, Options, World};
use serde_json::Value;

fn comes(world: &World, key: &Value) -> Client {
    world.key(key["secret"]["token"].as_str().unwrap())
}

fn with(parameter: &str, value: &str) -> Options {
    let parameters = [(parameter.to_owned(), value.to_owned())].into();
    Options { parameters, instance_cap: 1, ..Options::default() }
}

async fn permissions(client: &Client) -> Value {
    client.get("/v1/whoami").await.expect(200)["permissions"].clone()
}
