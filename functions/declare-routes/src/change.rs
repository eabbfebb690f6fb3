//! Carries out an event: checks it, and changes what the API declares.

use api::retry_on_conflict;
use domain::declared_routes::{Change, Declared, DeclaredRoutes};

use crate::{
    check,
    event::ResourceEvent,
    properties::{self, Properties},
    settings::Declarer,
    stop::{Rejection, Stop},
};

/// Carries out an event and returns the physical id that the resource has from now on.
pub(crate) async fn carry_out(declarer: &Declarer, event: &ResourceEvent) -> Result<String, Stop> {
    match (event.request_type.as_str(), event.physical_id()) {
        ("Create", _) | ("Update", Some(_)) => declare(declarer, event).await,
        ("Delete", Some(physical_id)) => {
            withdraw(declarer, event, physical_id).await?;
            Ok(physical_id.to_owned())
        }
        _ => Err(Rejection::RequestType.into()),
    }
}

/// Stores the declaration of a resource that is made or updated.
async fn declare(declarer: &Declarer, event: &ResourceEvent) -> Result<String, Stop> {
    check::stack(declarer, event)?;
    let Properties { api_id, declaration } =
        Properties::parse(&event.resource_properties).map_err(Rejection::Properties)?;
    if api_id == declarer.own_api_id {
        return Err(Rejection::OwnApi.into());
    }
    let table = &declarer.app.table;
    if let Some(routes) = table.declared_routes(&api_id).await?
        && routes.was_changed_by(&event.stack_id, &event.request_id)
    {
        return Ok(physical_id(event, Some(&routes)));
    }
    check::in_progress(declarer, event).await?;
    check::api(declarer, event, &api_id).await?;
    retry_on_conflict(async || {
        let before = table.declared_routes(&api_id).await?;
        let physical_id = physical_id(event, before.as_ref());
        let change = Change {
            stack_id: event.stack_id.clone(),
            request_id: event.request_id.clone(),
            declared: Declared {
                physical_id: physical_id.clone(),
                logical_id: event.logical_resource_id.clone(),
                declaration: declaration.clone(),
            },
        };
        let after = DeclaredRoutes::changed(before.as_ref(), change).map_err(Rejection::NotTheOwner)?;
        if let Some(after) = after {
            table.set_declared_routes(&api_id, before.as_ref(), &after).await?;
            tracing::info!(api_id, "an API declared what its routes need");
        }
        Ok(physical_id)
    })
    .await
}

/// Returns the physical id that the resource has from now on.
///
/// An update keeps the id, unless this API has no declaration of it: then the resource was one of another API, and
/// `CloudFormation` deletes that one by its old id once the new one is there.
fn physical_id(event: &ResourceEvent, before: Option<&DeclaredRoutes>) -> String {
    match (event.request_type.as_str(), event.physical_id()) {
        ("Update", Some(kept)) if before.is_some_and(|before| before.has(kept)) => kept.to_owned(),
        _ => event.new_physical_id(),
    }
}

/// Removes the declaration with this physical id, if the API has it.
///
/// A resource whose `Create` was refused is deleted too. It has declared nothing, and so nothing is checked: otherwise the
/// deployment could never be taken back.
async fn withdraw(declarer: &Declarer, event: &ResourceEvent, physical_id: &str) -> Result<(), Stop> {
    let Some(api_id) = properties::api_id(&event.resource_properties) else { return Ok(()) };
    let table = &declarer.app.table;
    let of_event = async || -> Result<Option<DeclaredRoutes>, Stop> {
        let routes = table.declared_routes(api_id).await?;
        let is_of = |declared: &Declared| {
            declared.physical_id == physical_id && declared.logical_id == event.logical_resource_id
        };
        Ok(routes.filter(|routes| routes.stack_id == event.stack_id && routes.declarations.iter().any(is_of)))
    };
    if of_event().await?.is_none() {
        return Ok(());
    }
    check::stack(declarer, event)?;
    check::ending(declarer, event).await?;
    retry_on_conflict(async || {
        let Some(before) = of_event().await? else { return Ok(()) };
        match before.without(physical_id, event.request_id.clone()) {
            Some(after) => table.set_declared_routes(api_id, Some(&before), &after).await?,
            None => table.remove_declared_routes(api_id, &before).await?,
        }
        tracing::info!(api_id, "an API's declaration of routes was deleted");
        Ok(())
    })
    .await
}
