import { extname } from 'node:path';
import { resultOf } from '../../control/answer.ts';
import { MAX_LOG_ENTRIES } from '../../control/protocol.ts';
import { isIpv4, parseAddress } from '../../core/address.ts';
import { GluewallError } from '../../core/errors.ts';
import { counted } from '../../core/words.ts';
import { type Botnet, botnetOf } from '../../correlation/pictures/botnet.ts';
import { botnetDot, botnetGraphml } from '../../correlation/pictures/botnet-graph.ts';
import { botnetSvg } from '../../correlation/pictures/botnet-svg.ts';
import { type AxesQuery, queryAxes } from '../../correlation/pictures/query-axes.ts';
import { queryAxesSvg } from '../../correlation/pictures/query-axes-svg.ts';
import { DNS_PORT } from '../../dns/registry.ts';
import type { BotGroupView } from '../../services/bot-view.ts';
import type { EntryView } from '../../services/log-view.ts';
import { inOrderOfFirstPacket } from '../../services/order-captures.ts';
import { QueryAxesReader } from '../../services/read-query-axes.ts';
import { addressArgument, earlierArgument } from '../arguments.ts';
import { answerTo } from '../ask.ts';
import type { PictureOptions, QueriesPictureOptions } from '../commands/picture.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLines } from '../output.ts';
import { readCaptures } from '../read-captures.ts';
import { writeReportFile } from '../report-files.ts';

type Draw<T> = Readonly<Record<string, (data: T) => string>>;

const json = (data: unknown) => `${JSON.stringify(data, undefined, 2)}\n`;
const BOTNET: Draw<Botnet> = { '.svg': botnetSvg, '.dot': botnetDot, '.graphml': botnetGraphml, '.json': json };

/** `gluewall picture botnet`. Throws GluewallError `usage`, `report-file`, or as the running gluewall does. */
export async function drawBotnet(group: string, options: PictureOptions): Promise<void> {
  const draw = drawingFor(options.output, BOTNET);
  const view = (await resultOf(answerTo(options, { operation: 'bots show', group }))) as BotGroupView;
  const botnet = botnetOf(view);
  writeReportFile(options.output, draw(botnet));
  if (options.json === true) await printJson(botnet);
  else
    await printLines([
      `${options.output}: ${counted(botnet.nodes.length, 'node')}, ${counted(botnet.edges.length, 'edge')}`,
    ]);
}

/** `gluewall picture queries`. Throws GluewallError `usage`, `no-queries`, `capture-file`, `report-file`, or as the running gluewall does. */
export async function drawQueries(
  host: string,
  files: readonly string[],
  options: QueriesPictureOptions,
): Promise<void> {
  const address = parseAddress(addressArgument(host))!;
  const draw = drawingFor(options.output, {
    '.svg': (axes: ReturnType<typeof queryAxes>) => queryAxesSvg(axes, host),
    '.json': json,
  });
  const { queries, isWhole } =
    files.length === 0 ? await loggedQueries(host, options) : await capturedQueries(host, files, options);
  const axes = queryAxes(queries, isIpv4(address) ? 'ipv4' : 'ipv6');
  if (axes.queries === 0) {
    const hint = 'a log may not have ports and servers, a capture does';
    throw new GluewallError('no-queries', `no query of ${host} was found with its port and its server: ${hint}`);
  }
  writeReportFile(options.output, draw(axes));
  if (options.json === true) await printJson(axes);
  else await printLines([`${options.output}: ${axes.queries} queries, ${axes.lines.length} different`]);
  process.exitCode = isWhole ? EXIT.done : EXIT.refused;
}

async function loggedQueries(host: string, options: QueriesPictureOptions) {
  const queries: AxesQuery[] = [];
  const since = options.since === undefined ? undefined : earlierArgument(options.since, Date.now());
  const answer = answerTo(options, { operation: 'log search', client: host, since, limit: MAX_LOG_ENTRIES });
  for await (const item of answer) {
    const { client, clientPort, server } = item as EntryView;
    if (client === null || clientPort === null || server === null) continue;
    // A log says who was asked, and not at which port: it is that of DNS.
    queries.push({ client: parseAddress(client)!, clientPort, server: parseAddress(server)!, serverPort: DNS_PORT });
  }
  return { queries, isWhole: true };
}

async function capturedQueries(host: string, files: readonly string[], { since }: QueriesPictureOptions) {
  if (since !== undefined) throw new GluewallError('usage', '--since is about the query log: a capture is read whole');
  const reader = new QueryAxesReader(files, parseAddress(host)!);
  const unread = await readCaptures(await inOrderOfFirstPacket(files), reader);
  const damage = await reader.finish();
  await printLines(damage);
  return { queries: reader.queries, isWhole: unread + damage.length === 0 };
}

/** By the end of the file's name. */
function drawingFor<T>(file: string, draws: Draw<T>): (data: T) => string {
  const draw = draws[extname(file).toLowerCase()];
  if (draw !== undefined) return draw;
  throw new GluewallError('usage', `--output ${file}: want a file that ends in ${Object.keys(draws).join(', ')}`);
}
