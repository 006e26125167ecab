"""AWS on this machine: a moto server on a free port, which it prints as a URL.

usage: endpoint.py FOLDER
FOLDER/console/INSTANCE is what that instance wrote on its console; until it is there: nothing.
FOLDER/calls gets a line for each call, "SERVICE ACTION"; not for those of the test's own programs.
GET /state tells in JSON what decides over packets, for bridge.py.
"""

import functools
import io
import json
import os
import re
import sys
import urllib.parse

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # moto reads it when it is imported

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.instances import Instance
from moto.ec2.responses.general import General
from moto.ec2.utils import Base64EncodedString
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.serving import WSGIRequestHandler, make_server

OWN = "lab-test"  # the user agent of the test's own programs


def console_from(folder):
    """GetConsoleOutput answers what lies in the folder."""

    def get_console_output(self):
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        result = {"InstanceId": instance.id, "Timestamp": utcnow()}
        try:
            with open(os.path.join(folder, instance.id), encoding="utf-8", newline="") as f:
                result["Output"] = Base64EncodedString.from_raw_string(f.read())
        except FileNotFoundError:
            pass
        return ActionResult(result)

    General.get_console_output = get_console_output


def as_in_aws():
    """What moto does otherwise: starts and reboots are forgotten, and an interface that gets other
    groups keeps those that its instance was made with."""

    def counting(method):
        @functools.wraps(method)
        def counted(self, *args, **kwargs):
            self.boots = getattr(self, "boots", 0) + 1
            return method(self, *args, **kwargs)

        return counted

    Instance.start = counting(Instance.start)
    Instance.reboot = counting(Instance.reboot)
    modify = NetworkInterfaceBackend.modify_network_interface_attribute

    @functools.wraps(modify)
    def modify_both(self, eni_id, group_ids, *args, **kwargs):
        modify(self, eni_id, group_ids, *args, **kwargs)
        interface = self.get_network_interface(eni_id)
        if group_ids and interface.instance:
            interface.instance.security_groups = list(interface._group_set)

    NetworkInterfaceBackend.modify_network_interface_attribute = modify_both


def rules_of(rules):
    return sorted(
        [r.ip_protocol, r.from_port, r.to_port, r.ip_range.get("CidrIp"), r.source_group.get("GroupId")]
        for r in rules
    )


def groups_state(backend):
    return {
        group.id: {"name": group.name, "in": rules_of(group.ingress_rules), "out": rules_of(group.egress_rules)}
        for groups in list(backend.groups.values())
        for group in list(groups.values())
    }


def acl_of(backend, subnet):
    for acl in backend.describe_network_acls():
        if any(a.subnet_id == subnet.id for a in acl.associations):
            entries = [
                [e.rule_number, e.protocol, e.rule_action, e.cidr_block, e.port_range_from, e.port_range_to]
                for e in acl.entries
                if e.cidr_block
            ]
            ways = [e.egress in (True, "true") for e in acl.entries if e.cidr_block]
            return {
                "id": acl.id,
                "in": sorted(e for e, out in zip(entries, ways) if not out),
                "out": sorted(e for e, out in zip(entries, ways) if out),
            }
    return None


def routes_of(backend, subnet):
    """[destination, whether it leads anywhere] of the subnet's table, else of the VPC's main one."""
    tables = [t for t in backend.describe_route_tables() if t.vpc_id == subnet.vpc_id]
    own = [t for t in tables if subnet.id in t._associations.values()]
    for table in own or [t for t in tables if t.main_association_id]:
        return sorted([r.destination_cidr_block, r.state == "active"] for r in table.routes if r.destination_cidr_block)
    return []


def instance_state(instance):
    return {
        "state": instance.state,
        "boots": getattr(instance, "boots", 0),
        "lab": next((t["value"] for t in instance.get_tags() if t["key"] == "lab"), ""),
        "name": next((t["value"] for t in instance.get_tags() if t["key"] == "Name"), ""),
        "private": instance.private_ip,
        "public": instance.public_ip,
        "subnet": instance.subnet_id,
        "groups": sorted(g.id for nic in instance.nics.values() for g in nic.group_set),
    }


def state():
    out = {"instances": {}, "groups": {}, "subnets": {}}
    for backend in list(ec2_backends[DEFAULT_ACCOUNT_ID].values()):
        live = [i for i in backend.all_instances() if i.state != "terminated"]
        out["instances"].update({i.id: instance_state(i) for i in live})
        out["groups"].update(groups_state(backend))
        for subnet in backend.describe_subnets():
            out["subnets"][subnet.id] = {
                "cidr": subnet.cidr_block,
                "acl": acl_of(backend, subnet),
                "routes": routes_of(backend, subnet),
            }
    return json.dumps(out).encode()


def call_of(environ):
    """"ec2 DescribeInstances" of a request; "s3 GET /bucket" where a path says what is wanted."""
    scope = re.search(r"Credential=[^/]*/[^/]*/[^/]*/([^/]*)/", environ.get("HTTP_AUTHORIZATION", ""))
    action = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        action = urllib.parse.parse_qs(body.decode(errors="replace")).get("Action", [action])[0]
    action = action or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    return f"{scope.group(1) if scope else '-'} {action}"


def watched(app, calls):
    def watch(environ, start_response):
        if environ["PATH_INFO"] == "/state":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [state()]
        if not environ.get("HTTP_USER_AGENT", "").startswith(OWN):
            os.write(calls, (call_of(environ) + "\n").encode())
        return app(environ, start_response)

    return watch


class Quiet(WSGIRequestHandler):
    def log_request(self, *args):
        pass


def main():
    folder = sys.argv[1]
    console_from(os.path.join(folder, "console"))
    as_in_aws()
    calls = os.open(os.path.join(folder, "calls"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    app = watched(DomainDispatcherApplication(create_backend_app), calls)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    os.environ["MOTO_PORT"] = str(server.port)
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
