import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** A problem document (RFC 9457 §3); what is added stands beside the members of the RFC. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
}

/** Answers with a problem document. `code` is stable, and in docs/errors.md; `more` are members of its own. */
export function problem(
  c: Context,
  status: ContentfulStatusCode,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  more: object = {},
): Response {
  const document: ProblemDocument = {
    type: `/api/v1/problems/${code}`,
    title: STATUS_CODES[status] ?? 'Problem',
    status,
    detail,
    code,
  };
  const body = JSON.stringify({ ...more, ...document });
  return c.body(body, status, { ...headers, 'Content-Type': 'application/problem+json' });
}
