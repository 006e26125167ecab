# shellcheck shell=bash
# Terraform for tests, with the AWS provider from a folder of this machine: no registry is asked.
# Sourced behind lib.sh; skips the whole script where either is missing.

# The mirror is the folder that holds registry.../hashicorp/aws: TERRAFORM_PROVIDERS, or found.
mirror() {
	local found
	if [ -n "${TERRAFORM_PROVIDERS-}" ]; then
		echo "$TERRAFORM_PROVIDERS"
		return
	fi
	found=$(find /opt /usr/local /usr/share /var/lib /root /home -maxdepth 6 -type d -path '*/hashicorp/aws' \
		-print -quit 2>/dev/null)
	[ -z "$found" ] || dirname "$(dirname "$(dirname "$found")")"
}

command -v terraform >/dev/null || skip_all 'terraform is not installed'
providers=$(mirror)
[ -n "$providers" ] || skip_all 'the AWS provider is in no folder here (TERRAFORM_PROVIDERS names one)'
printf 'provider_installation {\n  filesystem_mirror { path = "%s" }\n}\n' "$providers" >"$T/terraform.rc"
export TF_CLI_CONFIG_FILE=$T/terraform.rc CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0

# sandbox FOLDER: a copy of ours, ready for plans
sandbox() {
	mkdir -p "$1" && cp -r "$SRC/infra/terraform/." "$1" && rm -rf "$1/.terraform" &&
		terraform -chdir="$1" init -no-color >"$1.init" 2>&1 || {
		comment <"$1.init"
		return 1
	}
}
