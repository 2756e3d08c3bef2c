import type { LogFormat } from '../log-reader.ts';
import { bindFormat } from './bind.ts';
import { corednsFormat } from './coredns.ts';
import { dnsmasqFormat } from './dnsmasq.ts';
import { dnstapFormat } from './dnstap.ts';
import { infobloxFormat } from './infoblox.ts';
import { powerdnsRecursorFormat } from './powerdns-recursor.ts';
import { unboundFormat } from './unbound.ts';
import { windowsDebugFormat } from './windows-debug.ts';
import { windowsEtwFormat } from './windows-etw.ts';

/** All formats, in the order in which a file is tried on them. A reader is added here and nowhere else. */
export const LOG_FORMATS: readonly LogFormat[] = [
  bindFormat,
  infobloxFormat,
  unboundFormat,
  dnsmasqFormat,
  powerdnsRecursorFormat,
  corednsFormat,
  dnstapFormat,
  windowsDebugFormat,
  windowsEtwFormat,
];

/** Undefined when there is none of that name. */
export function logFormat(name: string): LogFormat | undefined {
  return LOG_FORMATS.find((format) => format.name === name);
}
