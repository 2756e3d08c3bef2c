const COMMAND = /^(?:ovs-\w+|gluewall|ip|systemctl) \S/;

/** The commands of a remedy: those between backticks, or all of it where it is one. */
export function remedyCommands(remedy: string): readonly string[] {
  if (COMMAND.test(remedy) && !remedy.includes('`')) return [remedy];
  return [...remedy.matchAll(/`([^`]+)`/g)]
    .map(([, command = '']) => command)
    .filter((command) => COMMAND.test(command));
}
