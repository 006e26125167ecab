#!/bin/bash
# resolver=HOST: names come from a DNS server in the run, asked on the host at connect time.
. "$(dirname "$0")/../lib.sh"
[ -e /etc/hosts ] && [ -e /etc/resolv.conf ] || skip_all 'no /etc/hosts or /etc/resolv.conf to mount over'

mkdir scenarios
cp "$SRC/scenarios/refused.ini" scenarios/
hosts='[lab]
extends = refused
[hosts]
client-1 = resolver=dns
dns ='
printf '%s\n' "$hosts" >named.ini
printf '%s\n' "$hosts" '[names]' 'server = server ttl=7' 'www.shop.example = server ttl=0' \
	'[fault]' 'stop = server tcp.stop serve' \
	'carol = client-1 tcp.connect www.shop.example:${port} -> ECONNREFUSED' >ttl.ini
printf '%s\n' "$hosts" '[control]' 'serve = server tcp.serve ${port}' \
	'lost = client-1 tcp.connect nowhere.example:${port} -> ok' >unknown.ini

events() { # KIND LABEL: the events of the newest run
	grep -h "\"kind\":\"$1\",.*\"label\":\"$2\"" "$(ls -td "$T"/runs/*-* | head -n1)/events.ndjson"
}
hash_of() {
	sed -n 's/.*"trace_hash": "\([0-9a-f]*\)".*/\1/p' <<<"$1"
}

exits 0 "$LAB" run refused -b netns -o "$T/plain" --json
plain=$(hash_of "$out")
exits 0 "$LAB" run ./named.ini -b netns -o "$T/runs" --json
like "$out" '"confidence": "proven"' 'a run with a name server is proven'
isnt "$plain" '' 'a run has a trace hash'
is "$(hash_of "$out")" "$plain" 'names served by DNS do not touch the trace hash'
like "$(events resolve carol)" '"query":"server","address":"10.7.0.1","by":"dns"' \
	'the host with resolver= asks DNS'
like "$(events resolve bob)" '"by":"hosts"' 'the others have their /etc/hosts'
like "$(events names names.serve)" '"host":"dns".*"address":"10.7.0.4","port":53,"count":8' \
	'the server said where it listens, for how many names'
like "$(events dns names.serve)" '"query":"server","type":"A","answer":"10.7.0.1","ttl":60,"peer":"10.7.0.2:' \
	'and who asked for what'
is "$(events dns names.serve | wc -l)" 3 'each client asked once'
is "$(no_namespaces)" '' 'the name server is gone with the run'

exits 0 "$LAB" run ./named.ini -b loopback -o "$T/runs" -q
like "$out" 'proven' 'on loopback in its private namespace too'
like "$(events resolve carol)" '"address":"127.0.0.2","by":"dns"' 'where names mean 127.0.0.x'

exits 0 "$LAB" run ./ttl.ini -b netns -o "$T/runs" -q
like "$(events dns names.serve)" '"query":"server",.*"ttl":7,' 'ttl= is what the server says'
like "$(events dns names.serve)" '"query":"www.shop.example",.*"ttl":0,' 'it may be 0'

exits 5 "$LAB" run ./unknown.ini -b netns -o "$T/runs"
like "$err" 'step lost on client-1: nowhere.example: 10.7.0.4 says: no such name' \
	'a name that does not exist is named, with who denied it'
like "$(events dns names.serve)" '"query":"nowhere.example","type":"A","rcode":"NXDOMAIN"' \
	'the server tells the same'

printf '%s\n' "$hosts" '[control]' 'serve = server tcp.serve ${port}' \
	'cut = dns firewall input drop udp dport 53' \
	'lost = client-1 tcp.connect server:${port} -> ok' >cut.ini
begin=$SECONDS
exits 5 "$LAB" run ./cut.ini -b netns -o "$T/runs"
like "$err" 'server: 10.7.0.4: no answer' 'a name server that is cut off is named'
t 'and given up after two tries of a second' [ $((SECONDS - begin)) -lt 9 ] # 10 s without the options

exits 0 "$LAB" plan ./named.ini
like "$out" 'host client-1 .* asks dns for names' 'the plan says who asks whom'

sed -i 's/resolver=dns/resolver=dsn/' named.ini
exits 2 "$LAB" check ./named.ini
like "$err" 'named.ini:4:[0-9]+: error: dsn is no host.*dns' 'an unknown resolver is a scenario error'
printf '%s\n' '[lab]' 'extends = refused' '[names]' 'server = server ttl=5' >alone.ini
exits 2 "$LAB" check ./alone.ini
like "$err" 'alone.ini:4:21: error: ttl: no host has resolver=' 'ttl= needs someone who asks DNS'
sed 's/ ->.*/ -> ok/; s/nowhere.example/nowhere/' unknown.ini >typo.ini
exits 2 "$LAB" check ./typo.ini
like "$err" 'nowhere is no name that resolves here' 'a word without a dot is still checked'

sed -i 's/resolver=dsn/resolver=dns/' named.ini
folder=$(user_folder)
cp named.ini "$folder/"
chmod a+r "$folder/named.ini"
if user_can unshare -Un true; then
	exits 0 as_user sh -c "cd $folder && exec \"\$0\" run ./named.ini -b netns -o $folder/runs -q" "$LAB"
	like "$out" 'proven' 'an ordinary user binds port 53 in a namespace of their own'
else
	skip 'no user namespaces for ordinary users' 2
fi

# No user namespaces and no capability left: the machine's own lo, where port 53 is not ours.
if bare_works; then
	cd "$folder" || exit 1
	exits 4 as_bare "$LAB" run ./named.ini -b loopback -o "$folder/bare"
	like "$err" 'named needs ports, which loopback cannot offer here' 'port 53 of the machine is let be'
else
	skip 'no user namespaces for ordinary users' 2
fi
done_testing
