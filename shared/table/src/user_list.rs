//! Lists of users, by id.

use domain::{
    id::{OrganizationId, UserId},
    user::User,
};

use crate::{
    Error, ListPosition, Page, Table, UserFilter, batch::BATCH_SIZE, item::decode, item_key, page::fill,
};

/// A page of users, each with its position.
type Positioned = Page<(ListPosition<UserId>, User), ListPosition<UserId>>;

impl Table {
    /// Lists the users of an organization, by id; `after` is the `next` of the page before.
    ///
    /// The filter applies after reading, with at most ten queries and batches. So a page may be short or empty without
    /// being the last. A search reads users eventually, and strongly only those that it finds. It starts with the user
    /// whose id is searched for.
    pub async fn users(
        &self,
        organization_id: OrganizationId,
        filter: &UserFilter,
        after: Option<ListPosition<UserId>>,
        limit: usize,
    ) -> Result<Page<User, ListPosition<UserId>>, Error> {
        let max_rounds = filter.max_rounds();
        let examined = if max_rounds == 1 { limit } else { BATCH_SIZE };
        let read = async |after: Option<ListPosition<UserId>>| match (after, filter.named()) {
            (None, Some(named)) => self.named_user(organization_id, filter, named).await,
            _ => {
                let after = after.and_then(ListPosition::item);
                self.indexed_users(organization_id, filter, after, examined).await
            }
        };
        let Page { items, next } = fill(limit, max_rounds, after, read).await?;
        let mut items: Vec<User> = items.into_iter().map(|(_, user)| user).collect();
        if filter.search.is_some() {
            let found: Vec<_> = items.iter().map(|user| user.user_id).collect();
            items = self.admitted_users(&found, filter, true).await?;
        }
        Ok(Page { items, next })
    }

    /// Reads the user whose id is searched for. A user of another organization is not found.
    async fn named_user(
        &self,
        organization_id: OrganizationId,
        filter: &UserFilter,
        named: UserId,
    ) -> Result<Positioned, Error> {
        let mut found = self.admitted_users(&[named], filter, true).await?;
        found.retain(|user| user.organization_id == organization_id);
        let items = found.into_iter().map(|user| (ListPosition::Others, user)).collect();
        Ok(Page { items, next: Some(ListPosition::Others) })
    }

    /// Reads the users of the next `limit` index entries, without the one whose id is searched for.
    async fn indexed_users(
        &self,
        organization_id: OrganizationId,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Positioned, Error> {
        let start = after.map(|user_id| (user_id.to_string(), item_key::user(user_id)));
        let page = self.index_page(item_key::users_partition(organization_id), None, start, limit).await?;
        let mut ids: Vec<_> = page.entries.iter().filter_map(|(sort, _)| UserId::parse(sort).ok()).collect();
        let next = ids.last().filter(|_| page.more).map(|user_id| ListPosition::Item(*user_id));
        ids.retain(|user_id| Some(*user_id) != filter.named());
        let users = self.admitted_users(&ids, filter, filter.search.is_none()).await?;
        let items = users.into_iter().map(|user| (ListPosition::Item(user.user_id), user)).collect();
        Ok(Page { items, next })
    }

    /// Reads at most 100 users, and returns those that match, in the same order.
    async fn admitted_users(
        &self,
        ids: &[UserId],
        filter: &UserFilter,
        strongly: bool,
    ) -> Result<Vec<User>, Error> {
        let mut items = self.read_batch(ids.iter().map(|id| item_key::user(*id)), strongly).await?;
        let users: Vec<User> = ids
            .iter()
            .filter_map(|id| items.remove(&item_key::user(*id)))
            .map(|item| decode("user", item))
            .collect::<Result<_, _>>()?;
        Ok(users.into_iter().filter(|user| filter.admits(user)).collect())
    }
}
