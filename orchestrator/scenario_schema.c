/* The format of scenario files, and its printed forms. */
#include "scenario_schema.h"

#include "json.h"
#include "scenario.h"

#define KEY(word, how, text_, ...)                                                                 \
	{                                                                                          \
		.form = ROW_KEY, .form_text = how, .param = {                                      \
			.name = word,                                                              \
			.text = text_,                                                             \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

static const struct schema_row lab_rows[] = {
	KEY("format", "1", "version of this format", .kind = PARAM_CHOICE, .choices = "1",
	    .is_required = true),
	KEY("title", "TEXT", "what fails and why, in one line", .kind = PARAM_TEXT,
	    .is_required = true),
	KEY("about", "TEXT", "the story: what is seen, and what it is mistaken for",
	    .kind = PARAM_TEXT),
	KEY("family", "WORD", "the kind of failure, for `lab list` and --tag", .kind = PARAM_WORD),
	KEY("level", "WORD", "how much a reader needs to know", .kind = PARAM_CHOICE,
	    .choices = "basic advanced expert", .fallback = "basic"),
	KEY("extends", "NAME", "start from another scenario", .kind = PARAM_WORD),
	KEY("needs", "WORD...",
	    "what the backend must offer beyond what the verbs ask for: capture, firewall, "
	    "counters, "
	    "ports, sysctl, tcpdump or changes",
	    .kind = PARAM_TEXT),
	KEY("not-on", "BACKEND: REASON",
	    "where it makes no sense, and why; several are separated by |", .kind = PARAM_TEXT),
	KEY("time-limit", "TIME", "a run that takes longer is ended", .kind = PARAM_DURATION,
	    .fallback = "60s"),
	KEY("see", "TEXT", "where to read on", .kind = PARAM_TEXT),
	{ .param.name = NULL },
};

static const struct schema_row host_rows[] = {
	{ .form = ROW_BARE,
	  .form_text = "ADDRESS",
	  .param = { .name = "address",
		     .kind = PARAM_ADDRESS,
		     .text = "its IPv4 address; chosen when absent" } },
	{ .form = ROW_OPTION,
	  .form_text = "N",
	  .param = { .name = "count",
		     .kind = PARAM_COUNT,
		     .least = 1,
		     .most = SCENARIO_HOSTS,
		     .text = "N hosts of this kind, NAME-1, NAME-2 and so on; in [links] and "
			     "[captures] NAME means all of them" } },
	{ .form = ROW_FLAG,
	  .form_text = "forward",
	  .param = { .name = "forward",
		     .kind = PARAM_WORD,
		     .text = "it routes between its links" } },
	{ .form = ROW_OPTION,
	  .form_text = "HOST",
	  .param = { .name = "via",
		     .kind = PARAM_WORD,
		     .text = "its default route; else the only forwarding host of its link" } },
	{ .form = ROW_OPTION,
	  .form_text = "HOST",
	  .param = { .name = "resolver",
		     .kind = PARAM_WORD,
		     .text = "the host whose DNS server it asks for names; else its /etc/hosts "
			     "has them" } },
	{ .form = ROW_PREFIX,
	  .form_text = "VALUE",
	  .param = { .name = "sysctl",
		     .kind = PARAM_TEXT,
		     .text = "a sysctl of this host: sysctl.net.ipv4.tcp_syn_retries=1" } },
	{ .param.name = NULL },
};

static const struct schema_row link_rows[] = {
	{ .form = ROW_BARES,
	  .form_text = "HOST",
	  .param = { .name = "hosts",
		     .kind = PARAM_WORD,
		     .is_required = true,
		     .text = "the hosts on it, in the order of their addresses" } },
	{ .form = ROW_OPTION,
	  .form_text = "ADDRESS/BITS",
	  .param = { .name = "subnet",
		     .kind = PARAM_WORD,
		     .text = "10.7.0.0/24 and so on when absent, 10.8.0.0/22 and so on for more "
			     "than 254 hosts" } },
	{ .form = ROW_OPTION,
	  .form_text = "BYTES",
	  .param = { .name = "mtu",
		     .kind = PARAM_COUNT,
		     .fallback = "1500",
		     .text = "largest packet, 576 to 65535" } },
	{ .form = ROW_OPTION,
	  .form_text = "RATE",
	  .param = { .name = "rate",
		     .kind = PARAM_WORD,
		     .text = "bits a second at most, each way of each host: 64kbit, 10mbit, "
			     "1gbit" } },
	{ .form = ROW_OPTION,
	  .form_text = "PERCENT",
	  .param = { .name = "loss",
		     .kind = PARAM_WORD,
		     .text = "share of the packets lost between its hosts, each way, ARP "
			     "excepted: 0.5%, 100%" } },
	{ .param.name = NULL },
};

static const struct schema_row name_rows[] = {
	{ .form = ROW_BARE,
	  .form_text = "HOST",
	  .param = { .name = "host",
		     .kind = PARAM_WORD,
		     .is_required = true,
		     .text = "the host whose first address the name means" } },
	{ .form = ROW_OPTION,
	  .form_text = "SECONDS",
	  .param = { .name = "ttl",
		     .kind = PARAM_COUNT,
		     .fallback = "60",
		     .text = "how long it may be kept, told by a DNS server" } },
	{ .param.name = NULL },
};

static const struct schema_row capture_rows[] = {
	{ .form = ROW_FLAG,
	  .form_text = "off",
	  .param = { .name = "off",
		     .kind = PARAM_WORD,
		     .text = "nothing is captured there; where all lines say so, the hosts "
			     "without a line capture" } },
	{ .form = ROW_OPTION,
	  .form_text = "\"FILTER\"",
	  .param = { .name = "filter",
		     .kind = PARAM_TEXT,
		     .text = "in the language of pcap-filter(7); names are not looked up" } },
	{ .form = ROW_OPTION,
	  .form_text = "SIZE",
	  .param = { .name = "snaplen",
		     .kind = PARAM_SIZE,
		     .text = "bytes kept of each packet; whole packets when absent" } },
	{ .form = ROW_OPTION,
	  .form_text = "SIZE",
	  .param = { .name = "buffer",
		     .kind = PARAM_SIZE,
		     .text = "room for packets that wait, for floods (8m, less where the kernel "
			     "grants less)" } },
	{ .form = ROW_OPTION,
	  .form_text = "ENGINE",
	  .param = { .name = "engine",
		     .kind = PARAM_CHOICE,
		     .choices = "packet tcpdump",
		     .fallback = "packet",
		     .text = "who captures, lab-agent itself or the host's own tcpdump" } },
	{ .param.name = NULL },
};

static const struct schema_row expect_rows[] = {
	KEY("verdict", "CODE on STEP",
	    "what must be found; a prefix such as `timeout` matches its causes", .kind = PARAM_TEXT,
	    .is_required = true),
	KEY("wire", "PATTERN",
	    "how the judged flow begins at the client, as in `C>S [S], S>C [R.]`",
	    .kind = PARAM_TEXT),
	KEY("wire@HOST", "PATTERN", "the same as HOST saw it; `nothing`: no packet of it",
	    .kind = PARAM_TEXT),
	KEY("not", "CODE...", "look-alikes that must be ruled out", .kind = PARAM_TEXT),
	KEY("confidence", "WORD", "how sure the verdict must be", .kind = PARAM_CHOICE,
	    .choices = "proven likely"),
	{ .param.name = NULL },
};

const struct schema_section schema[] = {
	{ "lab", SECTION_KEYS, "what it is", lab_rows },
	{ "params", SECTION_ITEMS, "values, used as `${NAME}`; `--set NAME=VALUE` overrides",
	  NULL },
	{ "hosts", SECTION_ITEMS, "one line a host or group of hosts; empty: all is chosen",
	  host_rows },
	{ "links", SECTION_ITEMS, "one line a link; none: all hosts on one link, `lan`",
	  link_rows },
	{ "names", SECTION_ITEMS, "names that resolve; none: each host's own name", name_rows },
	{ "captures", SECTION_ITEMS, "one line a host or group; none: every host, everything",
	  capture_rows },
	{ "control", SECTION_STEPS, "the exchange works: the baseline", NULL },
	{ "fault", SECTION_STEPS, "what breaks it, and how it fails", NULL },
	{ "recovery", SECTION_STEPS, "the fault is healed and it works again", NULL },
	{ "expect", SECTION_KEYS, "what the blind diagnosis must find", expect_rows },
	{ .name = NULL },
};

const struct schema_section *schema_section_find(const char *name)
{
	for (const struct schema_section *s = schema; s->name; s++)
		if (streq(s->name, name))
			return s;
	return NULL;
}

const struct schema_row *schema_row_find(const struct schema_section *section, const char *name)
{
	for (const struct schema_row *r = section->rows; r && r->param.name; r++)
		if (streq(r->param.name, name))
			return r;
	return NULL;
}

bool schema_is_backend(const char *name)
{
	static const char *const names[] = { "loopback", "netns", "ssh", "aws" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (streq(names[i], name))
			return true;
	return false;
}

/* A row as it is written: "via=HOST", "[address]". */
void schema_row_form(struct buf *out, const struct schema_row *row)
{
	switch (row->form) {
	case ROW_KEY:
		buf_printf(out, "%s = %s", row->param.name, row->form_text);
		break;
	case ROW_BARE:
		buf_str(out, row->form_text);
		break;
	case ROW_BARES:
		buf_printf(out, "%s...", row->form_text);
		break;
	case ROW_FLAG:
		buf_str(out, row->param.name);
		break;
	case ROW_OPTION:
		buf_printf(out, "%s=%s", row->param.name, row->form_text);
		break;
	case ROW_OPTIONS:
		buf_printf(out, "%s=%s...", row->param.name, row->form_text);
		break;
	case ROW_PREFIX:
		buf_printf(out, "%s.NAME=%s", row->param.name, row->form_text);
		break;
	}
}

void schema_row_text(struct buf *out, const struct schema_row *row)
{
	buf_str(out, row->param.text);
	if (row->param.kind == PARAM_CHOICE && strchr(row->param.choices, ' '))
		buf_printf(out, ": one of %s", row->param.choices);
	if (row->param.is_required)
		buf_str(out, " (needed)");
	if (row->param.fallback)
		buf_printf(out, " (default %s)", row->param.fallback);
	if (row->not_yet)
		buf_printf(out, " (not yet: %s)", row->not_yet);
}

void schema_text(FILE *out)
{
	struct buf form = { 0 }, text = { 0 };

	for (const struct schema_section *s = schema; s->name; s++) {
		fprintf(out, "[%s]  %s\n", s->name, s->text);
		if (s->form == SECTION_STEPS)
			fprintf(out, "  %-24s  %s\n", "NAME = SUBJECT VERB ...",
				"a step, see lab steps");
		for (const struct schema_row *r = s->rows; r && r->param.name; r++) {
			buf_clear(&form);
			buf_clear(&text);
			schema_row_form(&form, r);
			schema_row_text(&text, r);
			fprintf(out, "  %-24s  %s\n", form.data, text.data);
		}
	}
	buf_close(&form);
	buf_close(&text);
}

void schema_json(struct buf *out)
{
	static const char *const section_forms[] = { "keys", "items", "steps" };
	static const char *const row_forms[] = { "key",    "word",    "words", "flag",
						 "option", "options", "prefix" };
	struct json json = json_to(out);

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.schema/1");
	json_array_begin(&json, "sections");
	for (const struct schema_section *s = schema; s->name; s++) {
		json_object_begin(&json, NULL);
		json_text(&json, "name", s->name);
		json_text(&json, "form", section_forms[s->form]);
		json_text(&json, "text", s->text);
		json_array_begin(&json, "rows");
		for (const struct schema_row *r = s->rows; r && r->param.name; r++) {
			json_object_begin(&json, NULL);
			json_text(&json, "name", r->param.name);
			json_text(&json, "form", row_forms[r->form]);
			json_text(&json, "value", r->form_text);
			json_bool(&json, "required", r->param.is_required);
			json_text(&json, "default", r->param.fallback);
			json_text(&json, "choices", r->param.choices);
			json_text(&json, "text", r->param.text);
			json_text(&json, "not_yet", r->not_yet);
			json_object_end(&json);
		}
		json_array_end(&json);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	buf_char(out, '\n');
}
