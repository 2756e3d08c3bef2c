/** The documentation of the API as a page: made on the server, without a script. */
import { html } from 'hono/html';
import type { OpenApiDocument, Operation, Parameter } from './open-api-document.ts';
import type { PlainSchema } from './sample-of.ts';

type Html = ReturnType<typeof html>;

interface Endpoint {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The page, with its style at `stylePath`. All text of the document is escaped. */
export function docsPage(document: OpenApiDocument, stylePath: string): Html {
  const groups = groupsOf(document);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title}: API</title>
<link rel="stylesheet" href="${stylePath}">
</head>
<body>
<header>
<h1>${document.info.title}: API ${document.info.version}</h1>
<p>${document.info.description}</p>
<p>In the examples <code>$CONSOLE</code> is the address of the console, such as <code>https://console.example:8453</code>, and
<code>$GLUEWALL_TOKEN</code> a token. Programs read <a href="openapi.json">openapi.json</a>.</p>
</header>
<nav aria-label="Subjects"><ul>
${groups.map(({ name }) => html`<li><a href="#${name}">${name}</a></li>`)}
</ul></nav>
<main>
${groups.map(({ name, about, endpoints }) => section(name, about, endpoints))}
</main>
</body>
</html>`;
}

function groupsOf({ tags, paths }: OpenApiDocument) {
  const endpoints = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): Endpoint => {
      const id = `${method}${path}`.replaceAll(/[^a-z]+/gi, '-').replace(/-$/, '');
      return { id, method: method.toUpperCase(), path, operation };
    }),
  );
  const about = new Map(tags.map(({ name, description }) => [name, description]));
  const tagOf = ({ operation }: Endpoint) => operation.tags?.[0] ?? 'other';
  const names = new Set([...about.keys(), ...endpoints.map(tagOf)]);
  return [...names]
    .map((name) => ({ name, about: about.get(name) ?? '', endpoints: endpoints.filter((one) => tagOf(one) === name) }))
    .filter((group) => group.endpoints.length > 0);
}

function section(name: string, about: string, endpoints: readonly Endpoint[]): Html {
  return html`<section id="${name}" aria-labelledby="${name}-title">
<h2 id="${name}-title">${name}</h2>
<p>${about}</p>
${endpoints.map(article)}
</section>`;
}

function article({ id, method, path, operation }: Endpoint): Html {
  const { summary = '', description = '', parameters = [], requestBody, responses } = operation;
  const body = requestBody?.content['application/json'];
  return html`<article id="${id}">
<h3><a href="#${id}"><span class="method ${method.toLowerCase()}">${method}</span> <code>${path}</code></a></h3>
<p>${summary}.</p>
${description.split('\n\n').map((paragraph) => html`<p class="more">${paragraph}</p>`)}
${parameters.length === 0 ? '' : parameterTable(parameters)}
<h4>Request</h4>
<pre tabindex="0">${curlOf(method, path, parameters, body?.example)}</pre>
${Object.entries(responses).map(([status, answer]) => answerOf(status, answer))}
</article>`;
}

function parameterTable(parameters: readonly Parameter[]): Html {
  return html`<table>
<thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Type</th><th scope="col">About</th></tr></thead>
<tbody>
${parameters.map(
  ({ name, in: place, required, schema = {}, description = schema.description }) => html`<tr>
<td><code>${name}</code></td><td>${place}</td><td>${typeOf(schema)}</td>
<td>${required === true ? 'needed' : 'may be left out'}${description === undefined ? '' : `: ${description}`}</td>
</tr>`,
)}
</tbody></table>`;
}

function typeOf(schema: PlainSchema): string {
  if (schema.enum !== undefined) return schema.enum.join(', ');
  const type = [schema.type ?? 'string'].flat().join(' or ');
  const limits = schema.maximum === undefined ? '' : `, ${schema.minimum ?? 0} to ${schema.maximum}`;
  return `${schema.format ?? type}${limits}`;
}

function answerOf(status: string, { description, headers = {}, content }: Operation['responses'][string]): Html {
  const [media] = Object.entries(content ?? {});
  const isGood = Number(status) < 400;
  const about = isGood && media !== undefined ? media[0] : description;
  const extra = Object.entries(headers).map(([name, header]) => `${name}: ${header.description ?? ''}`);
  const example = isGood ? media?.[1].example : undefined;
  return html`<h4 class="${isGood ? 'good' : 'problem'}">${status}</h4>
<p class="more">${[about, ...extra].join('; ')}</p>
${example === undefined ? '' : html`<pre tabindex="0">${JSON.stringify(example, null, 2)}</pre>`}`;
}

function curlOf(method: string, path: string, parameters: readonly Parameter[], body: unknown): string {
  const needed = parameters.filter((one) => one.in === 'query' && one.required === true);
  const query = needed.map(({ name, schema }) => `${name}=${encodeURIComponent(String(schema?.example ?? 'VALUE'))}`);
  const url = `$CONSOLE/api/v1${path.replaceAll(/[{}]/g, (brace) => (brace === '{' ? '$' : ''))}`;
  const parts = [
    `curl ${method === 'GET' ? '' : `-X ${method} `}-H "Authorization: Bearer $GLUEWALL_TOKEN"`,
    ...(parameters.some(({ name }) => name === 'if-match') ? [`-H "If-Match: $ETAG"`] : []),
    ...(body === undefined ? [] : [`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body)}'`]),
    `"${url}${query.length === 0 ? '' : `?${query.join('&')}`}"`,
  ];
  return parts.join(' \\\n  ');
}
