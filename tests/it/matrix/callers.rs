//! The callers, and what each must be answered on each route.

use domain::access::{Extent, rules};

use super::routes::{Open, To, ToAll, ToAnybody, ToGithub, ToMembers, ToSessions, ToSignIns};

/// The caller of a request, and the user of the resource in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Nobody,
    /// A normal user, about their own resource.
    Themselves,
    /// A normal user, about the resource of another normal user.
    AnotherNormalUser,
    OwnerAboutAPerson,
    OwnerAboutAMachine,
    KeyWithoutAboutAPerson,
    KeyWithoutAboutItself,
    KeyWithAboutAPerson,
    KeyWithAboutAMachine,
    OwnerOfAnotherOrganization,
    SuspendedPerson,
    SuspendedPersonsKey,
    OwnerOfTheSuspended,
    KeyOfTheSuspended,
}

pub(super) const CALLERS: [Caller; 14] = [
    Caller::Nobody,
    Caller::Themselves,
    Caller::AnotherNormalUser,
    Caller::OwnerAboutAPerson,
    Caller::OwnerAboutAMachine,
    Caller::KeyWithoutAboutAPerson,
    Caller::KeyWithoutAboutItself,
    Caller::KeyWithAboutAPerson,
    Caller::KeyWithAboutAMachine,
    Caller::OwnerOfAnotherOrganization,
    Caller::SuspendedPerson,
    Caller::SuspendedPersonsKey,
    Caller::OwnerOfTheSuspended,
    Caller::KeyOfTheSuspended,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// The gateway's `Forbidden`.
    Refused,
    /// The function's `forbidden`.
    Forbidden,
    /// The function's `conflict`: the organization is suspended, or not for long enough to be deleted.
    Conflict,
    Done,
}

impl Caller {
    const fn comes_with_a_key(self) -> bool {
        matches!(
            self,
            Self::KeyWithoutAboutAPerson
                | Self::KeyWithoutAboutItself
                | Self::KeyWithAboutAPerson
                | Self::KeyWithAboutAMachine
                | Self::SuspendedPersonsKey
                | Self::KeyOfTheSuspended
        )
    }

    pub(super) const fn is_about_a_machine(self) -> bool {
        matches!(
            self,
            Self::OwnerAboutAMachine
                | Self::KeyWithoutAboutItself
                | Self::KeyWithAboutAMachine
                | Self::KeyOfTheSuspended
        )
    }

    pub(super) fn expects(self, route: &str, open: Open) -> Expected {
        let reach = match open {
            To(action) => rules().find(|(listed, ..)| *listed == action).unwrap().2,
            ToAnybody => return Expected::Done,
            ToGithub | ToSessions => return Expected::Forbidden,
            ToAll | ToSignIns => return self.expects_outside(open),
            ToMembers => return self.expects_as_member(),
        };
        let done = match self {
            Self::OwnerOfTheSuspended if route == "GET …" => true,
            Self::OwnerOfTheSuspended if matches!(route, "PATCH …" | "DELETE …") => {
                return Expected::Conflict;
            }
            Self::OwnerAboutAPerson | Self::OwnerAboutAMachine if reach == Extent::SignedInOwners => {
                return Expected::Conflict;
            }
            Self::Nobody
            | Self::OwnerOfAnotherOrganization
            | Self::SuspendedPerson
            | Self::SuspendedPersonsKey
            | Self::OwnerOfTheSuspended
            | Self::KeyOfTheSuspended => return Expected::Refused,
            Self::Themselves => !matches!(reach, Extent::Organization | Extent::SignedInOwners),
            Self::AnotherNormalUser if reach == Extent::OrPeople => true,
            Self::KeyWithoutAboutItself => reach == Extent::OwnOrMachinesOrItself,
            Self::AnotherNormalUser | Self::KeyWithoutAboutAPerson => false,
            Self::OwnerAboutAPerson | Self::KeyWithAboutAPerson => {
                matches!(
                    reach,
                    Extent::Organization | Extent::OrPeople | Extent::OrOwn | Extent::OrOwnSignedIn
                )
            }
            Self::OwnerAboutAMachine | Self::KeyWithAboutAMachine => {
                !matches!(reach, Extent::Own | Extent::SignedInOwners)
            }
        };
        if done { Expected::Done } else { Expected::Forbidden }
    }

    /// Routes that every member may use, and of a suspended organization its owners.
    const fn expects_as_member(self) -> Expected {
        match self {
            Self::Nobody
            | Self::OwnerOfAnotherOrganization
            | Self::SuspendedPerson
            | Self::SuspendedPersonsKey
            | Self::KeyOfTheSuspended => Expected::Refused,
            _ => Expected::Done,
        }
    }

    /// Routes without an organization, where the state of a user does not matter.
    fn expects_outside(self, open: Open) -> Expected {
        match self {
            Self::Nobody | Self::SuspendedPersonsKey | Self::KeyOfTheSuspended => Expected::Refused,
            _ if self.comes_with_a_key() && matches!(open, ToSignIns) => Expected::Forbidden,
            _ => Expected::Done,
        }
    }
}
