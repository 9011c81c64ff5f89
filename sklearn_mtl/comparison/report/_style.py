"""The look of the pages: one column on a phone, dark where the reader likes it dark."""

__all__ = ["CSS"]

CSS = """
:root { --ink: #16191d; --soft: #55606c; --line: #dde2e8; --ground: #f4f6f8;
  --card: #ffffff; --well: #f4f6f8; --twin: #0072b2; --best: #b84a00; --good: #00684a;
  --bad: #a6303f; --more: 0 114 178; --less: 213 94 0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9ecef; --soft: #a7b0ba;
  --line: #343a41; --ground: #121416; --card: #1b1e22; --well: #24282d;
  --twin: #56b4e9; --best: #ff9a4d; --good: #58d3a6; --bad: #ff8a94;
  --more: 56 140 200; --less: 213 94 0; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion) { html { scroll-behavior: auto; } }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; color: var(--ink);
  background: var(--ground); font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: break-word; }
h1 { font-size: clamp(1.4rem, 5vw, 2rem); line-height: 1.2; margin: .75rem 0 1rem;
  letter-spacing: -.01em; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 0 0 .6rem; }
p, li { max-width: 46rem; }
a { color: var(--twin); }
.verdict { background: var(--card); border: 1px solid var(--line);
  border-left: .35rem solid var(--twin); border-radius: .5rem; padding: 1rem 1.2rem;
  margin: .5rem 0; }
.verdict p { margin: 0; }
.verdict .answer { font-size: clamp(1.35rem, 5vw, 1.8rem); font-weight: 700;
  line-height: 1.25; margin-bottom: .35rem; }
.others { color: var(--soft); padding-left: 1.2rem; margin: .75rem 0; }
.facts, .note, footer { color: var(--soft); font-size: .9rem; }
.note { margin: 0 0 .75rem; }
.pair + .note { margin: .75rem 0 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; padding: 0;
  margin: 1rem 0; }
nav a { display: block; padding: .3rem .75rem; border: 1px solid var(--line);
  border-radius: 1rem; background: var(--card); font-size: .9rem;
  text-decoration: none; }
nav a:hover { border-color: var(--twin); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: 1rem 1.2rem; margin: 1rem 0; scroll-margin-top: 1rem; }
:focus-visible { outline: 3px solid var(--twin); outline-offset: 2px;
  border-radius: .2rem; }
.pair { display: grid; gap: 1rem 2rem; align-items: start; }
@media (min-width: 54rem) { .pair { grid-template-columns: minmax(0, 26rem) 1fr; } }
.plots { display: grid; gap: 1rem 2rem; }
@media (min-width: 44rem) { .plots { grid-template-columns: 1fr 1fr; } }
figure { margin: 0; }
figcaption { font-weight: 600; margin-bottom: .25rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 500; vertical-align: bottom; }
tbody tr:last-child > * { border-bottom: 0; }
th:first-child { text-align: left; padding-left: 0; }
tbody th { font-weight: 500; position: sticky; left: 0; background: var(--card);
  white-space: normal; min-width: 7rem; }
.scroll thead th:not(:first-child) { white-space: normal; min-width: 4.2rem; }
tr.shared th { font-weight: 700; }
tr.best th { font-style: italic; }
td.top { font-weight: 700; color: var(--good); }
td span { font-size: .85rem; color: var(--soft); }
td .helps, td .better { color: var(--good); }
td .hurts, td .worse { color: var(--bad); }
td.more { background: rgb(var(--more) / var(--a)); }
td.less { background: rgb(var(--less) / var(--a)); }
table.heat td { border: 2px solid var(--card); }
@media (max-width: 34rem) {
  section { padding: .9rem; }
  .stacks table, .stacks tbody, .stacks tr, .stacks td { display: block; }
  .stacks tbody th { display: block; position: static; font-weight: 700;
    border-bottom: 0; padding: .6rem 0 .1rem; }
  .stacks thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px;
    overflow: hidden; }
  .stacks td { display: grid; grid-template-columns: 5.4rem 1fr; gap: 0 .6rem;
    padding: .1rem 0; border-bottom: 0; text-align: left; }
  .stacks tr { padding-bottom: .4rem; }
  .stacks td::before { content: attr(data-label); color: var(--soft); grid-row: 1 / 3;
    white-space: normal; line-height: 1.25; }
  .stacks td br { display: none; }
  .stacks td span { grid-column: 2; }
  .stacks tr + tr { border-top: 1px solid var(--line); }
}
svg.chart { width: 100%; max-width: 27rem; height: auto; display: block; }
svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
svg .task { text-anchor: end; }
svg .tick { text-anchor: middle; fill: var(--soft); }
svg .grid { stroke: var(--line); }
svg .zero { stroke: var(--soft); stroke-width: 1.5; }
svg .twin * { stroke: var(--twin); fill: var(--twin); stroke-width: 2; }
svg .best *, svg .apart * { stroke: var(--best); fill: var(--best); stroke-width: 2; }
svg .bar { stroke: var(--ink); stroke-width: 4; stroke-linecap: round; }
svg polyline { fill: none !important; }
svg .apart polyline { stroke-dasharray: 5 4; }
svg .band { fill: var(--twin); opacity: .15; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0;
  padding: .5rem .8rem; }
details[open] summary { margin-bottom: .5rem; }
summary { cursor: pointer; font-weight: 600; }
pre { background: var(--well); padding: .75rem; border-radius: .4rem; font-size: .85rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
dd { margin: 0; }
footer { padding: .5rem 0 1.5rem; }
@media print { nav { display: none; } section { break-inside: avoid; } }
"""
