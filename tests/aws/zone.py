"""What the zones of an endpoint say, as lines of a hosts file: ADDRESS NAME.

usage: zone.py URL
"""

import sys
import urllib.request
import xml.etree.ElementTree as ElementTree

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/route53/aws4_request"


def ask(url, path):
    headers = {"Authorization": SIGNED, "User-Agent": "lab-test"}
    request = urllib.request.Request(f"{url}/2013-04-01{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        root = ElementTree.fromstring(answer.read())
    for element in root.iter():  # the names alone: every answer has one namespace
        element.tag = element.tag.rpartition("}")[2]
    return root


def names(url):
    """(name, address) of every A record, sorted."""
    found = []
    for zone in ask(url, "/hostedzone").iter("HostedZone"):
        for record in ask(url, zone.findtext("Id") + "/rrset").iter("ResourceRecordSet"):
            if record.findtext("Type") == "A":
                for value in record.iter("Value"):
                    found.append((record.findtext("Name").rstrip("."), value.text))
    return sorted(found)


def hosts_file(found):
    return "".join(f"{address} {name}\n" for name, address in found)


if __name__ == "__main__":
    sys.stdout.write(hosts_file(names(sys.argv[1])))
