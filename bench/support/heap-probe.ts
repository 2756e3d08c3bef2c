/**
 * Loaded into a process under load before its own program (`node --import`): counts what its main thread allocates between
 * the messages `start` and `stop`, and answers the second with an Allocation. A packet_in is answered in that thread alone.
 */
import { GCProfiler, getHeapStatistics } from 'node:v8';
import { type Allocation, allocatedBytes } from './allocation.ts';

let profiler = new GCProfiler();
let usedAtStart = 0;
let bufferBytes = 0;

function counting<Make extends (...args: never[]) => Buffer>(make: Make): Make {
  return new Proxy(make, {
    apply(target, self, args) {
      const made: Buffer = Reflect.apply(target, self, args);
      bufferBytes += made.length;
      return made;
    },
  });
}

// `concat` calls one of these. What sockets read into is made elsewhere.
Buffer.from = counting(Buffer.from);
Buffer.alloc = counting(Buffer.alloc);
Buffer.allocUnsafe = counting(Buffer.allocUnsafe);
Buffer.allocUnsafeSlow = counting(Buffer.allocUnsafeSlow);

function start(): void {
  profiler = new GCProfiler();
  profiler.start();
  usedAtStart = getHeapStatistics().used_heap_size;
  bufferBytes = 0;
}

function stop(): Allocation {
  const usedAtEnd = getHeapStatistics().used_heap_size;
  const collections = profiler.stop()?.statistics ?? [];
  const steps = collections.map(({ beforeGC, afterGC }) => ({
    before: beforeGC.heapStatistics.usedHeapSize,
    after: afterGC.heapStatistics.usedHeapSize,
  }));
  return { heapBytes: allocatedBytes(usedAtStart, steps, usedAtEnd), bufferBytes };
}

process.on('message', (word) => {
  if (word === 'start') start();
  else if (word === 'stop') process.send?.(stop());
});
// The channel must not keep the program from its end.
process.channel?.unref();
