"""The frame of every page a person sees: plain HTML, readable on a phone, no script."""

from __future__ import annotations

from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1d2a33; --paper: #fbfaf7; --edge: #d8d4ca; --leaf: #226b4d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e1; --paper: #1b2126; --edge: #3a444c; --leaf: #6cc39c; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  padding: 1rem; max-width: 62rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
a { color: var(--leaf); } nav a { margin-right: 1rem; }
form { margin: .5rem 0; } fieldset { border: 1px solid var(--edge); border-radius: .5rem; margin: .5rem 0; }
label { display: block; margin: .5rem 0; } label.choice { padding: .4rem 0; }
input, select, textarea { font: inherit; color: inherit; background: transparent; padding: .45rem;
  border: 1px solid var(--edge); border-radius: .4rem; max-width: 100%; }
label > input:not([type=radio]):not([type=checkbox]), label > select { display: block; width: 100%; }
button { font: inherit; padding: .5rem 1rem; border: 1px solid var(--leaf); border-radius: .4rem;
  background: var(--leaf); color: var(--paper); cursor: pointer; }
button.quiet { background: transparent; color: inherit; border-color: var(--edge); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--edge); vertical-align: top; }
td form { display: inline; } td button { padding: .1rem .5rem; }
.note { border-left: .3rem solid var(--leaf); padding: .5rem .8rem; } .bad { border-color: #b3392f; }
.amount { text-align: right; white-space: nowrap; } small { opacity: .75; } code { font-size: .9em; }
"""


def page(title: str, body: str, style: str = "") -> str:
    """A whole page; ``body`` is HTML already, ``style`` is for this page alone."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
