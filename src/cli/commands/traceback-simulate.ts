/** `traceback simulate`: real nodes over a generated Internet, or over logs made elsewhere. */
import type { Command } from 'commander';

export interface SimulateOptions {
  readonly participation?: string;
  readonly queryRate?: string;
  readonly hops?: string;
  readonly cases?: string;
  readonly seed?: string;
  readonly caches?: true;
  readonly background?: string;
  readonly logs?: string;
  readonly json?: true;
}

const ABOUT = `
Each case has organisations of its own: a destination, a source with a bot, forwarders between them, and other sources. Each takes
part with probability p; the bot asks for its victim with probability q, then attacks. What servers see goes into real query logs,
which real nodes with their request desks are asked about; only TLS and HTTP between them are left out. Time is virtual.

Expected is p^hops times q: p²·q with 2 hops, the basic scheme; 3 hops have one forwarder, and so on. What stands behind ± is one
sigma: of three measured shares, two lie within it.
With --logs, query logs and their truth.json are read instead (docs/traceback-simulation.md); p and q are then measured in them.`;

const EXAMPLES = [
  'gluewall traceback simulate --participation 0.9 --query-rate 0.55 --cases 100',
  'gluewall traceback simulate --hops 3 --caches --cases 50 --seed 7 --json',
];

export function addSimulateCommand(traceback: Command): void {
  traceback
    .command('simulate')
    .description('how often a traceback succeeds: real nodes over a generated Internet, measured beside p²·q')
    .option('--participation <p>', 'how likely an organisation takes part (default 0.9)')
    .option('--query-rate <q>', 'how likely a bot asks for the name of its victim (default 0.55)')
    .option('--hops <count>', 'DNS servers from destination to source, both included (default 2)')
    .option('--cases <count>', 'how many attacks are traced (default 1000)')
    .option('--seed <number>', 'the same seed makes the same Internet (default: drawn, and printed)')
    .option('--caches', 'resolvers and forwarders keep answers for their TTL')
    .option('--background <count>', 'queries of each client a day, bystanders of victims among them (default 400)')
    .option('--logs <folder>', 'query logs and their truth.json, made elsewhere')
    .option('--json', 'answer as JSON')
    .addHelpText('after', `${ABOUT}\n\nExamples:\n${EXAMPLES.map((line) => `  ${line}`).join('\n')}`)
    .action(async (options: SimulateOptions) =>
      (await import('../simulation/run-simulation.ts')).runSimulation(options),
    );
}
