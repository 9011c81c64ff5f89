"""The look of the page: one column on a phone, dark where the reader likes it dark."""

__all__ = ["CSS"]

CSS = """
:root { --ink: #1c1c1c; --soft: #5c5c5c; --line: #d9d9d9; --ground: #ffffff;
  --card: #f5f7f9; --twin: #0072b2; --best: #c85200; --good: #00684a; --bad: #a6303f; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --soft: #a9a9a9;
  --line: #3b3b3b; --ground: #161719; --card: #202226; --twin: #56b4e9;
  --best: #ff9a4d; --good: #58d3a6; --bad: #ff8a94; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 48rem; padding: 1rem; color: var(--ink);
  background: var(--ground); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: .5rem 0 1rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p, li { max-width: 44rem; }
.verdict { background: var(--card); border-left: .3rem solid var(--twin);
  padding: .75rem 1rem; margin: .5rem 0; font-size: 1.05rem; }
.facts, .note { color: var(--soft); font-size: .9rem; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--twin); }
table { border-collapse: collapse; font-size: .9rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; }
th:first-child { padding-left: 0; }
tbody th { font-weight: 500; position: sticky; left: 0; background: var(--ground);
  white-space: normal; min-width: 4.5rem; overflow-wrap: anywhere; }
tr.shared th, tr.shared td { font-weight: 700; }
tr.best th { font-style: italic; }
td span { font-size: .85rem; color: var(--soft); }
td .helps, td .better { color: var(--good); }
td .hurts, td .worse { color: var(--bad); }
svg.gains { width: 100%; max-width: 36rem; height: auto; display: block; }
svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
svg .task { text-anchor: end; } svg .tick { text-anchor: middle; fill: var(--soft); }
svg .grid { stroke: var(--line); } svg .zero { stroke: var(--soft); stroke-width: 1.5; }
svg .twin * { stroke: var(--twin); fill: var(--twin); stroke-width: 2; }
svg .best * { stroke: var(--best); fill: var(--best); stroke-width: 2; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0;
  padding: .5rem .8rem; }
summary { cursor: pointer; font-weight: 600; }
pre { background: var(--card); padding: .75rem; overflow-x: auto; font-size: .85rem; }
"""
