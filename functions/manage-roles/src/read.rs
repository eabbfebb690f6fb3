use api::{Answer, Paging, Request, app::App, ok};
use domain::{Error, access::Action};

use crate::{
    entry::{Entry, EntryAnswer, Noun},
    name,
};

/// Answers one role or group.
pub(crate) async fn get(app: &App, request: &Request, noun: Noun) -> Answer {
    request.query(&[])?;
    let member = request.member()?;
    member.actor().may(Action::ReadRoles)?;
    let entry = Entry::read(app, member.organization_id, noun, &name(request, noun)?).await?;
    let entry = entry.ok_or(Error::NotFound { what: noun.as_str() })?;
    let version = entry.version();
    Ok(ok(&EntryAnswer::from(entry), Some(version)))
}

/// Answers a page of roles or groups, by name.
pub(crate) async fn list(app: &App, request: &Request, noun: Noun) -> Answer {
    let member = request.member()?;
    member.actor().may(Action::ReadRoles)?;
    let paging = Paging::read(request, Some(member.organization_id), noun.as_str())?;
    let entries = Entry::all(app.snapshot(member).await?.catalog, noun);
    let after = |entry: &Entry| paging.after.as_deref().is_none_or(|after| entry.name().as_str() > after);
    let mut rest = entries.into_iter().filter(after);
    let items: Vec<_> = rest.by_ref().take(paging.limit).collect();
    let next = rest.next().and_then(|_| items.last()).map(|last| last.name().to_string());
    Ok(ok(&paging.answer(items.into_iter().map(EntryAnswer::from).collect(), next), None))
}
