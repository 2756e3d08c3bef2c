import { type CommandNode, type OptionNode, type Values, valuedOptions } from './command-tree.ts';

/** A script for fish 3. */
export function fishCompletion(name: string, nodes: readonly CommandNode[]): string {
  const valued = valuedOptions(nodes);
  const places = nodes.slice(1).map(({ place }) => quote(place));
  return `# fish completion of ${name}: ${name} completion fish | source
function __${name}_at
    set -l place ''
    set -l skip 0
    set -l typed (commandline -opc)
    for word in $typed[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch "$place $word"
            case ${places.join(' ')}
                set place "$place $word"
            case ${valued.map(({ key }) => quote(key)).join(' ')}
                set skip 1
        end
    end
    test "$place" = "$argv[1]"
end
complete -c ${name} -f
${nodes.flatMap((node) => lines(name, node)).join('\n')}
`;
}

function lines(name: string, { place, commands, options, values }: CommandNode): readonly string[] {
  const start = `complete -c ${name} -n ${quote(`__${name}_at ${quote(place)}`)}`;
  return [
    ...commands.map((child) => `${start} -a ${quote(child.name)} -d ${quote(child.description)}`),
    ...options.map((option) => `${start}${flagsOf(option)} -d ${quote(option.description)}`),
    ...(values === undefined ? [] : [`${start}${complete(values)}`]),
  ];
}

function flagsOf({ flags, values }: OptionNode): string {
  const named = flags.map((flag) => (flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`)).join('');
  return values === undefined ? named : `${named} -r${complete(values)}`;
}

function complete(values: Values): string {
  if (values === 'file') return ' -F';
  return values.length === 0 ? '' : ` -a ${quote(values.join(' '))}`;
}

function quote(text: string): string {
  return `'${text
    .replace(/\p{Cc}/gu, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")}'`;
}
