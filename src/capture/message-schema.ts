/** Reads messages of a capture, which may come from another host: nothing in them is taken on trust. */
import { z } from 'zod';
import { MAX_INTERFACES } from './capture-wire.ts';
import type { CaptureMessage } from './protocol.ts';

const text = z.string().max(1000);
const interfaceName = z.string().min(1).max(64);
const interfaces = z.array(interfaceName).max(MAX_INTERFACES);
const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const MAX_COUNTERS = 256;

const captureMessage = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hello'), name: z.string().max(255), interfaces }),
  z.strictObject({ kind: z.literal('ready') }),
  z.strictObject({ kind: z.literal('problem'), interface: interfaceName, reason: text, remedy: text }),
  z.strictObject({
    kind: z.literal('statistics'),
    openInterfaces: interfaces,
    receivedByKernel: count,
    droppedByKernel: count,
    droppedByBackpressure: count,
    counters: z.record(z.string().max(64), count).refine((counters) => Object.keys(counters).length <= MAX_COUNTERS),
  }),
]);

/** Undefined when it is no message of this version. */
export function readCaptureMessage(value: unknown): CaptureMessage | undefined {
  return captureMessage.safeParse(value).data;
}
