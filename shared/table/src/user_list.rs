//! Lists of users, by id.

use domain::{
    id::{OrganizationId, UserId},
    user::User,
};

use crate::{
    Error, ListPosition, Page, Table, UserFilter,
    item::decode,
    item_key,
    page::{fill, show},
    page_reads::{PageReads, UNITS_OF_USER},
};

/// A page of users, each with its position.
type Positioned = Page<(ListPosition<UserId>, User), ListPosition<UserId>>;

impl Table {
    /// Lists the users of an organization, by id; `after` is the `next` of the page before.
    ///
    /// Without a filter a page is one query and one strong batch. A filter applies after reading: users are read
    /// eventually, and strongly only those that match, which must still match then. A page takes at most 200 read units
    /// for that. So it may be short or empty without being the last. A search starts with the user whose id is searched
    /// for.
    pub async fn users(
        &self,
        organization_id: OrganizationId,
        filter: &UserFilter,
        after: Option<ListPosition<UserId>>,
        limit: usize,
    ) -> Result<Page<User, ListPosition<UserId>>, Error> {
        let mut reads = PageReads::new(UNITS_OF_USER);
        let read = async |after: Option<ListPosition<UserId>>, reads: &mut PageReads| match (
            after,
            filter.named(),
        ) {
            (None, Some(named)) => self.named_user(organization_id, filter, named, reads).await,
            _ => {
                let after = after.and_then(ListPosition::item);
                self.indexed_users(organization_id, filter, after, limit, reads).await
            }
        };
        if !filter.narrows() {
            let Page { items, next } = read(after, &mut reads).await?;
            return Ok(Page { items: items.into_iter().map(|(_, user)| user).collect(), next });
        }
        let found = fill(limit, after, &mut reads, read).await?;
        show(found, &mut reads, async |found, reads| {
            let ids: Vec<_> = found.iter().map(|(_, user)| user.user_id).collect();
            self.admitted_users(&ids, filter, true, reads).await
        })
        .await
    }

    /// Reads the user whose id is searched for. A user of another organization is not found.
    async fn named_user(
        &self,
        organization_id: OrganizationId,
        filter: &UserFilter,
        named: UserId,
        reads: &mut PageReads,
    ) -> Result<Positioned, Error> {
        let mut found = self.admitted_users(&[named], filter, true, reads).await?;
        found.retain(|user| user.organization_id == organization_id);
        let items = found.into_iter().map(|user| (ListPosition::Others, user)).collect();
        Ok(Page { items, next: Some(ListPosition::Others) })
    }

    /// Reads the users of the next index entries, without the one whose id is searched for: of `limit` entries, or of as
    /// many as the page may look at.
    async fn indexed_users(
        &self,
        organization_id: OrganizationId,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: usize,
        reads: &mut PageReads,
    ) -> Result<Positioned, Error> {
        let limit = if filter.narrows() { reads.searchable() } else { limit };
        let start = after.map(|user_id| (user_id.to_string(), item_key::user(user_id)));
        let page = self.index_page(item_key::users_partition(organization_id), None, start, limit).await?;
        reads.add(page.consumed.as_ref());
        let mut ids: Vec<_> = page.entries.iter().filter_map(|(sort, _)| UserId::parse(sort).ok()).collect();
        let next = ids.last().filter(|_| page.more).map(|user_id| ListPosition::Item(*user_id));
        ids.retain(|user_id| Some(*user_id) != filter.named());
        let users = self.admitted_users(&ids, filter, !filter.narrows(), reads).await?;
        let items = users.into_iter().map(|user| (ListPosition::Item(user.user_id), user)).collect();
        Ok(Page { items, next })
    }

    /// Reads at most 100 users, and returns those that match, in the same order.
    async fn admitted_users(
        &self,
        ids: &[UserId],
        filter: &UserFilter,
        strongly: bool,
        reads: &mut PageReads,
    ) -> Result<Vec<User>, Error> {
        let wanted = ids.iter().map(|id| item_key::user(*id));
        let mut items = self.read_batch(wanted, strongly, Some(reads)).await?;
        let users: Vec<User> = ids
            .iter()
            .filter_map(|id| items.remove(&item_key::user(*id)))
            .map(|item| decode("user", item))
            .collect::<Result<_, _>>()?;
        Ok(users.into_iter().filter(|user| filter.admits(user)).collect())
    }
}
