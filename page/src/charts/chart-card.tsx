import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { navigate } from '../frame/route.ts';
import { useSettings } from '../frame/settings.ts';
import { formatTime } from '../parts/format-time.ts';
import { Link } from '../parts/link.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import type { ChartSeries } from './time-chart.tsx';
import { type ChartData, dataOf, type StepKey, type Steps, shortNumber, stacked } from './time-steps.ts';
import { useImported } from './use-imported.ts';
import './charts.css';

/** A series, and which figure of the steps it shows. */
export interface CardSeries extends ChartSeries {
  readonly key: StepKey;
}

interface ChartCardProps {
  readonly title: string;
  /** What the chart shows in one sentence: all that is said of it to those who do not see it, beside the table. */
  readonly summary: string;
  readonly steps: Steps;
  readonly series: readonly CardSeries[];
  readonly height: number;
  /** Series stand on each other, the first below. */
  readonly isStacked?: boolean;
  /** What a value of a step is divided by, such as seconds. */
  readonly per?: number;
  /** A line across the whole chart, such as a budget. */
  readonly mark?: { readonly label: string; readonly value: number } | undefined;
  /** Where a step leads. */
  readonly linkOf: (at: string) => string;
  readonly children?: ComponentChildren;
}

/** A chart over time with its legend, what the pointer is at, and the same figures as a table. */
export function ChartCard(props: ChartCardProps) {
  const { title, summary, steps, series, height, mark, linkOf, children } = props;
  const { times } = useSettings();
  const [point, setPoint] = useState<number | null>(null);
  const chart = useImported(() => import('./time-chart.tsx'));
  const [data, drawn] = useMemo(() => drawnData(props), [steps, series, mark?.value, props.per, props.isStacked]);
  const TimeChart = chart.it?.TimeChart;
  const at = point === null ? undefined : steps[point]?.at;
  return (
    <section class="chart-card">
      <h2 class="chart-title">{title}</h2>
      {children}
      <Legend series={series} mark={mark} />
      <div class={`chart-place chart-place-${height}`} role="img" aria-label={summary}>
        {chart.isMissing && <p class="chart-missing">The chart could not be fetched; the table below says the same.</p>}
        {steps.length === 0 && <p class="chart-missing">There are no figures yet.</p>}
        {TimeChart !== undefined && steps.length > 0 && (
          <TimeChart
            data={drawn}
            series={[...(props.isStacked ? [...series].reverse() : series), ...markSeries(mark)]}
            height={height}
            isUtc={times === 'utc'}
            onPoint={setPoint}
            onPick={(index) => {
              const picked = steps[index]?.at;
              if (picked !== undefined) navigate(linkOf(picked));
            }}
          />
        )}
      </div>
      <p class="chart-point" aria-hidden="true">
        {at === undefined || point === null
          ? summary
          : `${formatTime(Date.parse(at), times)}: ${pointWords(series, data, point)}`}
      </p>
      <StepTable {...props} data={data} />
    </section>
  );
}

function StepTable({ title, steps, series, linkOf, data }: ChartCardProps & { readonly data: ChartData }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="chart-figures" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Figures as a table</summary>
      {isOpen && (
        <Table
          caption={`${title}, newest first`}
          columns={[{ name: 'From' }, ...series.map(({ label }) => ({ name: label, isNumber: true }))]}
        >
          {steps
            .map(({ at }, index) => (
              <tr key={at}>
                <th scope="row">
                  <Link to={linkOf(at)}>
                    <Time at={at} />
                  </Link>
                </th>
                {series.map(({ key }, place) => (
                  <td key={key} class="number">
                    {shortNumber(data[place + 1]?.[index] ?? 0)}
                  </td>
                ))}
              </tr>
            ))
            .reverse()}
        </Table>
      )}
    </details>
  );
}

function Legend({ series, mark }: Pick<ChartCardProps, 'series' | 'mark'>) {
  const shown = [...series, ...markSeries(mark)];
  if (shown.length < 2) return null;
  return (
    <ul class="chart-legend">
      {shown.map(({ label, colour, kind }) => (
        <li key={label}>
          <svg
            width="14"
            height="14"
            viewBox="0 0 14 14"
            aria-hidden="true"
            class={`legend-sign legend${colour.slice(1)}`}
          >
            {kind === 'bars' ? (
              <rect x="1" y="1" width="12" height="12" rx="2" />
            ) : (
              <path d="M0 7H14" class={`legend-${kind}`} />
            )}
          </svg>
          {label}
        </li>
      ))}
    </ul>
  );
}

function markSeries(mark: ChartCardProps['mark']): readonly ChartSeries[] {
  return mark === undefined ? [] : [{ label: mark.label, colour: '--high', kind: 'dashes' }];
}

/** The figures as they are, and as they are drawn: the sum of all behind those before it. */
function drawnData({ steps, series, per = 1, isStacked, mark }: ChartCardProps): readonly [ChartData, ChartData] {
  const [times, ...values] = dataOf(
    steps,
    series.map(({ key }) => key),
  );
  const data: ChartData = [times, ...values.map((one) => one.map((value) => value / per))];
  const [, ...drawn] = isStacked === true ? stacked(data) : data;
  const ordered = isStacked === true ? drawn.reverse() : drawn;
  return [data, [times, ...ordered, ...(mark === undefined ? [] : [times.map(() => mark.value)])]];
}

function pointWords(series: readonly CardSeries[], data: ChartData, index: number): string {
  return series.map(({ label }, place) => `${label} ${shortNumber(data[place + 1]?.[index] ?? 0)}`).join(', ');
}
