/** `traceback verify`: whether an evidence bundle is as it was signed, and by whom. */
import type { Command } from 'commander';

export interface VerifyBundleOptions {
  readonly ca: string;
  readonly crl?: string;
  readonly json?: true;
}

export function addVerifyCommand(traceback: Command): void {
  const examples = [
    'gluewall traceback verify evidence --ca pki/ca-cert.pem',
    'gluewall traceback verify evidence --ca pki/ca-cert.pem --json',
  ];
  traceback
    .command('verify <folder>')
    .description('whether an evidence bundle of another node is as it was signed, by whom, and what it claims')
    .requiredOption('--ca <file>', 'certificates in PEM of the authorities that are trusted to say who a node is')
    .option('--crl <file>', 'lists in PEM of certificates that these have revoked, one of each: such are not believed')
    .option('--json', 'answer as JSON')
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
    .action(async (folder: string, options: VerifyBundleOptions) =>
      (await import('../traceback/verify-evidence.ts')).verifyEvidence(folder, options),
    );
}
