/** One bar: how long it is, and what stands behind it. */
export type Bar = {
  readonly label: string;
  readonly value: number;
  /** The value as people read it. */
  readonly text: string;
  readonly isOurs: boolean;
};

/** Bars that are compared with each other; the longest fills the width. */
export type BarGroup = { readonly title: string; readonly bars: readonly Bar[] };

const width = 760;
const margin = 20;
const labels = 210;
const texts = 90;
const barHeight = 16;
const lineHeight = 24;
const titleHeight = 34;
const longest = width - 2 * margin - labels - texts;

/** Colours of their own for light and dark surroundings; contrast is at least 4.5 to 1 for every word. */
const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .heading { font-size: 17px; font-weight: 600; }
  .ground { fill: #ffffff; }
  .ours { fill: #1f6feb; }
  .theirs { fill: #8c959f; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .ground { fill: #0d1117; }
    .ours { fill: #58a6ff; }
    .theirs { fill: #6e7681; }
  }`;

/** Draws groups of bars as an SVG document that is readable in light and dark. Shorter is better in all of them. */
export function drawChart(heading: string, groups: readonly BarGroup[]): string {
  let y = margin + 18;
  const parts = [
    `<text class="heading" x="${margin}" y="${y}">${escaped(heading)}: shorter is better</text>`,
  ];
  for (const { title, bars } of groups) {
    y += titleHeight;
    parts.push(`<text class="title" x="${margin}" y="${y}">${escaped(title)}</text>`);
    const most = Math.max(...bars.map(({ value }) => value));
    y += 8;
    for (const bar of bars) {
      parts.push(...drawBar(bar, y, most > 0 ? bar.value / most : 0));
      y += lineHeight;
    }
  }
  const height = y + margin;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(heading)}">
<style>${style}
</style>
<rect class="ground" width="${width}" height="${height}"/>
${parts.join('\n')}
</svg>
`;
}

function drawBar({ label, text, isOurs }: Bar, y: number, share: number): string[] {
  const start = margin + labels;
  const length = Math.max(1, Math.round(longest * share));
  const baseline = y + barHeight - 3;
  return [
    `<text x="${start - 8}" y="${baseline}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${isOurs ? 'ours' : 'theirs'}" x="${start}" y="${y}" width="${length}" height="${barHeight}" rx="2"/>`,
    `<text x="${start + length + 8}" y="${baseline}">${escaped(text)}</text>`,
  ];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
