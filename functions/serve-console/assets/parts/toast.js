// @ts-check
// One line for results and one for errors. Screen readers speak both.

const timers = new Map();

function show(id, text) {
  const line = /** @type {HTMLElement} */ (document.getElementById(id));
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
