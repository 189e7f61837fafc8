'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
let unsaved = false;

// An element with attributes and children; a string child is text, never markup.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function say(text, wrong = false) {
  byId('status').textContent = text;
  byId('status').classList.toggle('wrong', wrong);
}

function counted(number, one, many = one + 's') {
  return number.toLocaleString('en') + ' ' + (number === 1 ? one : many);
}

// Reason, owner and last day, or null with the first empty field in focus.
function whoAnswers() {
  const fields = ['reason', 'owner', 'expires'].map(byId);
  for (const field of fields) {
    const empty = field.value.trim() === '';
    field.setAttribute('aria-invalid', String(empty));
  }
  const wrong = fields.find((field) => field.getAttribute('aria-invalid') === 'true');
  if (!wrong) return Object.fromEntries(fields.map((field) => [field.id, field.value.trim()]));
  wrong.focus();
  say('Fill in reason, owner and the last day first: they stand in every entry.', true);
  return null;
}

function download(answers, name) {
  const who = whoAnswers();
  if (!who) return;
  const { format_version, kind, certificate, secret_key_id } = data;
  const whole = { format_version, kind, certificate, secret_key_id, ...who, ...answers };
  const link = element('a', { download: name, href: URL.createObjectURL(new Blob([JSON.stringify(whole, null, 1) + '\n'], { type: 'application/json' })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  unsaved = false;
  say('Downloaded ' + name + '.');
}

// The key that was pressed; by its place where an input method for Hangul is on.
function keyOf(event) {
  if (/^[ -~]$/.test(event.key) || event.key.length > 1 && event.key !== 'Process') return event.key;
  const letter = /^Key([A-Z])$/.exec(event.code);
  return letter ? letter[1].toLowerCase() : event.code === 'Slash' && event.shiftKey ? '?' : event.key;
}

function listen(keys, save) {
  const help = byId('help');
  const open = () => { if (!help.open) help.showModal(); };
  document.addEventListener('keydown', (event) => {
    const key = keyOf(event);
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === 's') { event.preventDefault(); save(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const typing = event.target.closest('input, select, textarea');
    if (typing) { if (key === 'Escape' || key === 'Enter' && typing.matches('select')) typing.blur(); return; }
    if (!byId('single').checked && key.length === 1) return;
    const action = { ...keys, d: save, '?': open }[(event.shiftKey && key.startsWith('Arrow') ? 'Shift+' : '') + (key.length === 1 ? key.toLowerCase() : key)];
    if (action) { event.preventDefault(); action(); }
  });
  byId('help-button').addEventListener('click', open);
  byId('download').addEventListener('click', save);
  byId('who').addEventListener('submit', (event) => event.preventDefault());
  byId('who').addEventListener('input', (event) => event.target.removeAttribute('aria-invalid'));
  window.addEventListener('beforeunload', (event) => { if (unsaved) event.preventDefault(); });
}
