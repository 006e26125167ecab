"""N hosts on one bridge in Mininet, up and down. mininet_hosts.py N"""
import sys
import warnings

warnings.simplefilter("ignore")
import mininet.net  # noqa: E402
from mininet.log import setLogLevel  # noqa: E402
from mininet.net import Mininet  # noqa: E402
from mininet.nodelib import LinuxBridge  # noqa: E402
from mininet.topo import SingleSwitchTopo  # noqa: E402

COUNT = int(sys.argv[1])
setLogLevel("error")
mininet.net.fixLimits = lambda: None  # it would change sysctls of the whole machine

network = Mininet(topo=SingleSwitchTopo(k=COUNT), switch=LinuxBridge, controller=None)
try:
    network.start()
    print("created hosts=%d" % len(network.hosts), flush=True)
finally:
    network.stop()
print("gone hosts=%d" % COUNT, flush=True)
