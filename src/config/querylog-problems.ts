import { formatSyslogPlace } from '../querylog/syslog-place.ts';
import type { Contradiction } from './contradictions.ts';
import { OWN_SOURCES } from './querylog-keys.ts';
import type { Config } from './schema.ts';

/** Keys below `querylog` that do not go together. */
export function queryLogProblems({ querylog }: Config): readonly Contradiction[] {
  const { sources, keep } = querylog;
  return sources.flatMap((source, index) => {
    const at = (key: string) => ['querylog', 'sources', index, key];
    const problems: Contradiction[] = [];
    const say = (key: string, problem: string) =>
      problems.push({ path: at(key), problem: `the source ${source.name}: ${problem}` });
    if (source.file === undefined && source.syslog === undefined) {
      say('name', 'name the `file` to follow, or with `syslog` the place to listen');
    }
    if (source.file !== undefined && source.syslog !== undefined) {
      say('syslog', '`file` and `syslog` are two sources: give each its own name');
    }
    if (OWN_SOURCES.includes(source.name)) {
      say('name', 'gluewall calls a source of its own so: choose another name');
    }
    if (sources.findIndex(({ name }) => name === source.name) !== index) {
      say('name', 'there is another one of that name: each has a name of its own');
    }
    const first = sources.find((other) => placeOf(other) === placeOf(source))!;
    if (first !== source && first.name !== source.name && placeOf(source) !== undefined) {
      say(source.file === undefined ? 'syslog' : 'file', `${first.name} reads the same: all would be in the log twice`);
    }
    if (keep !== undefined && source.keep !== undefined && source.keep > keep) {
      say('keep', 'querylog.keep is shorter, and holds for all: make that longer');
    }
    return problems;
  });
}

/** What a source reads, to compare it by. */
function placeOf({ file, syslog }: Config['querylog']['sources'][number]): string | undefined {
  return file ?? (syslog === undefined ? undefined : formatSyslogPlace(syslog));
}
