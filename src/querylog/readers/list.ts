import { FORMAT_NAMES, type FormatName } from '../format-names.ts';
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

const FORMATS: Readonly<Record<FormatName, LogFormat>> = {
  bind: bindFormat,
  infoblox: infobloxFormat,
  unbound: unboundFormat,
  dnsmasq: dnsmasqFormat,
  'powerdns-recursor': powerdnsRecursorFormat,
  coredns: corednsFormat,
  dnstap: dnstapFormat,
  'windows-debug': windowsDebugFormat,
  'windows-etw': windowsEtwFormat,
};

/** All formats, in the order in which a file is tried on them. A reader is added here and, by its name, in FORMAT_NAMES. */
export const LOG_FORMATS: readonly LogFormat[] = FORMAT_NAMES.map((name) => FORMATS[name]);

/** Undefined when there is none of that name. */
export function logFormat(name: string): LogFormat | undefined {
  return LOG_FORMATS.find((format) => format.name === name);
}
