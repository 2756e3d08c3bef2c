import type { SuccessCurve, SuccessFigure } from './success-model.ts';

const WIDTH = 970;
const HEIGHT = 480;
const PLOT = { left: 64, top: 62, right: 590, bottom: 420 } as const;
const LEGEND_LEFT = 614;
const LEGEND_LINE = 24;
const MAX_X_TICKS = 10;

/** What the picture is painted with. Curves are told apart also by those who see red and green alike. */
interface Colours {
  readonly paper: string;
  readonly ink: string;
  readonly quiet: string;
  readonly grid: string;
  readonly curves: readonly string[];
}

const LIGHT: Colours = {
  paper: '#ffffff',
  ink: '#1c2430',
  quiet: '#5b6675',
  grid: '#e3e7ec',
  curves: ['#1f5fa8', '#c2410c', '#0f766e', '#7e22ce', '#a16207', '#be185d', '#15803d', '#4338ca'],
};
const DARK: Colours = {
  paper: '#14181f',
  ink: '#e6eaf0',
  quiet: '#9aa5b4',
  grid: '#2b323d',
  curves: ['#7db4f0', '#fb9a5b', '#4fd1c5', '#c79bf5', '#e3b341', '#f58ac0', '#6ddc8b', '#a5a8fb'],
};

const STYLE = `
text { font: 13px system-ui, "DejaVu Sans", sans-serif; }
.title { font-size: 17px; font-weight: 600; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.conventional { stroke-dasharray: 6 4; }
.drop { stroke-dasharray: 2 3; }
${painted(LIGHT)}
@media (prefers-color-scheme: dark) {
${painted(DARK)}
}
`;

/** Without variables of CSS, which not all that show pictures know. */
function painted({ paper, ink, quiet, grid, curves }: Colours): string {
  return [
    `.paper { fill: ${paper}; }`,
    `text { fill: ${ink}; }`,
    `text.quiet { fill: ${quiet}; }`,
    `.axis, .conventional { stroke: ${quiet}; }`,
    `.grid { stroke: ${grid}; }`,
    ...curves.flatMap((colour, index) => [
      `.curve-${index} { stroke: ${colour}; }`,
      `text.curve-${index} { stroke: none; fill: ${colour}; }`,
    ]),
  ].join('\n');
}

