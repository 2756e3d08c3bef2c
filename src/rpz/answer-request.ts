/** What a secondary is answered, whatever it came by: no I/O, no throw. */
import { OPCODE, RCODE, RECORD_CLASS, RECORD_TYPE } from '../dns/registry.ts';
import { isAfter } from './serial.ts';
import { readTransferRequest, type TransferRequest } from './transfer-request.ts';
import { AnswerSigner, checkTsig, TSIG_ERROR, withoutMac } from './tsig.ts';
import type { TsigKey } from './tsig-key.ts';
import type { ZoneState } from './zone.ts';
import { composeRefusal, composeSoaAnswer, composeTransfer } from './zone-messages.ts';

export interface AnswerParts {
  /** Undefined while it is not known yet. */
  readonly zone: ZoneState | undefined;
  readonly key: TsigKey | undefined;
  /** Whether who asks need not sign. */
  readonly mayBeUnsigned: boolean;
  readonly transport: 'udp' | 'tcp';
  readonly nowMs: () => number;
}

/** What became of a request; the first two are of those that may ask. */
export type AnswerOutcome =
  | 'soa'
  | 'transfer'
  | 'malformed'
  | 'unsigned'
  | 'bad key'
  | 'bad signature'
  | 'bad time'
  | 'refused';

export interface AnsweredRequest {
  readonly outcome: AnswerOutcome;
  readonly messages: Iterable<Buffer>;
}

const TSIG_OUTCOMES = {
  [TSIG_ERROR.BADKEY]: 'bad key',
  [TSIG_ERROR.BADSIG]: 'bad signature',
  [TSIG_ERROR.BADTRUNC]: 'bad signature',
} as const;

/** Undefined for what gets no answer. The messages of a transfer are made as they are taken. */
export function answerRequest(octets: Buffer, parts: AnswerParts): AnsweredRequest | undefined {
  const request = readTransferRequest(octets);
  if (request.kind === 'ignored') return undefined;
  if (request.kind === 'malformed') {
    return { outcome: 'malformed', messages: [composeRefusal(request, RCODE.FORMERR)] };
  }
  const { tsig } = request;
  if (tsig === undefined) {
    if (!parts.mayBeUnsigned) return { outcome: 'unsigned', messages: [composeRefusal(request, RCODE.REFUSED)] };
    return answerAllowed(request, parts);
  }
  const check = checkTsig(request.signed, tsig, parts.key === undefined ? [] : [parts.key], parts.nowMs());
  if (check.key === undefined) {
    const refusal = withoutMac(composeRefusal(request, RCODE.NOTAUTH), tsig, check.error);
    return { outcome: TSIG_OUTCOMES[check.error], messages: [refusal] };
  }
  const signer = new AnswerSigner(check.key, tsig);
  if (check.error === TSIG_ERROR.BADTIME) {
    const refusal = signer.sign(composeRefusal(request, RCODE.NOTAUTH), TSIG_ERROR.BADTIME, parts.nowMs());
    return { outcome: 'bad time', messages: [refusal] };
  }
  const answered = answerAllowed(request, parts);
  return { ...answered, messages: signedMessages(answered.messages, signer, parts) };
}

function* signedMessages(
  messages: Iterable<Buffer>,
  signer: AnswerSigner,
  { nowMs }: AnswerParts,
): Generator<Buffer, void> {
  for (const message of messages) yield signer.sign(message, TSIG_ERROR.NONE, nowMs());
}

/** Of one who may ask. */
function answerAllowed(request: TransferRequest, { zone, transport }: AnswerParts): AnsweredRequest {
  const refused = (rcode: number): AnsweredRequest => ({
    outcome: 'refused',
    messages: [composeRefusal(request, rcode)],
  });
  const { opcode, name, type, serial } = request;
  if (opcode !== OPCODE.QUERY) return refused(RCODE.NOTIMP);
  if (zone === undefined) return refused(RCODE.SERVFAIL);
  if (name !== zone.apex || request.class !== RECORD_CLASS.IN) return refused(RCODE.NOTAUTH);
  const soa = (): AnsweredRequest => ({ outcome: 'soa', messages: [composeSoaAnswer(request, zone)] });
  if (type === RECORD_TYPE.SOA) return soa();
  if (type === RECORD_TYPE.IXFR) {
    // One who is up to date is told so, and one who asks by UDP is told to come by TCP (RFC 1995 §2).
    const isUpToDate = serial !== undefined && !isAfter(zone.serial, serial);
    if (isUpToDate || transport === 'udp') return soa();
  }
  if (transport === 'udp' || (type !== RECORD_TYPE.AXFR && type !== RECORD_TYPE.IXFR)) return refused(RCODE.REFUSED);
  return { outcome: 'transfer', messages: composeTransfer(request, zone) };
}
