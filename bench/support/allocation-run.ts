/** What gluewall allocates for one packet_in. */
import { once } from 'node:events';
import { repositoryPath } from '../../mininet/repository-path.ts';
import type { Allocation } from './allocation.ts';
import type { Bench } from './bench-program.ts';
import { startGluewall } from './gluewall-peer.ts';
import { type Load, runLoad } from './load-generator.ts';

/** Warm until the allow flows of all known destinations stand: making them is no part of an answer. */
const LOAD: Load = { switches: 1, window: 64, warm: 8, seconds: 4 };
/** The least there is: the log gets events at a rate of its own, not once per packet_in. */
const LOG_RATE = 10;

const SMALL_FRAME_BYTES = 80;
const LARGE_FRAME_BYTES = 1400;

/** Octets for one packet_in. */
interface PerPacketIn {
  readonly heap: number;
  readonly buffers: number;
  /** The answers as they go to the switch: for these, Buffers must be made. */
  readonly answers: number;
}

/** Figures by name: octets for one packet_in with a small and with a large frame, and for each octet that frame has more. */
export async function measureAllocation(bench: Bench, generator: string): Promise<Readonly<Record<string, number>>> {
  const small = await allocatedFor(bench, generator, SMALL_FRAME_BYTES);
  const large = await allocatedFor(bench, generator, LARGE_FRAME_BYTES);
  const more = LARGE_FRAME_BYTES - SMALL_FRAME_BYTES;
  const copied = (one: PerPacketIn) => one.buffers - one.answers;
  return {
    heapBytesPerSmall: small.heap,
    heapBytesPerLarge: large.heap,
    heapBytesPerOctet: (large.heap - small.heap) / more,
    bufferBytesPerSmall: small.buffers,
    bufferBytesPerLarge: large.buffers,
    answerBytesPerSmall: small.answers,
    answerBytesPerLarge: large.answers,
    copiedBytesPerOctet: (copied(large) - copied(small)) / more,
  };
}

async function allocatedFor(bench: Bench, generator: string, frame: number): Promise<PerPacketIn> {
  const probe = repositoryPath('dist', 'bench', 'support', 'heap-probe.js');
  const gluewall = await startGluewall(bench, { logRate: LOG_RATE, probe });
  try {
    const counted = once(gluewall.child, 'message', { signal: bench.signal });
    // A load that fails says so by itself.
    counted.catch(() => undefined);
    const load = { ...LOAD, frame };
    const { answers, octets } = await runLoad(generator, gluewall.port, load, bench.signal, (mark) => {
      gluewall.child.send(mark === 'measuring' ? 'start' : 'stop');
    });
    const [{ heapBytes, bufferBytes }] = (await counted) as [Allocation];
    return { heap: heapBytes / answers, buffers: bufferBytes / answers, answers: octets / answers };
  } finally {
    await gluewall.stop();
  }
}
