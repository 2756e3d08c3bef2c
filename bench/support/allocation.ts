/** What a process allocated while it was watched, what it freed again included. */
export interface Allocation {
  /** Octets on the JavaScript heap. */
  readonly heapBytes: number;
  /** Octets of the Buffers that the program made; their contents lie outside the heap. */
  readonly bufferBytes: number;
}

/** The size of the heap around one run of the garbage collector, octets. */
export interface Collection {
  readonly before: number;
  readonly after: number;
}

/** The heap only grows by allocation, and only shrinks where the collector runs: what it grew by in between. */
export function allocatedBytes(usedAtStart: number, collections: readonly Collection[], usedAtEnd: number): number {
  let used = usedAtStart;
  let allocated = 0;
  for (const { before, after } of collections) {
    allocated += before - used;
    used = after;
  }
  return allocated + usedAtEnd - used;
}
