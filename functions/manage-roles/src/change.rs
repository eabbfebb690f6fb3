//! Decides a change of roles and groups on one state of all of them.

use api::{HandlerError, Member, app::App};
use domain::{Error, limits::Usage, role::Catalog};
use table::CatalogChange;

/// Reads the version of the organization's roles and groups, and then all of them.
///
/// In this order a change in between is noticed: the version is then too old to change anything with.
pub(crate) async fn read(app: &App, member: &Member) -> Result<(u64, Catalog), HandlerError> {
    let seen = app.table.catalog_version(member.organization_id).await?;
    Ok((seen, app.snapshot(member).await?.catalog))
}

/// Checks the limits of an organization for a change, made by `apply`, of the role or group of version `replaces`.
pub(crate) fn decide(
    seen: u64,
    replaces: u64,
    catalog: &Catalog,
    apply: impl FnOnce(&mut Catalog),
) -> Result<CatalogChange, Error> {
    let mut after = catalog.clone();
    apply(&mut after);
    let change = CatalogChange::between(seen, replaces, catalog, &after);
    Usage::of(catalog).check_growth(change.usage)?;
    Ok(change)
}
