/* What is no call of the Query protocol: a zone with its records, a bucket with its objects. */
#include "buf.h"
#include "sweep_one.h"

enum {
	OBJECTS = 10000 /* of a bucket, in all; more is no lab's */
};

static void add_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			buf_str(out, "&amp;");
		else if (*text == '<')
			buf_str(out, "&lt;");
		else
			buf_char(out, *text);
	}
}

static void add_element(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "<%s>", name);
	add_escaped(out, text);
	buf_printf(out, "</%s>", name);
}

/* As it was told, in the order that the service wants. */
static void add_deletion(struct buf *out, const struct xml *record)
{
	const struct xml *values = xml_at(record, "ResourceRecords");
	const char *ttl = xml_text(record, "TTL");

	buf_str(out, "<Change><Action>DELETE</Action><ResourceRecordSet>");
	add_element(out, "Name", xml_text(record, "Name"));
	add_element(out, "Type", xml_text(record, "Type"));
	if (ttl)
		add_element(out, "TTL", ttl);
	buf_str(out, "<ResourceRecords>");
	for (const struct xml *one = values ? values->first : NULL; one; one = one->next) {
		buf_str(out, "<ResourceRecord>");
		add_element(out, "Value", xml_text(one, "Value") ? xml_text(one, "Value") : "");
		buf_str(out, "</ResourceRecord>");
	}
	buf_str(out, "</ResourceRecords></ResourceRecordSet></Change>");
}

/* Those of the zone itself stay until it goes. */
static bool is_own(const char *type)
{
	return streq(type, "NS") || streq(type, "SOA");
}

static int empty_zone(const struct sweep *sweep, const char *path, struct arena *arena,
		      struct err *err)
{
	const char *records = arena_printf(arena, "%s/rrset", path);
	const struct xml *answer;
	struct aws_refusal refusal;
	struct buf body = { 0 };
	size_t count = 0;

	if (aws_get(sweep->aws, AWS_ROUTE53, records, "ListResourceRecordSetsResponse", arena,
		    &answer, &refusal, err) < 0)
		return -1;
	buf_str(&body,
		"<ChangeResourceRecordSetsRequest "
		"xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>");
	const struct xml *sets = xml_at(answer, "ResourceRecordSets");
	for (const struct xml *one = sets ? sets->first : NULL; one; one = one->next) {
		const char *type = xml_text(one, "Type");
		if (!type || !xml_text(one, "Name") || is_own(type))
			continue;
		add_deletion(&body, one);
		count++;
	}
	buf_str(&body, "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
	int status = count == 0 ? 0
				: aws_send(sweep->aws, AWS_ROUTE53, "POST", records, body.data,
					   "ChangeResourceRecordSetsResponse", arena, &answer,
					   &refusal, err);
	buf_close(&body);
	return status;
}

int sweep_zone(const struct sweep *sweep, const char *id, struct arena *arena, struct err *err)
{
	const char *path = arena_printf(arena, "2013-04-01%s", id);
	const struct xml *answer;
	struct aws_refusal refusal;

	if (strncmp(id, "/hostedzone/", 12) != 0)
		return err_set(err, ERR_BROKE, "route53: %.60s is no zone", id);
	if (aws_get(sweep->aws, AWS_ROUTE53, path, "GetHostedZoneResponse", arena, &answer,
		    &refusal, err) < 0)
		return streq(refusal.code, "NoSuchHostedZone") ? 0 : -1;
	const char *comment = xml_text(xml_at(answer, "HostedZone/Config"), "Comment");
	if (!comment || !streq(comment, sweep->names->lab))
		return err_set(err, ERR_CANNOT, "zone %s is not of %s: it stays", id,
			       sweep->names->lab);
	if (empty_zone(sweep, path, arena, err) < 0)
		return -1;
	return aws_send(sweep->aws, AWS_ROUTE53, "DELETE", path, NULL, "DeleteHostedZoneResponse",
			arena, &answer, &refusal, err);
}

/* Names that a path of ours can hold; lab writes no others. */
static bool is_plain(const char *key)
{
	return strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") ==
	       strlen(key);
}

/* How many went; -1. */
static int empty_once(const struct sweep *sweep, struct arena *arena, struct err *err)
{
	const char *bucket = sweep->names->bucket;
	const struct xml *answer, *nothing;
	struct aws_refusal refusal;
	int count = 0;

	if (aws_get(sweep->aws, AWS_S3, bucket, "ListBucketResult", arena, &answer, &refusal, err) <
	    0)
		return streq(refusal.code, "NoSuchBucket") ? 0 : -1;
	for (const struct xml *one = answer->first; one; one = one->next) {
		const char *key = streq(one->name, "Contents") ? xml_text(one, "Key") : NULL;
		if (!key)
			continue;
		if (!is_plain(key))
			return err_set(err, ERR_CANNOT, "s3 %s: an object that lab did not write",
				       bucket);
		const char *path = arena_printf(arena, "%s/%s", bucket, key);
		if (aws_send(sweep->aws, AWS_S3, "DELETE", path, NULL, NULL, arena, &nothing,
			     &refusal, err) < 0)
			return -1;
		count++;
	}
	return count;
}

/* Its name is the lab's own, and names of buckets are the world's: who may empty it made it. */
int sweep_bucket(const struct sweep *sweep, struct arena *arena, struct err *err)
{
	const char *bucket = sweep->names->bucket;
	const struct xml *nothing;
	struct aws_refusal refusal;
	int count, all = 0;

	do {
		count = empty_once(sweep, arena, err);
		if (count < 0)
			return -1;
		all += count;
	} while (count > 0 && all < OBJECTS);
	if (aws_send(sweep->aws, AWS_S3, "DELETE", bucket, NULL, NULL, arena, &nothing, &refusal,
		     err) == 0)
		return 0;
	return streq(refusal.code, "NoSuchBucket") ? 0 : -1;
}
