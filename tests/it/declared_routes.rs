//! Routes that an API declares for itself: the custom resource, and what the authorizer makes of it.

mod at_once;
mod authorizer;
mod events;
mod failures;
mod ownership;

use kit::{CloudResource, World};
use serde_json::{Value, json};

const FUNCTION: &str = "declare-routes";

/// The id of the API in the sample events of the authorizer.
const API: &str = "a1b2c3d4e5";

/// A stack that is deployed beside ours, with an API and a declaration of its routes.
struct Deployment<'w> {
    world: &'w World,
    id: String,
}

/// What `CloudFormation` got as an answer.
#[derive(Debug)]
struct Answered {
    physical_id: String,
    /// The reason of a failure.
    failed: Option<String>,
}

impl Answered {
    fn succeeded(self) -> String {
        assert_eq!(self.failed, None);
        self.physical_id
    }

    fn failed(self) -> String {
        self.failed.expect("the event fails")
    }
}

fn stack_id(name: &str) -> String {
    format!("arn:aws:cloudformation:us-east-1:000000000000:stack/{name}/5b8a0d10-1f0e-11f1-9c1d-0a1b2c3d4e5f")
}

fn properties(api_id: &str, default: &str, routes: &Value) -> Value {
    json!({"ServiceToken": "arn:…", "ApiId": api_id, "Default": default, "Routes": routes})
}

impl<'w> Deployment<'w> {
    /// Deploys a stack that has this API.
    fn new(world: &'w World, name: &str, api_id: &str) -> Self {
        let deployment = Self { world, id: stack_id(name) };
        deployment.set("OrdersApi", Some(api_id), "AWS::ApiGatewayV2::Api", "CREATE_COMPLETE");
        deployment
    }

    /// Sets a resource of the stack.
    fn set(&self, logical_id: &str, physical_id: Option<&str>, kind: &str, status: &str) {
        self.world.stack.cloudformation().change(&self.id, |stack| {
            stack.resources.retain(|resource| resource.logical_id != logical_id);
            stack.resources.push(CloudResource {
                logical_id: logical_id.to_owned(),
                physical_id: physical_id.map(str::to_owned),
                kind: kind.to_owned(),
                status: status.to_owned(),
            });
        });
    }

    fn set_routes(&self, logical_id: &str, physical_id: Option<&str>, status: &str) {
        self.set(logical_id, physical_id, "Custom::AccessKeyRoutes", status);
    }

    /// Writes an event as `CloudFormation` does.
    fn event(
        &self,
        kind: &str,
        request_id: &str,
        logical_id: &str,
        physical_id: Option<&str>,
        properties: &Value,
    ) -> Value {
        let mut event = json!({
            "RequestType": kind,
            "ServiceToken": "arn:…",
            "ResponseURL": self.world.stack.cloudformation().response_url(request_id),
            "StackId": self.id,
            "RequestId": request_id,
            "LogicalResourceId": logical_id,
            "ResourceType": "Custom::AccessKeyRoutes",
            "ResourceProperties": properties,
        });
        if let Some(physical_id) = physical_id {
            event["PhysicalResourceId"] = json!(physical_id);
        }
        event
    }

    /// Creates the resource as `CloudFormation` does.
    async fn create(&self, request_id: &str, logical_id: &str, properties: &Value) -> Answered {
        self.carry_out("Create", request_id, (logical_id, None), properties).await
    }

    async fn update(&self, request_id: &str, logical_id: &str, id: &str, properties: &Value) -> Answered {
        self.carry_out("Update", request_id, (logical_id, Some(id)), properties).await
    }

    async fn delete(&self, request_id: &str, logical_id: &str, id: &str, properties: &Value) -> Answered {
        self.carry_out("Delete", request_id, (logical_id, Some(id)), properties).await
    }

    /// Sends an event of this kind while the resource is shown in progress, and shows it as done or failed then.
    async fn carry_out(
        &self,
        kind: &str,
        request_id: &str,
        (logical_id, physical_id): (&str, Option<&str>),
        properties: &Value,
    ) -> Answered {
        let status = kind.to_uppercase();
        self.set_routes(logical_id, physical_id, &format!("{status}_IN_PROGRESS"));
        let answered =
            send(self.world, &self.event(kind, request_id, logical_id, physical_id, properties)).await;
        let end = if answered.failed.is_none() { "COMPLETE" } else { "FAILED" };
        self.set_routes(logical_id, Some(&answered.physical_id), &format!("{status}_{end}"));
        answered
    }
}

/// Sends an event and returns the answer that `CloudFormation` got last.
async fn send(world: &World, event: &Value) -> Answered {
    world.stack.invoke(FUNCTION, event).await.unwrap();
    answered(world, event)
}

fn answered(world: &World, event: &Value) -> Answered {
    let answers = world.stack.cloudformation().answers(event["RequestId"].as_str().unwrap());
    let answer = answers.last().expect("CloudFormation is answered");
    for name in ["StackId", "RequestId", "LogicalResourceId"] {
        assert_eq!(answer[name], event[name], "{answer}");
    }
    assert!(answer.to_string().len() < 4_096);
    let reason = answer["Reason"].as_str().unwrap().to_owned();
    let failed = match answer["Status"].as_str().unwrap() {
        "SUCCESS" => None,
        "FAILED" => Some(reason),
        other => panic!("{other}"),
    };
    Answered { physical_id: answer["PhysicalResourceId"].as_str().unwrap().to_owned(), failed }
}

/// Returns the routes that are in force for an API, and their default; `None` if it declares nothing.
fn in_force(world: &World, api_id: &str) -> Option<(Value, Value)> {
    let item = world.item(&format!("ROUTES#{api_id}"), "ROUTES")?;
    let first = &item["declarations"][0];
    Some((first["default"].clone(), first["routes"].clone()))
}
