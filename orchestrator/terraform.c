/* Every member is a row of a table (terraform_members.c). Texts of jansson's are not used: they
 * quote the input, and that may hold other outputs, which are secrets. */
#include "terraform.h"

#include <jansson.h>

#include "nearest.h"
#include "terraform_members.h"

enum {
	TEXT_LEN = 255,
	MEMBERS = 32 /* of one object */
};

struct reading {
	struct machines *out;
	const char *from, *home;
	struct arena *arena;
	struct complaints *complaints;
	struct machine lab; /* what holds for all hosts */
	const char *id;     /* of the lab; NULL */
};

static void complain(struct reading *r, const char *path, const char *fmt, ...) PRINTF(3, 4);
static void complain(struct reading *r, const char *path, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	complaint_add(r->complaints, arena_printf(r->arena, "%s: %s", r->from, path), 0, 0, "%s",
		      text);
}

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		return "null";
	}
	return "unknown";
}

/* A copy of a text; NULL after a complaint. */
static const char *take_text(struct reading *r, const char *path, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text) {
		complain(r, path, "a text is needed, this is %s", type_name(value));
		return NULL;
	}
	if (!*text || json_string_length(value) > TEXT_LEN) {
		complain(r, path, "a text of 1 to %d bytes is needed", TEXT_LEN);
		return NULL;
	}
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f) {
			complain(r, path, "it holds a control byte");
			return NULL;
		}
	return arena_dup(r->arena, text);
}

static void take_word(struct reading *r, const char *path, const struct member *member,
		      const json_t *value, struct machine *m)
{
	const char *text = take_text(r, path, value), *wrong;
	const char **identity;

	if (!text)
		return;
	if (member->word == MACHINE_FILE && starts_with(text, "~/"))
		text = arena_printf(r->arena, "%s%s", r->home, text + 1);
	wrong = machine_wrong(member->word, text);
	if (wrong) {
		complain(r, path, "%s %s", text, wrong);
		return;
	}
	if (streq(member->name, "id"))
		r->id = text;
	if (streq(member->name, "name"))
		m->name = text;
	if (streq(member->name, "role"))
		m->role = text;
	if (streq(member->name, "address"))
		m->address = text;
	if (streq(member->name, "lab_address"))
		m->lab_address = text;
	if (streq(member->name, "user"))
		m->user = text;
	if (streq(member->name, "jump"))
		m->jump = text;
	if (member->word == MACHINE_FILE) {
		identity = arena_array(r->arena, 1, sizeof(const char *));
		identity[0] = text;
		m->identity = identity;
		m->nidentity = 1;
	}
}

static void take_port(struct reading *r, const char *path, const json_t *value, struct machine *m)
{
	json_int_t port = json_integer_value(value);

	if (!json_is_integer(value) || port < 1 || port > 65535)
		complain(r, path, "a number from 1 to 65535 is needed");
	else
		m->port = (int)port;
}

static void take_flag(struct reading *r, const char *path, const json_t *value, struct machine *m)
{
	if (!json_is_boolean(value))
		complain(r, path, "true or false is needed, this is %s", type_name(value));
	else
		m->is_made = json_is_true(value);
}

static void take_hosts(struct reading *r, const char *path, const json_t *value);

static void take(struct reading *r, const char *path, const struct member *member,
		 const json_t *value, struct machine *m)
{
	const char *text;

	switch (member->kind) {
	case MEMBER_WORD:
		take_word(r, path, member, value, m);
		return;
	case MEMBER_TEXT:
		text = take_text(r, path, value);
		if (text && streq(member->name, "instance_id"))
			m->instance = text;
		return;
	case MEMBER_FLAG:
		take_flag(r, path, value, m);
		return;
	case MEMBER_PORT:
		take_port(r, path, value, m);
		return;
	case MEMBER_SCHEMA:
		if (!json_is_string(value) || !streq(json_string_value(value), terraform_schema))
			complain(r, path, "only %s is read by this version of lab",
				 terraform_schema);
		return;
	case MEMBER_HOSTS:
		take_hosts(r, path, value);
		return;
	case MEMBER_PLAIN:
		if (!json_is_boolean(value))
			complain(r, path, "false is needed");
		else if (json_is_true(value))
			complain(r, path,
				 "it is true: plans and reports show names and addresses, so lab "
				 "reads no sensitive output; keep secrets out of it, or give it "
				 "nonsensitive(...)");
		return;
	case MEMBER_ANY:
		return;
	}
}

static const struct member *find_member(const struct member *members, const char *name)
{
	for (; members->name; members++)
		if (streq(members->name, name))
			return members;
	return NULL;
}

static void refuse_unknown(struct reading *r, const char *path, const struct member *members,
			   const char *key)
{
	const char *known[MEMBERS], *near;
	size_t count = 0;

	for (const struct member *m = members; m->name && count < MEMBERS; m++)
		known[count++] = m->name;
	near = nearest(key, known, count);
	complain(r, arena_printf(r->arena, "%s.%.64s", path, key), "it is unknown%s%s%s",
		 near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

/* null is how Terraform writes an optional member that is not there. False: not an object. */
static bool take_object(struct reading *r, const char *path, const struct member *members,
			const json_t *object, struct machine *m)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object)) {
		complain(r, path, "an object is needed, this is %s", type_name(object));
		return false;
	}
	json_object_foreach((json_t *)object, key, value) if (!find_member(members, key))
	    refuse_unknown(r, path, members, key);
	for (; members->name; members++) {
		const char *at = arena_printf(r->arena, "%s.%s", path, members->name);
		value = json_object_get(object, members->name);
		if (value && (!json_is_null(value) || members->is_required))
			take(r, at, members, value, m);
		else if (members->is_required)
			complain(r, at, "it is missing");
	}
	return true;
}

