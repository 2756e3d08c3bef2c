import { type Address, parseAddress } from '../../core/address.ts';
import { canonicalName, type Name, parseName } from '../../dns/name.ts';
import type { Finding } from '../../findings/finding.ts';

/** The server that a finding is about. */
export interface FoundServer {
  readonly name: Name | undefined;
  readonly address: Address | undefined;
  /** On which it was contacted; none where that is not known. */
  readonly ports: readonly number[];
}

/** By its subject, and by what it says of the server beside that; undefined where neither is a name or an address. */
export function serverOfFinding({ subject, detail }: Pick<Finding, 'subject' | 'detail'>): FoundServer | undefined {
  const told = isRecord(detail) ? detail : {};
  const address = parseAddress(subject) ?? addressOf(told.address);
  const name = parseAddress(subject) === undefined ? nameOf(subject) : nameOf(told.name);
  if (name === undefined && address === undefined) return undefined;
  const ports = Array.isArray(told.ports) ? told.ports.filter((port): port is number => Number.isInteger(port)) : [];
  return { name, address, ports };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function addressOf(value: unknown): Address | undefined {
  return typeof value === 'string' ? parseAddress(value) : undefined;
}

function nameOf(value: unknown): Name | undefined {
  const name = typeof value === 'string' ? parseName(value) : undefined;
  return name === undefined ? undefined : canonicalName(name);
}
