import { type CaptureSource, openCaptureSource } from '../capture/container/capture-source.ts';
import { readCapture } from '../capture/container/read-capture.ts';

/**
 * The captures at `paths` in the order of their first packets; those whose first packet is not near their beginning, or that cannot be
 * read, and what can be read but once, come last, in the order in which they were named. Reading them says what is wrong with them.
 */
export async function inOrderOfFirstPacket(paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length < 2) return paths;
  const timed: { readonly path: string; readonly atMs: number }[] = [];
  for (const path of paths) timed.push({ path, atMs: await firstPacketMs(path) });
  return timed.sort((a, b) => compare(a.atMs, b.atMs)).map(({ path }) => path);
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

/** Infinity where it cannot be told. */
async function firstPacketMs(path: string): Promise<number> {
  let firstMs = Number.POSITIVE_INFINITY;
  if (path === '-') return firstMs;
  try {
    const source = await openCaptureSource(path);
    // What cannot be read again must not be begun here.
    if (source.sizeBytes === undefined) return firstMs;
    await readCapture(beginningOf(source), (_octets, _start, _end, atMs) => {
      if (firstMs === Number.POSITIVE_INFINITY) firstMs = atMs;
    });
  } catch {
    // The beginning alone may well be damaged; what it showed counts.
  }
  return firstMs;
}

function beginningOf({ chunks, ...rest }: CaptureSource): CaptureSource {
  const first = async function* () {
    for await (const chunk of chunks) {
      yield chunk;
      return;
    }
  };
  return { ...rest, chunks: first() };
}
