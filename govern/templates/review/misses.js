const documents = data.documents;
const marks = []; // {number, field, start, end, type}, offsets in UTF-16 code units of the field, in the order made
const WORD = /[\p{L}\p{N}\p{M}]+(?:[-.@_+'’][\p{L}\p{N}\p{M}]+)*/gu;
let here = 0;
let selected = null; // {field, start, end}

// Python counts code points, a browser UTF-16 code units.
function codePoints(text, units) {
  return Array.from(text.slice(0, units)).length;
}

function units(text, points) {
  return Array.from(text).slice(0, points).join('').length;
}

for (const each of documents) for (const field of each.fields) field.covered = field.replaced.map(([start, end]) => [units(field.text, start), units(field.text, end)]);

function draw() {
  const shown = documents[here];
  byId('document').replaceChildren();
  selected = null;
  if (!shown) { byId('title').textContent = 'The corpus holds no document.'; return; }
  byId('title').textContent = 'Document ' + (here + 1) + ' of ' + documents.length;
  byId('document').append(element('p', { class: 'soft' }, shown.lang + ', ' + shown.source + ', ', element('code', {}, shown.id)));
  shown.fields.forEach((field, number) => {
    if (shown.fields.length > 1) byId('document').append(element('h3', {}, field.name));
    const text = element('div', { class: 'text', tabindex: '0', dir: 'auto', role: 'region', 'aria-label': 'Field ' + field.name, 'data-field': number });
    pieces(field, number).forEach((piece) => text.append(piece));
    byId('document').append(text);
    if (field.left_out) byId('document').append(element('p', { class: 'soft' }, counted(field.left_out, 'character') + ' more are not shown here.'));
  });
  found();
}

// The text of a field as text nodes, with what was replaced and what was marked in elements of their own.
function pieces(field, number) {
  const stretches = [
    ...field.covered.map(([start, end]) => [start, end, 'replaced']),
    ...own().filter((mark) => mark.field === number).map(({ start, end }) => [start, end, 'missed']),
  ].sort((one, other) => one[0] - other[0]);
  const made = [];
  let done = 0;
  for (const [start, end, kind] of stretches) {
    made.push(document.createTextNode(field.text.slice(done, start)), element('mark', { class: kind }, field.text.slice(start, end)));
    done = end;
  }
  return [...made, document.createTextNode(field.text.slice(done))];
}

function own() {
  return marks.filter((mark) => mark.number === here);
}

function found() {
  byId('found').replaceChildren(...own().map((mark) => {
    const text = documents[here].fields[mark.field].text;
    const remove = element('button', { type: 'button' }, 'Remove');
    remove.addEventListener('click', () => { marks.splice(marks.indexOf(mark), 1); unsaved = marks.length > 0; draw(); say('Removed. ' + tally()); });
    return element('li', {}, mark.type + ': ', element('bdi', {}, element('mark', { class: 'missed' }, text.slice(mark.start, mark.end))), remove);
  }));
  byId('none').hidden = own().length > 0;
}

function tally() {
  return counted(marks.length, 'miss', 'misses') + ' in ' + counted(new Set(marks.map((mark) => mark.number)).size, 'document') + '.';
}

function go(number) {
  here = Math.max(0, Math.min(documents.length - 1, number));
  draw();
  byId('title').scrollIntoView();
  byId('title').focus({ preventScroll: true });
  say(byId('title').textContent + '. ' + tally());
}

// Remembers what is selected in a text, as offsets of its field; a tap on a button elsewhere does not forget it.
function look() {
  const selection = document.getSelection();
  if (!selection.rangeCount || !selection.anchorNode) return;
  const range = selection.getRangeAt(0);
  const at = range.commonAncestorContainer;
  const text = (at.nodeType === Node.TEXT_NODE ? at.parentElement : at).closest('.text');
  if (!text) return;
  const before = document.createRange();
  before.selectNodeContents(text);
  before.setEnd(range.startContainer, range.startOffset);
  const start = before.toString().length;
  selected = selection.isCollapsed ? null : { field: Number(text.dataset.field), start, end: start + range.toString().length };
}

document.addEventListener('selectionchange', look);

function select(field, start, end) {
  const text = byId('document').querySelector('[data-field="' + field + '"]');
  const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  const ends = [];
  for (let node = walk.nextNode(), passed = 0; node; passed += node.length, node = walk.nextNode()) {
    if (!ends.length && start < passed + node.length) ends.push(node, start - passed);
    if (ends.length === 2 && end <= passed + node.length) ends.push(node, end - passed);
  }
  document.getSelection().setBaseAndExtent(...ends);
  selected = { field, start, end };
  const box = document.getSelection().getRangeAt(0).getBoundingClientRect();
  const low = window.innerHeight - document.querySelector('.bar').offsetHeight - 20;
  if (box.top < 20 || box.bottom > low) window.scrollBy(0, box.top - window.innerHeight / 3);
}

function touches(field, start, end) {
  return documents[here].fields[field].covered.some(([low, high]) => low < end && start < high);
}

function words(field) {
  return [...documents[here].fields[field].text.matchAll(WORD)].map((match) => [match.index, match.index + match[0].length])
    .filter(([start, end]) => !touches(field, start, end));
}

function word(step) {
  look();
  const every = documents[here] ? documents[here].fields.flatMap((_, field) => words(field).map(([start, end]) => [field, start, end])) : [];
  const from = selected || (step > 0 ? { field: 0, start: -1, end: 0 } : { field: Infinity, start: 0, end: 0 });
  const chosen = step > 0
    ? every.find(([field, start]) => field > from.field || field === from.field && start >= from.end)
    : every.findLast(([field, , end]) => field < from.field || field === from.field && end <= from.start);
  if (chosen) select(...chosen);
}

function grow() {
  look();
  if (!selected) { word(1); return; }
  const further = words(selected.field).find(([start]) => start >= selected.end);
  if (further) select(selected.field, selected.start, further[1]);
}

// Moves one end by a code point, so that no character of two code units is cut.
function move(which, step) {
  look();
  if (!selected) { word(1); return; }
  const { text } = documents[here].fields[selected.field];
  const place = selected[which];
  const sign = Array.from(step > 0 ? text.slice(place, place + 2) : text.slice(Math.max(0, place - 2), place)).at(step > 0 ? 0 : -1);
  const moved = { ...selected, [which]: place + step * (sign || '').length };
  if (moved.start < moved.end) select(moved.field, moved.start, moved.end);
}

function mark(type) {
  look();
  if (!selected) { say('Select the text that was missed first: by mouse, or with the arrow keys.', true); return; }
  const { field } = selected;
  const { text } = documents[here].fields[field];
  const inside = text.slice(selected.start, selected.end);
  const start = selected.start + inside.length - inside.trimStart().length;
  const end = selected.end - inside.length + inside.trimEnd().length;
  if (start >= end) { say('Only blanks are selected.', true); return; }
  if (touches(field, start, end)) { say('Part of the selection was replaced already; select what stands beside it.', true); return; }
  if (own().some((each) => each.field === field && each.start < end && start < each.end)) { say('Part of the selection is marked already.', true); return; }
  marks.push({ number: here, field, start, end, type });
  unsaved = true;
  draw();
  say('Marked as ' + type + '. ' + tally());
  select(field, start, end);
  document.getSelection().collapseToEnd();
}

function undo() {
  const last = marks.pop();
  if (!last) { say('Nothing to take back.'); return; }
  unsaved = marks.length > 0;
  if (last.number !== here) go(last.number); else draw();
  say('Taken back. ' + tally());
}

function save() {
  const order = [...marks].sort((one, other) => one.number - other.number || one.field - other.field || one.start - other.start);
  const misses = order.map(({ number, field, start, end, type }) => {
    const { id, fields } = documents[number];
    const { name, text } = fields[field];
    return { id, field: name, start: codePoints(text, start), end: codePoints(text, end), entity_type: type };
  });
  download({ misses }, 'misses-answers.json');
}

byId('counts').textContent = counted(documents.length, 'document') + ' of ' + data.certified.toLocaleString('en') + ', drawn by seed.';
byId('type').append(...data.types.map((type) => element('option', {}, type)));
byId('quick').append(...[element('kbd', {}, '1'), ' – ', element('kbd', {}, String(data.quick.length))]);
byId('quick-types').textContent = 'mark as ' + data.quick.join(', ');
const next = () => go(here + 1);
const previous = () => go(here - 1);
const chosen = () => mark(byId('type').value);
for (const [id, action] of Object.entries({ next, previous, mark: chosen, undo })) byId(id).addEventListener('click', action);
byId('mark').addEventListener('pointerdown', (event) => event.preventDefault());
const quick = Object.fromEntries(data.quick.map((type, number) => [number + 1, () => mark(type)]));
listen({
  ...quick, j: next, k: previous, ArrowRight: () => word(1), ArrowLeft: () => word(-1), 'Shift+ArrowRight': () => move('end', 1),
  'Shift+ArrowLeft': () => move('end', -1), '.': () => move('start', 1), ',': () => move('start', -1), w: grow, t: () => byId('type').focus(), m: chosen, u: undo,
}, save);
draw();
say(tally());
