import type { Finding } from './finding.ts';
import type { StoreFacts } from './store-facts.ts';

/** Below this the store and its journal may have no room before anybody looks again. */
const LITTLE_ROOM_BYTES = 256 * 1024 * 1024;

/** `isRunning`: a gluewall answers on the control socket. Undefined facts: the store is in memory. */
export function storeFindings(facts: StoreFacts | undefined, isRunning: boolean): readonly Finding[] {
  if (facts === undefined) {
    const message = 'the store is in memory: a restart begins the warm-up again';
    return [{ check: 'store', ok: null, message, remedy: 'store.kind: sqlite keeps the history' }];
  }
  return [presence(facts), access(facts), room(facts), holder(facts, isRunning), soundness(facts)];
}

function presence({ file, sizeBytes }: StoreFacts): Finding {
  const check = 'store';
  if (sizeBytes === undefined) return { check, ok: true, message: `${file} is not there yet: it is made at the start` };
  return { check, ok: true, message: `${file}, ${mebibytes(sizeBytes)}` };
}

function access({ file, sizeBytes, accessProblem }: StoreFacts): Finding {
  const check = 'store-access';
  const right = sizeBytes === undefined ? 'make it' : 'read and write it';
  if (accessProblem === undefined) return { check, ok: true, message: `this user may ${right}` };
  const remedy = `run as the user of gluewall, or give this one the right to ${file} and its folder`;
  return { check, ok: false, message: `this user may not use ${accessProblem}`, remedy };
}

function room({ freeBytes }: StoreFacts): Finding {
  const check = 'store-room';
  if (freeBytes === undefined)
    return { check, ok: null, message: 'not known: the system does not say how much room there is' };
  const message = `${mebibytes(freeBytes)} free on its disk`;
  if (freeBytes >= LITTLE_ROOM_BYTES) return { check, ok: true, message };
  return { check, ok: false, message: `only ${message}`, remedy: 'make room, lower store.events, or move store.file' };
}

function holder({ holder: processId, sizeBytes }: StoreFacts, isRunning: boolean): Finding {
  const check = 'store-holder';
  const who = processId === 0 ? 'another process' : `process ${processId}`;
  if (processId === undefined) {
    if (!isRunning || sizeBytes === undefined) return { check, ok: true, message: 'nobody has it open' };
    const message = 'the gluewall that answers does not have this store open: it runs with another configuration';
    return { check, ok: null, message, remedy: 'name the same configuration with --config' };
  }
  if (isRunning) return { check, ok: true, message: `${who} has it open, the running gluewall most likely` };
  const message = `${who} has it open, and no gluewall answers on the control socket: a start would be refused`;
  return { check, ok: false, message, remedy: `see what it is: ps ${processId === 0 ? 'ax' : processId}; stop it` };
}

function soundness({ check: found, file }: StoreFacts): Finding {
  const check = 'store-check';
  switch (found.kind) {
    case 'sound':
      return { check, ok: true, message: 'every page of it can be read' };
    case 'unknown':
      return { check, ok: null, message: `not checked: ${found.reason}` };
    case 'foreign': {
      const remedy = 'name another file with store.file';
      return { check, ok: false, message: `${file} is a database of another program`, remedy };
    }
    case 'damaged': {
      const remedy =
        'gluewall sets it aside at its start and begins anew; to keep the history, restore a copy of the file first';
      return { check, ok: false, message: `it is damaged: ${found.problem}`, remedy };
    }
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
