const WORDS = { accepted: 'accepted: stays in later runs', rejected: 'rejected: right as masked' };
const groups = data.groups;
const decided = new Map();
const history = [];
let here = 0;

const cards = groups.map((group, number) => {
  const state = element('span', { class: 'state' });
  const shape = element('bdi', { class: 'shape' }, group.shape);
  const title = element('h3', { id: 'g' + number }, element('span', {}, group.entity_type), shape, state);
  const percent = group.share_ppm / 1e4;
  const facts = counted(group.spans, 'time') + ' in ' + counted(group.documents, 'document') + ', '
    + (percent < 0.01 ? 'under 0.01' : percent.toFixed(2)) + ' % of what was masked'
    + (group.value ? '' : '; ' + counted(group.values, 'value')) + '. Found by ' + group.recognizers.join(', ') + '.';
  const card = element('li', { class: 'card', tabindex: '-1', 'aria-labelledby': 'g' + number }, title, element('p', { class: 'soft' }, facts));
  card.append(element('ul', { class: 'contexts' }, ...group.contexts.map(context)));
  if (!group.contexts.length) card.append(element('p', { class: 'soft' }, 'No context: its documents were left out as duplicates.'));
  if (group.allowable) {
    card.append(element('div', { class: 'choose' }, button('accepted', 'False positive', number), button('rejected', 'Right as masked', number)));
  } else if (group.value) {
    card.append(element('p', { class: 'soft' }, reason(group)));
  }
  card.addEventListener('click', () => { if (here !== number) go(number, false); });
  byId(group.value ? 'values' : 'shapes').append(card);
  return card;
});

function context([before, replacement, after, begins, ends]) {
  const flat = (text) => text.replace(/\s*\n\s*/g, ' ↵ ');
  return element('li', {}, element('bdi', {}, (begins ? '' : '…') + flat(before), element('mark', {}, flat(replacement)), flat(after) + (ends ? '' : '…')));
}

function button(decision, text, number) {
  const made = element('button', { type: 'button', 'data-decision': decision, 'aria-pressed': 'false' }, text);
  made.addEventListener('click', (event) => { event.stopPropagation(); go(number, false); decide(decision); });
  return made;
}

function reason(group) {
  return group.recognizers.includes('denied')
    ? 'On the deny list: remove its entry there before it can be allowed.'
    : 'Of a type that an extra recognizer of the policy adds: the lists do not name it, so take it out of the policy instead.';
}

function go(number, focus = true) {
  if (!cards.length) return;
  cards[here].classList.remove('here');
  here = Math.max(0, Math.min(cards.length - 1, number));
  cards[here].classList.add('here');
  if (focus) {
    cards[here].focus({ preventScroll: true });
    cards[here].scrollIntoView({ block: 'nearest' });
  }
}

function paint(number) {
  const decision = decided.get(number);
  for (const word of Object.keys(WORDS)) cards[number].classList.toggle(word, word === decision);
  cards[number].querySelector('.state').textContent = decision ? WORDS[decision] : '';
  for (const each of cards[number].querySelectorAll('[data-decision]')) each.setAttribute('aria-pressed', String(each.dataset.decision === decision));
}

function tally() {
  const values = groups.filter((group) => group.allowable).length;
  const count = (word) => [...decided.values()].filter((decision) => decision === word).length;
  return count('accepted') + ' accepted, ' + count('rejected') + ' rejected, ' + (values - decided.size) + ' open.';
}

function decide(decision) {
  const group = groups[here];
  if (!group) return;
  if (!group.allowable) { say(group.value ? reason(group) : 'A shape is not accepted or rejected: decide on values.', true); return; }
  history.push([here, decided.get(here)]);
  decided.set(here, decision);
  unsaved = true;
  paint(here);
  say(tally());
}

function judge(decision) {
  decide(decision);
  if (groups[here] && groups[here].allowable && here + 1 < groups.length) go(here + 1);
}

function undo() {
  const last = history.pop();
  if (!last) { say('Nothing to take back.'); return; }
  const [number, before] = last;
  if (before) decided.set(number, before); else decided.delete(number);
  unsaved = decided.size > 0;
  paint(number);
  go(number);
  say('Taken back. ' + tally());
}

function save() {
  const named = (word) => groups.filter((group, number) => decided.get(number) === word).map(({ entity_type, value }) => ({ entity_type, value }));
  download({ accepted: named('accepted'), rejected: named('rejected') }, 'false-positives-answers.json');
}

const shown = groups.filter((group) => group.value).length;
const { totals } = data;
byId('counts').textContent = counted(totals.spans, 'masked span') + ' in ' + counted(totals.documents, 'document') + '; '
  + shown.toLocaleString('en') + ' of ' + counted(totals.values, 'value') + ' and ' + (groups.length - shown).toLocaleString('en') + ' of '
  + counted(totals.shapes, 'shape') + ' are shown, those of most documents first.';
const next = () => go(here + 1);
const previous = () => go(here - 1);
const accept = () => judge('accepted');
const reject = () => judge('rejected');
for (const [id, action] of Object.entries({ next, previous, accept, reject, undo })) byId(id).addEventListener('click', action);
listen({ j: next, ArrowDown: next, k: previous, ArrowUp: previous, a: accept, r: reject, u: undo }, save);
go(0, false);
say(tally());
