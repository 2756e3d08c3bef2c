import type { Log } from '../../src/core/log.ts';

/** A log that keeps what is said, as `level: message`. */
export class RecordingLog implements Log {
  readonly lines: string[] = [];

  debug(_fields: object, message: string): void {
    this.lines.push(`debug: ${message}`);
  }

  info(_fields: object, message: string): void {
    this.lines.push(`info: ${message}`);
  }

  warn(_fields: object, message: string): void {
    this.lines.push(`warn: ${message}`);
  }

  error(_fields: object, message: string): void {
    this.lines.push(`error: ${message}`);
  }
}
