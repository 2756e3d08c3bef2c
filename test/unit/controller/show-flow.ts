import type { Flow } from '../../../src/controller/pipeline.ts';
import { type Address, formatAddress } from '../../../src/core/address.ts';
import type { Oxm } from '../../../src/openflow/oxm.ts';
import { Port } from '../../../src/openflow/schema/constants.ts';
import type { Instruction } from '../../../src/openflow/schema/instructions.ts';

const PORT_NAMES = new Map(Object.entries(Port).map(([name, number]) => [number as number, name]));

/** A flow as one readable line: `1 300 eth_type=0x800 ipv4_dst=192.0.2.1 -> goto 2 (10s)`. */
export function showFlow({ tableId, priority, match, instructions, hardTimeoutSeconds }: Flow): string {
  const fields = match.length === 0 ? 'all' : match.map(showField).join(' ');
  const timeout = hardTimeoutSeconds === 0 ? '' : ` (${hardTimeoutSeconds}s)`;
  return `${tableId} ${priority} ${fields} -> ${instructions.map(showInstruction).join(', ') || 'drop'}${timeout}`;
}

function showField(oxm: Oxm): string {
  if (oxm.field === 'unknown') return 'unknown';
  const show = (value: unknown) => {
    if (/^ipv[46]_/.test(oxm.field)) return formatAddress(value as Address);
    return oxm.field === 'eth_type' || oxm.field === 'metadata'
      ? `0x${(value as number | bigint).toString(16)}`
      : `${value}`;
  };
  return `${oxm.field}=${show(oxm.value)}${oxm.mask === undefined ? '' : `/${show(oxm.mask)}`}`;
}

function showInstruction(instruction: Instruction): string {
  switch (instruction.type) {
    case 'gotoTable':
      return `goto ${instruction.tableId}`;
    case 'writeMetadata':
      return `metadata 0x${instruction.metadata.toString(16)}/0x${instruction.metadataMask.toString(16)}`;
    case 'meter':
      return `meter ${instruction.meterId}`;
    case 'applyActions':
      return instruction.actions
        .map((action) =>
          action.type === 'output' ? `output ${PORT_NAMES.get(action.port) ?? action.port}` : action.type,
        )
        .join(' ');
    default:
      return instruction.type;
  }
}
