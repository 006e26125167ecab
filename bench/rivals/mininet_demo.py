"""The demo in Mininet: a server, two clients, tcpdump on three hosts, ss, stop, refused.
mininet_demo.py DIR"""
import os
import signal
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")
import mininet.net  # noqa: E402
from mininet.log import setLogLevel  # noqa: E402
from mininet.net import Mininet  # noqa: E402
from mininet.nodelib import LinuxBridge  # noqa: E402
from mininet.topo import SingleSwitchTopo  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3 -I " + HERE
PORT = 1234


def start(host, command, ready, **more):
    """Starts it and waits until a line holds `ready`; says that line too."""
    process = host.popen(command, text=True, stdin=-1, stdout=-1, stderr=subprocess.STDOUT, **more)
    for line in process.stdout:
        if ready in line or ready == "":
            return process, line.strip()
    return process, ""


def count(name, wanted):
    out = subprocess.run(["tcpdump", "-nr", name, wanted], stdout=-1, stderr=-3, text=True)
    return len(out.stdout.splitlines())


def play(net):
    server, one, two = net.hosts
    target = "%s %d" % (server.IP(), PORT)
    captures = []
    for host in net.hosts:
        command = "tcpdump --immediate-mode -U -B 8192 -Z root -n -i %s -w %s.pcap" % (
            host.defaultIntf(), host.name)
        captures.append(start(host, command, "listening on")[0])
    serving, _ = start(server, "%s/server.py %s" % (PYTHON, target), "ready")
    held, alice = start(one, "%s/client.py %s 3 keep" % (PYTHON, target), "")
    held2, bob = start(two, "%s/client.py %s 3 keep" % (PYTHON, target), "")
    table = "ss -Htan 'sport = :%d'" % PORT
    before = server.cmd(table)
    serving.terminate()
    serving.wait()
    after = server.cmd(table)
    carol = one.cmd("%s/client.py %s 0" % (PYTHON, target)).strip()
    serving, _ = start(server, "%s/server.py %s" % (PYTHON, target), "ready")
    dave = one.cmd("%s/client.py %s 0" % (PYTHON, target)).strip()
    for capture in captures:
        capture.send_signal(signal.SIGINT)
    for capture in captures:
        capture.wait()
    syn = count("h2.pcap", "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn")
    rst = count("h2.pcap", "tcp[tcpflags] & tcp-rst != 0")
    right = ([alice, bob, carol, dave] == ["ok", "ok", "ECONNREFUSED", "ok"]
             and before.count("ESTAB") == 2 and "LISTEN" in before and "LISTEN" not in after
             and syn >= 3 and rst >= 1)
    print("verdict=%s carol=%s syn=%d rst=%d" % ("refused" if right else "wrong", carol, syn, rst),
          flush=True)
    for process in (serving, held, held2):
        process.terminate()
        process.wait()
    return right


os.chdir(sys.argv[1])
setLogLevel("error")
mininet.net.fixLimits = lambda: None  # it would change sysctls of the whole machine
network = Mininet(topo=SingleSwitchTopo(k=3), switch=LinuxBridge, controller=None)
is_right = False
try:
    network.start()
    is_right = play(network)
finally:
    network.stop()
sys.exit(not is_right)
