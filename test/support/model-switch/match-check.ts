import { checkPrerequisites, type Match } from '../../../src/openflow/match.ts';
import type { Oxm } from '../../../src/openflow/oxm.ts';
import { FragmentBit } from '../../../src/openflow/schema/constants.ts';
import type { ErrorCodeName } from '../../../src/openflow/schema/errors.ts';
import { isFieldOfOthers } from './masked-field.ts';

/** Why a match is refused; undefined when it is taken. */
export function matchTrouble(match: Match): ErrorCodeName | undefined {
  if (match.some(({ field }) => isFieldOfOthers(field))) return 'OFPBMC_BAD_FIELD';
  return checkPrerequisites(match)?.codeName ?? (asksPortsOfLaterFragments(match) ? 'OFPBMC_BAD_PREREQ' : undefined);
}

/** Open vSwitch takes no match on ports of a fragment that has none; of ICMP it does. */
function asksPortsOfLaterFragments(match: Match): boolean {
  const at = match.findIndex(wantsLaterFragments);
  return at >= 0 && match.slice(at).some(({ field }) => isPortField(field));
}

/** Whether a match is of fragments behind the first, which have no transport header. */
export function isOfLaterFragments(match: Match): boolean {
  return match.some(wantsLaterFragments);
}

export function isPortField(field: string): boolean {
  return /^(tcp|udp|sctp)_/.test(field);
}

function wantsLaterFragments(oxm: Oxm): boolean {
  return oxm.field === 'nw_frag' && (oxm.value & (oxm.mask ?? 0xff) & FragmentBit.LATER) !== 0;
}
