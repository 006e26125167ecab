/* result.json: everything that the text shows, and what it leaves out, as data. Keys are stable. */
#include "json.h"
#include "judge.h"
#include "record.h"
#include "report.h"

/* null where the number is not known */
static void known_int(struct json *json, const char *key, int64_t value)
{
	if (value < 0)
		json_nil(json, key);
	else
		json_int(json, key, value);
}

static void add_sources(struct json *json, const struct source *source, size_t nsource)
{
	json_array_begin(json, "sources");
	for (size_t i = 0; i < nsource; i++) {
		bool is_packet = source[i].kind == SOURCE_PACKET;

		json_object_begin(json, NULL);
		json_text(json, "kind", is_packet ? "packet" : "event");
		json_text(json, "file", is_packet ? source[i].file : "events.ndjson");
		json_int(json, "first", source[i].first);
		json_int(json, "last", source[i].last);
		json_object_end(json);
	}
	json_array_end(json);
}

static void add_evidence(struct json *json, const struct finding *finding)
{
	json_array_begin(json, "evidence");
	for (size_t i = 0; finding && i < finding->nevidence; i++) {
		json_object_begin(json, NULL);
		json_text(json, "witness", witness_name(finding->evidence[i].witness));
		json_text(json, "fact", finding->evidence[i].fact);
		json_text(json, "says", finding->evidence[i].says);
		add_sources(json, finding->evidence[i].source, finding->evidence[i].nsource);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "ruled_out");
	for (size_t i = 0; finding && i < finding->nruled_out; i++) {
		json_object_begin(json, NULL);
		json_text(json, "code", finding->ruled_out[i].code);
		json_text(json, "says", finding->ruled_out[i].says);
		add_sources(json, finding->ruled_out[i].source, finding->ruled_out[i].nsource);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "missing");
	for (size_t i = 0; finding && i < finding->nmissing; i++) {
		json_object_begin(json, NULL);
		json_text(json, "witness", witness_name(finding->missing[i].witness));
		json_text(json, "what", finding->missing[i].what);
		json_text(json, "fetch", finding->missing[i].fetch);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "next");
	for (size_t i = 0; finding && i < finding->nnext; i++)
		json_text(json, NULL, finding->next[i]);
	json_array_end(json);
}

static void add_steps(struct json *json, const struct result *result)
{
	const struct event *step = NULL;

	json_array_begin(json, "steps");
	while ((step = record_next(result->record, result->nrecord, step, "step"))) {
		json_object_begin(json, NULL);
		json_int(json, "number", step->step);
		json_text(json, "name", step->label);
		json_text(json, "phase", record_text(step, "phase", NULL));
		json_text(json, "subject", record_text(step, "subject", NULL));
		json_text(json, "verb", record_text(step, "verb", NULL));
		json_text(json, "words", record_text(step, "words", NULL));
		json_text(json, "expected", record_text(step, "expected", NULL));
		json_text(json, "result", record_text(step, "result", NULL));
		json_text(json, "text", record_text(step, "text", NULL));
		json_bool(json, "is_ok", record_is_ok(step));
		json_text(json, "why", record_text(step, "why", NULL));
		known_int(json, "took_ns", record_num(step, "took_ns", -1));
		json_object_end(json);
	}
	json_array_end(json);
}

static void add_connections(struct json *json, const struct analysis *analysis, bool with_evidence)
{
	json_array_begin(json, "connections");
	for (size_t i = 0; i < analysis->nconnection; i++) {
		const struct connection *connection = &analysis->connection[i];
		const struct finding *finding =
		    i < analysis->nfinding ? &analysis->finding[i] : NULL;

		json_object_begin(json, NULL);
		json_text(json, "name", connection->label);
		json_int(json, "step", connection->step);
		json_text(json, "verdict", finding ? finding->code : NULL);
		json_text(json, "confidence",
			  finding ? confidence_name(finding->confidence) : NULL);
		json_text(json, "client_host", connection->client_host);
		json_text(json, "server_host", connection->server_host);
		json_text(json, "client", connection->client);
		json_text(json, "server", connection->server);
		json_text(json, "target", connection->target);
		json_text(json, "resolved_by", connection->resolved_by);
		json_text(json, "result", connection->result);
		json_text(json, "text", connection->text);
		known_int(json, "took_ns", connection->took_ns);
		json_int(json, "event", connection->event);
		json_text(json, "client_file", connection->client_file);
		json_text(json, "server_file", connection->server_file);
		json_text(json, "wire", connection->folded);
		json_text(json, "wire_at_server", connection->server_folded);
		if (with_evidence)
			add_evidence(json, finding);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "captures");
	for (size_t i = 0; i < analysis->ncapture; i++) {
		json_object_begin(json, NULL);
		json_text(json, "file", analysis->capture[i].file);
		json_text(json, "host", analysis->capture[i].host);
		json_text(json, "link", analysis->capture[i].link);
		json_int(json, "packets", analysis->capture[i].packets);
		known_int(json, "dropped", analysis->capture[i].dropped);
		json_bool(json, "is_cut", analysis->capture[i].is_cut);
		json_object_end(json);
	}
	json_array_end(json);
}

void result_json(struct buf *out, const struct result *result)
{
	struct json json = json_to(out);
	const struct event *run = record_next(result->record, result->nrecord, NULL, "run");
	const char *hash = result->analysis.trace_hash;

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.result/1");
	json_text(&json, "scenario", result->scenario);
	json_text(&json, "title", record_text(run, "title", NULL));
	json_text(&json, "backend", result->backend);
	json_text(&json, "run", result->run);
	json_text(&json, "note", record_text(run, "note", NULL));
	json_text(&json, "unseen", record_text(run, "unseen", NULL));
	json_text(&json, "expected", result->expected);
	json_text(&json, "verdict", result->verdict);
	json_text(&json, "confidence", confidence_name(result->confidence));
	if (result->is_probe)
		json_nil(&json, "as_expected");
	else
		json_bool(&json, "as_expected", result->exit_status == 0);
	json_int(&json, "exit_status", result->exit_status);
	json_text(&json, "trace_hash", hash && *hash ? hash : NULL);
	json_text(&json, "on", result->finding ? result->finding->connection->label : NULL);
	json_text(&json, "says", result->finding ? result->finding->says : NULL);
	json_array_begin(&json, "complaints");
	for (size_t i = 0; i < result->nobjection; i++)
		json_text(&json, NULL, result->objection[i].text);
	json_array_end(&json);
	add_evidence(&json, result->finding);
	add_steps(&json, result);
	add_connections(&json, &result->analysis, false);
	json_object_end(&json);
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_char(out, '\n');
}

void findings_json(struct buf *out, const struct analysis *analysis, const char *path)
{
	struct json json = json_to(out);
	const char *hash = analysis->trace_hash;

	json.is_pretty = true;
	json_object_begin(&json, NULL);
	json_text(&json, "schema", "lab.analysis/1");
	json_text(&json, "path", path);
	json_bool(&json, "is_interrupted", analysis->is_interrupted);
	json_text(&json, "trace_hash", hash && *hash ? hash : NULL);
	add_connections(&json, analysis, true);
	json_object_end(&json);
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_char(out, '\n');
}
