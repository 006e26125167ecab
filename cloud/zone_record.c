/* Route 53 speaks XML both ways, and changes a record by telling all of it. */
#include "zone_record.h"

#include "buf.h"
#include "util.h"

#define ZONE_MOST 64

static bool is_text(const struct xml *node, const char *path, const char *wanted)
{
	const char *text = xml_text(node, path);

	return text && streq(text, wanted);
}

/* It becomes part of a path: "/hostedzone/" and letters and digits. */
static bool is_zone(const char *id)
{
	static const char start[] = "/hostedzone/";
	const char *rest = id + sizeof start - 1;

	return starts_with(id, start) && *rest && strlen(rest) < ZONE_MOST &&
	       rest[strspn(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0';
}

static int zone_find(const struct aws *aws, const char *lab, struct arena *arena, const char **out,
		     struct err *err)
{
	const struct xml *answer, *zones;
	struct aws_refusal refusal;

	if (aws_get(aws, AWS_ROUTE53, "2013-04-01/hostedzone", "ListHostedZonesResponse", arena,
		    &answer, &refusal, err) < 0)
		return -1;
	zones = xml_at(answer, "HostedZones");
	for (const struct xml *zone = zones ? zones->first : NULL; zone; zone = zone->next) {
		*out = xml_text(zone, "Id");
		if (is_text(zone, "Config/Comment", lab) && *out && is_zone(*out))
			return 0;
	}
	return err_set(err, ERR_CANNOT, "route53 knows no zone of %s: lab down, then lab up", lab);
}

static bool is_named(const struct xml *set, const char *label)
{
	const char *name = xml_text(set, "Name");
	size_t len = strlen(label);

	return name && strncmp(name, label, len) == 0 && name[len] == '.' &&
	       is_text(set, "Type", "A");
}

int zone_record_find(const struct aws *aws, const char *lab, const char *label, struct arena *arena,
		     struct zone_record *out, struct err *err)
{
	const struct xml *answer, *sets, *values;
	struct aws_refusal refusal;

	if (zone_find(aws, lab, arena, &out->zone, err) < 0)
		return -1;
	const char *path = arena_printf(arena, "2013-04-01%s/rrset", out->zone);
	if (aws_get(aws, AWS_ROUTE53, path, "ListResourceRecordSetsResponse", arena, &answer,
		    &refusal, err) < 0)
		return -1;
	sets = xml_at(answer, "ResourceRecordSets");
	for (const struct xml *set = sets ? sets->first : NULL; set; set = set->next) {
		if (!is_named(set, label))
			continue;
		values = xml_at(set, "ResourceRecords");
		out->name = xml_text(set, "Name");
		out->ttl = xml_text(set, "TTL");
		out->address = xml_text(values, "ResourceRecord/Value");
		if (out->ttl && out->address && !values->first->next)
			return 0;
	}
	return err_set(err, ERR_CANNOT, "route53: the zone of %s has no record %s of one address",
		       lab, label);
}

static void element(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "<%s>", name);
	for (; *text; text++)
		if (*text == '&' || *text == '<')
			buf_str(out, *text == '&' ? "&amp;" : "&lt;");
		else
			buf_char(out, *text);
	buf_printf(out, "</%s>", name);
}

int zone_record_set(const struct aws *aws, const struct zone_record *record, const char *address,
		    struct err *err)
{
	struct arena arena = { 0 };
	struct buf body = { 0 };
	const struct xml *answer;
	struct aws_refusal refusal;
	int status;

	if (!is_zone(record->zone))
		return err_set(err, ERR_BROKE, "route53: %.80s is no zone", record->zone);
	buf_str(&body, "<ChangeResourceRecordSetsRequest "
		       "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">"
		       "<ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet>");
	element(&body, "Name", record->name);
	element(&body, "Type", "A");
	element(&body, "TTL", record->ttl);
	buf_str(&body, "<ResourceRecords><ResourceRecord>");
	element(&body, "Value", address);
	buf_str(&body, "</ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes>"
		       "</ChangeBatch></ChangeResourceRecordSetsRequest>");
	status = aws_send(aws, AWS_ROUTE53, "POST",
			  arena_printf(&arena, "2013-04-01%s/rrset", record->zone), body.data,
			  "ChangeResourceRecordSetsResponse", &arena, &answer, &refusal, err);
	buf_close(&body);
	arena_close(&arena);
	return status;
}
