/** The style of the documentation page. */
export const DOCS_STYLE = `:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --back: #fff; --line: #d0d7de; --box: #f6f8fa; --accent: #0b57d0; --bad: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9da7b3; --back: #0d1117; --line: #30363d; --box: #161b22; --accent: #7cb7ff; --bad: #ff9492; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 3.5rem; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem 1.25rem 4rem; font: 1rem/1.55 system-ui, sans-serif; color: var(--text); background: var(--back); }
h1 { font-size: 1.6rem; }
h2 { margin-top: 3rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { margin: 0; font-size: 1.05rem; }
h4 { margin: 1rem 0 .25rem; font-size: .9rem; }
p { max-width: 46rem; margin: .5rem 0; }
a { color: var(--accent); }
h3 a { color: inherit; text-decoration: none; }
h3 a:hover { text-decoration: underline; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; }
nav { position: sticky; top: 0; background: var(--back); border-bottom: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 0; padding: .25rem 0; list-style: none; }
nav a { display: inline-block; min-height: 24px; padding: .15rem 0; }
article { margin: 1.25rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: 6px; }
article:target { border-color: var(--accent); }
.method { display: inline-block; min-width: 4.5rem; padding: .1rem .4rem; border: 1px solid var(--line); border-radius: 4px; font: 600 .8rem ui-monospace, monospace; text-align: center; }
.more { color: var(--soft); }
.problem { color: var(--bad); }
pre { margin: .5rem 0; padding: .75rem; overflow: auto; max-height: 22rem; border-radius: 6px; background: var(--box); }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 40rem) { article { padding: .75rem; } table { display: block; overflow-x: auto; } }
`;
