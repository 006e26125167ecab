/* Every line is printed as it is found, so that a slow check is seen to be one. */
#include "doctor.h"

#include "safe.h"
#include "wrap.h"

static const char *const verdict_names[] = { "ok", "weaker", "fails" };

void doctor_say(struct doctor_finding *out, enum doctor_verdict verdict, const char *mend,
		const char *fmt, ...)
{
	va_list args;

	out->verdict = verdict;
	snprintf(out->mend, sizeof(out->mend), "%s", mend ? mend : "");
	va_start(args, fmt);
	vsnprintf(out->text, sizeof(out->text), fmt, args);
	va_end(args);
}

void doctor_begin(struct doctor *doctor, const struct cli *cli)
{
	*doctor = (struct doctor){ .cli = cli };
	doctor->json = json_to(&doctor->out);
	doctor->json.is_pretty = true;
	json_object_begin(&doctor->json, NULL);
	json_text(&doctor->json, "schema", "lab.doctor/1");
	json_array_begin(&doctor->json, "checks");
}

static void print(const struct cli *cli, const char *host, const char *check,
		  const struct doctor_finding *finding)
{
	static const char *const signs[2][3] = { { "\u2713", "!", "\u2717" }, { "ok", "!", "x" } };
	const char *sign = signs[cli->style.is_ascii][finding->verdict];
	int width = cli->style.is_ascii ? 3 : 2;
	struct buf text = { 0 };

	safe_add(&text, finding->text);
	fprintf(cli->result, "%s%*s%s%s%-10s ", sign, width - (int)utf8_columns(sign), "",
		host ? host : "", host ? " " : "", check);
	size_t used = (size_t)width + 11 + (host ? strlen(host) + 1 : 0);
	if (cli->style.is_plain)
		fprintf(cli->result, "%s\n", text.data ? text.data : "");
	else
		wrap_text(cli->result, used, used, finding->text);
	buf_clear(&text);
	safe_add(&text, finding->mend);
	if (text.len)
		fprintf(cli->result, "%*s %s\n", (int)used - 1, "", text.data);
	buf_close(&text);
}

void doctor_tell(struct doctor *doctor, const char *host, const char *check,
		 const struct doctor_finding *finding)
{
	struct json *json = &doctor->json;

	doctor->fails |= finding->verdict == DOCTOR_FAILS;
	json_object_begin(json, NULL);
	if (host)
		json_text(json, "host", host);
	json_text(json, "name", check);
	json_text(json, "verdict", verdict_names[finding->verdict]);
	json_text(json, "text", finding->text);
	json_text(json, "mend", *finding->mend ? finding->mend : NULL);
	json_object_end(json);
	if (!doctor->cli->is_json)
		print(doctor->cli, host, check, finding);
}

int doctor_end(struct doctor *doctor)
{
	json_array_end(&doctor->json);
	json_object_end(&doctor->json);
	if (doctor->cli->is_json)
		fprintf(doctor->cli->result, "%s\n", doctor->out.data);
	buf_close(&doctor->out);
	return doctor->fails ? ERR_CANNOT : 0;
}
