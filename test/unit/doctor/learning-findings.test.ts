import { describe, expect, it } from 'vitest';
import { type LearningFacts, learningFindings, readLearningFacts } from '../../../src/doctor/learning-findings.ts';

const SOURCE = { name: 'the capture of border', isConnected: true, interfaces: ['eth0'], openInterfaces: ['eth0'] };
const CAPTURE = {
  openInterfaces: ['eth0'],
  sources: [SOURCE],
  receivedByKernel: 1000,
  droppedByKernel: 0,
  droppedByBackpressure: 0,
};
const LEARNING = {
  queries: 500,
  'responses matched': 480,
  'responses unmatched': 10,
  lessons: 90,
  pending: { size: 1, evicted: 0 },
};

interface Change {
  readonly learning?: Record<string, unknown>;
  readonly capture?: Partial<typeof CAPTURE>;
  readonly history?: Partial<LearningFacts['history']>;
}

const factsOf = ({ learning, capture, history }: Change): LearningFacts => ({
  history: { triples: 100, refused: 0, ...history },
  learning: learning ?? LEARNING,
  capture: { ...CAPTURE, ...capture },
  copies: null,
  dnstap: null,
});
const wishes = { interfaces: ['eth0'], isListening: false, teach: 'resolvers' } as const;
const findings = (change: Change = {}) => learningFindings(factsOf(change), wishes);
const find = (check: string, change: Change) => findings(change).find((finding) => finding.check === check)!;

describe('learningFindings', () => {
  it('a gluewall that learns is as it should be', () => {
    expect(findings().map(({ check, ok }) => [check, ok])).toEqual([
      ['capture', true],
      ['capture-losses', true],
      ['queries', true],
      ['responses', true],
      ['learning', true],
      ['history-room', true],
    ]);
  });

  it('captures that connect are told of one by one', () => {
    const of = (sources: readonly (typeof SOURCE)[]) =>
      learningFindings(factsOf({ capture: { sources: [...sources] } }), { ...wishes, isListening: true })
        .filter(({ check }) => check === 'capture')
        .map(({ ok, message }) => [ok, message]);
    expect(of([])).toEqual([[false, 'no capture has connected yet: nothing is learned']]);
    expect(
      of([SOURCE, { ...SOURCE, name: 'B', openInterfaces: [] }, { ...SOURCE, name: 'C', isConnected: false }]),
    ).toEqual([
      [true, 'the capture of border captures on eth0'],
      [false, 'B does not capture on eth0'],
      [false, 'C is gone: nothing is learned from it'],
    ]);
  });

  it('nothing is captured at all', () => {
    expect(learningFindings({ ...factsOf({}), capture: null }, wishes)).toEqual([
      expect.objectContaining({ check: 'capture', ok: false, remedy: expect.stringContaining('capture.interfaces') }),
    ]);
  });

  it('another source is enough', () => {
    const checks = (change: Partial<LearningFacts>) =>
      learningFindings({ ...factsOf({}), capture: null, ...change }, wishes).map(({ check, ok }) => [check, ok]);
    const rest = ['queries', 'responses', 'learning', 'history-room'].map((check) => [check, true]);
    expect(checks({ copies: {} })).toEqual(rest);
    const frames = { 'resolver query': 500, 'resolver response': 480 };
    expect(checks({ dnstap: { connected: 1, frames } })).toEqual([['dnstap', true], ...rest]);
  });

  const recursive = { ...LEARNING, 'queries for recursion': 400 };
  it('resolvers that forward ask for recursion; where others may teach, clients do too', () => {
    expect(find('forwarding', { learning: recursive })).toMatchObject({
      ok: false,
      message: expect.stringContaining('400 of 500'),
      remedy: expect.stringContaining('iterate from the root'),
    });
    expect(find('forwarding', { learning: { ...recursive, 'queries for recursion': 200 } })).toBeUndefined();
    expect(find('forwarding', { learning: { queries: 5, 'queries for recursion': 5 } })).toBeUndefined();
    const ofAll = learningFindings(factsOf({ learning: recursive }), { ...wishes, teach: 'matched' });
    expect(ofAll.some(({ check }) => check === 'forwarding')).toBe(false);
  });

  it('a root zone of the resolver, or its old cache, shows in servers that nobody was referred to', () => {
    const learning = { ...LEARNING, 'refused: responder is not known': 100 };
    expect(find('unknown-servers', { learning })).toMatchObject({
      ok: null,
      message: expect.stringContaining('RFC 8806'),
      remedy: expect.stringContaining('flush_zone'),
    });
    expect(find('unknown-servers', { learning: { ...learning, lessons: 101 } })).toBeUndefined();
    expect(find('unknown-servers', { learning: { 'refused: responder is not known': 19 } })).toBeUndefined();
  });

  it.each([
    ['capture', { capture: { openInterfaces: [] } }, 'does not capture on eth0'],
    ['capture-losses', { capture: { droppedByKernel: 11 } }, '11 of 1000'],
    ['capture-losses', { capture: { droppedByBackpressure: 11 } }, '11 of 1000'],
    ['queries', { learning: {} }, 'no query was seen leaving since the start'],
    ['queries', { learning: { 'refused: client is no trusted resolver': 50 } }, 'but 50 messages of others'],
    ['responses', { learning: { queries: 500, 'responses matched': 10, 'responses unmatched': 400 } }, '10 of 410'],
    ['responses', { learning: { queries: 500, 'responses unmatched': 400 } }, '0 of 400'],
    ['learning', { learning: { queries: 500, 'responses matched': 400 } }, 'forwards its queries'],
    ['learning', { learning: { 'responses matched': 400, glueless: 100 } }, '100 NS records came without the address'],
    [
      'learning',
      { learning: { 'responses matched': 400, 'refused: response is truncated': 390 } },
      '390 times response is truncated',
    ],
    ['history-room', { history: { refused: 5 } }, '5 triples found no room'],
  ])('%s fails: %o', (check, change, said) => {
    const finding = find(check, change);
    expect(finding).toMatchObject({ ok: false, message: expect.stringContaining(said) });
    expect(finding.remedy).toBeTruthy();
  });

  it('says of encrypted DNS that it cannot be learned from', () => {
    expect(find('queries', { learning: {} }).remedy).toContain('853, 443');
    expect(find('queries', { learning: { 'refused: client is no trusted resolver': 50 } }).remedy).toContain(
      '853, 443',
    );
  });

  it.each([
    ['responses', { learning: { queries: 5, 'responses matched': 0 } }],
    ['learning', { learning: { queries: 5, 'responses matched': 5 } }],
  ])('%s: too little was seen to say', (check, change) => {
    expect(find(check, change).ok).toBeNull();
  });
});

describe('readLearningFacts', () => {
  it('takes the part of status that it needs', () => {
    const status = {
      mode: {},
      history: { triples: 1, addresses: 1, refused: 0 },
      learning: { queries: 1 },
      capture: null,
      switches: [],
    };
    expect(readLearningFacts(status)).toEqual({
      history: { triples: 1, refused: 0 },
      learning: { queries: 1 },
      capture: null,
      copies: null,
      dnstap: null,
    });
  });

  it.each([
    undefined,
    null,
    1,
    {},
    { history: {} },
    { history: { triples: 'x', refused: 0 }, learning: {}, capture: null },
  ])('%j is no status', (status) => {
    expect(readLearningFacts(status)).toBeUndefined();
  });
});
