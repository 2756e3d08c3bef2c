/** What all pictures have in common: their size, their colours for light and for dark, and text that cannot break them. */

export const WIDTH = 970;
export const HEIGHT = 480;
/** Colours that are told apart; a series more begins again. */
export const MAX_COLOURS = 8;

/** What the picture is painted with. Curves are told apart also by those who see red and green alike. */
interface Colours {
  readonly paper: string;
  readonly ink: string;
  readonly quiet: string;
  readonly grid: string;
  readonly band: string;
  readonly curves: readonly string[];
}

const LIGHT: Colours = {
  paper: '#ffffff',
  ink: '#1c2430',
  quiet: '#5b6675',
  grid: '#e3e7ec',
  band: '#fde8d7',
  curves: ['#1f5fa8', '#c2410c', '#0f766e', '#7e22ce', '#a16207', '#be185d', '#15803d', '#4338ca'],
};
const DARK: Colours = {
  paper: '#14181f',
  ink: '#e6eaf0',
  quiet: '#9aa5b4',
  grid: '#2b323d',
  band: '#3f2a1c',
  curves: ['#7db4f0', '#fb9a5b', '#4fd1c5', '#c79bf5', '#e3b341', '#f58ac0', '#6ddc8b', '#a5a8fb'],
};

const STYLE = `
text { font: 13px system-ui, "DejaVu Sans", sans-serif; }
.title { font-size: 17px; font-weight: 600; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.thin { stroke-width: 1.2; }
.reference, .dashed { stroke-dasharray: 6 4; }
.dotted { stroke-dasharray: 1.5 3.5; stroke-linecap: round; }
.drop { stroke-dasharray: 2 3; }
.fill { stroke: none; fill-opacity: 0.85; }
.dot { stroke: none; fill-opacity: 0.55; }
${painted(LIGHT)}
@media (prefers-color-scheme: dark) {
${painted(DARK)}
}
`;

/** Without variables of CSS, which not all that show pictures know. */
function painted({ paper, ink, quiet, grid, band, curves }: Colours): string {
  return [
    `.paper { fill: ${paper}; }`,
    `.band { fill: ${band}; }`,
    `text { fill: ${ink}; }`,
    `text.quiet { fill: ${quiet}; }`,
    `.axis, .reference { stroke: ${quiet}; }`,
    `.grid { stroke: ${grid}; }`,
    ...curves.flatMap((colour, index) => [
      `.curve-${index} { stroke: ${colour}; }`,
      `.fill.curve-${index}, .dot.curve-${index} { stroke: none; fill: ${colour}; }`,
      `text.curve-${index} { stroke: none; fill: ${colour}; }`,
    ]),
  ].join('\n');
}

/** A picture that stands by itself and follows the colours that the reader prefers. `parts`: elements of SVG. */
export function picture(title: string, description: string, parts: readonly string[], height = HEIGHT): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<desc id="description">${escapeXml(description)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${height}" class="paper"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

export function text(x: number, y: number, content: string, attributes = ''): string {
  const more = attributes === '' ? '' : ` ${attributes}`;
  return `<text x="${round(x)}" y="${round(y)}"${more}>${escapeXml(content)}</text>`;
}

/** How wide a text comes out about, in pixels; fonts differ. */
export function textWidth(content: string): number {
  return 7.3 * content.length;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Everything that XML knows as markup, and the control characters that it does not allow at all (XML 1.0 §2.2). */
export function escapeXml(content: string): string {
  return content
    .replace(/[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
