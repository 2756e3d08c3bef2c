/** The model's answers in the terms in which a trace of Open vSwitch is read. */
import { Port } from '../../../src/openflow/schema/constants.ts';
import type { Forwarding, Happening } from './forwarding.ts';
import { readFrameFields } from './frame-fields.ts';
import type { Departure } from './trace-reading.ts';

/** Fields of a copy that was cut short cannot be read in it. */
type Comparable = { readonly port: number; readonly fields: string; readonly copy?: string };

/** OFPR_* as Open vSwitch has them inside; OpenFlow 1.3 calls those of later versions ACTION, or NO_MATCH. */
const REASONS: Readonly<Record<number, number>> = { 0: 0, 1: 1, 2: 2, 3: 1, 4: 1, 5: 1, 6: 0 };

/** What a trace says, with its reasons in the words of OpenFlow 1.3. */
export function ofTrace(departures: readonly Departure[], frameBytes: number): readonly Comparable[] {
  return inAnyOrderWhereAlike(
    departures.map(({ port, fields, copy }) => {
      if (copy === undefined) return { port, fields: shown(fields) };
      const { reason, cookie, maxLength } = copy;
      const text = `reason ${REASONS[reason] ?? `${reason}?`} cookie ${cookie}`;
      return { port, fields: maxLength < frameBytes ? `cut to ${maxLength}` : shown(fields), copy: text };
    }),
  );
}

/** What the model says, with NORMAL spelled out as a switch floods that has learned nothing yet. */
export function ofModel({ happenings }: Forwarding, inPort: number, ports: readonly number[]): readonly Comparable[] {
  return inAnyOrderWhereAlike(happenings.flatMap((happening) => departuresOf(happening, inPort, ports)));
}

function departuresOf(happening: Happening, inPort: number, ports: readonly number[]): readonly Comparable[] {
  if (happening.kind === 'meterDrop') throw new Error(`meter ${happening.meterId} dropped`);
  if (happening.kind === 'controller') {
    const { data, totalLen, reason, cookie } = happening.packetIn;
    const fields = data.length < totalLen ? `cut to ${data.length}` : shownFrame(data);
    return [{ port: Port.CONTROLLER, fields, copy: `reason ${reason} cookie ${cookie}` }];
  }
  const fields = shownFrame(happening.frame);
  if (happening.kind === 'output') return [{ port: happening.port, fields }];
  return ports.filter((port) => port !== inPort).map((port) => ({ port, fields }));
}

/** The order of a flood's ports is nobody's business: alike copies one behind the other are sorted by port. */
function inAnyOrderWhereAlike(departures: readonly Comparable[]): readonly Comparable[] {
  const runs: Comparable[][] = [];
  for (const departure of departures) {
    const run = runs.at(-1);
    if (
      run !== undefined &&
      run[0]!.fields === departure.fields &&
      departure.copy === undefined &&
      run[0]!.copy === undefined
    )
      run.push(departure);
    else runs.push([departure]);
  }
  return runs.flatMap((run) => run.sort((one, other) => one.port - other.port));
}

const shownFrame = (frame: Buffer) => shown(readFrameFields(frame).numbers);

/** What is not there and what is 0 are the same to a switch. */
function shown(fields: ReadonlyMap<string, bigint>): string {
  return [...fields]
    .filter(([, value]) => value !== 0n)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([field, value]) => `${field}=${value.toString(16)}`)
    .join(' ');
}
