//! Whether an event is `CloudFormation`'s own, and the API the stack's own.

use std::time::Duration;

use domain::route_declaration::Quoted;

use crate::{
    cloudformation::{CloudFormation, Record},
    event::ResourceEvent,
    settings::Declarer,
    stack_id::StackId,
    stop::{Rejection, Stop},
};

/// The type of the resource.
pub(crate) const RESOURCE_TYPE: &str = "Custom::AccessKeyRoutes";

/// The types of APIs that can attach the authorizer.
const API_TYPES: [&str; 2] = ["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"];

/// How long `CloudFormation`'s own description may lag behind its event.
const LAG: Duration = Duration::from_secs(1);

/// Checks that the event is of the resource's type, and its stack of our account and region.
pub(crate) fn stack(declarer: &Declarer, event: &ResourceEvent) -> Result<(), Rejection> {
    if event.resource_type != RESOURCE_TYPE {
        return Err(Rejection::ResourceType);
    }
    let stack_id: StackId = event.stack_id.parse().map_err(Rejection::BadStackId)?;
    if stack_id.shares_account_with(&declarer.stack_id) { Ok(()) } else { Err(Rejection::ForeignStack) }
}

/// Checks that `CloudFormation` shows this very resource at the work that the event is about.
pub(crate) async fn in_progress(declarer: &Declarer, event: &ResourceEvent) -> Result<(), Stop> {
    for lag in [Some(LAG), None] {
        let described = describe(&declarer.cloudformation, event).await?;
        if described.as_ref().is_some_and(|resource| is_at_work(resource, event)) {
            return Ok(());
        }
        match lag {
            Some(lag) if described.is_some() => tokio::time::sleep(lag).await,
            _ => break,
        }
    }
    Err(Rejection::NotInProgress.into())
}

/// Checks that a resource is being deleted, or is not its stack's any more: it was replaced, or is gone.
///
/// `event` names the logical id with which the declaration was stored.
pub(crate) async fn ending(declarer: &Declarer, event: &ResourceEvent) -> Result<(), Stop> {
    for lag in [Some(LAG), None] {
        let Some(resource) = describe(&declarer.cloudformation, event).await? else { return Ok(()) };
        let status = resource.get("ResourceStatus").unwrap_or_default();
        let replaced = resource.get("PhysicalResourceId").is_some_and(|id| Some(id) != event.physical_id());
        let ends = matches!(status, "DELETE_IN_PROGRESS" | "DELETE_COMPLETE");
        if ends || replaced && status.ends_with("_COMPLETE") {
            return Ok(());
        }
        if let Some(lag) = lag {
            tokio::time::sleep(lag).await;
        }
    }
    Err(Rejection::NotInProgress.into())
}

async fn describe(cloudformation: &CloudFormation, event: &ResourceEvent) -> Result<Option<Record>, Stop> {
    Ok(cloudformation.resource(&event.stack_id, &event.logical_resource_id).await?)
}

fn is_at_work(resource: &Record, event: &ResourceEvent) -> bool {
    let status = resource.get("ResourceStatus").unwrap_or_default();
    let at_work = match event.request_type.as_str() {
        "Create" => status == "CREATE_IN_PROGRESS",
        _ => {
            let same = resource.get("PhysicalResourceId") == event.physical_id();
            same && matches!(status, "UPDATE_IN_PROGRESS" | "UPDATE_ROLLBACK_IN_PROGRESS")
        }
    };
    at_work
        && resource.get("ResourceType") == Some(RESOURCE_TYPE)
        && resource.get("StackId") == Some(&event.stack_id)
}

/// Checks that an API is of the event's stack, or of a stack with the same root, and not our own.
pub(crate) async fn api(declarer: &Declarer, event: &ResourceEvent, api_id: &str) -> Result<(), Stop> {
    let cloudformation = &declarer.cloudformation;
    let foreign = || Rejection::ForeignApi(Quoted::new(api_id));
    let is_api = |resource: &Record| {
        resource.get("PhysicalResourceId") == Some(api_id)
            && resource.get("ResourceType").is_some_and(|kind| API_TYPES.contains(&kind))
    };
    if cloudformation.any_resource(&event.stack_id, is_api).await? {
        return Ok(());
    }
    let beside = cloudformation.resource_beside(api_id).await?.ok_or_else(foreign)?;
    let owner = beside.get("StackId").ok_or_else(foreign)?;
    let (ours, theirs) = (root(cloudformation, &event.stack_id).await?, root(cloudformation, owner).await?);
    // Anything may have a physical id that looks like that of an API: the type counts too.
    if ours.is_none() || ours != theirs || !cloudformation.any_resource(owner, is_api).await? {
        return Err(foreign().into());
    }
    Ok(())
}

/// Returns the root of a stack, which is the stack itself unless it is nested; `None` if there is no such stack.
async fn root(cloudformation: &CloudFormation, stack_id: &str) -> Result<Option<String>, Stop> {
    let stack = cloudformation.stack(stack_id).await?;
    Ok(stack.map(|stack| stack.get("RootId").unwrap_or(stack_id).to_owned()))
}
