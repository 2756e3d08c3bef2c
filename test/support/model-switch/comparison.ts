/** The model's answers in the terms in which a trace of Open vSwitch is read. */
import type { MessageOf } from '../../../src/openflow/message.ts';
import { Port } from '../../../src/openflow/schema/constants.ts';
import type { Forwarding } from './forwarding.ts';
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

/** What the model says, with NORMAL spelled out as a switch does it that has learned nothing before this packet. */
export function ofModel({ happenings }: Forwarding, inPort: number, ports: readonly number[]): readonly Comparable[] {
  const learned = new Set<string>();
  const departures = happenings.flatMap((happening): readonly Comparable[] => {
    if (happening.kind === 'meterDrop') throw new Error(`meter ${happening.meterId} dropped`);
    if (happening.kind === 'controller') return [copyOf(happening.packetIn)];
    const fields = shownFrame(happening.frame);
    if (happening.kind === 'output') return [{ port: happening.port, fields }];
    return placesOfNormal(happening.frame, inPort, ports, learned).map((port) => ({ port, fields }));
  });
  return inAnyOrderWhereAlike(departures);
}

function copyOf({ data, totalLen, reason, cookie }: MessageOf<'packetIn'>): Comparable {
  const fields = data.length < totalLen ? `cut to ${data.length}` : shownFrame(data);
  return { port: Port.CONTROLLER, fields, copy: `reason ${reason} cookie ${cookie}` };
}

/** Flooded, unless the destination has been seen on the very port that the packet came from. */
function placesOfNormal(frame: Buffer, inPort: number, ports: readonly number[], learned: Set<string>) {
  const { numbers } = readFrameFields(frame);
  const place = (field: string) => `${numbers.get(field)} in VLAN ${numbers.get('vlan_vid') ?? 0n}`;
  learned.add(place('eth_src'));
  return learned.has(place('eth_dst')) ? [] : ports.filter((port) => port !== inPort);
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
