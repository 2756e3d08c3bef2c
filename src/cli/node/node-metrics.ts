import type { TracebackFigures } from '../../metrics/metric-sources.ts';
import type { NodeFigures } from '../../services/traceback-services.ts';

/** The figures of a node as metrics take them; undefined where there is none, or it has told none yet. */
export function nodeMetrics(figures: NodeFigures | undefined): TracebackFigures | undefined {
  if (figures === undefined) return undefined;
  const { isRunning: isUp, granted, refused, peerFailures, cases, atWork: _, port: __, ...others } = figures;
  const refusals = Object.entries(refused);
  const refusedCount = refusals.reduce((sum, [, count]) => sum + count, 0);
  return {
    ...others,
    isUp,
    requests: [
      ...Object.entries(granted).map(([kind, count]) => ({ kind, outcome: 'granted', count })),
      { kind: 'any', outcome: 'refused', count: refusedCount },
    ],
    problems: refusals,
    peerFailures: Object.entries(peerFailures).flatMap(([peer, reasons]) =>
      Object.entries(reasons).map(([reason, count]) => ({ peer, reason, count })),
    ),
    cases: Object.entries(cases),
  };
}
