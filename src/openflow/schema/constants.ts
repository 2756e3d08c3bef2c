/** Numbers of the OpenFlow 1.3.5 specification that callers need by name. Each object's doc names its prefix there. */

/** The version octet of OpenFlow 1.3 (§7.1.1). */
export const OPENFLOW_VERSION = 0x04;
/** The header that every message starts with: version, type, length, xid (§7.1.1). */
export const HEADER_BYTES = 8;
/** The header's length field has 16 bits. */
export const MAX_MESSAGE_BYTES = 0xffff;
/** OFP_NO_BUFFER: the frame travels in the message and is not kept by the switch. */
export const NO_BUFFER = 0xffffffff;
/** OFPCML_NO_BUFFER: an output action to the controller sends the whole frame. */
export const CONTROLLER_MAX_LENGTH = 0xffff;

/** OFPT_* (§7.1.1). */
export const MessageType = {
  HELLO: 0,
  ERROR: 1,
  ECHO_REQUEST: 2,
  ECHO_REPLY: 3,
  EXPERIMENTER: 4,
  FEATURES_REQUEST: 5,
  FEATURES_REPLY: 6,
  GET_CONFIG_REQUEST: 7,
  GET_CONFIG_REPLY: 8,
  SET_CONFIG: 9,
  PACKET_IN: 10,
  FLOW_REMOVED: 11,
  PORT_STATUS: 12,
  PACKET_OUT: 13,
  FLOW_MOD: 14,
  GROUP_MOD: 15,
  PORT_MOD: 16,
  TABLE_MOD: 17,
  MULTIPART_REQUEST: 18,
  MULTIPART_REPLY: 19,
  BARRIER_REQUEST: 20,
  BARRIER_REPLY: 21,
  QUEUE_GET_CONFIG_REQUEST: 22,
  QUEUE_GET_CONFIG_REPLY: 23,
  ROLE_REQUEST: 24,
  ROLE_REPLY: 25,
  GET_ASYNC_REQUEST: 26,
  GET_ASYNC_REPLY: 27,
  SET_ASYNC: 28,
  METER_MOD: 29,
} as const;

/** OFPP_*: reserved port numbers (§7.2.1). */
export const Port = {
  MAX: 0xffffff00,
  IN_PORT: 0xfffffff8,
  TABLE: 0xfffffff9,
  NORMAL: 0xfffffffa,
  FLOOD: 0xfffffffb,
  ALL: 0xfffffffc,
  CONTROLLER: 0xfffffffd,
  LOCAL: 0xfffffffe,
  ANY: 0xffffffff,
} as const;

/** OFPG_*: reserved group numbers (§7.3.4.3). */
export const Group = { MAX: 0xffffff00, ALL: 0xfffffffc, ANY: 0xffffffff } as const;

/** OFPM_*: reserved meter numbers (§7.3.4.4). */
export const Meter = { MAX: 0xffff0000, SLOWPATH: 0xfffffffd, CONTROLLER: 0xfffffffe, ALL: 0xffffffff } as const;

/** OFPTT_*: reserved table numbers (§7.3.3). */
export const Table = { MAX: 0xfe, ALL: 0xff } as const;

/** OFPFF_*: flags of a flow_mod (§7.3.4.1). */
export const FlowModFlag = {
  SEND_FLOW_REM: 1,
  CHECK_OVERLAP: 2,
  RESET_COUNTS: 4,
  NO_PKT_COUNTS: 8,
  NO_BYT_COUNTS: 16,
} as const;

/** OFPMF_*: flags of a meter (§7.3.4.4). */
export const MeterFlag = { KBPS: 1, PKTPS: 2, BURST: 4, STATS: 8 } as const;

/** OFPR_*: why a packet_in was sent (§7.4.1). */
export const PacketInReason = { NO_MATCH: 0, ACTION: 1, INVALID_TTL: 2 } as const;

/** OFPRR_*: why a flow entry went (§7.4.2). */
export const FlowRemovedReason = { IDLE_TIMEOUT: 0, HARD_TIMEOUT: 1, DELETE: 2, GROUP_DELETE: 3 } as const;

/** OFPPR_*: what happened to a port (§7.4.3). */
export const PortReason = { ADD: 0, DELETE: 1, MODIFY: 2 } as const;

/** OFPC_FRAG_*: bits of a switch's configuration `flags` (§7.3.2); NX_MATCH is Open vSwitch's value. */
export const FragmentFlag = { NORMAL: 0, DROP: 1, REASM: 2, NX_MATCH: 3 } as const;

/** Bit of a multipart message's `flags` that says more follow: OFPMPF_REQ_MORE, OFPMPF_REPLY_MORE (§7.3.5). */
export const MULTIPART_MORE = 1;

/** OFPVID_*: bits of a vlan_vid match; PRESENT is set with every real VLAN id, NONE matches frames without a tag. */
export const VlanId = { NONE: 0, PRESENT: 0x1000 } as const;

/** Bits of nw_frag (Open vSwitch, nicira-ext.h): ANY alone is a first fragment, with LATER a later one. */
export const FragmentBit = { ANY: 1, LATER: 2 } as const;

/** Experimenter ids: the Open Networking Foundation, and Nicira (Open vSwitch). */
export const Experimenter = { ONF: 0x4f4e4600, NICIRA: 0x00002320 } as const;
