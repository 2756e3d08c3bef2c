import { type Address, formatAddress, isIpv4 } from '../core/address.ts';
import { formatName, type Name } from '../dns/name.ts';
import { formatRecordType, RCODE } from '../dns/registry.ts';
import type { AnswerSeen, HostEvent } from './host-event.ts';

type Told<T> = T extends HostEvent
  ? Omit<T, 'host' | 'mac' | 'isDirect' | 'recursionDesired' | 'hostPort' | 'ttlSeconds' | 'packets'>
  : never;
/** What of an event people are told. */
export type ToldEvent = Told<HostEvent>;

/** An event as people read it, without its time and host; nothing in it can steer a terminal. */
export function eventText(event: ToldEvent): string {
  switch (event.kind) {
    case 'query':
      return `asked ${serverText(event.server)} for ${questionText(event.type, event.name)}`;
    case 'answer':
      return `was answered ${answerText(event)} by ${serverText(event.server)} for ${questionText(event.type, event.name)}`;
    case 'syn':
      return `began a TCP connection to ${endText(event.destination, event.port)}`;
    case 'syn-ack':
      return `was let in by ${endText(event.destination, event.port)}`;
    case 'verdict':
      return `asked ${formatAddress(event.server)} for ${questionText(event.type, event.name)}: ${event.verdict === 'block' ? 'blocked' : 'allowed'}, ${event.reason}`;
  }
}

/** `198.51.100.7:445`, `[2001:db8::1]:445`. */
export function endText(address: Address, port: number): string {
  return isIpv4(address) ? `${formatAddress(address)}:${port}` : `[${formatAddress(address)}]:${port}`;
}

function serverText(server: Address | undefined): string {
  return server === undefined ? 'a server' : formatAddress(server);
}

function questionText(type: number | undefined, name: Name | undefined): string {
  const typeText = type === undefined ? 'something' : formatRecordType(type);
  return name === undefined ? typeText : `${typeText} ${formatName(name)}`;
}

function answerText({ responseCode, addresses }: Told<AnswerSeen>): string {
  if (responseCode === RCODE.NXDOMAIN) return 'NXDOMAIN';
  if (responseCode === RCODE.SERVFAIL) return 'SERVFAIL';
  if (responseCode !== RCODE.NOERROR) return `with response code ${responseCode}`;
  const first = addresses[0];
  if (first === undefined) return 'with no address';
  return addresses.length === 1 ? formatAddress(first) : `${formatAddress(first)} and ${addresses.length - 1} more`;
}
