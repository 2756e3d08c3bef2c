import { type CommandNode, quoteForShell as quote, type Values, valuedOptions } from './command-tree.ts';

/** A script for bash 4 or later. */
export function bashCompletion(name: string, nodes: readonly CommandNode[]): string {
  const valued = valuedOptions(nodes);
  const places = nodes.slice(1).map(({ place }) => quote(place));
  return `# bash completion of ${name}: source <(${name} completion bash)
_${name}_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_${name}_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); }
_${name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" place='' option='' word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ $word == '=' ]]; then continue; fi
    if [[ -n $option ]]; then option=''; continue; fi
    case "$place $word" in
      ${places.join(' | ')}) place="$place $word" ;;
      ${valued.map(({ key }) => quote(key)).join(' | ')}) option="$place $word" ;;
    esac
  done
  if [[ $cur == '=' ]]; then cur=''; fi
  case "$option" in
${valued.map(({ key, values }) => `    ${quote(key)}) ${complete(name, values)}; return ;;`).join('\n')}
  esac
  case "$place" in
${nodes.map((node) => `    ${quote(node.place)}) ${branch(name, node)} ;;`).join('\n')}
  esac
}
complete -F _${name} ${name}
`;
}

function complete(name: string, values: Values): string {
  return values === 'file' ? `_${name}_files` : `_${name}_words ${quote(values.join(' '))}`;
}

function branch(name: string, { commands, options, values }: CommandNode): string {
  const choices = values === 'file' ? [] : (values ?? []);
  const words = [...commands.map((child) => child.name), ...choices, ...options.flatMap(({ flags }) => flags)];
  const complete = `_${name}_words ${quote(words.join(' '))}`;
  return values === 'file' ? `if [[ $cur == -* ]]; then ${complete}; else _${name}_files; fi` : complete;
}
