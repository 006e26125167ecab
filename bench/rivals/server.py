"""The server of the rivals' demos: answers each message. server.py ADDRESS PORT"""
import socket
import sys
import threading


def serve(connection):
    while data := connection.recv(256):
        connection.sendall(data)


listener = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=16)
print("ready", flush=True)
while True:
    accepted, _ = listener.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
