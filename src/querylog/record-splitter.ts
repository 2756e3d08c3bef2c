/** What a splitter finds; the octets hold only during the call. */
export interface RecordSink {
  /** A record in `octets[start, end)`. */
  record(octets: Buffer, start: number, end: number): void;
  /** What is no record, why not, and how it begins. */
  refused(reason: string, octets: Buffer, start: number, end: number): void;
}

/** Takes what a source brings apart into records, however it is cut. Memory is bounded, and it never throws. */
export interface RecordSplitter {
  /** Takes the octets that come next. */
  push(octets: Buffer, sink: RecordSink): void;
  /** Nothing more comes: what is there without an end is given as a record, where that makes sense. */
  end(sink: RecordSink): void;
  /** The place in the source behind the last whole record, from where reading can go on. */
  readonly consumed: number;
  /** What has to be known beside the place to go on from there, as JSON; undefined: nothing. */
  state(): unknown;
}
