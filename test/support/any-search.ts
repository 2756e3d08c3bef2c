import fc from 'fast-check';
import { formatAddress, networkAround, parseAddress } from '../../src/core/address.ts';
import { canonicalName, formatName } from '../../src/dns/name.ts';
import type { Search, SearchTerm } from '../../src/inbox/search.ts';
import { ALLOW_REASONS, BLOCK_REASONS } from '../../src/policy/verdict.ts';
import { anyVerdictEvent } from './verdict-events.ts';

const list = <T>(value: fc.Arbitrary<T>) =>
  fc.uniqueArray(value, { minLength: 1, maxLength: 3, selector: (item) => JSON.stringify(item) });

const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => formatAddress(parseAddress(text)!));
const anyAddressValue = fc
  .tuple(anyAddress, fc.option(fc.integer({ min: 0, max: 128 }), { nil: undefined }))
  .map(([address, length]) => {
    if (length === undefined) return { address, prefixLength: undefined };
    const prefixLength = address.includes(':') ? length : Math.min(32, length);
    return { address: formatAddress(networkAround(`${address}/${prefixLength}`)!.base), prefixLength };
  });
const anyNameText = anyVerdictEvent
  .filter(({ queryName }) => queryName !== undefined && queryName.length < 60)
  .map(({ queryName }) => formatName(canonicalName(queryName!)));
const anyNameValue = fc.oneof(
  anyNameText.map((name) => ({ name, match: 'exactly' as const })),
  anyNameText.map((name) => ({ name, match: 'below' as const })),
  fc.constant({ name: '', match: 'none' as const }),
);
const anyWord = fc.stringMatching(/^[\w.%!-]{1,12}$/);

/** Anything that the language can say of single events, as the reader of the language gives it. */
export const anyTerm: fc.Arbitrary<SearchTerm> = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      fc.record({ field: fc.constantFrom('client', 'destination'), anyOf: list(anyAddressValue) }),
      fc.record({ field: fc.constant('client-name'), anyOf: list(fc.stringMatching(/^[a-z][\w%!*-]{0,8}$/)) }),
      fc.record({ field: fc.constant('name'), anyOf: list(anyNameValue) }),
      fc.record({ field: fc.constant('type'), anyOf: list(fc.integer({ min: 0, max: 65535 })) }),
      fc.record({ field: fc.constant('switch-port'), anyOf: list(fc.integer({ min: 0, max: 0xffffffff })) }),
      fc.record({ field: fc.constant('verdict'), anyOf: list(fc.constantFrom('allow', 'block', 'would block')) }),
      fc.record({ field: fc.constant('protocol'), anyOf: list(fc.constantFrom('udp', 'tcp')) }),
      fc.record({ field: fc.constant('rd'), anyOf: list(fc.boolean()) }),
      fc.record({ field: fc.constant('mac'), anyOf: list(fc.integer({ min: 0, max: 0xffffffffffff })) }),
      fc.record({ field: fc.constant('reason'), anyOf: list(fc.constantFrom(...ALLOW_REASONS, ...BLOCK_REASONS)) }),
      fc.record({ field: fc.constantFrom('group', 'rule', 'text'), anyOf: list(anyWord) }),
      fc.record({ field: fc.constant('switch'), anyOf: list(fc.stringMatching(/^[0-9a-f]{16}$/)) }),
    ),
  )
  .map(([isNegated, meaning]) => ({ isNegated, ...meaning }) as SearchTerm);

/** Of any time. */
export const anySearch: fc.Arbitrary<Search> = fc.record({
  terms: fc.array(anyTerm, { maxLength: 4 }),
  sinceMs: fc.constant(undefined),
  untilMs: fc.constant(undefined),
});