static void check_names(struct reading *r, const char *path)
{
	for (size_t i = 0; i < r->out->count; i++) {
		const char *name = r->out->at[i].name;
		size_t first = name ? machine_find(r->out, name) : i;
		if (first != i)
			complain(r, arena_printf(r->arena, "%s[%zu].name", path, i),
				 "%s is the name of hosts[%zu] already", name, first);
	}
	size_t at = machine_circle(r->out);
	if (at != SIZE_MAX)
		complain(r, arena_printf(r->arena, "%s[%zu].jump", path, at),
			 "%s is reached through %s, and that in the end through %s again",
			 r->out->at[at].name, r->out->at[at].jump, r->out->at[at].name);
}

/* A host that was made is told from all others by the lab and the instance: they name its pin. */
static void check_made(struct reading *r, const char *path)
{
	bool is_any = false;

	for (size_t i = 0; i < r->out->count; i++) {
		struct machine *m = &r->out->at[i];
		const char *at = arena_printf(r->arena, "%s[%zu].instance_id", path, i), *wrong;
		if (!m->is_made)
			continue;
		is_any = true;
		m->lab = r->id;
		wrong = m->instance ? machine_wrong(MACHINE_NAME, m->instance) : NULL;
		if (!m->instance)
			complain(r, at, "it is missing, and the host is `made`");
		else if (wrong)
			complain(r, at, "%s %s", m->instance, wrong);
	}
	if (is_any && !r->id)
		complain(r, "lab.value.id", "it is missing, and hosts are `made`");
}

static void take_hosts(struct reading *r, const char *path, const json_t *value)
{
	size_t count = json_array_size(value);

	if (!json_is_array(value) || count == 0 || count > TERRAFORM_HOSTS) {
		complain(r, path, "a list of 1 to %d hosts is needed", TERRAFORM_HOSTS);
		return;
	}
	r->out->at = arena_array(r->arena, count, sizeof(*r->out->at));
	for (size_t i = 0; i < count; i++)
		take_object(r, arena_printf(r->arena, "%s[%zu]", path, i), host_members,
			    json_array_get(value, i), &r->out->at[i]);
	r->out->count = count;
}

static void take_lab(struct reading *r, const json_t *root)
{
	const json_t *lab = json_object_get(root, "lab");
	size_t before = r->complaints->count;
	struct machine none = { 0 };

	if (!json_is_object(root)) {
		complain(r, "the whole", "an object of outputs is needed, this is %s",
			 type_name(root));
	} else if (!lab && json_object_get(root, "hosts")) {
		complain(r, "hosts",
			 "this is the value of one output: give all that `terraform output -json` "
			 "prints");
	} else if (!lab) {
		complain(r, "lab",
			 "there is no such output: has `terraform apply` been run, and does the "
			 "configuration have it (docs/inventory.md)?");
	} else if (take_object(r, "lab", output_members, lab, &none) &&
		   r->complaints->count == before) {
		take_object(r, "lab.value", lab_members, json_object_get(lab, "value"), &r->lab);
		if (r->complaints->count == before) {
			check_names(r, "lab.value.hosts");
			check_made(r, "lab.value.hosts");
		}
	}
	for (size_t i = 0; i < r->out->count; i++) {
		struct machine *m = &r->out->at[i];
		m->user = m->user ? m->user : r->lab.user;
		m->nidentity = r->lab.nidentity;
		m->identity = r->lab.identity;
	}
}

/* jansson goes 2048 deep by calls. */
static bool is_deep(const char *text, size_t len)
{
	size_t depth = 0;
	bool is_inside = false; /* a string */

	for (size_t i = 0; i < len; i++) {
		if (is_inside && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			is_inside = !is_inside;
		else if (!is_inside && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!is_inside && (text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
		if (depth > TERRAFORM_DEPTH)
			return true;
	}
	return false;
}

static const char *syntax_text(const json_error_t *why)
{
	switch ((int)json_error_code(why)) {
	case json_error_premature_end_of_input:
		return "the JSON ends too early";
	case json_error_duplicate_key:
		return "a member is there twice";
	case json_error_invalid_utf8:
		return "this is not UTF-8";
	case json_error_numeric_overflow:
		return "a number is too large";
	default:
		return "this is not JSON";
	}
}

int terraform_parse(struct machines *out, const char *text, size_t len, const char *from,
		    const char *home, struct arena *arena, struct complaints *complaints)
{
	struct reading r = {
		.out = out, .from = from, .home = home, .arena = arena, .complaints = complaints
	};
	size_t before = complaints->count;
	json_error_t why;
	json_t *root;

	*out = (struct machines){ 0 };
	if (len > TERRAFORM_BYTES || is_deep(text, len)) {
		complain(&r, "the whole", "at most %d bytes and %d levels are read",
			 TERRAFORM_BYTES, TERRAFORM_DEPTH);
		return -1;
	}
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!root) {
		complaint_add(complaints, from, why.line > 0 ? why.line : 1,
			      why.column > 0 ? why.column : 1, "%s", syntax_text(&why));
		return -1;
	}
	take_lab(&r, root);
	json_decref(root);
	return complaints->count > before ? -1 : 0;
}
