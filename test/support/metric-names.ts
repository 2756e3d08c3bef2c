import { metricList } from '../../src/metrics/metric-list.ts';
import { createRegistry } from '../../src/metrics/metrics-registry.ts';
import { metricFigures } from './metric-figures.ts';

/** Every metric of the registry with its help text and type, in its order; those about the process only on request. */
export function registeredMetrics(hasProcess: boolean) {
  const registry = createRegistry(metricList(), metricFigures(), () => {}, hasProcess);
  return registry.getMetricsAsArray().map((metric) => {
    const { name, help } = metric;
    const labels = 'labelNames' in metric ? (metric.labelNames as readonly string[]) : [];
    return { name, help, type: String(metric.type), labels };
  });
}

/** The names that an expression can ask for: those of metrics, and of the parts of histograms. */
export function metricNames(): readonly string[] {
  return registeredMetrics(true).flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
}

/** The metrics that a PromQL expression asks for: what stands before labels, a range or nothing, and is no function. */
export function namesIn(expression: string): readonly string[] {
  const bare = expression
    .replace(/"[^"]*"/g, '""')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  const words = bare.match(/[a-zA-Z_:][a-zA-Z0-9_:]*(?!\w*\s*\()/g) ?? [];
  return words.filter((word) => !['and', 'or', 'unless', 'by', 'bool', 'offset'].includes(word));
}
