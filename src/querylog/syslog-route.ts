import type { TimeSource } from '../core/clock.ts';
import { takePrefix } from './line-prefix.ts';
import type { LogFormat } from './log-reader.ts';
import { logFormat } from './readers/list.ts';
import { SourceTime } from './source-time.ts';

/** Where a message came from by its own header, as far as that says it. */
export interface SyslogRoute {
  readonly host: string | undefined;
  /** Without its folder and process number. */
  readonly program: string | undefined;
}

/** A header with host and program is not longer. */
const HEADER_OCTETS = 1024;
/** A name or an address that can stand in the name of a source. */
const HOST = /^[0-9A-Za-z_][0-9A-Za-z_.:-]{0,189}$/;

/** The formats of programs by the name that they log under. */
const FORMAT_OF_PROGRAM: ReadonlyMap<string, string> = new Map([
  ['named', 'bind'],
  ['named-pkcs11', 'bind'],
  ['unbound', 'unbound'],
  ['dnsmasq', 'dnsmasq'],
  ['pihole-ftl', 'dnsmasq'],
  ['pdns_recursor', 'powerdns-recursor'],
  ['pdns-recursor', 'powerdns-recursor'],
  ['coredns', 'coredns'],
]);

/** Reads host and program of a message by RFC 3164 or RFC 5424, or as daemons vary them. */
export class SyslogRouter {
  readonly #time: SourceTime;

  constructor(clock: TimeSource) {
    // Its times are not used: the reader of the stream reads them.
    this.#time = new SourceTime({ zone: 'UTC', nowMs: () => clock.nowMs() });
  }

  read(octets: Buffer, start: number, end: number): SyslogRoute {
    const line = octets.toString('latin1', start, Math.min(end, start + HEADER_OCTETS));
    const { host, program } = takePrefix(line, this.#time);
    return {
      host: host !== undefined && HOST.test(host) ? host.toLowerCase() : undefined,
      program: program?.slice(program.lastIndexOf('/') + 1).toLowerCase(),
    };
  }
}

/** The format that a program logs in; undefined when it is none that is known. */
export function formatOfProgram(program: string | undefined): LogFormat | undefined {
  return logFormat(FORMAT_OF_PROGRAM.get(program ?? '') ?? '');
}
