/** Captures of clients that ask a resolver and then connect, made frame by frame. */
import { type PcapRecord, pcapFile } from './capture-file-builder.ts';
import { composeAnswer, composeQuery } from './dns-messages.ts';
import { composeFrame, type FrameFields } from './frames.ts';

const RESOLVER = '192.0.2.53';
export const START_S = 1_700_000_000;

export type Step =
  | { readonly atMs: number; readonly answer: string; readonly client: string }
  | { readonly atMs: number; readonly syn: string; readonly client: string; readonly port?: number };

/** A capture file of these steps, in their order; times count from START_S on. An answer has a query before it. */
export function dnsTcpCapture(steps: readonly Step[], tags: readonly number[] = []): Buffer {
  return pcapFile(steps.flatMap((step) => recordsOf(step, tags)));
}

function recordsOf(step: Step, tags: readonly number[]): PcapRecord[] {
  const record = (octets: Buffer, atMs: number): PcapRecord => {
    const seconds = START_S + Math.floor(atMs / 1000);
    return { seconds, ticks: Math.round((((atMs % 1000) + 1000) % 1000) * 1000), octets };
  };
  const { client, atMs } = step;
  if ('syn' in step) {
    const fields: FrameFields = { transport: 'tcp', tcpFlags: 2, source: client, destination: step.syn, tags };
    return [record(composeFrame(Buffer.alloc(0), { ...fields, destinationPort: step.port ?? 80 }), atMs)];
  }
  const asked: FrameFields = { source: client, destination: RESOLVER, tags };
  const answered: FrameFields = {
    source: RESOLVER,
    destination: client,
    sourcePort: 53,
    destinationPort: 40_000,
    tags,
  };
  return [
    record(composeFrame(composeQuery('www.example.org'), asked), atMs - 1),
    record(composeFrame(composeAnswer('www.example.org', step.answer), answered), atMs),
  ];
}
