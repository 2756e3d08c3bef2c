import { BEHAVIOUR_METRICS } from './behaviour-metrics.ts';
import { HISTORY_METRICS, LEARNING_METRICS } from './history-metrics.ts';
import type { Metric } from './metric.ts';
import type { NodeMetricSources } from './metric-sources.ts';
import { policyMetrics } from './policy-metrics.ts';
import { QUERY_LOG_METRICS } from './querylog-metrics.ts';
import { RPZ_METRICS } from './rpz-metrics.ts';
import { CONFIG_METRICS, MODE_METRICS, STORE_METRICS } from './service-metrics.ts';
import { SWITCH_METRICS } from './switch-metrics.ts';
import { TRACEBACK_METRICS } from './traceback-metrics.ts';
import { WALK_METRICS } from './walk-metrics.ts';

/** Every metric of ours, in the order in which they are exported. */
export function metricList(): readonly Metric[] {
  return [
    ...CONFIG_METRICS,
    ...MODE_METRICS,
    ...WALK_METRICS,
    ...policyMetrics(),
    ...HISTORY_METRICS,
    ...LEARNING_METRICS,
    ...SWITCH_METRICS,
    ...STORE_METRICS,
    ...BEHAVIOUR_METRICS,
    ...RPZ_METRICS,
    ...QUERY_LOG_METRICS,
    ...TRACEBACK_METRICS,
  ];
}

/** Those of a traceback node without a gate. */
export const NODE_METRICS: readonly Metric<NodeMetricSources>[] = [
  ...CONFIG_METRICS,
  ...QUERY_LOG_METRICS,
  ...TRACEBACK_METRICS,
];
