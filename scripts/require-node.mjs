/** Ends the process with one clear line when this Node is older than 20.19. Call it before anything newer is loaded. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(`gluewall needs Node >= 20.19; this is Node ${process.versions.node} (${process.execPath}).\n`);
  process.exit(1);
}
