// @ts-check
// One line for results and one for errors. Screen readers speak both.

const timers = new Map();
const toasts = () => /** @type {HTMLElement} */ (document.querySelector('.toasts'));
const top = () => [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;

/** Takes the lines out of a dialog that ends. */
export const leave = (dialog) => { if (dialog.contains(toasts())) document.body.append(toasts()); };

function show(id, text) {
  const line = /** @type {HTMLElement} */ (document.getElementById(id));
  // What lies under a dialog is neither seen nor spoken.
  const place = top();
  if (toasts().parentElement !== place) place === document.body ? place.append(toasts()) : place.prepend(toasts());
  clearTimeout(timers.get(id));
  // Equal texts one after the other are both spoken: the line is empty in between.
  line.textContent = '';
  requestAnimationFrame(() => { line.textContent = text; });
  timers.set(id, setTimeout(() => { line.textContent = ''; }, id === 'alert' ? 15000 : 6000));
}

/** Says what was done. */
export const say = (text) => show('status', text);

/** Says what failed. */
export const alarm = (text) => show('alert', text);
