import { type CommandNode, quoteForShell as quote, type Values, valuedOptions } from './command-tree.ts';

/** A script for zsh 5, to be sourced or put into a folder of its function path. */
export function zshCompletion(name: string, nodes: readonly CommandNode[]): string {
  const valued = valuedOptions(nodes);
  const places = nodes.slice(1).map(({ place }) => quote(place));
  return `#compdef ${name}
# zsh completion of ${name}: ${name} completion zsh > "\${fpath[1]}/_${name}"
_${name}() {
  local place='' option='' word
  local -a commands options
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    if [[ -n $option ]]; then option=''; continue; fi
    case "$place $word" in
      ${places.join(' | ')}) place="$place $word" ;;
      ${valued.map(({ key }) => quote(key)).join(' | ')}) option="$place $word" ;;
    esac
  done
  case "$option" in
${valued.map(({ key, values }) => `    ${quote(key)}) ${complete(values)}; return ;;`).join('\n')}
  esac
  case "$place" in
${nodes.map((node) => `    ${quote(node.place)}) ${branch(node)} ;;`).join('\n')}
  esac
  if (( $#commands )); then _describe -t commands command commands; fi
  _describe -o -t options option options
}
if [[ "\${funcstack[1]}" == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function complete(values: Values): string {
  if (values === 'file') return '_files';
  return values.length === 0 ? ':' : `compadd -- ${values.map(quote).join(' ')}`;
}

function branch({ commands, options, values }: CommandNode): string {
  const entry = (word: string, description: string) => quote(`${word.replaceAll(':', '\\:')}:${description}`);
  const names = commands.map((child) => entry(child.name, child.description));
  const flags = options.flatMap((option) => option.flags.map((flag) => entry(flag, option.description)));
  const more = values === undefined ? '' : `; ${complete(values)}`;
  return `commands=(${names.join(' ')}); options=(${flags.join(' ')})${more}`;
}
