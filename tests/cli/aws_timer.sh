#!/bin/bash
# The end of a host: user data of infra/terraform, rendered by terraform and played where it harms
# nobody; its units as systemd itself reads them, and what a boot would start.
# shellcheck disable=SC2154 # out and err are of tests/lib.sh
. "$(dirname "$0")/../sshd.sh"
for program in terraform systemctl systemd-analyze; do
	command -v "$program" >/dev/null || skip_all "$program is not installed"
done
expires=$(date -u -d '+4 hours' +%FT%TZ)
mkdir empty bin root
# The template alone: no provider is asked.
echo "templatefile(\"$SRC/infra/terraform/user_data.sh.tftpl\", { expires_at = \"$expires\", hostname = \"client-1\", zone = \"lab.internal\" })" |
	CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null terraform -chdir=empty console >rendered 2>rendered.err
is "$?" 0 'the template renders' || comment <rendered.err
sed -e '1{/^<<E/d}' -e '${/^EOT$/d}' rendered >user_data.sh
is "$(head -n 1 user_data.sh)" '#!/bin/bash' 'it is a script'
t 'which bash takes' bash -n user_data.sh

# Programs of the host's that would act are told to a file.
for program in systemctl hostnamectl dnf; do
	printf '#!/bin/bash\necho "%s $*" >>%s\n' "$program" "$PWD/told" >"bin/$program"
	chmod +x "bin/$program"
done
units=/etc/systemd/system
mkdir -p "root$units" && mount -t tmpfs none "$units"
t 'it is played' env PATH="$PWD/bin:$PATH" bash user_data.sh
like "$(cat told)" 'systemctl enable --now lab-expire\.timer' 'the timer is enabled'
like "$(head -n 2 told)" 'daemon-reload.*systemctl enable' 'before anything else is done'
cp "$units"/lab-expire.* "root$units/"
umount "$units"

t 'systemd takes the units' systemd-analyze verify --recursive-errors=no "root$units/lab-expire.timer" \
	"root$units/lab-expire.service"
calendar=$(sed -n 's/^OnCalendar=//p' "root$units/lab-expire.timer")
like "$(systemd-analyze calendar "$calendar" --iterations=2)" \
	"\\(in UTC\\): [A-Z][a-z]{2} ${expires:0:10} ${expires:11:8} UTC|Next elapse: [A-Z][a-z]{2} ${expires:0:10} ${expires:11:8} UTC" \
	'it elapses at the end that was written down'
is "$(systemd-analyze calendar "$calendar" --iterations=2 | grep -c 'Iter')" 0 'once'
like "$(systemd-analyze calendar '2020-01-31 18:00:00 UTC')" 'Next elapse: never' 'one that is over would not'
like "$(cat "root$units/lab-expire.timer")" 'Persistent=true' 'but for this, which makes up for it at boot'

# A boot reads the links, not what was started before it.
t 'it is enabled on disk' systemctl --root="$PWD/root" enable lab-expire.timer
is "$(systemctl --root="$PWD/root" is-enabled lab-expire.timer)" enabled 'and stays so'
is "$(readlink "root$units/timers.target.wants/lab-expire.timer")" "$units/lab-expire.timer" \
	'each boot starts it'
like "$(cat "root$units/lab-expire.service")" 'ExecStart=/usr/bin/systemctl poweroff' 'which ends the host'
done_testing
