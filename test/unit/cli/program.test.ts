import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMMANDS, createProgram } from '../../../src/cli/program.ts';

const namesOf = (program: Command) => program.commands.map((command) => command.name());

describe('the commands', () => {
  it.each(COMMANDS.map(({ words, load }) => ({ words, load })))(
    '$words are in the file that is read for them',
    async ({ words, load }) => {
      const program = new Command();
      (await load())(program);
      expect(namesOf(program)).toEqual(words);
    },
  );

  it('are all there for a word that calls none, and where there is none', async () => {
    const all = COMMANDS.flatMap(({ words }) => words);
    for (const word of [undefined, '--help', 'help', 'enforce', 'completion']) {
      expect(namesOf(await createProgram('', word))).toEqual(all);
    }
  });

  it('are those of one file for a word that calls them', async () => {
    expect(namesOf(await createProgram('', 'status'))).toEqual(['events', 'status']);
  });
});
