/** The door of the package: what `gluewall/openflow` gives to programs that are not gluewall. */

export { type Address, formatAddress, type Ipv4Address, type Ipv6Address, parseAddress } from '../core/address.ts';
export { OpenFlowEncodeError, OpenFlowError } from './errors.ts';
export {
  type DecodedExperimenter,
  decodeExperimenter,
  type ExperimenterBody,
  experimenterMessage,
} from './experimenter.ts';
export { FLOW_MOD_DEFAULTS, type FlowMod, FlowModTemplate } from './flow-mod.ts';
export { Framer } from './framer.ts';
export { checkPrerequisites, type Match } from './match.ts';
export {
  type Decoded,
  type DecodedHello,
  decodeHello,
  decodeMessage,
  encodeMessage,
  type KnownMessage,
  type Message,
  type MessageOf,
  type UnknownMessage,
} from './message.ts';
export { messageToJson } from './message-to-json.ts';
export type { KnownOxm, Oxm, OxmId, OxmName, UnknownOxm } from './oxm.ts';
export { PacketInView } from './packet-in.ts';
export { packetOutLength, writePacketOut } from './packet-out.ts';
export { describeMessage, type PrintLimits, WHOLE_MESSAGE } from './print.ts';
export type { Action } from './schema/actions.ts';
export {
  CONTROLLER_MAX_LENGTH,
  Experimenter,
  FlowModFlag,
  FlowRemovedReason,
  FragmentBit,
  FragmentFlag,
  Group,
  HEADER_BYTES,
  MAX_MESSAGE_BYTES,
  MessageType,
  Meter,
  MeterFlag,
  MULTIPART_MORE,
  NO_BUFFER,
  OPENFLOW_VERSION,
  PacketInReason,
  Port,
  PortReason,
  Table,
  VlanId,
} from './schema/constants.ts';
export { type ErrorCodeName, type ErrorNumbers, errorNames, errorNumbers } from './schema/errors.ts';
export type { Instruction } from './schema/instructions.ts';
export type { MeterBand } from './schema/meters.ts';
export type { FlowStats, MeterConfig, MultipartReplyBody, MultipartRequestBody } from './schema/multipart.ts';
export type { PortDescription } from './schema/ports.ts';
