import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type ChartData, shortNumber } from './time-steps.ts';

/** One series as it is drawn. */
export interface ChartSeries {
  readonly label: string;
  /** A colour of tokens.css, such as `--series-block`. */
  readonly colour: string;
  readonly kind: 'bars' | 'line' | 'dashes';
}

/** What is drawn, and who is told of the pointer. */
export interface TimeChartProps {
  /** Later series are drawn over earlier ones. */
  readonly data: ChartData;
  readonly series: readonly ChartSeries[];
  readonly height: number;
  readonly isUtc: boolean;
  /** Where the pointer is: the index of a step; null when it left. */
  readonly onPoint: (index: number | null) => void;
  readonly onPick: (index: number) => void;
}

/** Of the vertical axis: what is counted comes in whole numbers. */
const INCREMENTS = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** Figures over time on a canvas, for the eye alone: whoever shows it says the same in words and in a table. */
export function TimeChart({ data, series, height, isUtc, onPoint, onPick }: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const calls = useRef({ onPoint, onPick });
  calls.current = { onPoint, onPick };
  const drawn = useRef(data);
  drawn.current = data;
  const lookOf = series.map(({ label, colour, kind }) => `${label} ${colour} ${kind}`).join();

  useEffect(() => {
    const element = place.current!;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        optionsOf(element, { series, height, isUtc }, calls),
        drawn.current as uPlot.AlignedData,
        element,
      );
    };
    draw();
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    const watch = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      scheme.removeEventListener('change', draw);
      watch.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [lookOf, height, isUtc]);
  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [data]);

  return <div ref={place} class="time-chart" />;
}

type Calls = { readonly current: Pick<TimeChartProps, 'onPoint' | 'onPick'> };
type Look = Pick<TimeChartProps, 'series' | 'height' | 'isUtc'>;

function optionsOf(element: HTMLElement, { series, height, isUtc }: Look, calls: Calls): uPlot.Options {
  const styles = getComputedStyle(element);
  const colour = (name: string) => styles.getPropertyValue(name).trim() || '#888';
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `11px ${styles.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { show: false },
    },
    ...(isUtc ? { tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') } : {}),
    scales: { x: { range: withLastStep }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] } },
    axes: [
      { ...axis, values: timeWords(), grid: { show: false }, size: 30 },
      { ...axis, size: 48, incrs: INCREMENTS, values: (_, splits) => splits.map((value) => shortNumber(value)) },
    ],
    series: [{}, ...series.map((one) => drawnSeries(one, colour(one.colour)))],
    hooks: {
      ready: [
        (self) =>
          self.over.addEventListener('click', () => {
            const index = stepAt(self);
            if (index !== null) calls.current.onPick(index);
          }),
      ],
      setCursor: [(self) => calls.current.onPoint(stepAt(self))],
    },
  };
}

/** The step that the pointer is in: a step reaches from its time to that of the next. */
function stepAt(self: uPlot): number | null {
  const { left = -1 } = self.cursor;
  if (left < 0) return null;
  const atSeconds = self.posToVal(left, 'x');
  const index = self.data[0].findLastIndex((time) => time <= atSeconds);
  return index < 0 ? null : index;
}

/** The last step has a length, too. */
function withLastStep(self: uPlot, first: number, last: number): uPlot.Range.MinMax {
  const [one, other = one] = self.data[0];
  if (one === undefined || other === undefined) return [0, 1];
  return [first, last + Math.max(1, other - one)];
}

function drawnSeries({ label, kind }: ChartSeries, colour: string): uPlot.Series {
  const points = { show: false };
  if (kind === 'bars') {
    const paths = uPlot.paths.bars?.({ size: [0.85, 40], align: 1 });
    return { label, points, stroke: colour, fill: colour, width: 0, ...(paths === undefined ? {} : { paths }) };
  }
  return { label, points, stroke: colour, width: 1.5, ...(kind === 'dashes' ? { dash: [6, 4] } : {}) };
}

/** Hours of the day in two digits, and dates as they sort, in every country. */
function timeWords(): uPlot.Axis.Values {
  const [hour, day] = [3600, 86_400];
  return [
    [day, '{YYYY}-{MM}-{DD}', null, null, null, null, null, null, 1],
    [hour, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
    [1, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  ];
}
