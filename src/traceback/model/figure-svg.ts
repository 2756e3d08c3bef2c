import { lineChart, type Ring } from '../../charts/line-chart.ts';
import type { SuccessCurve, SuccessFigure } from './success-model.ts';

const MAX_X_TICKS = 10;

/** The figure as a picture that stands by itself: figure 13 of paper 1. Follows the colours that the reader prefers. */
export function figureSvg(figure: SuccessFigure): string {
  const { conventional, dnsLogs, participation, hops } = figure;
  return lineChart({
    title: `Success of a traceback from end to end, p = ${participation}`,
    description: describe(figure),
    x: { label: 'routing hops', scale: 'linear', from: 1, to: hops, ticks: ticks(hops) },
    y: { label: 'share of tracebacks that succeed', scale: 'linear', from: 0, to: 1 },
    series: [
      { name: `${conventional.label}: p^hops`, style: 'reference', points: points(conventional) },
      ...dnsLogs.map((curve) => ({
        name: curve.betterFrom === undefined ? curve.label : `${curve.label}: from ${curve.betterFrom} hops`,
        points: points(curve),
      })),
    ],
    rings: crossings(figure),
    notes: [
      `p = ${participation}: the share that takes part`,
      'q: the share of bots that ask for the name',
      'f: forwarders between source and destination',
      'DNS logs: p to the power of 2 + f, times q',
      'ring: from here on better than conventional',
    ],
  });
}

function describe({ dnsLogs, hops }: SuccessFigure): string {
  const crossings = dnsLogs.map(({ label, betterFrom }) =>
    betterFrom === undefined ? `${label}: never better` : `${label}: better from ${betterFrom} hops on`,
  );
  return `Success against 1 to ${hops} routing hops. Against a conventional traceback: ${crossings.join('; ')}.`;
}

/** 1, and then round numbers; not so many that they touch. */
function ticks(hops: number): readonly number[] {
  const step = [1, 2, 5, 10, 20, 25, 50].find((size) => hops / size <= MAX_X_TICKS) ?? Math.ceil(hops / MAX_X_TICKS);
  const round = Array.from({ length: Math.floor(hops / step) }, (_, index) => (index + 1) * step);
  return step === 1 ? round : [1, ...round];
}

function points({ successes }: SuccessCurve) {
  return successes.map((success, index) => ({ x: index + 1, y: success }));
}

/** Where the logs begin to succeed more often. */
function crossings({ dnsLogs, hops }: SuccessFigure): readonly Ring[] {
  return dnsLogs.flatMap(({ betterFrom, successes }, index) => {
    if (betterFrom === undefined || betterFrom > hops) return [];
    return [{ series: index + 1, x: betterFrom, y: successes[betterFrom - 1]!, label: `from ${betterFrom} hops` }];
  });
}
