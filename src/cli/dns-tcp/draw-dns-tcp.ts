import { barChart } from '../../charts/bar-chart.ts';
import type { DnsTcpTables } from '../../correlation/dns-tcp/dns-tcp-book.ts';
import { describeFit } from './print-dns-tcp.ts';

/** A single SYN is still seen. */
const LEAST_SYNS = 0.5;

/** Figure 5 of paper 5 as SVG: the delays of the SYNs behind answers, on a logarithmic axis, on which an exponential curve is a line. */
export function drawDelays({ delays, firstSyns, windowMs }: DnsTcpTables): string {
  const { bucketMs, counts, fit } = delays;
  const bars = counts.map((value, index) => ({ from: index * bucketMs, to: (index + 1) * bucketMs, value }));
  const points = (fit?.expected ?? []).map((y, index) => ({ x: (index + 0.5) * bucketMs, y }));
  return barChart({
    title: 'From DNS answers to TCP connections',
    description: `How long after a DNS answer the first of ${firstSyns} connections to its addresses began, at most ${windowMs} ms`,
    x: { label: `milliseconds after the answer, in steps of ${bucketMs}`, scale: 'linear', from: 0, to: windowMs },
    y: { label: 'SYNs', scale: 'log', from: LEAST_SYNS },
    name: 'SYNs',
    bars,
    curves: fit === null ? [] : [{ name: 'exponential fit', points }],
    notes: describeFit(delays),
  });
}
