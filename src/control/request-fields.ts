/** The parts that requests are made of: each reads text into what the services take. */
import { z } from 'zod';
import { parseAddress } from '../core/address.ts';
import { DAY_MS } from '../core/clock.ts';
import { parseMac } from '../core/mac-address.ts';
import { canonicalName, parseName } from '../dns/name.ts';
import { parseRecordType } from '../dns/registry.ts';
import type { RuleMatch } from '../policy/rule.ts';
import { isRuleWord, parseMatch } from '../policy/rule-text.ts';
import { MAX_SOURCE_CHARACTERS } from '../querylog/query-log-store.ts';
import type { ClientTarget } from '../services/client-view.ts';
import { parseLogPlace } from '../services/log-view.ts';
import type { LookupTarget } from '../services/lookup.ts';
import type { QuarantinedHost } from '../services/quarantine-services.ts';
import { MAX_WINDOW_MS } from '../traceback/messages.ts';

export const MAX_REASON_CHARACTERS = 500;
const MAX_RULE_ID_CHARACTERS = 255;
const MAX_RULE_TYPES = 64;
/** No name that a client has is longer. */
export const MAX_CLIENT_NAME_CHARACTERS = 253;

export const address = z.string().transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${text}" is no IPv4 or IPv6 address` });
  return z.NEVER;
});

export const name = z.string().transform((text, context) => {
  const parsed = parseName(text);
  if (parsed !== undefined) return canonicalName(parsed);
  context.addIssue({ code: 'custom', message: `"${text}" is no domain name` });
  return z.NEVER;
});

export const target = z.string().transform((text, context): LookupTarget => {
  const asAddress = parseAddress(text);
  if (asAddress !== undefined) return { kind: 'address', address: asAddress };
  const asName = parseName(text);
  if (asName !== undefined) return { kind: 'name', name: canonicalName(asName) };
  context.addIssue({ code: 'custom', message: `"${text}" is neither an IP address nor a domain name` });
  return z.NEVER;
});

export const clientTarget = z
  .string()
  .min(1)
  .max(MAX_CLIENT_NAME_CHARACTERS)
  .transform((text): ClientTarget => {
    const asAddress = parseAddress(text);
    if (asAddress !== undefined) return { kind: 'address', address: asAddress };
    const mac = parseMac(text);
    return mac === undefined ? { kind: 'name', name: text } : { kind: 'mac', mac };
  });

export const quarantinedHost = z.string().transform((text, context): QuarantinedHost => {
  const asAddress = parseAddress(text);
  if (asAddress !== undefined) return { address: asAddress };
  const asMac = parseMac(text);
  if (asMac !== undefined) return { mac: asMac };
  context.addIssue({ code: 'custom', message: `"${text}" is neither an IP address nor a MAC address` });
  return z.NEVER;
});

export const clientName = z.string().min(1).max(MAX_CLIENT_NAME_CHARACTERS);

export const word = z.string().refine(isRuleWord, { error: 'want letters, digits, `_`, `.` and `-`, at most 63' });

export const match = z
  .strictObject({
    from: z.string().optional(),
    to: z.string().optional(),
    zone: z.string().optional(),
    types: z.array(z.string()).min(1).max(MAX_RULE_TYPES).readonly().optional(),
    protocol: z.enum(['udp', 'tcp']).optional(),
  })
  .transform((written, context): RuleMatch => {
    const parsed = parseMatch(written);
    if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem, path: [parsed.key] });
    else if (Object.keys(parsed).length > 0) return parsed;
    else context.addIssue({ code: 'custom', message: 'say which queries: a rule about all of them is a mode' });
    return z.NEVER;
  });

export const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const packName = z.string().min(1).max(63);

export const mac = z.string().transform((text, context) => {
  const parsed = parseMac(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${text}" is no MAC address` });
  return z.NEVER;
});

/** An OpenFlow number, or a name. */
export const switchPort = z
  .string()
  .min(1)
  .max(63)
  .transform((text) => (/^\d{1,10}$/.test(text) ? Number(text) : text));

export const recordType = z.string().transform((text, context) => {
  const parsed = parseRecordType(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${text}" is no RR type` });
  return z.NEVER;
});

export const logPlace = z.string().transform((text, context) => {
  const parsed = parseLogPlace(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is no page: want what stands behind --page in the last line of the page before`,
  });
  return z.NEVER;
});

export const sourceName = z.string().min(1).max(MAX_SOURCE_CHARACTERS);
export const YEAR_MS = 365 * DAY_MS;

export const groupName = z.string().min(1).max(63);
export const reason = z.string().trim().min(1).max(MAX_REASON_CHARACTERS);
export const owner = z.string().max(64);

export const ruleId = z.string().min(1).max(MAX_RULE_ID_CHARACTERS);
export const ruleVersion = z.string().min(1).max(64);

export const windowPart = z.int().min(0).max(MAX_WINDOW_MS).optional();
/** A case by its id, or by as much of the beginning of it as no other has. */
export const caseId = z.string().min(1).max(36);

/** A finding, or a group of bots, in the same way. */
export const groupId = z.string().min(1).max(64);
export const findingId = z.string().min(1).max(64);
