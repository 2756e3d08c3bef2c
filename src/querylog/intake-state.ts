/** What is kept with a place in a source. */
export interface IntakeState {
  /** Counts the batches of the source, so that no two have the same position. */
  readonly batch: number;
  /** Whose reader's state it is. */
  readonly format: string | undefined;
  readonly splitter: unknown;
  /** The time that was read last. */
  readonly lastMs: number | undefined;
  /** When the file was last written to; milliseconds since the epoch, by its own clock. */
  readonly writtenMs: number | undefined;
  /** How clients stand in it (client-mark.ts). */
  readonly clients: string | undefined;
  readonly reader: string;
}

/** Reads what another run of the program has kept; what makes no sense is left out. */
export function readIntakeState(json: string): IntakeState {
  const { batch, format, splitter, lastMs, writtenMs, clients, reader } = parseObject(json);
  return {
    batch: typeof batch === 'number' && Number.isSafeInteger(batch) ? batch : 0,
    format: typeof format === 'string' ? format : undefined,
    splitter,
    lastMs: typeof lastMs === 'number' ? lastMs : undefined,
    writtenMs: typeof writtenMs === 'number' ? writtenMs : undefined,
    clients: typeof clients === 'string' ? clients : undefined,
    reader: typeof reader === 'string' ? reader : '',
  };
}

function parseObject(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
