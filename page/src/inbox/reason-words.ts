/** Reasons of verdicts in a few words, for rows; the whole sentence is the message of the event. */

const WORDS: Readonly<Record<string, string>> = {
  allowRule: 'allowed by a rule',
  history: 'known name server',
  stale: 'known, expired a short time ago',
  rootHints: 'root server',
  seed: 'known from the start',
  denyRule: 'denied by a rule',
  denyPack: 'on a list of what is denied',
  unknown: 'no known name server',
  notServed: 'known, but not for this name',
  tooYoung: 'known too short a time',
  tooFewZones: 'known for too few zones',
  tooFewTeachers: 'known from too few servers',
  recursionDesired: 'asked to recurse',
  unreadable: 'cannot be read',
};

export function reasonWords(reason: string): string {
  return WORDS[reason] ?? reason;
}
