#!/bin/bash
# The sandbox's Terraform: formatted, valid, and its own tests, which need no cloud.
. "$(dirname "$0")/../lib.sh"
. "$SRC/tests/terraform.sh"

t 'all files are formatted' terraform fmt -check -diff -recursive "$SRC/infra/terraform"
t 'it is ready with a provider of this machine' sandbox "$T/sandbox"
t 'it is valid' terraform -chdir="$T/sandbox" validate -no-color
exits 0 terraform -chdir="$T/sandbox" test -no-color
like "$out" '[1-9][0-9]* passed, 0 failed' 'its tests pass' || comment <<<"$out"

# What has no word of explanation explains nothing to who uses it by hand.
is "$(awk '/^(variable|output) / { name = $2; told = 0 }
	/^  description *=/ { told = 1 }
	/^}/ && name { if (!told) print name; name = "" }' "$T/sandbox/variables.tf" "$T/sandbox/outputs.tf")" \
	'' 'every variable and output is described'
exits 1 terraform -chdir="$T/sandbox" plan -no-color -refresh=false -var lab_id=7f3a
like "$err" 'controller_cidr' 'who may come in has no default'
done_testing
