import type { VNode } from 'preact';

const BAR_WIDTH = 3;
const GAP = 1;
const HEIGHT = 16;
/** So that a single event can be seen beside many. */
const LEAST_HEIGHT = 2;

/** Events by hour, the oldest hour first. */
export function Sparkline({ hours }: { readonly hours: readonly number[] }): VNode {
  const most = Math.max(1, ...hours);
  const width = Math.max(1, hours.length) * (BAR_WIDTH + GAP) - GAP;
  const bars = hours.map((count, index) => {
    const height = count === 0 ? 0 : Math.max(LEAST_HEIGHT, Math.round((count / most) * HEIGHT));
    return `M${index * (BAR_WIDTH + GAP)} ${HEIGHT}v-${height}h${BAR_WIDTH}v${height}z`;
  });
  const total = hours.reduce((sum, count) => sum + count, 0);
  const label = `${total} in the last ${hours.length} hours, ${most} in the busiest`;
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      width={width}
      height={HEIGHT}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <path class="sparkline-base" d={`M0 ${HEIGHT - 0.5}h${width}`} />
      <path d={bars.join('')} />
    </svg>
  );
}
