// @ts-check
// What a policy allows for keys: how many, how long, and whether later.

/** Keys that count: neither deleted, revoked nor expired. Those that are switched off count. */
export const live = (keys) => keys.filter((key) => key.status === 'active' || key.status === 'inactive').length;

/** Why a user gets no further key; an empty text where there is a place, or where it is not known. */
export const full = (keys, most, kind) => (keys.whole && live(keys.items) >= most ? `Your organization allows ${most} ${most === 1 ? 'key' : 'keys'} for each ${kind === 'normal' ? 'normal user' : kind}. Revoke or delete one first.` : '');

const DAY = 86400;

/** The choices of an expiry: presets within the policy, the one to begin with, the bounds, never. */
export function expiryChoices({ lifetime }) {
  const { min_seconds: min, max_seconds: max, allow_never: never } = lifetime;
  const days = [7, 30, 90, 365].filter((n) => n * DAY >= min && n * DAY <= max);
  const preset = days.includes(90) ? 90 : days.at(-1);
  return { days, preset, min, max, never };
}

/** Why an expiry of this key cannot move later; an empty text where it can. */
export function notExtendable({ extension }, key) {
  if (extension === 'none') return 'The policy does not allow a later expiry. Create a new key before this one ends.';
  if (extension === 'before_expiry' && key.status === 'expired') return 'The policy does not allow a later expiry once a key has expired. Create a new key.';
  return '';
}

/** The choices of an overlap, in seconds, within the policy; the longest comes last. */
export const overlaps = ({ rotation }) => {
  const most = rotation.max_overlap_seconds;
  return [...new Set([0, 3600, DAY, 7 * DAY].filter((n) => n < most).concat(most))];
};
