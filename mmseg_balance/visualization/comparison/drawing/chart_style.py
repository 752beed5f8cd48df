"""How charts and matrices look."""

CHART_STYLE = r"""
/* charts */
svg { font: 10.5px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
svg text { fill: var(--soft); }
svg .tick { stroke: #e3e3e3; }
svg .zero { stroke: #444; }
.columns {
  display: grid;
  grid-template-columns: repeat(var(--columns), minmax(0, 1fr));
  gap: 1rem 2rem;
  align-items: start;
}
.row {
  display: grid;
  grid-template-columns: 8.5rem minmax(0, 1fr);
  align-items: center;
  break-inside: avoid;
  border-top: 1px solid #f0f0f0;
}
.row > svg { width: calc(100% - 3.2rem); overflow: visible; display: block; }
.signed .row > svg { width: calc(100% - 6rem); margin: 0 3rem; }
.row .name {
  text-align: right;
  padding-right: .6rem;
  font-size: .85rem;
  line-height: 1.15;
}
.row:hover { background: var(--pale); }
.row:hover svg text { fill: #000; }
.row .place path { stroke: #fff; stroke-width: .6; }
.place { overflow: visible; }
.forest { width: 12rem; overflow: visible; display: block; }
td.plot { padding-top: .25rem; padding-bottom: 0; }
.curves {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr));
  gap: .5rem 1.5rem;
}
.curve { margin: 0; min-width: 0; }
.curve figcaption { font-weight: 600; color: var(--ink); }
.curve svg { width: 100%; height: auto; overflow: visible; display: block; }
.curve .line { fill: none; stroke-width: 1.7; }
.curve .leader { fill: none; stroke: #bbb; stroke-width: .8; }
.curve .tick, .curve .zero { fill: none; }
.curve .label { fill: var(--ink); }
.curve svg:has(g:hover) g:not(:hover) { opacity: .13; }

/* matrices */
.beside-each-other {
  display: flex;
  flex-wrap: wrap;
  gap: 1rem 2rem;
  align-items: flex-start;
}
.beside-each-other > * { min-width: 0; }
.matrix {
  display: grid;
  grid-template-columns: auto auto;
  grid-template-rows: auto auto;
  width: max-content;
  font-size: min(.85rem, calc(var(--side) * .95));
  padding: 0 .5rem .5rem 0;
}
.matrix svg text { text-anchor: middle; font-size: 11px; fill: inherit; }
.matrix .frame { fill: none; stroke: #999; stroke-width: .6; }
.corner {
  align-self: end;
  justify-self: end;
  padding: 0 .5rem .3rem 0;
  font-size: .8rem;
  color: var(--soft);
}
.above { display: flex; align-items: flex-end; }
.above span {
  width: var(--side);
  line-height: var(--side);
  writing-mode: vertical-rl;
  transform: rotate(180deg);
  padding-top: .3rem;
  white-space: nowrap;
}
.beside {
  position: sticky;
  left: 0;
  background: #fff;
  padding-right: .4rem;
  text-align: right;
}
.beside span {
  display: block;
  height: var(--side);
  line-height: var(--side);
  white-space: nowrap;
}
"""
