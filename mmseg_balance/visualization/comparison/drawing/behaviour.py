"""What the page does on a click; it is complete without."""

SCRIPT = r"""
'use strict';

// Tables: a heading becomes a button. A click sorts, the next one the other
// way round, the third gives the order of the file back.
function valueOf(row, column) {
  const text = row.cells[column].dataset.value;
  if (text === undefined) return null;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b));
}

function sortRows(table, rows, heading, direction) {
  const column = Number(heading.dataset.column);
  const sorted = direction === 0 ? rows : [...rows].sort((a, b) => {
    const [x, y] = [valueOf(a, column), valueOf(b, column)];
    // what has no value is last, whichever way
    if (x === null || y === null) return (x === null) - (y === null);
    return direction * compare(x, y);
  });
  table.tBodies[0].append(...sorted);
}

for (const table of document.querySelectorAll('table')) {
  const rows = [...table.tBodies[0].rows];
  const headings = [...table.querySelectorAll('th[data-sort]')];
  for (const heading of headings) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...heading.querySelector('span').childNodes);
    heading.querySelector('span').replaceWith(button);
    const first = heading.dataset.sort === 'less' ? 1 : -1;
    let direction = 0;
    button.addEventListener('click', () => {
      const sorted = heading.hasAttribute('aria-sort');
      if (!sorted) direction = first;
      else direction = direction === first ? -first : 0;
      for (const other of headings) other.removeAttribute('aria-sort');
      if (direction !== 0) {
        const word = direction > 0 ? 'ascending' : 'descending';
        heading.setAttribute('aria-sort', word);
      }
      sortRows(table, rows, heading, direction);
    });
  }
}

// Legends: a method that is pointed at stands out in its chart, one that is
// clicked stays so.
for (const legend of document.querySelectorAll('.legend')) {
  const chart = legend.parentElement;
  const entries = [...legend.querySelectorAll('.method')];
  if (entries.length < 2) continue;
  let kept = null;
  const bringOut = (entry) => {
    for (const mark of chart.querySelectorAll('.row [data-method]')) {
      const other = entry && mark.dataset.method !== entry.dataset.method;
      mark.classList.toggle('faint', Boolean(other));
    }
  };
  const press = (entry) => {
    kept = kept === entry ? null : entry;
    for (const one of entries) one.setAttribute('aria-pressed', one === kept);
    bringOut(kept);
  };
  for (const entry of entries) {
    entry.tabIndex = 0;
    entry.setAttribute('role', 'button');
    entry.setAttribute('aria-pressed', 'false');
    entry.addEventListener('pointerenter', () => bringOut(entry));
    entry.addEventListener('pointerleave', () => bringOut(kept));
    entry.addEventListener('click', () => press(entry));
    entry.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      press(entry);
    });
  }
}

// Pictures: a click shows one large, arrow keys go through its group.
const dialog = document.createElement('dialog');
const large = document.createElement('img');
const text = document.createElement('div');
const legends = document.createElement('div');
let shown = null;

function show(button) {
  const image = button.querySelector('img');
  shown = button;
  large.src = image.src;
  large.alt = image.alt;
  large.className = image.className;
  text.textContent = image.alt;
  // what the colours of a map mean
  const own = image.classList.contains('crisp')
    ? button.closest('section').querySelectorAll(':scope > .legend') : [];
  legends.replaceChildren(...[...own].map((one) => one.cloneNode(true)));
}

function step(by) {
  const group = [...document.querySelectorAll('.zoom')].filter(
    (button) => button.dataset.group === shown.dataset.group);
  show(group[(group.indexOf(shown) + by + group.length) % group.length]);
}

function control(label, action) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = label;
  button.addEventListener('click', action);
  return button;
}

dialog.append(
  large,
  text,
  legends,
  control('\u2190 previous', () => step(-1)),
  control('close', () => dialog.close()),
  control('next \u2192', () => step(1)),
);
dialog.setAttribute('aria-label', 'Picture');
large.addEventListener('click', () => dialog.close());
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowRight') step(1);
  if (event.key === 'ArrowLeft') step(-1);
});
document.body.append(dialog);
for (const button of document.querySelectorAll('.zoom')) {
  button.addEventListener('click', () => {
    show(button);
    dialog.showModal();
  });
}

// On paper nothing is folded away.
window.addEventListener('beforeprint', () => {
  for (const folded of document.querySelectorAll('details')) {
    folded.open = true;
  }
});
"""
