"""
A DNS firewall as an application of os-ken, Ryu's maintained fork: asks for outbound DNS, looks the destination up in a
set, writes a flow that lets it pass or drops it, and sends a packet that may pass on its way. It keeps no history, reads
no DNS, logs nothing. A peer of the benchmarks.
"""
from os_ken.base.app_manager import OSKenApp
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.controller.ofp_event import EventOFPPacketIn, EventOFPSwitchFeatures
from os_ken.lib.packet.ipv4 import ipv4
from os_ken.lib.packet.packet import Packet
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as messages

ASK_PRIORITY = 10
VERDICT_PRIORITY = 20
FLOW_IDLE_SECONDS = 60
KNOWN = frozenset(f"198.18.{high}.{low}" for high in range(256) for low in range(256))


def dns_match(**more):
    return messages.OFPMatch(eth_type=0x0800, ip_proto=17, udp_dst=53, **more)


def apply(actions):
    if not actions:
        return []
    return [messages.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)]


class DnsFirewall(OSKenApp):
    OFP_VERSIONS = [ofp.OFP_VERSION]

    @set_ev_cls(EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def switch_came(self, event):
        switch = event.msg.datapath
        ask = [messages.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)]
        switch.send_msg(
            messages.OFPFlowMod(switch, priority=ASK_PRIORITY, match=dns_match(), instructions=apply(ask))
        )

    @set_ev_cls(EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_came(self, event):
        asked = event.msg
        header = Packet(asked.data).get_protocol(ipv4)
        if header is None:
            return
        actions = [messages.OFPActionOutput(ofp.OFPP_NORMAL)] if header.dst in KNOWN else []
        self.give_verdict(asked, header.dst, actions)

    @staticmethod
    def give_verdict(asked, destination, actions):
        switch = asked.datapath
        switch.send_msg(
            messages.OFPFlowMod(
                switch,
                priority=VERDICT_PRIORITY,
                idle_timeout=FLOW_IDLE_SECONDS,
                match=dns_match(ipv4_dst=destination),
                instructions=apply(actions),
            )
        )
        if not actions:
            return
        switch.send_msg(
            messages.OFPPacketOut(
                switch,
                buffer_id=asked.buffer_id,
                in_port=asked.match["in_port"],
                actions=actions,
                data=asked.data,
            )
        )
