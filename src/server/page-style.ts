import { hash } from 'node:crypto';

/** The style sheet of the page: system fonts, both colour schemes, and tables that become cards on small screens. */
export const pageStyle = `
:root{color-scheme:light dark;--text:#1d2430;--soft:#5b6675;--line:#dfe3ea;--card:#fff;--ground:#f5f6f9;--mark:#1d5fbf;--wash:#e7effb;--bad:#a4262c;--good:#1c6b3a}
@media (prefers-color-scheme:dark){:root{--text:#e6e9ef;--soft:#9aa5b5;--line:#313845;--card:#1d222b;--ground:#14181f;--mark:#7fb2ff;--wash:#22324b;--bad:#ff8f8f;--good:#7ddba0}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main,header,footer{max-width:60rem;margin:0 auto;padding:0 1rem}
header{padding-top:2rem}
h1{margin:0;font-size:1.6rem;line-height:1.2}
h2{margin:2rem 0 .5rem;font-size:1.1rem}
p{margin:.3rem 0;color:var(--soft)}
.bad{color:var(--bad)}
.good{color:var(--good)}
.big{font-size:1.25rem;font-weight:600}
progress{width:100%;height:1rem;accent-color:var(--mark)}
p.big:not(.bad):not(.good){color:var(--text)}
a{color:var(--mark)}
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line);border-radius:.5rem;overflow:hidden;margin-top:.5rem}
th,td{padding:.5rem .75rem;text-align:left;vertical-align:baseline;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--soft);font-size:.85rem;font-weight:600}
tbody th{font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.path{font-family:ui-monospace,monospace;font-size:.85rem;overflow-wrap:anywhere}
.soft{color:var(--soft);font-size:.85rem}
.tag{display:inline-block;padding:0 .5rem;margin:0 .25rem .25rem 0;border-radius:1rem;background:var(--wash);color:var(--mark);font-size:.85rem}
footer{padding-top:1rem;padding-bottom:2rem;display:flex;gap:1.5rem;flex-wrap:wrap}
@media (max-width:44rem){
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,tr,th,td{display:block}
tr{padding:.5rem .75rem;border-top:1px solid var(--line)}
tbody tr:first-child{border-top:0}
tr>*{border:0;padding:.1rem 0}
.n{text-align:left}
td[data-label]{display:flex;gap:.75rem}
td[data-label]::before{content:attr(data-label);flex:0 0 8.5rem;color:var(--soft);font-size:.85rem;font-family:system-ui,sans-serif}
}
`;

/** Forbids the page everything but its own style sheet: no scripts, frames, forms, pictures or requests. */
export const pageSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', pageStyle, 'base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
