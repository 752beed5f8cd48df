"""What stands on the page beside curves: runs, progress, classes, pictures."""

SCRIPT = r"""
import {element, shown} from './charts.js';

const STATES = {
  waiting: 'nothing logged yet', running: 'running',
  validating: 'validating', silent: 'no news', finished: 'finished'};

export const byId = (id) => document.getElementById(id);

export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function stateText(run) {
  if (run.state === 'validating') return `validating, ${run.validation}`;
  if (run.state === 'silent') {
    return `no news since ${duration(run.silent_for)}`;
  }
  return STATES[run.state];
}

const percent = (run) => (run.total
  ? `${Math.floor(100 * run.done / run.total)} %` : '');

// parts stay where they are, so that nothing flickers, or goes under a click
function arrange(parent, children) {
  const same = children.length === parent.children.length
    && children.every((child, i) => child === parent.children[i]);
  if (!same) parent.replaceChildren(...children);
}

export function showRuns(runs, current, choose) {
  const part = byId('runs');
  part.hidden = runs.length < 2;
  const old = new Map([...part.children].map((b) => [b.dataset.run, b]));
  arrange(part, runs.map((run) => {
    let button = old.get(run.id);
    if (button === undefined) {
      button = element('button', {type: 'button', 'data-run': run.id},
                       element('span'), element('span'), element('span'));
      button.addEventListener('click', () => choose(run.id));
    }
    button.setAttribute('aria-current', run.id === current);
    [run.name, percent(run), stateText(run)].forEach((text, i) => {
      button.children[i].textContent = text;
    });
    return button;
  }));
}

export function showProgress(run) {
  document.title = [percent(run), run.name].filter(Boolean).join(' ');
  byId('name').textContent = run.name;
  const starts = run.starts.length;
  byId('folder').textContent = run.work_dir
    + (starts > 1 ? `, started ${starts} times, last ${run.starts.at(-1)}`
      : '');
  byId('state').textContent = stateText(run);
  byId('state').dataset.state = run.state;
  byId('position').textContent = run.total
    ? `iteration ${run.done} of ${run.total} (${percent(run)})`
    : `iteration ${run.done}, of how many is not known`;
  byId('bar').max = run.total || 1;
  byId('bar').value = Math.min(run.done, run.total || 0);
  const times = [];
  if (run.state === 'silent') {
    times.push('stopped, killed or stuck: the log in the work folder says '
      + 'more');
  }
  if (run.seconds_left !== null && run.state !== 'finished') {
    const end = new Date(Date.now() + 1000 * run.seconds_left);
    times.push(`${duration(run.seconds_left)} left, until `
      + end.toLocaleString([], {weekday: 'short', hour: '2-digit',
                                minute: '2-digit'})
      + ', validations not counted');
  }
  if (run.seconds !== null) times.push(`${shown(run.seconds)} s/iteration`);
  if (run.silent_for !== null) {
    times.push(`last line ${duration(run.silent_for)} ago`);
  }
  byId('times').textContent = times.join(' · ');
  byId('notes').replaceChildren(
    ...run.notes.map((note) => element('li', {}, note)));
}

function bar(one, low, high) {
  const place = (value) => 100 * (value - low) / (high - low);
  const zero = place(0);
  const track = element('span', {class: 'track'});
  if (typeof one.value === 'number') {
    const at = place(one.value);
    const fill = element('i', {class: one.value < 0 ? 'below' : 'fill'});
    fill.style.left = `${Math.min(zero, at)}%`;
    fill.style.width = `${Math.abs(at - zero)}%`;
    track.append(fill);
  }
  if (typeof one.first === 'number' && one.first_step < one.step) {
    const mark = element('i', {class: 'first'});
    mark.style.left = `${place(one.first)}%`;
    track.append(mark);
  }
  return track;
}

export function classBars({title, says, values}) {
  const number = (v) => (typeof v === 'number' ? v : -Infinity);
  const sorted = [...values].sort((a, b) => number(b.value)
    - number(a.value));
  const all = values.flatMap((v) => [v.value, v.first])
    .filter((v) => typeof v === 'number');
  const low = all.reduce((a, b) => Math.min(a, b), 0);
  const high = all.reduce((a, b) => Math.max(a, b), low === 0 ? 1e-12 : 0);
  const step = Math.max(...values.map((v) => v.step));
  const first = Math.min(...values.map((v) => v.first_step));
  const rows = sorted.map((one) => {
    const value = element('span', {class: 'value'}, shown(one.value));
    value.title = `${one.value} at iteration ${one.step}`;
    value.dataset.name = `${title}.${one.label}`;
    const old = one.step < step ? ' older' : '';
    return element('div', {class: `class${old}`},
      element('span', {class: 'label', title: one.label}, one.label),
      bar(one, low, high), value);
  });
  const told = [`at iteration ${step}`];
  if (says) told.unshift(says);
  if (first < step) told.push(`black line: at iteration ${first}`);
  if (values.some((v) => v.step < step)) {
    told.push('pale: an earlier value, the last that there is');
  }
  return element('div', {},
    element('h3', {}, `${title} `,
      element('span', {class: 'unit'}, told.join(' · '))),
    element('div', {class: 'classes'}, ...rows));
}

export function showPictures({shown: pictures, num_more: more}, id) {
  const part = byId('pictures');
  const old = new Map([...part.children].map((f) => [f.dataset.name, f]));
  const figures = pictures.map((picture) => {
    const query = new URLSearchParams({
      id, session: picture.session, file: picture.file,
      changed: picture.changed});
    const address = `picture?${query}`;
    let figure = old.get(picture.name);
    if (figure === undefined) {
      figure = element('figure', {'data-name': picture.name},
        element('a', {target: '_blank'}, element('img', {loading: 'lazy'})),
        element('figcaption'));
    }
    const image = figure.querySelector('img');
    if (image.getAttribute('src') !== address) {
      image.setAttribute('src', address);
      image.alt = `${picture.name} at iteration ${picture.step}`;
      figure.querySelector('a').href = address;
    }
    figure.querySelector('figcaption').textContent =
      `${picture.name}, iteration ${picture.step}`;
    return figure;
  });
  arrange(part, figures);
  byId('pictures-part').hidden = figures.length === 0;
  byId('more-pictures').textContent = more
    ? `and ${more} more in vis_data/vis_image` : '';
}
"""
