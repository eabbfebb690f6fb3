//! The organizations and users that a run has read.

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
    hash::Hash,
};

use api::causes;
use domain::{
    id::{OrganizationId, UserId},
    notification_preferences::Channels,
    organization::Organization,
    text::Email,
    user::{Kind, User},
};
use table::{Error, Table};

use crate::{
    address::{MailAddress, MailDomains},
    recipients::channels_of,
};

/// The number of items that are read together, which is also the most that one failure affects.
const BATCH_SIZE: usize = 100;

/// The result of looking up an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup<T> {
    Found(T),
    Missing,
    /// The item may exist, but could not be read. A later run does the work that needs it.
    Unavailable,
}

/// The organizations and users that a run has read, each at most once.
///
/// A damaged item is remembered, so that it is logged once. An item that a failure affected is not
/// remembered, so that it is read again.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    table: &'a Table,
    organizations: HashMap<OrganizationId, Lookup<Organization>>,
    users: HashMap<UserId, Lookup<User>>,
    mail_domains: &'a MailDomains,
    /// Machines whose addresses have not been compared with those of people.
    new_machines: Vec<UserId>,
    /// Machines with the proven address of a person of their organization.
    with_proven_address: HashSet<UserId>,
}

impl<'a> Directory<'a> {
    /// Returns an empty directory.
    pub(crate) fn new(table: &'a Table, mail_domains: &'a MailDomains) -> Self {
        Self {
            table,
            organizations: HashMap::new(),
            users: HashMap::new(),
            mail_domains,
            new_machines: Vec::new(),
            with_proven_address: HashSet::new(),
        }
    }

    /// Looks up an organization.
    pub(crate) fn organization(&self, organization_id: OrganizationId) -> Lookup<&Organization> {
        look_up(self.organizations.get(&organization_id))
    }

    /// Looks up a user.
    pub(crate) fn user(&self, user_id: UserId) -> Lookup<&User> {
        look_up(self.users.get(&user_id))
    }

    /// Returns the address to which mail to a user may go; `None` if there is none.
    pub(crate) fn mail_address<'u>(&self, user: &'u User) -> Option<MailAddress<'u>> {
        if user.kind != Kind::Machine {
            return user.proven_address().map(MailAddress::Proven);
        }
        let email = user.email.as_ref()?;
        if self.with_proven_address.contains(&user.user_id) {
            return Some(MailAddress::Proven(email));
        }
        self.mail_domains.contain(email).then_some(MailAddress::OfDomain(email))
    }

    /// Returns the channels that reach a user with messages of an organization: none unless the user is an
    /// active member of it, and no mail without an address to which mail may go.
    pub(crate) fn channels_of(&self, user: &User, organization_id: OrganizationId) -> Channels {
        let channels = channels_of(user, organization_id);
        Channels { email: channels.email && self.mail_address(user).is_some(), ..channels }
    }

    /// Adds users that were read elsewhere.
    pub(crate) async fn add_users(&mut self, users: impl Iterator<Item = User>) {
        for user in users {
            if self.users.insert(user.user_id, Lookup::Found(user.clone())).is_none() {
                self.new_machines.extend(has_address_of_machine(&user).then_some(user.user_id));
            }
        }
        self.compare_addresses().await;
    }

    /// Reads the organizations that are not in the directory yet.
    pub(crate) async fn load_organizations(&mut self, ids: impl Iterator<Item = OrganizationId>) {
        for ids in absent(&self.organizations, ids).chunks(BATCH_SIZE) {
            let read = self.table.organizations_by_id(ids).await;
            remember(&mut self.organizations, "organization", ids, read);
        }
    }

    /// Reads the users that are not in the directory yet.
    pub(crate) async fn load_users(&mut self, ids: impl Iterator<Item = UserId>) {
        for ids in absent(&self.users, ids).chunks(BATCH_SIZE) {
            remember(&mut self.users, "user", ids, self.table.users_by_id(ids).await);
            let machines = ids.iter().filter(|id| {
                matches!(look_up(self.users.get(id)), Lookup::Found(user) if has_address_of_machine(user))
            });
            self.new_machines.extend(machines);
        }
        self.compare_addresses().await;
    }

    /// Finds out which of the new machines have the proven address of a person of their organization.
    ///
    /// Machines for which that cannot be read are forgotten: they count as unavailable, and are read again.
    async fn compare_addresses(&mut self) {
        for machines in std::mem::take(&mut self.new_machines).chunks(BATCH_SIZE) {
            match self.owners_of_addresses(machines).await {
                Ok(machines) => self.with_proven_address.extend(machines),
                Err(error) => {
                    self.users.retain(|user_id, _| !machines.contains(user_id));
                    let count = machines.len();
                    tracing::error!(
                        count,
                        causes = causes(&error),
                        "could not read whose the addresses of machines are"
                    );
                }
            }
        }
    }

    /// Returns those of the machines that have the proven address of a person.
    async fn owners_of_addresses(&self, machines: &[UserId]) -> Result<Vec<UserId>, Error> {
        let address = |machine: &UserId| match self.user(*machine) {
            Lookup::Found(user) => Some((user.organization_id, user.email.clone()?)),
            Lookup::Missing | Lookup::Unavailable => None,
        };
        let addresses: Vec<(OrganizationId, Email)> = machines.iter().filter_map(address).collect();
        let claims = self.table.claimed_users(&addresses).await?;
        let ids: HashSet<_> = claims.values().copied().collect();
        let people = self.table.users_by_id(&ids.into_iter().collect::<Vec<_>>()).await?;
        let is_proven = |machine: &&UserId| {
            let claim = address(machine).and_then(|(organization_id, email)| {
                Some((claims.get(&(organization_id, email.key()))?, email))
            });
            claim.is_some_and(|(claimant, email)| match people.get(claimant) {
                Some(Ok(person)) => {
                    person.kind != Kind::Machine
                        && person.proven_address().is_some_and(|proven| proven.is(&email))
                }
                _ => false,
            })
        };
        Ok(machines.iter().filter(is_proven).copied().collect())
    }
}

