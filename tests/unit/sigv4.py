"""The signature that botocore would give a request, read from stdin as it was on the wire.
Arguments: secret, region, service. Prints both, "OURS THEIRS"; only what was signed is signed again."""
import re
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

secret, region, service = sys.argv[1:]
head, body = sys.stdin.read().split("\r\n\r\n", 1)
lines = head.split("\r\n")
method, path, _ = lines[0].split(" ")
headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:] if ": " in line)}
authorization = headers["authorization"]
signed = re.search(r"SignedHeaders=([^,]+)", authorization).group(1).split(";")
ours = re.search(r"Signature=([0-9a-f]{64})", authorization).group(1)
key = re.search(r"Credential=([^/]+)/", authorization).group(1)

request = AWSRequest(method=method, url="http://" + headers["host"] + path, data=body,
                     headers={name: headers[name] for name in signed})
request.context["timestamp"] = headers["x-amz-date"]
auth = SigV4Auth(Credentials(key, secret), service, region)
print(ours, auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))
