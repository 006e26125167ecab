/* The three tables. */
#include "terraform_members.h"

#include "terraform.h"

const char terraform_schema[] = "lab.terraform/1";

const struct member output_members[] = {
	{ "sensitive", true, MEMBER_PLAIN, 0, "false" },
	{ "type", false, MEMBER_ANY, 0, "as Terraform writes it" },
	{ "value", true, MEMBER_ANY, 0, "the object below" },
	{ .name = NULL },
};

const struct member lab_members[] = {
	{ "schema", false, MEMBER_SCHEMA, 0, "`\"lab.terraform/1\"`" },
	{ "version", true, MEMBER_TEXT, 0, "of the configuration that made the hosts" },
	{ "id", false, MEMBER_WORD, MACHINE_NAME,
	  "a word that is new with each lab that is made; needed where a host is `made`" },
	{ "user", true, MEMBER_WORD, MACHINE_USER, "who logs in on each host" },
	{ "identity", false, MEMBER_WORD, MACHINE_FILE,
	  "a private key, with `/` or `~/` in front; the usual ones when absent" },
	{ "hosts", true, MEMBER_HOSTS, 0, "1 to 1000 objects, a host each" },
	{ "region", false, MEMBER_TEXT, 0, "where they are" },
	{ "zone", false, MEMBER_TEXT, 0, "of their names in DNS" },
	{ "bucket", false, MEMBER_TEXT, 0, "for what is kept" },
	{ .name = NULL },
};

const struct member host_members[] = {
	{ "name", true, MEMBER_WORD, MACHINE_NAME, "as `--bind` and messages call it" },
	{ "role", true, MEMBER_WORD, MACHINE_ROLE, "the hosts of scenarios that it can play" },
	{ "address", true, MEMBER_WORD, MACHINE_ADDRESS,
	  "where it is reached from here: public or private, an IP address or a name" },
	{ "lab_address", true, MEMBER_WORD, MACHINE_IPV4,
	  "the IPv4 address by which the other hosts reach it" },
	{ "user", false, MEMBER_WORD, MACHINE_USER, "who logs in, instead of the one above" },
	{ "port", false, MEMBER_PORT, 0, "of its sshd, a number (22)" },
	{ "jump", false, MEMBER_WORD, MACHINE_JUMP,
	  "through which it is reached: another host's name, or an alias" },
	{ "made", false, MEMBER_FLAG, 0,
	  "true: this configuration made it, so that nobody can know its host key: that is taken "
	  "at "
	  "first sight and pinned" },
	{ "instance_id", false, MEMBER_TEXT, 0,
	  "what the cloud calls it; needed where it is `made`, and another one means a new host" },
	{ "interface_id", false, MEMBER_TEXT, 0, "and its network interface" },
	{ "subnet_id", false, MEMBER_TEXT, 0, "and its subnet" },
	{ "private_address", false, MEMBER_TEXT, 0, "inside the cloud" },
	{ "public_address", false, MEMBER_TEXT, 0, "outside of it" },
	{ "dns_name", false, MEMBER_TEXT, 0, "its name in DNS" },
	{ "architecture", false, MEMBER_TEXT, 0, "of its processor" },
	{ .name = NULL },
};

static void list_markdown(FILE *out, const char *title, const struct member *members)
{
	fprintf(out, "### `%s`\n| member | means |\n| --- | --- |\n", title);
	for (const struct member *m = members; m->name; m++)
		fprintf(out, "| `%s`%s | %s |\n", m->name, m->is_required ? " (needed)" : "",
			m->text);
	fprintf(out, "\n");
}

void terraform_markdown(FILE *out)
{
	list_markdown(out, "lab.value", lab_members);
	list_markdown(out, "lab.value.hosts[]", host_members);
}
