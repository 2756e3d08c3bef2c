import { type Address, addressFromOctets } from '../../core/address.ts';
import { MAX_ANSWERS } from '../../querylog/log-entry.ts';

/** Addresses that stand each behind its length. */
export function readAnswers(octets: Buffer): Address[] {
  const answers: Address[] = [];
  let at = 0;
  while (at < octets.length && answers.length < MAX_ANSWERS) {
    const end = at + 1 + octets[at]!;
    const address = addressFromOctets(octets.subarray(at + 1, end));
    if (address !== undefined) answers.push(address);
    at = end;
  }
  return answers;
}
