/* Tags of EC2 first, then roles. */
#include "labs.h"

#include <time.h>

#include "ec2.h"

enum {
	PAGES = 100,
	PREFIX_MOST = 16, /* infra/terraform/variables.tf */
	ID_LEAST = 4,
	ID_MOST = 16
};

struct tagged {
	const char *id, *lab, *expires; /* of one resource; NULL: not told */
};

struct labs {
	const struct aws *aws;
	struct arena *arena;
	struct lab_there *at;
	size_t count, cap;
	struct tagged *tagged;
	size_t ntagged, tagged_cap;
};

/* PREFIX-ID, as variables.tf lets them be. */
static bool is_lab_name(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *dash = strrchr(name, '-');

	if (!dash || name[0] < 'a' || name[0] > 'z')
		return false;
	size_t prefix = (size_t)(dash - name), id = strlen(dash + 1);
	if (prefix > PREFIX_MOST || id < ID_LEAST || id > ID_MOST || strspn(dash + 1, plain) != id)
		return false;
	for (size_t i = 0; i < prefix; i++)
		if (!strchr(plain, name[i]) && name[i] != '-')
			return false;
	return true;
}

/* "2026-01-31T18:00:00.000Z"; -1: no time. */
static int64_t seconds_of(const char *text)
{
	struct tm tm = { 0 };

	return text && strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : -1;
}

static int add(struct labs *labs, const char *name, const char *expires, struct err *err)
{
	for (size_t i = 0; i < labs->count; i++)
		if (streq(labs->at[i].name, name))
			return 0;
	if (labs->count == LABS_MOST)
		return err_set(err, ERR_CANNOT, "more than %d labs", LABS_MOST);
	labs->at = arena_grow(labs->arena, labs->at, labs->count, &labs->cap, sizeof *labs->at);
	labs->at[labs->count++] =
	    (struct lab_there){ .name = name, .expires = expires, .made_s = -1 };
	return 0;
}

static struct tagged *resource(struct labs *labs, const char *id)
{
	for (size_t i = labs->ntagged; i-- > 0;)
		if (streq(labs->tagged[i].id, id))
			return &labs->tagged[i];
	labs->tagged = arena_grow(labs->arena, labs->tagged, labs->ntagged, &labs->tagged_cap,
				  sizeof *labs->tagged);
	labs->tagged[labs->ntagged] = (struct tagged){ .id = id };
	return &labs->tagged[labs->ntagged++];
}

static void take_tags(struct labs *labs, const struct xml *answer)
{
	const struct xml *set = xml_at(answer, "tagSet");

	for (const struct xml *item = set ? set->first : NULL; item; item = item->next) {
		const char *id = xml_text(item, "resourceId"), *key = xml_text(item, "key");
		const char *value = xml_text(item, "value");
		if (!id || !key || !value)
			continue;
		if (streq(key, "lab"))
			resource(labs, id)->lab = value;
		else if (streq(key, "lab-expires"))
			resource(labs, id)->expires = value;
	}
}

/* Both tags on one resource. */
static int ask_tags(struct labs *labs, struct err *err)
{
	struct aws_refusal refusal;
	const char *next = NULL;
	size_t pages = 0;

	do {
		const struct aws_parameter parameter[] = {
			{ "Filter.1.Name", "key" },
			{ "Filter.1.Value.1", "lab" },
			{ "Filter.1.Value.2", "lab-expires" },
			{ "NextToken", next },
		};
		const struct xml *answer;
		if (pages++ == PAGES)
			return err_set(err, ERR_BROKE, "DescribeTags: the pages have no end");
		if (aws_query(labs->aws, AWS_EC2, "DescribeTags", parameter, next ? 4 : 3,
			      labs->arena, &answer, &refusal, err) < 0)
			return -1;
		take_tags(labs, answer);
		next = xml_text(answer, "nextToken");
	} while (next);
	for (size_t i = 0; i < labs->ntagged; i++) {
		const struct tagged *one = &labs->tagged[i];
		if (one->lab && one->expires && is_lab_name(one->lab) &&
		    add(labs, one->lab, one->expires, err) < 0)
			return -1;
	}
	return 0;
}

/* Roles that describe themselves as infra/terraform's do. */
static int ask_roles(struct labs *labs, struct err *err)
{
	struct aws_refusal refusal;
	const char *marker = NULL;
	size_t pages = 0;

	do {
		const struct aws_parameter parameter[] = { { "Marker", marker } };
		const struct xml *answer;
		if (pages++ == PAGES)
			return err_set(err, ERR_BROKE, "ListRoles: the pages have no end");
		if (aws_query(labs->aws, AWS_IAM, "ListRoles", parameter, marker ? 1 : 0,
			      labs->arena, &answer, &refusal, err) < 0)
			return -1;
		const struct xml *result = xml_at(answer, "ListRolesResult");
		const struct xml *roles = xml_at(result, "Roles");
		for (const struct xml *role = roles ? roles->first : NULL; role;
		     role = role->next) {
			const char *name = xml_text(role, "RoleName");
			const char *text = xml_text(role, "Description");
			if (name && text && streq(text, "lab: its hosts") && is_lab_name(name) &&
			    add(labs, name, "", err) < 0)
				return -1;
		}
		marker = xml_text(result, "Marker");
	} while (marker);
	return 0;
}

static void earlier(struct lab_there *lab, int64_t seconds)
{
	if (seconds >= 0 && (lab->made_s < 0 || seconds < lab->made_s))
		lab->made_s = seconds;
}

/* A role and a host say when they were made, and a lab has both. */
static int find_age(const struct labs *labs, struct lab_there *lab, struct err *err)
{
	const struct aws_parameter which[] = { { "RoleName", lab->name } };
	struct ec2_instance *instance;
	const struct xml *answer;
	struct aws_refusal refusal;
	size_t count;

	if (aws_query(labs->aws, AWS_IAM, "GetRole", which, 1, labs->arena, &answer, &refusal,
		      err) == 0)
		earlier(lab, seconds_of(xml_text(answer, "GetRoleResult/Role/CreateDate")));
	else if (!streq(refusal.code, "NoSuchEntity"))
		return -1;
	if (ec2_instances(labs->aws, lab->name, labs->arena, &instance, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		earlier(lab, seconds_of(instance[i].launched));
	return 0;
}

int labs_in_aws(const struct aws *aws, struct arena *arena, struct lab_there **out, size_t *count,
		struct err *err)
{
	struct labs labs = { .aws = aws, .arena = arena };

	if (ask_tags(&labs, err) < 0 || ask_roles(&labs, err) < 0)
		return -1;
	for (size_t i = 0; i < labs.count; i++)
		if (find_age(&labs, &labs.at[i], err) < 0)
			return -1;
	*out = labs.at;
	*count = labs.count;
	return 0;
}
