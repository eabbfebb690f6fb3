use domain::{
    audit,
    id::{OrganizationId, UserId},
    user::{Kind, Status, User},
};

use crate::{
    Error, Page, Refusal, Table, Transaction,
    access_key::NewKey,
    item::{Item, decode, encode, indexed, number, text},
    key,
    sign_in::{claim_item, link_item},
    transaction::Expression,
};

impl Table {
    /// Reads a user, strongly.
    pub async fn user(&self, user_id: UserId) -> Result<Option<User>, Error> {
        self.get("user", key::user(user_id)).await
    }

    /// Lists the users of an organization, by id; `after` is the `next` of the page before.
    pub async fn users(
        &self,
        organization_id: OrganizationId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Page<User>, Error> {
        let start = after.map(|user_id| (user_id.to_string(), key::user(user_id)));
        let places = self.index_page(key::users_partition(organization_id), start, limit).await?;
        let mut items = self.batch(places.entries.iter().map(|(_, key)| key.clone())).await?;
        let users: Vec<User> = places
            .entries
            .iter()
            .filter_map(|(_, key)| items.remove(key))
            .map(|item| decode("user", item))
            .collect::<Result<_, _>>()?;
        let next = places.more.then(|| places.entries.last().map(|(sort, _)| sort.clone())).flatten();
        Ok(Page { items: users.into_iter().filter(|user| user.status != Status::Deleted).collect(), next })
    }

    /// Creates a user, with keys if any are given: all or nothing.
    ///
    /// `user.live_keys` must name exactly `keys`. Refused where the address is taken.
    pub async fn create_user(
        &self,
        user: &User,
        keys: &[NewKey<'_>],
        events: &[audit::Event],
    ) -> Result<(), Error> {
        let mut transaction = Transaction::default();
        self.add_user(&mut transaction, user);
        for key in keys {
            self.add_key_item(&mut transaction, *key);
        }
        if user.kind == Kind::Owner {
            self.change_owner(&mut transaction, user, true);
        }
        for event in events {
            transaction.record(self, event);
        }
        self.commit(transaction).await
    }

    /// Suspends a user or lifts the suspension, from the state in which `user` was read.
    ///
    /// Tolerate: [`Error::LostRace`] when the user changed meanwhile; read it and decide again.
    pub async fn set_user_status(
        &self,
        user: &User,
        status: Status,
        event: &audit::Event,
    ) -> Result<(), Error> {
        let status_text = if status == Status::Active { "active" } else { "suspended" };
        let mut transaction = Transaction::default();
        let change = Expression::new("SET #status = :status ADD version :one")
            .name("#status", "status")
            .value(":status", text(status_text))
            .value(":one", number(1))
            .value(":seen", number(user.version));
        transaction.update(self, key::user(user.user_id), change, "version = :seen", Refusal::LostRace);
        if user.kind == Kind::Owner {
            self.change_owner(&mut transaction, user, status == Status::Active);
        }
        transaction.record(self, event);
        self.commit(transaction).await
    }

    /// Adds a user with its claim and link.
    pub(crate) fn add_user(&self, transaction: &mut Transaction, user: &User) {
        let taken = Refusal::Because(domain::Error::Conflict("this id is taken; try again"));
        transaction.create(self, user_item(user), taken);
        if let Some(email) = &user.email {
            transaction.create(self, claim_item(user, email), Refusal::Because(domain::Error::EmailTaken));
        }
        if let Some(subject) = &user.subject {
            let linked = domain::Error::Conflict("this sign-in already has a user in this organization");
            transaction.create(self, link_item(user, subject), Refusal::Because(linked));
        }
    }

    /// Counts an owner among the active ones, or takes it out while another remains.
    fn change_owner(&self, transaction: &mut Transaction, user: &User, active: bool) {
        let organization = key::organization(user.organization_id);
        let id = aws_sdk_dynamodb::types::AttributeValue::Ss(vec![user.user_id.to_string()]);
        if active {
            let add = Expression::new("ADD owner_ids :owner").value(":owner", id);
            let gone = Refusal::Because(domain::Error::NotFound { what: "organization" });
            transaction.update(self, organization, add, "attribute_exists(PK)", gone);
        } else {
            let remove =
                Expression::new("DELETE owner_ids :owner").value(":owner", id).value(":one", number(1));
            let last = Refusal::Because(domain::Error::LastOwner);
            transaction.update(self, organization, remove, "size(owner_ids) > :one", last);
        }
    }
}

fn user_item(user: &User) -> Item {
    let item = encode(key::user(user.user_id), user);
    indexed(item, key::users(user.organization_id, user.user_id))
}
