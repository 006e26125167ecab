"""The client of the rivals' demos. client.py ADDRESS PORT MESSAGES [keep]: says "ok" or the errno's
name; with keep it holds the connection until its standard input ends."""
import errno
import socket
import sys

try:
    connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
    for number in range(int(sys.argv[3])):
        text = b"Message #%d from a client" % number
        connection.sendall(text)
        if connection.recv(256) != text:
            raise OSError(errno.EPROTO, "another answer")
    print("ok", flush=True)
except OSError as error:
    print(errno.errorcode.get(error.errno, str(error)), flush=True)
if "keep" in sys.argv:
    sys.stdin.read()
