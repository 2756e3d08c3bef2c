import type { DnsProblem } from '../../src/dns/message.ts';
import { MessageReader } from '../../src/dns/message-reader.ts';
import { KIND, WORD } from '../../src/dns/observation-layout.ts';
import { ObservationReader } from '../../src/dns/observation-reader.ts';
import { ObservationWriter } from '../../src/dns/observation-writer.ts';
import type { MessageContent } from './plain-message.ts';

const reader = new MessageReader();
let packed: Uint8Array = new Uint8Array(0);
const writer = new ObservationWriter((batch) => {
  packed = batch;
});

/** The batch with the one record that MessageReader makes of a response, without time and ends. */
export function packResponse(octets: Buffer, start = 0, end = octets.length): Uint8Array | DnsProblem {
  const problem = reader.readResponse(octets, start, end);
  if (problem !== undefined) return problem;
  const at = reader.pack(writer, KIND.RESPONSE);
  writer.times[(at + WORD.TIME) / 2] = 0;
  writer.flush();
  return packed;
}

/** A response through MessageReader, ObservationWriter and ObservationReader. */
export function readPacked(octets: Buffer, start = 0, end = octets.length): MessageContent | DnsProblem {
  const batch = packResponse(octets, start, end);
  if (typeof batch === 'string') return batch;
  const unpacked = new ObservationReader();
  unpacked.open(batch);
  if (unpacked.next() !== 'record') throw new Error('the record is damaged');
  const observation = unpacked.observation();
  if (observation.kind !== 'response') throw new Error('it is no response');
  if (unpacked.next() !== 'end') throw new Error('there is more than one record');
  const { id, question, rcode, authoritative, truncated, hasAnswers, nameServers, answers, additional } = observation;
  return { id, question, rcode, authoritative, truncated, hasAnswers, nameServers, answers, additional };
}
