"""Curves as SVG, with what they are read by."""

SCRIPT = r"""
// Okabe and Ito, told apart with any colour vision; black for its yellow
const COLOURS = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9',
                 '#D55E00', '#000000', '#999999'];
const DASHES = ['', '', '', '', '5 2', '5 2', '2 2', '2 2'];
const WIDTH = 340, HEIGHT = 178;
const LEFT = 46, RIGHT = 12, TOP = 8, BOTTOM = 34;
const SPACE = 'http://www.w3.org/2000/svg';
const FEW = 30;  // points that are marked

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function drawn(name, attributes, text) {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  if (text !== undefined) made.textContent = text;
  return made;
}

// four digits; 'nan' and 'inf' come as they are
export function shown(value) {
  if (typeof value !== 'number') return String(value);
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) {
    return Number(value.toPrecision(3)).toExponential();
  }
  return String(Number(value.toPrecision(4)));
}

export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 2.5, 5, 10].find((n) => n * power >= rough) * power;
  const found = [];
  for (let i = Math.ceil(low / size - 1e-9); i * size <= high + 1e-9 * size;
       i += 1) {
    found.push(Number((i * size).toPrecision(12)));
  }
  return found;
}

function short(step) {
  const thousands = step >= 10000 && step % 100 === 0;
  return thousands ? `${step / 1000}k` : String(step);
}

// the lowest and highest value, and room for them
function range(series) {
  const values = series.flatMap((s) => s.points.map((p) => p[1]))
    .filter((v) => v !== null);
  let low = values.reduce((a, b) => Math.min(a, b), Infinity);
  let high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!values.length) [low, high] = [0, 1];
  // apart by rounding alone: there are no round numbers between them
  if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) {
    const room = Math.abs(low) / 10 || 1;
    return low === 0 ? [0, room] : [low - room, high + room];
  }
  const room = (high - low) / 20;
  return [low >= 0 && low < high / 2 ? 0 : low - room, high + room];
}

function path(points, x, y) {
  let text = '', pen = 'M';
  for (const [step, value] of points) {
    if (value === null) {
      pen = 'M';
    } else {
      text += `${pen}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = 'L';
    }
  }
  return text;
}

function axes(svg, x, y, steps, values) {
  for (const value of values) {
    const at = y(value);
    svg.append(
      drawn('line', {class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: at,
                     y2: at}),
      drawn('text', {x: LEFT - 5, y: at + 4, 'text-anchor': 'end'},
            shown(value)));
  }
  const floor = HEIGHT - BOTTOM;
  svg.append(drawn('line', {class: 'axis', x1: LEFT, x2: WIDTH - RIGHT,
                            y1: floor, y2: floor}));
  for (const step of steps) {
    const at = x(step);
    svg.append(
      drawn('line', {class: 'axis', x1: at, x2: at, y1: floor,
                     y2: floor + 4}),
      drawn('text', {x: at, y: floor + 16, 'text-anchor': 'middle'},
            short(step)));
  }
  svg.append(drawn('text', {x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 3,
                            'text-anchor': 'middle'}, 'iteration'));
}

function legend(series, common) {
  const rows = series.map((one, i) => {
    const swatch = drawn('svg', {viewBox: '0 0 24 10', 'aria-hidden': true});
    swatch.append(drawn('line', {
      x1: 0, x2: 24, y1: 5, y2: 5, stroke: COLOURS[i], 'stroke-width': 3,
      'stroke-dasharray': DASHES[i]}));
    const name = one.name.startsWith(common)
      ? one.name.slice(common.length) : one.name;
    const value = element('td', {'data-name': one.name});
    value.textContent = shown(one.value);
    value.title = `${one.value} at iteration ${one.step}`;
    return element('tr', {}, element('td', {}, swatch),
                   element('td', {title: one.name}, name), value);
  });
  return element('table', {class: 'legend'}, ...rows);
}

// what a line across the chart crosses
function follow(svg, series, table, x, step, unit) {
  const cells = [...table.querySelectorAll('td:last-child')];
  const cursor = drawn('line', {class: 'cursor', y1: TOP,
                                y2: HEIGHT - BOTTOM, visibility: 'hidden'});
  svg.append(cursor);
  const latest = unit.textContent;
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    const wanted = step((event.clientX - box.left) / box.width * WIDTH);
    const nearest = series.map((one) => one.points.reduce(
      (a, b) => (Math.abs(b[0] - wanted) < Math.abs(a[0] - wanted) ? b : a)));
    const at = nearest.reduce(
      (a, b) => (Math.abs(b[0] - wanted) < Math.abs(a[0] - wanted) ? b : a));
    cursor.setAttribute('x1', x(at[0]));
    cursor.setAttribute('x2', x(at[0]));
    cursor.setAttribute('visibility', 'visible');
    unit.textContent = `at iteration ${at[0]}`;
    nearest.forEach(([, value], i) => {
      cells[i].textContent = value === null ? 'not finite' : shown(value);
    });
  });
  svg.addEventListener('pointerleave', () => {
    cursor.setAttribute('visibility', 'hidden');
    unit.textContent = latest;
    series.forEach((one, i) => { cells[i].textContent = shown(one.value); });
  });
}

export function chart({title, series}, lastStep) {
  const [low, high] = range(series);
  const end = Math.max(lastStep, 1);
  const x = (step) => LEFT + step / end * (WIDTH - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM
    - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
  const svg = drawn('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img',
                            'aria-label': `Curves of ${title}`});
  axes(svg, x, y, ticks(0, end, 4).filter(Number.isInteger),
       ticks(low, high, 4));
  series.forEach(({points}, i) => {
    svg.append(drawn('path', {
      class: 'curve', d: path(points, x, y), stroke: COLOURS[i],
      'stroke-dasharray': DASHES[i]}));
    if (points.length > FEW) return;
    for (const [step, value] of points) {
      if (value === null) continue;
      svg.append(drawn('circle', {cx: x(step), cy: y(value), r: 2.4,
                                  fill: COLOURS[i]}));
    }
  });
  const table = legend(series, `${title}.`);
  const unit = element('span', {class: 'unit'});
  unit.textContent = `at iteration ${Math.max(...series.map((s) => s.step))}`;
  follow(svg, series, table, x,
         (at) => (at - LEFT) / (WIDTH - LEFT - RIGHT) * end, unit);
  return element('div', {class: 'chart'},
                 element('h3', {}, `${title} `, unit), svg, table);
}
"""
