/**
 * Makes the picture of the README from the demonstration as it ran, cut to the sections below:
 * `node scripts/demo.ts --once | node docs/images/terminal-picture.ts > docs/images/demo.svg`
 */
import { text } from 'node:stream/consumers';

const sections = [
  'The delta from the first to the second, made once for all devices',
  'What the update would cost',
  'The device updates itself, verifies and switches',
  'Nothing left to do',
  'Read every file again and compare',
  'Go back to the first build',
  'What each step cost',
];
const lineHeight = 18;
const characterWidth = 7.83;
const margin = 16;

const blocks = (await text(process.stdin)).split(/\n\n/).map((block) => block.replace(/^\n+|\s+$/g, ''));
const chosen = sections.map((title) => blocks.find((block) => block.startsWith(`${title}\n`)));
const missing = sections.filter((_, place) => chosen[place] === undefined);
if (missing.length > 0) throw new Error(`not in the output: ${missing.join('; ')}`);

const lines = chosen.join('\n\n').split('\n');
const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * characterWidth + 2 * margin);
const height = lines.length * lineHeight + 2 * margin;
const escaped = (line: string) => line.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const kindOf = (line: string) => (sections.includes(line) ? 't' : /^ *\$ /.test(line) ? 'c' : 'o');
const rows = lines.map((line, row) =>
  line === ''
    ? ''
    : `<text class="${kindOf(line)}" x="${margin}" y="${margin + 13 + row * lineHeight}">${escaped(line)}</text>\n`,
);

process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Satchel updating a device from one Debian system to the next, and going back">
<style>text{font:13px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;white-space:pre}.t{fill:#fff;font-weight:bold}.c{fill:#8bd5a2}.o{fill:#c6cdd8}</style>
<rect width="100%" height="100%" rx="8" fill="#1b2029"/>
${rows.join('')}</svg>
`);
