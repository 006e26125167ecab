/* A question for each service; the list is what they add to it. */
#include "left.h"

#include "ec2.h"
#include "kind.h"
#include "util.h"

struct list {
	const struct aws *aws;
	const struct left_names *names;
	struct arena *arena;
	struct left *at;
	size_t count, cap;
};

static void add(struct list *list, const char *service, const char *kind, const char *id)
{
	list->at = arena_grow(list->arena, list->at, list->count, &list->cap, sizeof *list->at);
	list->at[list->count++] = (struct left){ .service = service, .kind = kind, .id = id };
}

static int ask_kind(struct list *list, const struct kind *kind, struct err *err)
{
	const char **id;
	size_t count;

	if (kind_left(list->aws, kind, list->names->lab, list->arena, &id, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		add(list, "ec2", kind->name, id[i]);
	return 0;
}

/* What bears the tag and is of no kind of ours: somebody put it there, and it may cost. */
static int ask_tags(struct list *list, struct err *err)
{
	struct ec2_tagged *tagged;
	size_t count;

	if (ec2_tagged(list->aws, list->names->lab, list->arena, &tagged, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (!kind_find(tagged[i].kind))
			add(list, "ec2", tagged[i].kind, tagged[i].id);
	return 0;
}

static int ask_ec2(struct list *list, struct err *err)
{
	for (size_t i = 0; i < KINDS; i++)
		if (ask_kind(list, &kinds[i], err) < 0)
			return -1;
	return ask_tags(list, err);
}

/* It is there, it is not (NoSuchEntity), or nobody knows. */
static int ask_iam(struct list *list, const char *action, const char *parameter, const char *kind,
		   struct err *err)
{
	const struct aws_parameter named = { parameter, list->names->lab };
	const struct xml *answer;
	struct aws_refusal refusal;

	if (aws_query(list->aws, AWS_IAM, action, &named, 1, list->arena, &answer, &refusal, err) ==
	    0)
		add(list, "iam", kind, list->names->lab);
	else if (!streq(refusal.code, "NoSuchEntity"))
		return -1;
	return 0;
}

/* A private zone may be named as many others are: the comment is ours. */
static int ask_route53(struct list *list, struct err *err)
{
	const struct xml *answer, *zones;
	struct aws_refusal refusal;

	if (aws_get(list->aws, AWS_ROUTE53, "2013-04-01/hostedzone", "ListHostedZonesResponse",
		    list->arena, &answer, &refusal, err) < 0)
		return -1;
	if (xml_text(answer, "IsTruncated") && streq(xml_text(answer, "IsTruncated"), "true"))
		return err_set(err, ERR_CANNOT,
			       "route53: more zones than one answer holds: not all were seen");
	zones = xml_at(answer, "HostedZones");
	for (const struct xml *zone = zones ? zones->first : NULL; zone; zone = zone->next) {
		const char *comment = xml_text(zone, "Config/Comment"), *id = xml_text(zone, "Id");

		if (comment && streq(comment, list->names->lab))
			add(list, "route53", "zone", id ? id : "");
	}
	return 0;
}

static int ask_s3(struct list *list, struct err *err)
{
	const struct xml *answer;
	struct aws_refusal refusal;

	if (!list->names->bucket)
		return 0;
	if (aws_get(list->aws, AWS_S3, list->names->bucket, "ListBucketResult", list->arena,
		    &answer, &refusal, err) == 0)
		add(list, "s3", "bucket", list->names->bucket);
	else if (!streq(refusal.code, "NoSuchBucket"))
		return -1;
	return 0;
}

int left_in_aws(const struct aws *aws, const struct left_names *names, struct arena *arena,
		struct left **out, size_t *count, struct err *err)
{
	struct list list = { .aws = aws, .names = names, .arena = arena };

	if (ask_ec2(&list, err) < 0 || ask_iam(&list, "GetRole", "RoleName", "role", err) < 0 ||
	    ask_iam(&list, "GetInstanceProfile", "InstanceProfileName", "profile", err) < 0 ||
	    ask_route53(&list, err) < 0 || ask_s3(&list, err) < 0)
		return -1;
	*out = list.at;
	*count = list.count;
	return 0;
}