fn has_address_of_machine(user: &User) -> bool {
    user.kind == Kind::Machine && user.email.is_some()
}

fn look_up<T>(remembered: Option<&Lookup<T>>) -> Lookup<&T> {
    match remembered {
        Some(Lookup::Found(item)) => Lookup::Found(item),
        Some(Lookup::Missing) => Lookup::Missing,
        Some(Lookup::Unavailable) | None => Lookup::Unavailable,
    }
}

fn absent<I: Copy + Eq + Hash, T>(
    remembered: &HashMap<I, Lookup<T>>,
    ids: impl Iterator<Item = I>,
) -> Vec<I> {
    let absent: HashSet<_> = ids.filter(|id| !remembered.contains_key(id)).collect();
    absent.into_iter().collect()
}

fn remember<I: Copy + Display + Eq + Hash, T>(
    remembered: &mut HashMap<I, Lookup<T>>,
    kind: &'static str,
    ids: &[I],
    read: Result<HashMap<I, Result<T, Error>>, Error>,
) {
    let mut read = match read {
        Ok(read) => read,
        Err(error) => {
            let count = ids.len();
            return tracing::error!(
                item_kind = kind,
                count,
                causes = causes(&error),
                "could not read the organizations or users of notices"
            );
        }
    };
    for id in ids {
        let lookup = match read.remove(id) {
            Some(Ok(item)) => Lookup::Found(item),
            Some(Err(error)) => {
                tracing::error!(item_kind = kind, item_id = %id, causes = causes(&error), "an item is damaged");
                Lookup::Unavailable
            }
            None => Lookup::Missing,
        };
        remembered.insert(*id, lookup);
    }
}

#[cfg(test)]
mod tests {
    use domain::{Time, text::Email};

    use super::*;

    #[test]
    fn machines_with_an_address_alone_are_compared_with_people() {
        for (kind, has_email, is_compared) in [
            (Kind::Machine, true, true),
            (Kind::Machine, false, false),
            (Kind::Normal, true, false),
            (Kind::Owner, false, false),
        ] {
            let name = "deploy".to_owned().try_into().unwrap();
            let email = has_email.then(|| Email::try_from("ops@example.com".to_owned()).unwrap());
            let user = User::new(OrganizationId::random(), kind, name, email, Time::from_seconds(1_000));
            assert_eq!(has_address_of_machine(&user), is_compared, "{kind:?} {has_email}");
        }
    }

    #[test]
    fn an_item_that_cannot_be_read_is_never_missing() {
        let mut remembered: HashMap<u8, Lookup<&str>> = HashMap::new();
        let read = HashMap::from([(1, Ok("ann")), (2, Err(Error::Conflict))]);
        remember(&mut remembered, "user", &[1, 2, 3], Ok(read));
        remember(&mut remembered, "user", &[4], Err(Error::Conflict));
        let lookups = [1, 2, 3, 4].map(|id| look_up(remembered.get(&id)));
        assert_eq!(
            lookups,
            [Lookup::Found(&"ann"), Lookup::Unavailable, Lookup::Missing, Lookup::Unavailable]
        );
        assert_eq!(absent(&remembered, [1, 2, 3, 4].into_iter()), [4]);
    }
}
