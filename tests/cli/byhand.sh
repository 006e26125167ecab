#!/bin/bash
# lab-agent server and client against bytes written by hand, against Python, and against each other.
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
AGENT=$B/lab-agent
HOST=127.0.0.1

# wait_for FILE PATTERN: until a line of FILE matches, for at most 5 s without any line
wait_for() {
	local line found=1 in tail
	exec {in}< <(exec tail -n +1 -f "$1" 2>/dev/null)
	tail=$!
	while read -r -t 5 -u "$in" line; do
		if [[ $line =~ $2 ]]; then
			found=0
			break
		fi
	done
	exec {in}<&-
	kill "$tail" 2>/dev/null
	return "$found"
}

# serve NAME [OPTION...]: starts a server on a port of the kernel's choice; sets pid and port
serve() {
	local name=$1
	shift
	: >"$name.log"
	"$AGENT" server "$HOST" 0 "$@" >"$name.log" 2>&1 &
	pid=$!
	wait_for "$name.log" 'listening on'
	port=$(sed -n 's/.*listening on [^ ]*:\([0-9]*\).*/\1/p' "$name.log")
}

# end: SIGTERM to the server; its status in $status
end() {
	kill -TERM "$pid"
	wait "$pid"
	status=$?
}

# answer COUNT WORD...: sends each word (printf's escapes) as a write of its own, prints COUNT bytes of
# what comes back, or all until the server closes, as hex
answer() {
	local word count=$1
	shift
	exec 7<>"/dev/tcp/$HOST/$port"
	for word in "$@"; do
		printf '%b' "$word" >&7
	done
	timeout 5 head -c "$count" <&7 | od -An -v -tx1 | tr -d ' \n'
	exec 7>&-
}

hex() {
	printf '%b' "$1" | od -An -v -tx1 | tr -d ' \n'
}

serve words -a
like "$(cat words.log)" "pid $pid, listening on $HOST:$port, SO_REUSEADDR" "the server tells its PID and options"
reply='\0\042\0\001Response to message: hello, world!'
is "$(answer 38 '\0\015\0\001hello, world!')" "$(hex "$reply")" "a message is answered in its wire format"
is "$(answer 38 '\0' '\015' '\0' '\001' 'hello, ' 'world!')" "$(hex "$reply")" \
	"a message in six pieces, the header cut three times, is answered"
is "$(answer 52 '\0\001\0\001a\0\001\0\001b')" \
	"$(hex '\0\026\0\001Response to message: a\0\026\0\001Response to message: b')" \
	"two messages in one write are answered in order"
is "$(answer 1000 '\0\001\0\001a\0\002\0\007zz\0\001\0\001b')" "$(hex '\0\026\0\001Response to message: a')" \
	"a wrong type closes the connection after what was right before it"
like "$(cat words.log)" 'error: message type 7 is neither 1 \(text\) nor 2 \(JSON\)' "and the server says so"
is "$(answer 27 '\0\002\0\001\0303\0251')" "$(hex '\0\027\0\001Response to message: \0303\0251')" \
	"lengths count bytes, not characters"
printf '\0\5\0\1hel' >"/dev/tcp/$HOST/$port"
t "a message cut by the end of the stream is an error with text" \
	wait_for words.log 'error: cut message: 3 of 5 payload bytes'
printf '\0\5\0' >"/dev/tcp/$HOST/$port"
t "so is a cut header" wait_for words.log 'error: cut message: 3 of 4 header bytes'

exits 0 "$AGENT" client "$HOST" "$port" -c 2 -n alice
like "$out" 'client: pid [0-9]+, connecting to' "the client tells its PID"
like "$out" 'alice > Message #2 from client alice.*alice < Response to message: Message #2 from client alice' \
	"each message is answered before the next"
t "the server's lines carry the client's name" wait_for words.log '^alice: Message #2 from client alice$'
t "and it sees the client go" wait_for words.log '^alice: closed by the client \(FIN\)$'
printf '\0\043\0\001Message #1 from client e\033[31mvil\a!!' >"/dev/tcp/$HOST/$port"
t "escapes of a client do not reach the terminal" wait_for words.log 'e\\x1b\[31mvil'
unlike "$(cat words.log)" $'\033' "no colour when the output is no terminal"
if grep -qsw localhost /etc/hosts; then
	exits 0 "$AGENT" client localhost "$port" -c 1
	like "$out" "connecting to $HOST:$port \(hosts\)" "a name works as an address"
else
	skip "no localhost in /etc/hosts" 2
fi
exits 1 "$AGENT" server "$HOST" "$port"
like "$err" 'bind .*: Address already in use' "a port in use is told"
end
is "$status" 0 "the server ends cleanly on SIGTERM"
exits 1 "$AGENT" client "$HOST" "$port" -n carol
like "$err" 'carol: connect: Connection refused \(ECONNREFUSED\)' "a refused client says what errno says"

