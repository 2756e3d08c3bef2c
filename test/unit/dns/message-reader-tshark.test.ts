import fc from 'fast-check';
import { expect, it, onTestFailed } from 'vitest';
import { openCaptureSource } from '../../../src/capture/container/capture-source.ts';
import { formatAddress } from '../../../src/core/address.ts';
import { formatName, type Name } from '../../../src/dns/name.ts';
import { MAX_RECORDS } from '../../../src/dns/observation-layout.ts';
import { captureMessages } from '../../support/capture-messages.ts';
import { captureVectors } from '../../support/capture-vectors.ts';
import { describeIf } from '../../support/describe-if.ts';
import { readPacked } from '../../support/packed-message.ts';
import { sharedCapturePaths } from '../../support/shared-captures.ts';
import { readWithTshark, type TsharkMessage } from '../../support/tshark.ts';
import { plainMessage } from '../../support/wire-messages.ts';

/** Names of other octets are written in a way of tshark's own. */
const PLAIN = /^[\w .:<>-]*$/;
const isPlain = ({ question, nameServers, answers, additional }: TsharkMessage) =>
  [question, ...nameServers, ...answers, ...additional].every((text) => PLAIN.test(text));

/** As tshark writes them. */
const written = (name: Name) => (name === '\0' ? '<root>' : formatName(name).toLowerCase());

function ourReading(octets: Buffer): TsharkMessage | undefined {
  const message = readPacked(octets);
  if (typeof message === 'string') return undefined;
  const address = (record: (typeof message.answers)[number]) =>
    `${written(record.owner)} ${record.ttl} ${formatAddress(record.address)}`;
  const name = message.question.name;
  return {
    id: message.id,
    question: name === '\0' ? '<Root>' : formatName(name),
    nameServers: message.nameServers.map((r) => `${written(r.owner)} ${r.ttl} ${written(r.nameServer)}`),
    answers: message.answers.map(address),
    additional: message.additional.map(address),
  };
}

function withRoom(message: TsharkMessage): TsharkMessage {
  const { nameServers, answers, additional } = message;
  const first = (rows: readonly string[]) => rows.slice(0, MAX_RECORDS);
  return { ...message, nameServers: first(nameServers), answers: first(answers), additional: first(additional) };
}

/** How many messages were compared; what tshark reads and we do not must be one of the two things that it lets pass. */
function compare(messages: readonly Buffer[]): number {
  let compared = 0;
  for (const [index, theirs] of readWithTshark(messages).entries()) {
    const octets = messages[index]!;
    const ours = ourReading(octets);
    if (theirs === undefined) continue;
    if (ours === undefined) {
      expect(['question-count', 'bad-name'], octets.toString('hex')).toContain(readPacked(octets));
    } else if (isPlain(ours) && isPlain(theirs)) {
      expect(ours, octets.toString('hex')).toEqual(withRoom(theirs));
      compared++;
    }
  }
  return compared;
}

/** Messages of at most 60,000 octets, each once, `count` of them at most, from all over the list. */
function sampleOf(messages: readonly Buffer[], count: number): Buffer[] {
  const different = new Map(messages.map((octets) => [octets.toString('latin1', 2), octets]));
  const all = [...different.values()].filter(({ length }) => length <= 60_000);
  const step = Math.max(1, Math.ceil(all.length / count));
  return all.filter((_, index) => index % step === 0);
}

async function messagesOf(paths: readonly string[]): Promise<Buffer[]> {
  const messages: Buffer[] = [];
  for (const path of paths) {
    const found = await captureMessages(await openCaptureSource(path)).catch(() => []);
    messages.push(...found);
  }
  return messages;
}

describeIf(['tshark'], 'MessageReader beside tshark', () => {
  it('agrees on the messages of the captures', async () => {
    const messages = await messagesOf(captureVectors().map(({ path }) => path));
    const compared = compare(sampleOf(messages, 5000));
    expect(compared).toBeGreaterThan(90);
  }, 60_000);

  it('agrees on composed messages', () => {
    const seed = Date.now();
    onTestFailed(() => console.error(`seed ${seed}`));
    const compared = compare(fc.sample(plainMessage, { seed, numRuns: 4000 }));
    expect(compared).toBeGreaterThan(3900);
  }, 60_000);
});

describeIf(['tshark', 'shared'], 'MessageReader beside tshark on the shared captures', () => {
  it('agrees on their messages', async () => {
    const compared = compare(sampleOf(await messagesOf(sharedCapturePaths()), 20_000));
    expect(compared).toBeGreaterThan(8000);
  }, 120_000);
});
