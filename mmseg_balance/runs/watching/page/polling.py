"""Asks the server for what is new, and shows it."""

SCRIPT = r"""
import {chart} from './charts.js';
import {byId, classBars, showPictures, showProgress, showRuns}
  from './parts.js';

const EVERY = 2000;  // ms
let version = '', shownRun = null, lastNews = null;

const chosen = () => new URLSearchParams(location.hash.slice(1)).get('run');

async function ask(address) {
  const answer = await fetch(address, {cache: 'no-store'});
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function fill(part, items) {
  byId(`${part}-part`).hidden = items.length === 0;
  byId(part).replaceChildren(...items);
}

function showValues(values, done) {
  for (const part of ['losses', 'scores', 'others']) {
    const last = Math.max(done, ...values[part].flatMap(
      (one) => one.series.map((s) => s.step)));
    fill(part, values[part].map((one) => chart(one, last)));
  }
  fill('classes', values.classes.map(classBars));
}

function showNothing(list) {
  byId('name').textContent = list.root;
  byId('state').textContent = list.is_there
    ? 'no training here yet' : 'this folder is not there yet';
  byId('position').textContent = 'waiting for a training to begin in it';
}

async function look() {
  const list = await ask('runs');
  const ids = list.runs.map((run) => run.id);
  const id = ids.includes(chosen()) ? chosen() : ids[0];
  showRuns(list.runs, id, (wanted) => {
    location.hash = new URLSearchParams({run: wanted});
  });
  if (id === undefined) return showNothing(list);
  if (id !== shownRun) version = '';
  const run = await ask(`run?${new URLSearchParams({id, version})}`);
  showProgress(run);
  showPictures(run.pictures, id);
  if (run.values) showValues(run.values, run.done);
  [version, shownRun] = [run.version, id];
}

let timer = null, busy = false;

async function poll() {
  clearTimeout(timer);
  if (!document.hidden && !busy) {
    busy = true;
    try {
      await look();
      lastNews = new Date();
      byId('gone').hidden = true;
    } catch (error) {
      const since = lastNews
        ? `; what is shown is of ${lastNews.toLocaleTimeString()}` : '';
      byId('gone').textContent = 'No answer of mmseg-balance watch: it has '
        + `ended, or the tunnel to it has${since}. (${error.message})`;
      byId('gone').hidden = false;
    }
    busy = false;
  }
  timer = setTimeout(poll, EVERY);
}

window.addEventListener('hashchange', poll);
document.addEventListener('visibilitychange', poll);
poll();
"""
