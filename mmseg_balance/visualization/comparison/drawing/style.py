"""How the page looks, on a screen and on paper."""

STYLE = r"""
:root {
  --ink: #1a1a1a;
  --soft: #5a5a5a;
  --line: #d6d6d6;
  --pale: #f4f6f8;
  --accent: #00507d;
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body {
  margin: 0;
  background: #fff;
  color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans",
    sans-serif;
}
main { max-width: 96rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 {
  font-size: 1.25rem;
  margin: 0 0 .25rem;
  padding-top: 1.75rem;
}
h3 { font-size: 1.02rem; margin: 1.25rem 0 .25rem; }
h1, h2, h3, li, summary, .name, figcaption { overflow-wrap: anywhere; }
p { margin: .25rem 0 .75rem; max-width: 52rem; }
.says { color: var(--soft); }
a { color: var(--accent); }
small { display: block; color: var(--soft); font-weight: 400; }
section { border-bottom: 1px solid var(--line); padding-bottom: 1.5rem; }
section:last-child { border: 0; }
nav ul {
  display: flex;
  flex-wrap: wrap;
  gap: .25rem 1.25rem;
  list-style: none;
  margin: 1rem 0 0;
  padding: .5rem .9rem;
  background: var(--pale);
  border-radius: 6px;
}
.notes {
  margin: .75rem 0;
  padding: .6rem .9rem .6rem 2rem;
  background: #fdf6e3;
  border-left: 4px solid #e69f00;
}
summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
.scroll { overflow-x: auto; max-width: 100%; }
.scroll:focus-visible, button:focus-visible, a:focus-visible,
summary:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: 1px;
}

/* tables */
table {
  border-collapse: separate;
  border-spacing: 0;
  margin: .25rem 0 .75rem;
  font-variant-numeric: tabular-nums;
}
caption {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
}
th, td {
  padding: .22rem .6rem;
  text-align: right;
  border-bottom: 1px solid var(--line);
  vertical-align: top;
  white-space: nowrap;
}
thead th { vertical-align: bottom; border-bottom: 2px solid #888; }
thead th > span, thead th > button {
  display: inline-block;
  max-width: 12rem;
  white-space: normal;
  overflow-wrap: break-word;
}
.groups th, .groups td { text-align: center; border-bottom: 1px solid #bbb; }
.starts { border-left: 1px solid #bbb; }
th:first-child, .words { text-align: left; }
tbody th {
  font-weight: 400;
  white-space: normal;
  min-width: 11rem;
  max-width: 22rem;
  overflow-wrap: anywhere;
}
th:first-child { position: sticky; left: 0; background: #fff; z-index: 1; }
tbody tr:hover > * { background-color: var(--pale); }
.best { font-weight: 700; }
.std { color: var(--soft); font-weight: 400; font-size: .87em; }
th button {
  font: inherit;
  font-weight: inherit;
  color: inherit;
  text-align: inherit;
  background: none;
  border: 0;
  padding: 0;
  cursor: pointer;
}
th button::after { content: "\2195"; color: #767676; padding-left: .25em; }
th[aria-sort="ascending"] button::after { content: "\2191"; color: #000; }
th[aria-sort="descending"] button::after { content: "\2193"; color: #000; }

.small table { font-size: .9em; }
.small tbody th { min-width: 8.5rem; }
.small th, .small td { padding-left: .45rem; padding-right: .45rem; }
.small thead th > span, .small thead th > button { max-width: 8rem; }

/* marks and legends */
.legend {
  display: flex;
  flex-wrap: wrap;
  gap: .1rem 1.1rem;
  list-style: none;
  margin: .4rem 0 .6rem;
  padding: 0;
  font-size: .9rem;
}
.mark { width: 13px; height: 13px; margin-right: .4em; vertical-align: -2px; }
.swatch {
  display: inline-block;
  width: .85em;
  height: .85em;
  margin-right: .45em;
  border: 1px solid #777;
  vertical-align: -.08em;
  print-color-adjust: exact;
  -webkit-print-color-adjust: exact;
}
li.method { cursor: pointer; border-radius: 3px; }
li.method:focus-visible { outline: 2px solid var(--accent); }
li.method[aria-pressed="true"] { background: #dcebf5; }
.faint { opacity: .13; }

/* pictures */
figure { margin: 0; }
figcaption { font-size: .85rem; color: var(--soft); }
img { max-width: 100%; display: block; }
.crisp { image-rendering: pixelated; }
.zoom {
  border: 0;
  padding: 0;
  background: none;
  cursor: zoom-in;
  display: block;
  max-width: 100%;
}
.picture { margin-bottom: 1.5rem; }
.samples {
  display: grid;
  grid-template-columns: repeat(var(--columns), minmax(8rem, 1fr));
  gap: .4rem .5rem;
  margin-bottom: 1rem;
}
.samples .zoom, .samples img { width: 100%; }
.samples img { outline: 1px solid var(--line); outline-offset: -1px; }
.samples figcaption { line-height: 1.25; padding-top: .1rem; }
.samples .blank { grid-column: span 3; }
dialog {
  border: 0;
  padding: .75rem;
  max-width: 98vw;
  max-height: 98vh;
  border-radius: 6px;
  text-align: center;
}
dialog::backdrop { background: rgb(0 0 0 / .75); }
dialog img {
  width: 92vw;
  max-width: 100%;
  height: 76vh;
  object-fit: contain;
  cursor: zoom-out;
}
dialog .legend { justify-content: center; }
dialog button { font: inherit; padding: .15rem .8rem; margin: .4rem .3rem 0; }
@media (max-width: 60rem) {
  .columns.many { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .forest { width: 10rem; }
}
@media (max-width: 40rem) {
  main { padding: 1rem .75rem 3rem; }
  .columns, .columns.many { grid-template-columns: minmax(0, 1fr); }
  tbody th, .small tbody th { min-width: 6rem; max-width: 9rem; }
}
@media print {
  body { font-size: 10pt; }
  nav, th button::after { display: none; }
  .scroll { overflow: visible; }
  table, .small table { font-size: 7.5pt; }
  th, td, .small th, .small td { padding: .1rem .25rem; }
  tbody th, .small tbody th { min-width: 5rem; }
  .forest { width: 9rem; }
  .samples { grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); }
  table, figure, .row, .samples { break-inside: avoid; }
  h2, h3, summary { break-after: avoid; }
  svg, td, th { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
