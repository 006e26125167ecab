"""What an endpoint says becomes what packets meet: security groups, network ACLs and stopped instances
as nft rules at the ports of a Linux bridge, records as the names of a DNS server. A change acts after a
random time, as in a cloud.

usage: bridge.py URL SEED MOST_S ZONE DNS_PID
Each host of a lab is behind port-NAME. ZONE is the hosts file that process DNS_PID reads anew on
SIGHUP. Prints "ready", then a line for each change: when it was seen, when it acts. Until it is killed.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request

import zone

POLL_S = 0.2
RESOLVER = "10.0.0.2"  # of the VPC: neither groups nor ACLs are asked for it
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp"}


def ask(url):
    request = urllib.request.Request(f"{url}/state", headers={"User-Agent": "lab-test"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def match(protocol, first, last):
    """A rule's protocol and ports as nft words."""
    protocol = PROTOCOLS.get(str(protocol), str(protocol))
    if protocol == "-1":
        return ""
    if protocol == "icmp" or first is None or int(first) <= 0 and int(last or 0) in (-1, 0, 65535):
        return f"ip protocol {protocol}"
    return f"{protocol} dport {first}-{last}"


def group_lines(state, groups):
    """Stateful: answers come in. Of what begins, only what a rule of one of the groups lets in."""
    lines = ["tcp flags & (syn | ack) != syn accept", "icmp type { echo-reply, destination-unreachable, time-exceeded } accept"]
    for group in groups:
        for protocol, first, last, cidr, _ in state["groups"][group]["in"]:
            if cidr:
                lines.append(f"ip saddr {cidr} {match(protocol, first, last)} accept")
    return lines + ["ip protocol { tcp, udp, icmp } drop"]


def acl_lines(acl, way, side):
    """Stateless, in the order of the rules; what none of them names is dropped."""
    if not acl:
        return []
    lines = []
    for number, protocol, action, cidr, first, last in acl[way]:
        verdict = "return" if action == "allow" else "drop"
        lines.append(f"ip {side} {cidr} {match(protocol, first, last)} {verdict}")
    return lines + ["drop"]


def rules(state):
    """The whole table as text: the same state gives the same text."""
    chains, to, out = [], [], []
    for number, instance in enumerate(sorted(state["instances"].values(), key=lambda i: i["name"])):
        if not instance["lab"]:
            continue
        port = "port-" + instance["name"].removeprefix(instance["lab"] + "-")
        if instance["state"] != "running":
            to.append(f'oifname "{port}" ip protocol != 255 drop')
            out.append(f'iifname "{port}" ip protocol != 255 drop')
            continue
        subnet = state["subnets"][instance["subnet"]]
        for way, side in (("in", "saddr"), ("out", "daddr")):
            lines = acl_lines(subnet["acl"], way, side)
            chains.append((f"acl_{way}_{number}", lines))
        chains.append((f"groups_{number}", group_lines(state, instance["groups"])))
        chains.append(
            (f"to_{number}", [f"ip saddr {RESOLVER} accept", f"ip saddr != {subnet['cidr']} jump acl_in_{number}", f"jump groups_{number}"])
        )
        chains.append((f"from_{number}", [f"ip daddr {RESOLVER} accept", f"ip daddr != {subnet['cidr']} jump acl_out_{number}"]))
        to.append(f'oifname "{port}" jump to_{number}')
        out.append(f'iifname "{port}" jump from_{number}')
    chains.append(("to", ["type filter hook postrouting priority 0"] + to))
    chains.append(("from", ["type filter hook prerouting priority 0"] + out))
    text = "table bridge aws\ndelete table bridge aws\ntable bridge aws {\n"
    for name, lines in chains:
        text += f"chain {name} {{\n" + "".join(line + "\n" for line in lines) + "}\n"
    return text + "}\n"


def say(text):
    print(f"{time.monotonic():.1f} {text}", flush=True)


class Change:
    """The newest value of something, which acts when its time has come."""

    def __init__(self, name, act, value):
        self.name, self.act, self.acting, self.waiting = name, act, value, []
        act(value)

    def see(self, value, delay_s):
        newest = self.waiting[-1][1] if self.waiting else self.acting
        if value != newest:
            self.waiting.append((time.monotonic() + delay_s(), value))
            say(f"{self.name} changed, to act {self.waiting[-1][0]:.1f}")
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            self.acting = self.waiting.pop(0)[1]
            self.act(self.acting)
            say(f"{self.name} acts")


def set_rules(text):
    subprocess.run(["nft", "-f", "-"], input=text.encode(), check=True)


def main():
    url, seed, most_s, path, dns_pid = sys.argv[1:]
    dice = random.Random(int(seed))

    def set_zone(text):
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.replace(path + ".new", path)
        os.kill(int(dns_pid), signal.SIGHUP)

    def delay_s():
        return dice.uniform(0, float(most_s))

    packets = Change("packets", set_rules, rules(ask(url)))
    names = Change("names", set_zone, zone.hosts_file(zone.names(url)))
    print("ready", flush=True)
    while True:
        time.sleep(POLL_S)
        packets.see(rules(ask(url)), delay_s)
        names.see(zone.hosts_file(zone.names(url)), delay_s)


if __name__ == "__main__":
    main()