if command -v script >/dev/null; then
	touch colours.log plain.log
	TERM=xterm script -qfc "exec '$AGENT' server $HOST 0" colours.log </dev/null >/dev/null 2>&1 &
	pid=$!
	wait_for colours.log 'listening on'
	port=$(sed -n 's/.*listening on [^ ]*:\([0-9]*\).*/\1/p' colours.log)
	"$AGENT" client "$HOST" "$port" -c 1 -n alice >/dev/null
	"$AGENT" client "$HOST" "$port" -c 1 -n bob >/dev/null
	wait_for colours.log 'bob: closed'
	kill -TERM "$(sed -n 's/.*pid \([0-9]*\), listening.*/\1/p' colours.log)"
	wait "$pid"
	colour_of() {
		grep -a "$1: Message" colours.log | head -n 1 | sed 's/^\(\x1b[^m]*m\).*/\1/' | od -An -c
	}
	isnt "$(colour_of alice)" "$(colour_of bob)" "each client has a colour of its own on a terminal"
	NO_COLOR=1 script -qfc "exec '$AGENT' server $HOST 0" plain.log </dev/null >/dev/null 2>&1 &
	pid=$!
	wait_for plain.log 'listening on'
	port=$(sed -n 's/.*listening on [^ ]*:\([0-9]*\).*/\1/p' plain.log)
	"$AGENT" client "$HOST" "$port" -c 1 -n alice >/dev/null
	wait_for plain.log 'alice: closed'
	kill -INT "$(sed -n 's/.*pid \([0-9]*\), listening.*/\1/p' plain.log)"
	wait "$pid"
	unlike "$(cat plain.log)" $'\033' "NO_COLOR is honoured"
	like "$(cat plain.log)" 'ended by a signal' "the server ends cleanly on SIGINT"
else
	skip "no script(1) to make a terminal" 3
fi

serve slow -d 0.3
start=${EPOCHREALTIME/./}
exits 0 "$AGENT" client "$HOST" "$port" -c 1
t "-d waits before each answer" test $((${EPOCHREALTIME/./} - start)) -ge 300000
exits 1 "$AGENT" client "$HOST" "$port" -c 1 -r 0.05
like "$err" 'receive: no answer in the time given \(TIMEOUT\)' "-r ends the wait for an answer"
end

serve shared -p
like "$(cat shared.log)" 'SO_REUSEPORT \(this system has it\)' "-p sets SO_REUSEPORT and says so"
first=$pid
touch second.log
"$AGENT" server "$HOST" "$port" -p >second.log 2>&1 &
pid=$!
t "two servers share a port" wait_for second.log 'listening on'
end
pid=$first
end

for words in "server" "server $HOST" "server $HOST 70000" "server $HOST 1 2" "server -d x $HOST 0" \
	"client" "client $HOST 0x1" "client -c -1 $HOST 1" "client -t 1s $HOST 1" "client -c $HOST 1" "fly"; do
	# shellcheck disable=SC2086
	exits 2 "$AGENT" $words
done
exits 0 "$AGENT" --help
exits 0 "$AGENT" --version
like "$out" '^lab-agent [0-9]' "the version"

if command -v python3 >/dev/null; then
	cat >sandbox.py <<'PYTHON'
"""A server and a client as people write them in Python: one recv for the header, one for the rest."""
import socket, struct, sys

if sys.argv[1] == "client":
    with socket.create_connection((sys.argv[2], int(sys.argv[3]))) as s:
        for i in range(3):
            text = f"Message #{i + 1} from client pythön".encode()
            s.sendall(struct.pack("!HH", len(text), 1) + text)
            length, kind = struct.unpack("!HH", s.recv(4))
            got = s.recv(length)
            assert kind == 1 and got == b"Response to message: " + text, got
else:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        c, _ = listener.accept()
        for i in range(int(sys.argv[2])):
            length, kind = struct.unpack("!HH", c.recv(4))
            got = c.recv(length)
            assert kind == 1 and got == b"Message #%d from client zed" % (i + 1), got
            reply = b"Response to message: " + got
            c.sendall(struct.pack("!HH", len(reply), kind) + reply)
        if len(sys.argv) > 3:
            c.sendall(bytes.fromhex(sys.argv[3]))
        c.shutdown(socket.SHUT_WR)
        while c.recv(65536):
            pass
PYTHON
	# python_serve ARGUMENT...: sets pid and port
	python_serve() {
		: >python.log
		python3 sandbox.py server "$@" >python.log 2>python.err &
		pid=$!
		wait_for python.log '^[0-9]+$'
		port=$(cat python.log)
	}
	cat >flood.py <<'PYTHON'
"""Many messages before any answer is read, then the end of what we say: all are answered."""
import socket, sys

n = 20000
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.setblocking(False)
data, got = b"\0\0\0\1" * n, 0
while data:
    try:
        data = data[s.send(data[:65536]):]
    except BlockingIOError:
        s.setblocking(True)
        got += len(s.recv(1024))
        s.setblocking(False)
s.setblocking(True)
s.settimeout(5)
s.shutdown(socket.SHUT_WR)
while answer := s.recv(65536):
    got += len(answer)
assert got == 25 * n, got
PYTHON
	serve flood
	t "a client that reads late is answered to the last message" \
		python3 flood.py "$HOST" "$port"
	end
	serve python
	t "a Python client is answered" python3 sandbox.py client "$HOST" "$port"
	t "and its name is shown" wait_for python.log '^pythön: Message #3'
	end
	python_serve 3
	exits 0 "$AGENT" client "$HOST" "$port" -c 3 -n zed
	wait "$pid"
	is "$?" 0 "a Python server gets each message whole in two reads"
	python_serve 1
	exits 1 "$AGENT" client "$HOST" "$port" -c 2 -n zed
	like "$err" 'receive: the peer closed the connection \(EOF\)' \
		"a server that goes is told"
	wait "$pid"
	python_serve 0 00050009
	exits 1 "$AGENT" client "$HOST" "$port" -c 1 -n zed
	like "$err" 'receive: message type 9 is neither' "so is a wrong type"
	wait "$pid"
	python_serve 1 00050001686f
	exits 1 "$AGENT" client "$HOST" "$port" -c 2 -n zed
	like "$err" 'cut message: 2 of 5 payload bytes \(EPROTO\)' "and a cut message"
	wait "$pid"
else
	skip "no python3" 11
fi
done_testing
