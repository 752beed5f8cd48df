"""The style of the page."""

STYLE = """\
:root { color-scheme: light; --blue: #0072B2; --line: #d8d8d8;
        --grey: #595959; }
body { font: 15px/1.45 system-ui, sans-serif; color: #222; margin: 0 auto;
       max-width: 75rem; padding: 0 1rem 2rem; }
h1 { font-size: 1.5rem; margin: 1rem 0 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 1.8rem 0 .5rem; }
h3 { font-size: .95rem; margin: .2rem 0; overflow-wrap: anywhere; }
summary h2 { display: inline-block; margin-top: .5rem; }
p { margin: .3rem 0; }
#folder, #times, .unit, figcaption, #more-pictures { color: var(--grey);
       font-weight: 400;
       font-size: .87rem; overflow-wrap: anywhere; }
#state[data-state=silent] { color: #b03a00; }
progress { width: 100%; height: .8rem; accent-color: var(--blue); }
#notes { color: #b03a00; margin: .3rem 0; padding-left: 1.2rem; }
.banner { background: #fff1cf; border: 1px solid #E69F00;
          padding: .5rem .8rem; margin: 1rem 0 0; }
[hidden] { display: none; }

nav { border-bottom: 1px solid var(--line); padding: .7rem 0;
      max-height: 14rem; overflow-y: auto; }
nav button { display: grid; width: 100%; border: 0; background: none;
      grid-template-columns: 1fr 4.2rem 10rem; gap: .8rem; text-align: left;
      font: inherit; padding: .15rem .4rem; cursor: pointer;
      border-left: 3px solid transparent; }
nav button:hover { background: #f2f6f9; }
nav button[aria-current=true] { border-left-color: var(--blue);
      font-weight: 600; }
nav span { overflow-wrap: anywhere; }
nav span + span { color: var(--grey); font-weight: 400; text-align: right; }

.charts { display: grid; gap: 1rem 1.6rem;
          grid-template-columns: repeat(auto-fill,
                                        minmax(min(100%, 19rem), 1fr)); }
.chart { min-width: 0; }
.chart svg { display: block; width: 100%; touch-action: pan-y; }
svg text { font-size: 11px; fill: #444; }
svg .grid { stroke: #e4e4e4; } svg .axis { stroke: #888; }
svg .cursor { stroke: #888; stroke-dasharray: 3 2; }
svg .curve { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.legend { width: 100%; border-collapse: collapse; font-size: .82rem; }
.legend td { padding: 0 .3rem 0 0; overflow-wrap: anywhere; }
.legend td:last-child, .classes .value { text-align: right;
      font-variant-numeric: tabular-nums; white-space: nowrap; }
.legend td:first-child { width: 1.9rem; }
.legend svg { display: block; width: 1.6rem; height: .7rem; }

.classes { columns: 18rem; column-gap: 1.6rem; margin: .4rem 0 1.2rem; }
.class { display: grid; grid-template-columns: 8.5rem 1fr 4.6rem;
         gap: .5rem; align-items: center; break-inside: avoid;
         font-size: .82rem; }
.class .label { overflow: hidden; text-overflow: ellipsis;
                white-space: nowrap; }
.class .track { position: relative; height: .8rem; background: #f3f3f3; }
.class i { position: absolute; top: 0; bottom: 0; }
.class .fill { background: var(--blue); }
.class .below { background: #D55E00; }
.class .first { width: 2px; margin-left: -1px; background: #000;
                top: -2px; bottom: -2px; opacity: .55; }
.class.older { opacity: .5; }

#pictures { display: grid; gap: 1rem;
            grid-template-columns: repeat(auto-fill,
                                          minmax(min(100%, 24rem), 1fr)); }
#pictures figure { margin: 0; min-width: 0; }
#pictures img { width: 100%; display: block; border: 1px solid var(--line); }
@media (max-width: 35rem) {
  nav button { grid-template-columns: 1fr 3.4rem; }
  nav button span:last-child { grid-column: 1 / -1; text-align: left; }
}
"""
