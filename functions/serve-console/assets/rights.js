// @ts-check
// Who may do what, as domain::access decides it. The page only gives reasons by it; the API protects.

/** Action, permission, extent: the table of shared/domain/src/access.rs. */
export const RULES = {
  ReadOrganization: ['organization:read', 'OrPeople'],
  WriteOrganization: ['organization:write', 'Organization'],
  DeleteOrganization: ['*', 'SignedInOwners'],
  ReadRoles: ['roles:read', 'Organization'],
  WriteRoles: ['roles:write', 'Organization'],
  ListUsers: ['users:read', 'Organization'],
  ReadUser: ['users:read', 'OrOwn'],
  WriteProfile: ['users:write', 'OrOwn'],
  WriteUser: ['users:write', 'Organization'],
  DeleteUser: ['users:write', 'OrOwnSignedIn'],
  MakeOwner: ['*', 'Organization'],
  ListKeys: ['access-keys:read', 'Organization'],
  ReadKey: ['access-keys:read', 'OrOwn'],
  CreateKey: ['access-keys:write', 'OwnOrMachines'],
  RotateKey: ['access-keys:write', 'OwnOrMachinesOrItself'],
  WriteKey: ['access-keys:write', 'OwnOrMachines'],
  EndKey: ['access-keys:write', 'OrOwn'],
  ReadAudit: ['audit:read', 'Organization'],
  ReadInbox: ['', 'Own'],
};

/** Tells whether one of these permissions covers the wanted one. */
export const covers = (permissions, wanted) => permissions.some((held) => held === wanted
  || (held.endsWith('*') && wanted.length > held.length - 1 && wanted.startsWith(held.slice(0, -1))));

/**
 * What the action needs and the actor lacks; an empty text where it is allowed. The actor has signed in.
 * @param {{kind: string, user_id: string, permissions: string[]}} actor
 * @param {keyof typeof RULES} action
 * @param {{user_id: string, kind: string}=} resource the user whose things are concerned; none: the organization
 */
export function lacks(actor, action, resource) {
  const [permission, extent] = RULES[action];
  const held = covers(actor.permissions, permission) ? '' : `the permission ${permission}`;
  const own = !!resource && actor.user_id === resource.user_id && actor.kind !== 'machine';
  switch (extent) {
    case 'Own': return own ? '' : 'the person themselves: this is nobody else\'s';
    case 'SignedInOwners': return actor.kind === 'owner' ? held : 'the sign-in of an owner';
    case 'OrPeople': return resource && actor.kind !== 'machine' ? '' : held;
    case 'OrOwn': case 'OrOwnSignedIn': return own ? '' : held;
    case 'OwnOrMachines': case 'OwnOrMachinesOrItself':
      if (own) return '';
      return !resource || resource.kind === 'machine' ? held : 'the user themselves: people keep their own keys';
    default: return held;
  }
}
