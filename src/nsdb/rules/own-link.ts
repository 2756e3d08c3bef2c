import type { ExchangeFacts } from './facts.ts';
import type { Rule } from './rule.ts';

/** A trusted resolver that is bound to a MAC and a VLAN is believed from there alone: others may borrow its address. */
export const ownLink: Rule<ExchangeFacts> = {
  name: 'own-link',
  refusal: 'resolver has another MAC or VLAN',
  refuses: ({ isOwnLink }) => !isOwnLink,
};
