import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { nodeRequest } from '../../../src/traceback/messages.ts';
import { PROBLEMS, Problem, type ProblemType } from '../../../src/traceback/problem.ts';
import { publishedSchema } from '../../../src/traceback/published-schema.ts';
import { answerNobody, tracebackOf } from '../../support/node-rig.ts';

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
const isValid = ajv.compile(publishedSchema());
const request = tracebackOf('peer.example');

describe('the published schema', () => {
  it('takes what nodes say to each other', async () => {
    expect(isValid(request)).toBe(true);
    expect(isValid(await answerNobody(request, new AbortController().signal))).toBe(true);
    for (const type of Object.keys(PROBLEMS) as ProblemType[]) {
      expect(isValid(new Problem(type, 'detail').document)).toBe(true);
    }
  });

  it.each<[string, object]>([
    ['a part that is missing', { ...request, sentAt: undefined }],
    ['a part more', { ...request, also: 1 }],
    ['another kind', { ...request, kind: 'confess' }],
    ['too many hops', { ...request, hopLimit: 17 }],
    ['no way that it came', { ...request, path: [] }],
    ['another problem', { type: 'about:blank', title: '', status: 400, detail: '' }],
  ])('refuses %s, as the node does', (_what, message) => {
    expect(isValid(JSON.parse(JSON.stringify(message)))).toBe(false);
    expect(nodeRequest.safeParse(message).success).toBe(false);
  });
});