/** The figure as a picture that stands by itself: figure 13 of paper 1. Follows the colours that the reader prefers. */
export function figureSvg(figure: SuccessFigure): string {
  const { conventional, dnsLogs, participation } = figure;
  const x = (hops: number) => round(PLOT.left + ((hops - 1) / Math.max(1, figure.hops - 1)) * (PLOT.right - PLOT.left));
  const title = `Success of a traceback from end to end, p = ${participation}`;
  const curves = [
    curve(conventional, 'conventional', x),
    ...dnsLogs.map((one, index) => curve(one, `curve-${index}`, x)),
    ...crossings(figure, x),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<desc id="description">${escapeXml(describe(figure))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" class="paper"/>`,
    text(PLOT.left, 34, title, 'class="title"'),
    ...axes(figure.hops, x),
    ...curves,
    ...legend(figure),
    '</svg>',
    '',
  ].join('\n');
}

function describe({ dnsLogs, hops }: SuccessFigure): string {
  const crossings = dnsLogs.map(({ label, betterFrom }) =>
    betterFrom === undefined ? `${label}: never better` : `${label}: better from ${betterFrom} hops on`,
  );
  return `Success against 1 to ${hops} routing hops. Against a conventional traceback: ${crossings.join('; ')}.`;
}

type Scale = (hops: number) => number;

function y(success: number): number {
  return round(PLOT.bottom - success * (PLOT.bottom - PLOT.top));
}

function axes(hops: number, x: Scale): readonly string[] {
  const rows = [0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((success) => [
    `<line class="${success === 0 ? 'axis' : 'grid'}" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(success)}" y2="${y(success)}"/>`,
    text(PLOT.left - 10, y(success) + 4.5, success.toFixed(1), 'class="quiet" text-anchor="end"'),
  ]);
  const columns = ticks(hops).flatMap((at) => [
    `<line class="axis" x1="${x(at)}" x2="${x(at)}" y1="${PLOT.bottom}" y2="${PLOT.bottom + 5}"/>`,
    text(x(at), PLOT.bottom + 20, String(at), 'class="quiet" text-anchor="middle"'),
  ]);
  const middle = (PLOT.top + PLOT.bottom) / 2;
  return [
    ...rows,
    ...columns,
    text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 44, 'routing hops', 'text-anchor="middle"'),
    text(20, middle, 'share of tracebacks that succeed', `text-anchor="middle" transform="rotate(-90 20 ${middle})"`),
  ];
}

/** 1, and then round numbers; not so many that they touch. */
function ticks(hops: number): readonly number[] {
  const step = [1, 2, 5, 10, 20, 25, 50].find((size) => hops / size <= MAX_X_TICKS) ?? Math.ceil(hops / MAX_X_TICKS);
  const round = Array.from({ length: Math.floor(hops / step) }, (_, index) => (index + 1) * step);
  return step === 1 ? round : [1, ...round];
}

function curve({ successes }: SuccessCurve, style: string, x: Scale): string {
  const points = successes.map((success, index) => `${x(index + 1)},${y(success)}`).join(' ');
  return `<polyline class="line ${style}" points="${points}"/>`;
}

/** Where the logs begin to succeed more often: a ring on the curve, and the hops beside it where there is room. */
function crossings({ dnsLogs, hops }: SuccessFigure, x: Scale): readonly string[] {
  const labels: { readonly at: number; readonly height: number }[] = [];
  return dnsLogs.flatMap(({ betterFrom, successes }, index) => {
    if (betterFrom === undefined || betterFrom > hops) return [];
    const at = x(betterFrom);
    const height = y(successes[betterFrom - 1]!);
    const isFree = labels.every((one) => Math.abs(one.height - height) > 16 || Math.abs(one.at - at) > 96);
    if (isFree) labels.push({ at, height });
    return [
      `<line class="drop curve-${index}" x1="${at}" x2="${at}" y1="${height}" y2="${PLOT.bottom}"/>`,
      `<circle class="paper line curve-${index}" cx="${at}" cy="${height}" r="5"/>`,
      ...(isFree ? [crossingLabel(`from ${betterFrom} hops`, at, height, index)] : []),
    ];
  });
}

function crossingLabel(content: string, at: number, height: number, index: number): string {
  const isAtEnd = at > PLOT.right - 96;
  return text(
    isAtEnd ? at - 8 : at + 8,
    height - 9,
    content,
    `class="curve-${index}"${isAtEnd ? ' text-anchor="end"' : ''}`,
  );
}

function legend({ conventional, dnsLogs, participation }: SuccessFigure): readonly string[] {
  const lines = [
    { style: 'conventional', label: `${conventional.label}: p^hops` },
    ...dnsLogs.map(({ label, betterFrom }, index) => ({
      style: `curve-${index}`,
      label: betterFrom === undefined ? label : `${label}: from ${betterFrom} hops`,
    })),
  ];
  const notes = [
    `p = ${participation}: the share that takes part`,
    'q: the share of bots that ask for the name',
    'f: forwarders between source and destination',
    'DNS logs: p to the power of 2 + f, times q',
    'ring: from here on better than conventional',
  ];
  return [
    ...lines.flatMap(({ style, label }, index) => {
      const at = PLOT.top + 8 + index * LEGEND_LINE;
      return [
        `<line class="line ${style}" x1="${LEGEND_LEFT}" x2="${LEGEND_LEFT + 28}" y1="${at}" y2="${at}"/>`,
        text(LEGEND_LEFT + 38, at + 4.5, label),
      ];
    }),
    ...notes.map((note, index) =>
      text(LEGEND_LEFT, PLOT.bottom - (notes.length - 1 - index) * 18, note, 'class="quiet"'),
    ),
  ];
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${round(x)}" y="${round(y)}"${attributes === '' ? '' : ` ${attributes}`}>${escapeXml(content)}</text>`;
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
