// @ts-check
// The inbox: messages of 30 days. Opening one marks it as read.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { repeat } from '../vendor/lit-html/directives/repeat.js';
import * as api from '../api.js';
import { inWords } from '../problems.js';
import { path } from '../router.js';
import { when } from '../time.js';
import { empty, failure, skeleton, waiting } from '../parts/empty.js';
import { filters } from '../parts/filters.js';
import { accountTabs } from '../parts/menu.js';
import { focusTable, foot, list } from '../parts/table.js';
import { alarm, say } from '../parts/toast.js';

export const title = 'Inbox';

export function open(view) {
  const filter = filters(view.query, 'state', () => messages.reload());
  const state = () => filter.values.state || 'unread';
  const messages = list(view, (cursor) => api.inbox({ user_id: 'me', state: state(), cursor }, { signal: view.signal }));
  const changed = () => dispatchEvent(new Event('inbox-changed'));
  const run = async (message, work, text) => {
    try {
      await work();
      if (text) { if (message.state !== state()) messages.drop(message); say(text); focusTable(); view.update(); }
    } catch (problem) {
      alarm(inWords(problem));
    }
    changed();
  };
  const set = (message, to, text) => run(message, async () => { message.state = (await api.updateMessage({ user_id: 'me', message_id: message.message_id }, { body: { state: to } })).state; }, text);
  const opened = (message) => {
    if (message.state !== 'unread') return;
    message.state = 'read';
    set(message, 'read', '');
    view.update();
  };
  let marking = false;
  const markAll = async () => {
    if (marking) return;
    marking = true;
    view.update();
    try {
      let cursor;
      do {
        cursor = (await api.markAllRead({ user_id: 'me', cursor }, { body: { state: 'read' } })).next_cursor;
      } while (cursor);
      say('All messages are marked as read.');
    } catch (problem) {
      alarm(inWords(problem));
    }
    marking = false;
    messages.reload();
    changed();
  };
  const act = (label, work, classes = 'small') => html`<button type="button" class=${classes} @click=${work}>${label}</button>`;
  const one = (message) => html`<li><details @toggle=${(event) => event.target.open && opened(message)}><summary><span class=${message.state === 'unread' ? 'dot' : ''}>${message.state === 'unread' ? html`<span class="hidden">Unread: </span>` : nothing}${message.title}</span><span class="muted">${when(message.at)}</span></summary>
    <div class="message"><p>${message.text}</p><div class="do">${message.key_id ? html`<a class="button small" href=${path('access-keys', message.key_id)}>Show the key</a>` : nothing}
    ${message.state === 'unread' ? act('Mark read', () => set(message, 'read', 'Marked as read.')) : act('Mark unread', () => set(message, 'unread', 'Marked as unread.'))}
    ${message.state === 'archived' ? nothing : act('Archive', () => set(message, 'archived', 'Message archived.'))}
    ${act('Delete', () => run(message, async () => { await api.deleteMessage({ user_id: 'me', message_id: message.message_id }); message.state = 'deleted'; }, 'Message deleted.'), 'small danger-quiet')}</div></div></details></li>`;
  const link = (query, text) => html`<a class="button" href=${path('me', 'inbox') + query}>${text}</a>`;
  return () => html`${accountTabs()}<div class="page-head"><div><h1 tabindex="-1">Inbox</h1><p class="muted">Messages are kept for 30 days.</p></div><div class="do"><button type="button" aria-disabled=${marking ? 'true' : nothing} @click=${markAll}>${marking ? 'Marking…' : 'Mark all read'}</button></div></div>
    <div class="filters">${filter.chips('State', 'state', [['unread', 'Unread'], ['read', 'Read'], ['archived', 'Archived']])}</div>
    ${!messages.loaded ? (messages.problem ? failure(messages.problem, messages.reload) : view.slow ? skeleton() : waiting)
    : !messages.items.length && !messages.next ? state() === 'unread' ? empty('You have read everything.', link('?state=read', 'Show read messages'), 'bell') : empty('No messages here.', link('', 'Show unread messages'), 'bell')
    : html`<div class="card"><ul class="inbox">${repeat(messages.items, (message) => message.message_id, one)}</ul>${foot(messages, 'Newest first')}</div>`}`;
}
